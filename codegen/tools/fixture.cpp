#include "tools/fixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "import/config_json.h"
#include "import/section.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t max_json_bytes = size_t{16} << 20;

const std::set<std::string> tensor_arguments = {"query", "value", "key", "attention_mask"};

Status damaged(const std::string& file, const std::string& why) {
  return Status(StatusCode::invalid_file, fmt::format("{}: {}", file, why));
}

const json* member(const json& object, const char* key, json::value_t type) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->type() != type ? nullptr : &*at;
}

/// Why a call cannot be made yet, or "".
std::string not_supported(const json& call) {
  if (const json* masks = member(call, "keras_masks", json::value_t::object);
      masks && !masks->empty()) {
    return "a padding mask that comes with an input (_keras_mask)";
  }
  for (const auto& [name, key] : call.at("args").items()) {
    if (!tensor_arguments.contains(name)) return fmt::format("the argument {}", name);
  }
  const json kwargs = call.value("kwargs", json::object());
  for (const auto& [name, value] : kwargs.items()) {
    const bool known = name == "use_causal_mask" || name == "return_attention_scores";
    if (!known && !(name == "training" && (value == false || value.is_null()))) {
      return fmt::format("the argument {} = {}", name, value.dump());
    }
  }
  for (const auto& [name, key] : call.at("outputs").items()) {
    if (name != "output" && name != "scores") return fmt::format("the output {}", name);
  }
  return "";
}

Result<FixtureCall> read_call(const json& call, const std::string& file) {
  FixtureCall out;
  for (const auto& [name, key] : call.at("args").items()) {
    if (!key.is_string())
      return damaged(file, fmt::format("the argument {} names no tensor", name));
    out.inputs.emplace_back(name, key.get<std::string>());
  }
  if (call.contains("kwargs") && !call["kwargs"].is_object())
    return damaged(file, "kwargs is an object");
  if (call.value("kwargs", json::object()).value("use_causal_mask", json(false)) == true) {
    out.flags.push_back("use_causal_mask");
  }
  for (const auto& [name, key] : call.at("outputs").items()) {
    if (!key.is_string()) return damaged(file, fmt::format("the output {} names no tensor", name));
    out.outputs.emplace_back(name == "scores" ? "attention_scores" : name, key.get<std::string>());
  }
  if (out.outputs.empty()) return damaged(file, "a call without outputs");
  return out;
}

/// A mask of numbers that Keras's GroupQueryAttention reads in a way of its own: where it makes the
/// probabilities itself (for scores, or with dropout) and this is the only mask, it keeps what is
/// above 0.5, elsewhere what is not 0.
std::string mask_of_halves(const Fixture& fixture, const attn::GroupQueryAttention& layer) {
  auto tensors = attn::SafeTensors::open(fixture.tensors_file);
  if (!tensors.ok()) return "";
  for (const FixtureCall& call : fixture.calls) {
    const bool scores = std::any_of(call.outputs.begin(), call.outputs.end(),
                                    [](const auto& o) { return o.first == "attention_scores"; });
    if (!call.flags.empty() || (!scores && layer.dropout == 0)) continue;
    for (const auto& [name, key] : call.inputs) {
      auto tensor = tensors->find(key);
      if (name == "attention_mask" && tensor.ok() && tensor->dtype() != attn::DType::boolean) {
        return "an attention_mask of numbers, of which Keras here keeps what is above 0.5 (not "
               "what is not 0),";
      }
    }
  }
  return "";
}

/// Inputs with other than three axes: attention over several of them, which no configuration needs
/// to say.
std::string wrong_rank(const Fixture& fixture) {
  auto tensors = attn::SafeTensors::open(fixture.tensors_file);
  if (!tensors.ok()) return "";
  for (const FixtureCall& call : fixture.calls) {
    for (const auto& [name, key] : call.inputs) {
      if (name == "attention_mask") continue;
      auto tensor = tensors->find(key);
      if (tensor.ok() && tensor->rank() != 3)
        return fmt::format("input {} with {} axes (not 3)", name, tensor->rank());
    }
  }
  return "";
}

}  // namespace

