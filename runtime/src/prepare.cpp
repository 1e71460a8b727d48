#include <algorithm>
#include <limits>
#include <string>

#include "state.h"
#include "table.h"
#include "text.h"

namespace attn {
namespace {

constexpr int64_t largest = std::numeric_limits<int32_t>::max();

// What an absent mask is: one byte that every stride of 0 leads to.
const uint8_t true_byte = 1;

void set_type(DType dtype, attn_buffer& buffer) {
  constexpr uint8_t integer = 0, natural = 1, real = 2, brain = 3;
  buffer.type_bits = static_cast<uint8_t>(8 * size_of(dtype));
  buffer.type_lanes = 1;
  switch (dtype) {
    case DType::float16:
    case DType::float32:
    case DType::float64:
      buffer.type_code = real;
      break;
    case DType::bfloat16:
      buffer.type_code = brain;
      break;
    case DType::boolean:
    case DType::uint8:
      buffer.type_code = natural;
      break;
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
      buffer.type_code = integer;
      break;
  }
}

void set_memory(const void* data, attn_dimension* dimensions, int rank, attn_buffer& buffer) {
  buffer = {};
  buffer.host = static_cast<uint8_t*>(const_cast<void*>(data));
  buffer.dimensions = rank;
  buffer.dim = dimensions;
}

/// The buffer of an input or output: axes reversed, neighbouring feature axes as one.
Status make_buffer(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                   attn_buffer& buffer, std::array<attn_dimension, max_rank>& dimensions) {
  const bool empty = tensor.shape().elements() == 0;
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_argument,
                  text(role.describe(), " ", what, "; got ", tensor.describe()));
  };
  int rank = 0;
  int64_t next = 1;  // the stride that a contiguous array would have
  for (int axis = info.rank - 1; axis >= 0;) {
    int64_t extent = 1, stride = 1;
    const bool feature = info.axes[axis].kind == ATTN_AXIS_FEATURE;
    do {
      const int64_t n = tensor.shape()[axis], s = tensor.strides()[axis];
      if (n != 1 && extent == 1) {
        stride = s;
      } else if (n != 1 && !empty && s != stride * extent) {
        return wrong(text("has stride ", s, " on ", axis_text(info, axis), ", expected ",
                          stride * extent, ": its feature axes have to lie together"));
      }
      // With an empty axis among them these are no real sizes, and are bounded all the same.
      if (__builtin_mul_overflow(extent, n, &extent) || n > largest || extent > largest) {
        return wrong(text("has length ", n, " on ", axis_text(info, axis),
                          ", more than 2^31 - 1 together with what belongs to it"));
      }
      --axis;
    } while (feature && axis >= 0 && info.axes[axis].kind == ATTN_AXIS_FEATURE);
    if (extent == 1 || empty) stride = next <= largest ? next : 0;
    if (rank == 0 && extent != 1 && stride != 1) {
      return wrong(text("has stride ", stride,
                        " on its last axis, expected 1: copy it to contiguous "
                        "rows"));
    }
    dimensions[static_cast<size_t>(rank++)] = {0, static_cast<int32_t>(extent),
                                               static_cast<int32_t>(stride), 0};
    if (__builtin_mul_overflow(extent, stride, &next)) next = largest + 1;
  }
  set_memory(tensor.data(), dimensions.data(), rank, buffer);
  set_type(tensor.dtype(), buffer);
  return {};
}

/// The buffer of a mask: every axis at its full length, strides of 0 where it broadcasts.
void make_mask_buffer(const attn_tensor_info& info, const MaskView& view, const Lengths& lengths,
                      attn_buffer& buffer, std::array<attn_dimension, max_rank>& dimensions) {
  for (int axis = 0; axis < info.rank; ++axis) {
    const size_t at = static_cast<size_t>(axis);
    const int64_t extent = lengths.of(info.axes[axis]);
    dimensions[static_cast<size_t>(info.rank - 1 - axis)] = {
        0, static_cast<int32_t>(extent < 0 ? 1 : extent), static_cast<int32_t>(view.stride[at]), 0};
  }
  set_memory(view.data, dimensions.data(), info.rank, buffer);
  set_type(DType::uint8, buffer);
}

bool is_truth(const attn_tensor_info& info) { return info.value == ATTN_VALUE_TRUTH; }

/// The input's tensor, or its stand-in's.
const Tensor* given(const AnyLayer::State& layer, std::span<const Tensor> inputs, size_t index) {
  if (index < inputs.size() && inputs[index].present()) return &inputs[index];
  const int other = layer.inputs()[index].or_input;
  return other < 0 ? nullptr : given(layer, inputs, static_cast<size_t>(other));
}

