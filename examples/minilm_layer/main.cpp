// main.cpp - runs layer 0 of all-MiniLM-L6-v2 on three sentences, and compares with what Keras made
// of them.
//
//   minilm_layer [DATA_FOLDER]
//
// The exit code is 0 where every number is as close as the recording promises, else 1.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "minilm/encoder.attn.h"

namespace {

// What the recording promises against float32 of another order of additions.
constexpr float absolute = 2e-5f, relative = 1e-4f;

struct Distance {
  float largest = 0;
  bool close = true;
};

Distance distance(const std::vector<float>& got, const attn::Tensor& want) {
  const auto* w = static_cast<const float*>(want.data());
  Distance d;
  for (size_t i = 0; i < got.size(); ++i) {
    const float error = std::abs(got[i] - w[i]);
    d.largest = std::max(d.largest, error);
    d.close = d.close && error <= absolute + relative * std::abs(w[i]);  // false for NaN
  }
  return d;
}

std::vector<std::vector<std::string>> read_sentences(const std::string& file) {
  std::vector<std::vector<std::string>> sentences;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    auto& tokens = sentences.emplace_back();
    for (std::string word; words >> word;) tokens.push_back(word);
  }
  return sentences;
}

/// For every word of a sentence, the one that it looks at most over all heads; [CLS], where idle
/// heads look, left aside.
void print_sentence(const std::vector<std::string>& tokens, const float* scores, int heads,
                    int length) {
  std::printf("\n ");
  for (const std::string& t : tokens) std::printf(" %s", t.c_str());
  std::printf("\n");
  for (size_t q = 1; q < tokens.size(); ++q) {
    size_t best = 1;
    float most = -1;
    for (size_t k = 1; k < tokens.size(); ++k) {
      float sum = 0;
      for (int h = 0; h < heads; ++h)
        sum += scores[(static_cast<size_t>(h) * length + q) * length + k];
      if (sum > most) most = sum, best = k;
    }
    std::printf("    %-10s looks at %-10s %4.0f %%\n", tokens[q].c_str(), tokens[best].c_str(),
                100 * most / heads);
  }
}

attn::Status demo(const std::string& folder, bool& close) {
  auto file = attn::SafeTensors::open(folder + "/layer0_attention.safetensors");
  if (!file.ok()) return file.status();
  const auto x = file->find("c0/in/query"), mask = file->find("c0/in/attention_mask");
  const auto want = file->find("c0/out/output"), want_scores = file->find("c1/out/scores");
  for (const auto* t : {&x, &mask, &want, &want_scores}) {
    if (!t->ok()) return t->status();
  }

  auto layer = attn::Layer<model::encoder>::load(*file, {.prefix = "w/"});
  if (!layer.ok()) return layer.status();
  const attn::Shape shape = x->shape(), scores_shape = want_scores->shape();
  std::printf("layer      %s of all-MiniLM-L6-v2: 12 heads of 32, %lld features\n",
              std::string(layer->any().name()).c_str(), static_cast<long long>(shape[2]));
  std::printf("kernels    %s, chosen for this processor; %zu kB of packed weights\n",
              std::string(layer->any().target()).c_str(), layer->any().packed_bytes() / 1000);
  std::printf("threads    %d\n", attn::default_executor().worker_count());
  std::printf("input      %s, padding masked by %s\n", x->describe().c_str(),
              mask->describe().c_str());

  attn::Workspace scratch;
  std::vector<float> y(static_cast<size_t>(shape.elements()));
  std::vector<float> y_with_scores(y.size()), scores(static_cast<size_t>(scores_shape.elements()));
  const attn::Layer<model::encoder>::Inputs inputs{
      .query = *x, .value = *x, .attention_mask = *mask};

  double milliseconds = 1e30;
  for (int i = 0; i < 20; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (attn::Status s = layer->run(inputs, {.output = {y, shape}}, scratch); !s.ok()) return s;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    milliseconds = std::min(milliseconds, took.count());
  }
  std::printf("call       %.3f ms, the quickest of 20\n", milliseconds);
  if (attn::Status s = layer->run(
          inputs, {.output = {y_with_scores, shape}, .attention_scores = {scores, scores_shape}},
          scratch);
      !s.ok()) {
    return s;
  }

  const auto sentences = read_sentences(folder + "/sentences.txt");
  const int heads = static_cast<int>(scores_shape[1]), length = static_cast<int>(scores_shape[3]);
  for (size_t b = 0; b < sentences.size() && b < static_cast<size_t>(scores_shape[0]); ++b) {
    print_sentence(sentences[b], scores.data() + b * static_cast<size_t>(heads * length * length),
                   heads, length);
  }

  const Distance a = distance(y, *want), b = distance(y_with_scores, *want),
                 c = distance(scores, *want_scores);
  std::printf("\ndistance from what Keras 3.15 stored (allowed: %.0e + %.0e of the value)\n",
              absolute, relative);
  std::printf("  output                     %.1e\n", a.largest);
  std::printf("  output, asked with scores  %.1e\n", b.largest);
  std::printf("  attention scores           %.1e\n", c.largest);
  close = a.close && b.close && c.close;
  std::printf("%s\n", close ? "as stored" : "NOT as stored");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  bool close = false;
  const attn::Status s = demo(argc > 1 ? argv[1] : MINILM_DATA, close);
  if (!s.ok()) std::fprintf(stderr, "minilm_layer: %s\n", s.message().c_str());
  return s.ok() && close ? 0 : 1;
}