Result<Fixture> read_fixture(const std::string& file) {
  auto text = read_file(file, max_json_bytes);
  if (!text.ok()) return text.status();
  Fixture out;
  const fs::path path(file);
  out.file = file;
  out.name =
      (fs::absolute(path).lexically_normal().parent_path().filename() / path.stem()).string();
  out.tensors_file = fs::path(path).replace_extension(".safetensors").string();
  auto document = parse_json(*text, file);
  if (!document.ok()) return document.status();
  const json* format = member(*document, "format", json::value_t::string);
  out.is_fixture = format && format->get<std::string>().starts_with("attn-fixture-");
  if (!out.is_fixture) return out;
  if (*format != "attn-fixture-1") {
    out.skipped = fmt::format("format {}; attn-fixture-1 is supported", format->get<std::string>());
    return out;
  }
  auto layer = layer_from_json(*document, file);
  if (layer.status().code() == StatusCode::unsupported) {
    out.skipped = layer.status().message().substr(file.size() + 2);
    return out;
  }
  if (!layer.ok()) return layer.status();
  out.description = layer->description;
  out.definition = as_source(layer->config);
  const json* calls = member(*document, "calls", json::value_t::array);
  if (!calls || calls->empty()) return damaged(file, "a fixture without calls");
  for (const json& call : *calls) {
    if (!member(call, "args", json::value_t::object) ||
        !member(call, "outputs", json::value_t::object)) {
      return damaged(file, "a call needs the objects `args` and `outputs`");
    }
    if (std::string reason = not_supported(call); !reason.empty()) {
      out.skipped = reason + " is not supported yet";
      return out;
    }
    auto read = read_call(call, file);
    if (!read.ok()) return read.status();
    out.calls.push_back(*std::move(read));
  }
  const json* tolerance = member(*document, "tolerance", json::value_t::object);
  if (!tolerance || !(*tolerance).value("atol", json()).is_number() ||
      !(*tolerance).value("rtol", json()).is_number()) {
    return damaged(file, "a fixture needs `tolerance` with `atol` and `rtol`");
  }
  out.atol = tolerance->at("atol"), out.rtol = tolerance->at("rtol");
  std::string reason = wrong_rank(out);
  if (const auto* grouped = std::get_if<attn::GroupQueryAttention>(&layer->config);
      grouped && reason.empty()) {
    reason = mask_of_halves(out, *grouped);
  }
  if (!reason.empty()) out.skipped = fmt::format("{} is not supported yet", reason);
  return out;
}

Result<std::vector<std::string>> json_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error))
      return Status(StatusCode::not_found, fmt::format("{}: no such file or folder", path));
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, error),
        end;
    for (; !error && at != end; at.increment(error)) {
      if (at->path().extension() == ".json" && at->is_regular_file())
        found.push_back(at->path().string());
    }
    if (error) return Status(StatusCode::not_found, fmt::format("{}: {}", path, error.message()));
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Comparison compare(const attn::Tensor& got, const attn::Tensor& want, double atol, double rtol) {
  Comparison out;
  const auto* g = static_cast<const float*>(got.data());
  const auto* w = static_cast<const float*>(want.data());
  double worst = -1;  // by how much the bound is broken, relative to it
  for (int64_t i = 0, n = want.shape().elements(); i < n; ++i) {
    if (std::isnan(g[i]) && std::isnan(w[i])) continue;
    if (g[i] == w[i]) continue;  // infinities too
    const double error = std::abs(double(g[i]) - double(w[i]));
    const double bound = atol + rtol * std::abs(double(w[i]));
    const bool fine = error <= bound && std::isfinite(w[i]);  // false for NaN
    if (!std::isnan(error)) out.max_error = std::max(out.max_error, error);
    const double excess =
        std::isnan(error) ? std::numeric_limits<double>::infinity() : error / bound;
    if (!fine) out.passed = false;
    if (!fine && excess > worst) {
      worst = excess;
      std::string index;
      for (int axis = want.rank() - 1, rest = 0; axis >= 0; --axis) {
        int64_t stride = 1;
        for (int a = axis + 1; a < want.rank(); ++a) stride *= want.shape()[a];
        index = fmt::format("{}{}{}", i / stride % want.shape()[axis], rest++ ? ", " : "", index);
      }
      out.where =
          fmt::format("[{}] is {:.9g}, expected {:.9g} within {:.2g}", index, g[i], w[i], bound);
    }
  }
  return out;
}

}  // namespace attnc
