#include "calls/call_log.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "text.h"

namespace attn {
namespace {

std::FILE* log_file() {
  static std::FILE* const file = [] {
    const char* name = std::getenv("ATTN_CALL_LOG");
    return name != nullptr && *name != 0 ? std::fopen(name, "ae") : nullptr;
  }();
  return file;
}

std::string in_quotes(std::string_view name) {
  std::string out = "\"";
  for (char c : name)
    out += static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ? '?' : c;
  return out + "\"";
}

/// "batch=1,query=512,key=512,feature=768": the axes of the call that the layer leaves free.
std::string shape_of(const AnyLayer::State& layer, const Lengths& lengths) {
  std::string out;
  const auto add = [&](const attn_axis& axis, const std::string& name) {
    if (axis.extent > 0 || out.find(text(name, "=")) != out.npos) return;
    int64_t extent = lengths.of(axis);
    if (extent < 0 && axis.kind == ATTN_AXIS_KEY) {  // without a cache new positions are the keys
      attn_axis update = axis;
      update.kind = ATTN_AXIS_UPDATE;
      extent = lengths.of(update);
    }
    if (extent >= 0) out += text(out.empty() ? "" : ",", name, "=", extent);
  };
  for (uint8_t kind : {ATTN_AXIS_BATCH, ATTN_AXIS_QUERY, ATTN_AXIS_KEY, ATTN_AXIS_FEATURE}) {
    for (const auto& infos : {layer.inputs(), layer.outputs()}) {
      for (const attn_tensor_info& info : infos) {
        for (int a = 0; a < info.rank; ++a) {
          const attn_axis& axis = info.axes[a];
          // All inputs have the features of the first, for a tuner.
          if (axis.kind == kind)
            add(axis, kind == ATTN_AXIS_FEATURE ? std::string("feature") : axis_name(axis));
        }
      }
    }
  }
  return out;
}

std::string line_of(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                    std::span<const MutableTensor> outputs, int threads, int64_t nanoseconds) {
  Lengths lengths;
  (void)read_lengths(layer, inputs, lengths);  // the call was checked before
  std::string with;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    if (info.optional && inputs[i].present())
      with += text(with.empty() ? "" : ",", in_quotes(info.name));
  }
  bool scores = false;
  for (size_t o = 0; o < outputs.size(); ++o)
    scores = scores || (layer.outputs()[o].optional && outputs[o].present());
  char fingerprint[17];
  std::snprintf(fingerprint, sizeof fingerprint, "%016llx",
                static_cast<unsigned long long>(layer.table->fingerprint));
  return text("{\"layer\":", in_quotes(layer.table->name), ",\"fingerprint\":\"",
              std::string_view(fingerprint), "\",\"target\":", in_quotes(layer.variant->target),
              ",\"threads\":", threads, ",\"shape\":", in_quotes(shape_of(layer, lengths)),
              ",\"with\":[", with, "],\"scores\":", scores ? "true" : "false",
              ",\"nanoseconds\":", nanoseconds, "}\n");
}

}  // namespace

bool logs_calls() { return log_file() != nullptr; }

void log_call(const AnyLayer::State& layer, std::span<const Tensor> inputs,
              std::span<const MutableTensor> outputs, int threads, int64_t nanoseconds) noexcept {
  try {
    const std::string line = line_of(layer, inputs, outputs, threads, nanoseconds);
    std::fwrite(line.data(), 1, line.size(), log_file());
    std::fflush(log_file());
  } catch (...) {  // no memory: this call is not in the log
  }
}

}  // namespace attn