/// How many queries a call has, over all query axes: what phases differ in.
int64_t count_queries(const AnyLayer::State& layer, const Lengths& lengths) {
  int64_t queries = 1;
  uint64_t seen = 0;
  for (const attn_tensor_info& info : layer.inputs()) {
    for (int i = 0; i < info.rank; ++i) {
      const attn_axis& axis = info.axes[i];
      if (axis.kind != ATTN_AXIS_QUERY || axis.number > 63 || (seen >> axis.number & 1)) continue;
      seen |= uint64_t{1} << axis.number;
      if (__builtin_mul_overflow(queries, std::max<int64_t>(lengths.of(axis), 0), &queries)) {
        return std::numeric_limits<int64_t>::max();
      }
    }
  }
  return queries;
}

/// The first path that makes what is asked, and serves so many queries.
Status choose_path(const AnyLayer::State& layer, std::span<const MutableTensor> outputs,
                   const Lengths& lengths, Prepared& call) {
  uint32_t wanted = 0;
  for (size_t i = 0; i < layer.outputs().size(); ++i) {
    if (i < outputs.size() && outputs[i].present()) {
      wanted |= uint32_t{1} << i;
    } else if (!layer.outputs()[i].optional) {
      return {StatusCode::invalid_argument,
              text("output ", quoted(layer.outputs()[i].name), " is missing")};
    }
  }
  auto names = [&](uint32_t set) {
    std::string result;
    for (size_t i = 0; i < layer.outputs().size(); ++i) {
      if ((set >> i & 1) == 0) continue;
      result += (result.empty() ? "" : " and ") + quoted(layer.outputs()[i].name);
    }
    return result.empty() ? std::string("nothing") : result;
  };
  const int64_t queries = count_queries(layer, lengths);
  int32_t most = -1;  // queries that a path of these outputs serves
  for (int32_t p = 0; p < layer.variant->path_count; ++p) {
    const attn_path& path = layer.variant->paths[p];
    if (path.outputs != wanted) continue;
    if (path.most_queries == 0 || path.most_queries >= queries) {
      call.path = &path;
      return {};
    }
    most = std::max(most, path.most_queries);
  }
  if (most >= 0) {
    return {StatusCode::unsupported, text("the path that makes ", names(wanted), " serves at most ",
                                          most, " queries a call; got ", queries)};
  }
  std::string choices;
  for (int32_t p = 0; p < layer.variant->path_count; ++p) {
    choices += (choices.empty() ? "" : "; ") + names(layer.variant->paths[p].outputs);
  }
  return {StatusCode::unsupported,
          text("there is no path that makes ", names(wanted), "; its paths make: ", choices)};
}

Status prepare_outputs(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                       std::span<const MutableTensor> outputs, Lengths& lengths, Prepared& call) {
  call.empty = true;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].present()) continue;
    const attn_tensor_info& info = layer.outputs()[i];
    const TensorRole role{"output", info.name};
    const Tensor& tensor = outputs[i];
    if (Status s = check_shape(role, info, tensor, lengths); !s.ok()) return s;
    if (Status s = check_memory(role, tensor); !s.ok()) return s;
    if (Status s = check_layout(role, tensor); !s.ok()) return s;
    if (Status s = check_no_overlap(role, tensor); !s.ok()) return s;
    if (Status s = make_buffer(role, info, tensor, call.outputs[i], call.output_dimensions[i]);
        !s.ok()) {
      return s;
    }
    if (tensor.shape().elements() == 0) continue;
    call.empty = false;
    // Only what is surely wrong: views that lie between each other's rows are fine.
    auto same = [&](std::span<const Tensor> others, const char* what, const auto& infos) {
      for (size_t k = 0; k < others.size(); ++k) {
        if (others[k].present() && others[k].data() == tensor.data() &&
            others[k].shape().elements() != 0) {
          return Status(StatusCode::invalid_argument,
                        text(role.describe(), " lies in the memory of ", what, " ",
                             quoted(infos[k].name), ": a layer does not work in place"));
        }
      }
      return Status();
    };
    if (Status s = same(inputs, "input", layer.inputs()); !s.ok()) return s;
    for (size_t k = 0; k < i; ++k) {
      const Tensor& other = outputs[k];
      if (Status s = same({&other, 1}, "output", layer.outputs().subspan(k)); !s.ok()) return s;
    }
  }
  return {};
}

