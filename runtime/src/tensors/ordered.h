// ordered.h - puts named tensors in the order of a table.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "attn/runtime/any_layer.h"
#include "tensors/shapes.h"
#include "text.h"

namespace attn {

/// "`query`, `value`"
inline std::string names_of(std::span<const attn_tensor_info> infos) {
  std::string result;
  for (const attn_tensor_info& info : infos) {
    result += (result.empty() ? "" : ", ") + quoted(info.name);
  }
  return result.empty() ? "none" : result;
}

inline int index_of(std::span<const attn_tensor_info> infos, std::string_view name) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

/// Stores named tensors in `to`, in the order of the table; `to` has room for all of the table's.
template <class Named, class View>
Status in_order(std::span<const Named> named, std::span<const attn_tensor_info> infos,
                const char* role, std::span<View> to) {
  for (const Named& one : named) {
    const int index = index_of(infos, one.name);
    if (index < 0) {
      return {StatusCode::not_found,
              text("there is no ", role, " ", quoted(one.name), ", only ", names_of(infos))};
    }
    View& place = to[static_cast<size_t>(index)];
    if (place.present()) {
      return {StatusCode::invalid_argument, text(role, " ", quoted(one.name), " is given twice")};
    }
    place = one.tensor;
  }
  return {};
}

/// Named tensors by position in the table, on the stack because calls allocate nothing.
struct Ordered {
  std::array<Tensor, max_inputs> inputs;
  std::array<MutableTensor, max_outputs> outputs;
  size_t input_count = 0, output_count = 0;

  Status read(std::span<const attn_tensor_info> input_infos, std::span<const NamedTensor> in,
              std::span<const attn_tensor_info> output_infos,
              std::span<const NamedMutableTensor> out) {
    input_count = input_infos.size();
    output_count = output_infos.size();
    Status s = in_order(in, input_infos, "input", std::span<Tensor>(inputs));
    if (!s.ok()) return s;
    return in_order(out, output_infos, "output", std::span<MutableTensor>(outputs));
  }
  std::span<const Tensor> in() const { return {inputs.data(), input_count}; }
  std::span<const MutableTensor> out() const { return {outputs.data(), output_count}; }
};

}  // namespace attn
