#include "tools/fixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "import/config_json.h"
#include "import/read_file.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t max_fixture_bytes = size_t{16} << 20;

Status damaged(const std::string& file, const std::string& why) {
  return Status(StatusCode::invalid_file, fmt::format("{}: {}", file, why));
}

const json* member(const json& object, const char* key, json::value_t type) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->type() != type ? nullptr : &*at;
}

/// Whether the call of the original layer takes `argument`.
bool takes(const NamedLayer& layer, const std::string& argument) {
  static const std::set<std::string> common = {"query", "value", "key"};
  static const std::set<std::string> padding = {"query_mask", "value_mask", "key_mask"};
  if (common.contains(argument)) return true;
  if (std::holds_alternative<attn::Attention>(layer)) {  // the items of its list `mask`
    return argument == "query_mask" || argument == "value_mask";
  }
  if (argument == "attention_mask") return true;
  if (std::holds_alternative<attn::CachedMultiHeadAttention>(layer)) return argument == "cache";
  if (std::holds_alternative<attn::ReuseMultiHeadAttention>(layer)) {
    return argument == "reuse_attention_scores";
  }
  return padding.contains(argument) && !std::holds_alternative<attn::DotProductAttention>(layer);
}

/// Reduces the inputs to the masks that take effect, by the rules of each original: those given as
/// arguments, else those attached to a tensor (`_keras_mask`).
void put_masks(const NamedLayer& layer, const json& call, FixtureCall& out) {
  const bool mha = std::holds_alternative<attn::MultiHeadAttention>(layer);
  const bool list = std::holds_alternative<attn::Attention>(layer);
  const bool given = std::any_of(out.inputs.begin(), out.inputs.end(), [](const auto& input) {
    return input.first == "query_mask" || input.first == "value_mask";
  });
  // MultiHeadAttention's call overwrites `query_mask` with the mask attached to the query.
  if (mha) std::erase_if(out.inputs, [](const auto& input) { return input.first == "query_mask"; });
  const json* carried = member(call, "keras_masks", json::value_t::object);
  if (!carried || !(mha || list || std::holds_alternative<attn::GroupQueryAttention>(layer)))
    return;
  if (list && given) return;  // the list replaces the masks attached to the inputs
  for (const auto& [argument, key] : carried->items()) {
    const std::string name = argument + "_mask";
    const bool there = std::any_of(out.inputs.begin(), out.inputs.end(),
                                   [&](const auto& input) { return input.first == name; });
    if (there || !key.is_string() || (list && argument == "key")) continue;
    out.inputs.emplace_back(name, key.get<std::string>());
  }
}

struct ReadCall {
  FixtureCall call;
  std::string skipped;
};

Result<ReadCall> read_call(const NamedLayer& layer, const json& call, const std::string& file) {
  ReadCall read;
  FixtureCall& out = read.call;
  std::string cache;
  for (const auto& [name, key] : call.at("args").items()) {
    if (!key.is_string())
      return damaged(file, fmt::format("the argument {} names no tensor", name));
    if (!takes(layer, name))
      return damaged(file, fmt::format("the layer has no argument {}", name));
    out.inputs.emplace_back(name, key.get<std::string>());
    if (name == "cache") cache = key.get<std::string>();
  }
  if (const json* masks = member(call, "keras_masks", json::value_t::object)) {
    for (const auto& [name, key] : masks->items()) {
      if (!key.is_string() || !call.at("args").contains(name))
        return damaged(file, fmt::format("the mask of {} belongs to no tensor", name));
    }
  }
  put_masks(layer, call, out);
  if (call.contains("kwargs") && !call["kwargs"].is_object())
    return damaged(file, "kwargs is an object");
  bool updates = false;
  const json kwargs = call.value("kwargs", json::object());
  for (const auto& [name, value] : kwargs.items()) {
    if (name == "use_causal_mask") {
      if (value == true) out.flags.push_back(name);
    } else if (name == "cache_update_index") {
      if (value.is_null()) continue;
      if (!value.is_number_integer() || value < std::numeric_limits<std::int32_t>::min() ||
          value > std::numeric_limits<std::int32_t>::max()) {
        return damaged(file, fmt::format("{} is an index, not {}", name, value.dump()));
      }
      out.numbers.emplace_back(name, value.get<std::int32_t>());
      updates = true;
    } else if (name == "training") {
      const bool drops = std::visit(
          [](const auto& l) {
            if constexpr (requires { l.dropout; }) return l.dropout > 0;
            return false;
          },
          layer);
      if (value == true && drops) read.skipped = "dropout in training is random";
    } else if (name != "return_attention_scores") {  // `outputs` shows it
      return damaged(file, fmt::format("the layer has no argument {}", name));
    }
  }
  for (const auto& [name, key] : call.at("outputs").items()) {
    if (!key.is_string()) return damaged(file, fmt::format("the output {} names no tensor", name));
    if (name == "cache" && !updates && !cache.empty()) {
      out.unchanged.emplace_back(cache, key.get<std::string>());
    } else {
      out.outputs.emplace_back(name == "scores" ? "attention_scores" : name,
                               key.get<std::string>());
    }
  }
  if (out.outputs.empty()) return damaged(file, "a call without outputs");
  return read;
}