Status prepare_truth(const AnyLayer::State& layer, size_t i, const Tensor* tensor, Lengths& lengths,
                     Prepared& call) {
  const attn_tensor_info& info = layer.inputs()[i];
  const TensorRole role{"input", info.name};
  MaskView view{};
  view.rank = info.rank;
  view.dtype = DType::uint8;
  view.data = reinterpret_cast<const std::byte*>(&true_byte);
  view.extent.fill(1);
  call.flags[i] = 0;
  if (tensor != nullptr) {
    if (Status s = check_mask(role, info, *tensor, lengths, view); !s.ok()) return s;
    if (Status s = check_memory(role, *tensor); !s.ok()) return s;
    if (info.rank == 0) {
      convert_mask(view, &call.flags[i], serial_executor());
      return {};
    }
    if (tensor->shape().elements() == 0) {
      view.stride.fill(0);
    } else if (!is_kernel_mask(view)) {
      const int64_t bytes = converted_bytes(view);
      if (bytes > largest) {
        return {StatusCode::invalid_argument,
                text(role.describe(), " has more than 2^31 - 1 elements that differ; got ",
                     tensor->describe())};
      }
      call.masks[static_cast<size_t>(call.mask_count++)] = {static_cast<int>(i), view,
                                                            call.mask_bytes};
      constexpr size_t unit = Workspace::alignment;
      call.mask_bytes += (static_cast<size_t>(bytes) + unit - 1) / unit * unit;
      view = converted(view, nullptr);
    }
  }
  if (info.rank > 0) {
    make_mask_buffer(info, view, lengths, call.inputs[i], call.input_dimensions[i]);
  }
  return {};
}

}  // namespace

Status read_lengths(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                    Lengths& lengths) {
  lengths = layer.lengths;
  if (inputs.size() > layer.inputs().size()) {
    return {StatusCode::invalid_argument,
            text("got ", inputs.size(), " inputs, expected at most ", layer.inputs().size())};
  }
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    if (is_truth(info)) continue;
    const Tensor* tensor = given(layer, inputs, i);
    if (tensor == nullptr) continue;
    // A stand-in is looked at as what it stands for: a sentence then names both.
    const bool own = i < inputs.size() && inputs[i].present();
    Status s = check_shape({"input", info.name}, info, *tensor, lengths);
    if (!s.ok()) {
      return own ? s
                 : s.with_context(
                       text("input ", quoted(info.name), " was left out, so ",
                            quoted(layer.inputs()[static_cast<size_t>(info.or_input)].name),
                            " stands in"));
    }
  }
  return {};
}

Status prepare(const AnyLayer::State& layer, std::span<const Tensor> inputs,
               std::span<const MutableTensor> outputs, Prepared& call) {
  if (outputs.size() > layer.outputs().size()) {
    return {StatusCode::invalid_argument,
            text("got ", outputs.size(), " outputs, expected at most ", layer.outputs().size())};
  }
  Lengths lengths;
  if (Status s = read_lengths(layer, inputs, lengths); !s.ok()) return s;
  if (Status s = choose_path(layer, outputs, lengths, call); !s.ok()) return s;
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    const Tensor* tensor = given(layer, inputs, i);
    if (tensor == nullptr) {
      if (info.optional || (is_truth(info) && info.rank == 0)) continue;
      return {StatusCode::invalid_argument, text("input ", quoted(info.name), " is missing")};
    }
    if (is_truth(info)) continue;
    const TensorRole role{"input", info.name};
    if (Status s = check_memory(role, *tensor); !s.ok()) return s;
    if (Status s = check_layout(role, *tensor); !s.ok()) return s;
    if (Status s = make_buffer(role, info, *tensor, call.inputs[i], call.input_dimensions[i]);
        !s.ok()) {
      return s;
    }
  }
  if (Status s = prepare_outputs(layer, inputs, outputs, lengths, call); !s.ok()) return s;
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    if (!is_truth(layer.inputs()[i])) continue;
    const Tensor* tensor = given(layer, inputs, i);
    if (Status s = prepare_truth(layer, i, tensor, lengths, call); !s.ok()) return s;
  }
  if (call.empty) return {};
  for (int32_t a = 0; a < call.path->argument_count; ++a) {
    const attn_argument& argument = call.path->arguments[a];
    const size_t index = static_cast<size_t>(argument.index);
    void*& to = call.arguments[static_cast<size_t>(a) + 1];
    switch (argument.kind) {
      case ATTN_ARGUMENT_INPUT:
        to = &call.inputs[index];
        break;
      case ATTN_ARGUMENT_FLAG:
        to = &call.flags[index];
        break;
      case ATTN_ARGUMENT_PACKED:
        to = const_cast<attn_buffer*>(&layer.packed[index]);
        break;
      default:  // check_table: there are no others
        to = &call.outputs[index];
    }
  }
  return query_workspace(layer, call);
}

}  // namespace attn
