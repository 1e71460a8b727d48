// elements.h - visits the elements of a view, one after the other.
//
//   for_each_element(tensor, [&](const std::byte* element) { ... });   // the last axis innermost
#pragma once
#include <array>
#include <cstddef>

#include "attn/runtime/tensor.h"

namespace attn {

template <class Function>
void for_each_element(const Tensor& tensor, Function&& function) {
  const auto* data = static_cast<const std::byte*>(tensor.data());
  const auto size = static_cast<int64_t>(size_of(tensor.dtype()));
  const int64_t elements = tensor.shape().elements();
  std::array<int64_t, max_rank> at{};
  int64_t offset = 0;
  for (int64_t i = 0; i < elements; ++i) {
    function(data + offset * size);
    for (int axis = tensor.rank() - 1; axis >= 0; --axis) {
      int64_t& position = at[static_cast<size_t>(axis)];
      offset += tensor.strides()[axis];
      if (++position < tensor.shape()[axis]) break;
      offset -= position * tensor.strides()[axis];
      position = 0;
    }
  }
}

}  // namespace attn