/// The shapes of the first call's inputs, from which Keras builds its layers.
InputShapes shapes_of(const json& document, const std::string& tensors_file) {
  InputShapes out;
  const json* calls = member(document, "calls", json::value_t::array);
  auto tensors = attn::SafeTensors::open(tensors_file);
  if (!calls || calls->empty() || !tensors.ok()) return out;
  const json* args = member((*calls)[0], "args", json::value_t::object);
  if (!args) return out;
  for (auto [name, shape] : {std::pair("query", &out.query), std::pair("value", &out.value),
                             std::pair("key", &out.key)}) {
    const json* key = member(*args, name, json::value_t::string);
    if (!key) continue;
    if (auto tensor = tensors->find(key->get<std::string>()); tensor.ok()) {
      shape->assign(tensor->shape().begin(), tensor->shape().end());
    }
  }
  return out;
}

// ---- 16-bit floating-point numbers

std::uint16_t half_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);   // NaN
  if (rest >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // 65520 and above
  if (rest < 0x38800000u) {  // below 2^-14: adding 0.5 rounds to a multiple of 2^-24
    const float units = std::bit_cast<float>(rest) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(units) - 0x3f000000u));
  }
  const std::uint32_t even = rest >> 13 & 1u;
  return static_cast<std::uint16_t>(sign | ((rest - 0x38000000u + 0xfffu + even) >> 13));
}
std::uint16_t bfloat_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
float from_half(std::uint16_t h) {
  const std::uint32_t sign = (h & 0x8000u) << 16, exponent = h >> 10 & 0x1fu, fraction = h & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | (exponent == 31 ? 0xffu : exponent + 112u) << 23 |
                              fraction << 13);
}

double element(const attn::Tensor& tensor, std::int64_t i) {
  const auto at = static_cast<size_t>(i);
  switch (tensor.dtype()) {
    case attn::DType::float32:
      return static_cast<const float*>(tensor.data())[at];
    case attn::DType::float64:
      return static_cast<const double*>(tensor.data())[at];
    case attn::DType::float16:
      return from_half(static_cast<const std::uint16_t*>(tensor.data())[at]);
    case attn::DType::bfloat16:
      return std::bit_cast<float>(
          static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(tensor.data())[at]) << 16);
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace

Result<Fixture> read_fixture(const std::string& file) {
  auto text = read_file(file, max_fixture_bytes);
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
  auto layer = layer_from_json(*document, file, shapes_of(*document, out.tensors_file));
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
    auto read = read_call(layer->config, call, file);
    if (!read.ok()) return read.status();
    if (out.skipped.empty()) out.skipped = read->skipped;
    out.calls.push_back(std::move(read->call));
  }
  const json* tolerance = member(*document, "tolerance", json::value_t::object);
  if (!tolerance || !(*tolerance).value("atol", json()).is_number() ||
      !(*tolerance).value("rtol", json()).is_number()) {
    return damaged(file, "a fixture needs `tolerance` with `atol` and `rtol`");
  }
  out.atol = tolerance->at("atol"), out.rtol = tolerance->at("rtol");
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
  double worst = -1;  // the largest error / bound of an element out of bounds
  for (int64_t i = 0, n = want.shape().elements(); i < n; ++i) {
    const double g = element(got, i), w = element(want, i);
    if (std::isnan(g) && std::isnan(w)) continue;
    if (g == w) continue;  // infinities too
    const double error = std::abs(g - w);
    const double bound = atol + rtol * std::abs(w);
    const bool fine = error <= bound && std::isfinite(w);  // NaN: false
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
      out.where = fmt::format("[{}] is {:.9g}, expected {:.9g} within {:.2g}", index, g, w, bound);
    }
  }
  return out;
}

std::vector<std::byte> converted(const attn::Tensor& from, attn::DType to) {
  const auto count = static_cast<size_t>(from.shape().elements());
  std::vector<std::byte> out(count * attn::size_of(to));
  for (size_t i = 0; i < count; ++i) {
    const double x = element(from, static_cast<int64_t>(i));
    const auto single = static_cast<float>(x);
    std::uint16_t half = 0;
    const void* source = &half;
    switch (to) {
      case attn::DType::float16:
        half = half_of(single);
        break;
      case attn::DType::bfloat16:
        half = bfloat_of(single);
        break;
      case attn::DType::float64:
        source = &x;
        break;
      default:
        source = &single;
    }
    std::memcpy(out.data() + i * attn::size_of(to), source, attn::size_of(to));
  }
  return out;
}

}  // namespace attnc
