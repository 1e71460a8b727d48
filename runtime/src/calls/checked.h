// checked.h - a call whose tensors have been checked, before they become a kernel's arguments.
#pragma once
#include <array>
#include <span>

#include "calls/state.h"

namespace attn {

struct Checked {
  const AnyLayer::State& layer;
  std::span<const Tensor> inputs;
  std::span<const MutableTensor> outputs;
  Lengths lengths = {};
  std::array<View, max_inputs> views = {};  // of the masks, indices and tables that are given
  bool other_truths = false;                // more than one mask or true flag in all

  /// The input's tensor, or that of its stand-in; null if both are absent.
  const Tensor* given(size_t index) const { return given(layer, inputs, index); }
  static const Tensor* given(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                             size_t index) {
    for (int step = 0; step < max_inputs;
         ++step) {  // bounded, in case inputs stand in for each other
      if (index < inputs.size() && inputs[index].present()) return &inputs[index];
      const int other = layer.inputs()[index].or_input;
      if (other < 0) return nullptr;
      index = static_cast<size_t>(other);
    }
    return nullptr;
  }
};

inline bool is_truth(const attn_tensor_info& info) { return info.value == ATTN_VALUE_TRUTH; }
inline bool is_flag(const attn_tensor_info& info) { return is_truth(info) && info.rank == 0; }
inline bool is_real(const attn_tensor_info& info) { return info.value == ATTN_VALUE_REAL; }

/// Fills in the arguments of call.path: flags, lengths, and buffers over the caller's memory or
/// over copies of it.
Status place_arguments(const Checked& checked, Prepared& call);

}  // namespace attn
