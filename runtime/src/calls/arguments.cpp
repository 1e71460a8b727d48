// Turns tensors into a kernel's arguments: buffers over the caller's memory if its layout fits the
// argument's form, else over copies in the workspace.
#include <cstdlib>
#include <string>

#include "calls/checked.h"
#include "text.h"

namespace attn {
namespace {

// The values of absent inputs: one element each, which is read with strides of 0.
const uint8_t one_truth = 1;
const float one_float = 1;
const double one_double = 1;
const int32_t no_index = 0;
// The address of buffers that have no elements, or whose memory is not known yet: kernels treat a
// null address as a query of bounds.
alignas(Workspace::alignment) std::byte nowhere[Workspace::alignment];

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

class Arguments {
 public:
  Arguments(const Checked& checked, Prepared& call) : c_(checked), call_(call) {}

  Status place(size_t a) {
    const attn_argument& argument = call_.path->arguments[a];
    const size_t index = static_cast<size_t>(argument.index);
    call_.staged[a] = Prepared::not_staged;
    switch (argument.kind) {
      case ATTN_ARGUMENT_FLAG:
        call_.arguments[a + 1] = &call_.flags[index];
        return {};
      case ATTN_ARGUMENT_PACKED:
        call_.arguments[a + 1] = const_cast<attn_buffer*>(&c_.layer.packed[index]);
        return {};
      case ATTN_ARGUMENT_INPUT:
        call_.arguments[a + 1] = &call_.buffers[a];
        return place_input(a, index);
      case ATTN_ARGUMENT_LENGTH:
        call_.arguments[a + 1] = &call_.lengths[a];
        return place_length(a, argument);
      default:  // by check_table there are no others
        call_.arguments[a + 1] = &call_.buffers[a];
        return place_output(a, index);
    }
  }

 private:
  /// How a kernel wants an argument.
  struct Wanted {
    DType dtype;
    RowFunction row;          // converts the caller's elements
    bool as_it_is;            // the kernel can read the caller's elements
    bool broadcasts;          // strides may be 0, the first too; offsets fit in 31 bits
    RefusalFunction refusal;  // of the caller's elements; null: accepts all
  };

  Status wrong(const TensorRole& role, const Tensor* tensor, const std::string& what) const {
    return {StatusCode::invalid_argument,
            text(role.describe(), " ", what, "; got ",
                 tensor != nullptr ? tensor->describe() : std::string("nothing"))};
  }

  bool above_half(const attn_tensor_info& info) const {
    bool optional = false;
    for (size_t i = 0; i < c_.outputs.size(); ++i) {
      optional |= c_.outputs[i].present() && c_.layer.outputs()[i].optional != 0;
    }
    const int bit = optional ? ATTN_READ_ABOVE_HALF_WITH_OPTIONAL : ATTN_READ_ABOVE_HALF;
    return (info.reading & bit) != 0 && !((info.reading & ATTN_READ_ONLY_MASK) && c_.other_truths);
  }

  Status place_input(size_t a, size_t index) {
    const attn_tensor_info& info = c_.layer.inputs()[index];
    const TensorRole role{"input", info.name};
    const Tensor* tensor = c_.given(index);
    const DType compute = c_.layer.compute_dtype();
    View view{};
    Wanted wanted{};
    const void* absent = nullptr;
    if (is_real(info)) {
      if (tensor == nullptr) {  // check_table ensures that it is there
        return {StatusCode::internal, text(role.describe(), " is absent; please report it")};
      }
      wanted = {tensor->dtype(), same_row(tensor->dtype()), true, false, nullptr};
      view = view_of(*tensor);
    } else if (tensor != nullptr) {
      view = c_.views[index];
      for (int axis = 0; axis < info.rank && !is_table(info); ++axis) {  // known from later tensors
        const int64_t length = c_.lengths.of(info.axes[axis]);
        if (length >= 0) view.length[static_cast<size_t>(axis)] = length;
      }
    }
    if (is_truth(info)) {
      absent = &one_truth;
      const bool any_number = (info.reading & ATTN_READ_ANY_NUMBER) != 0;
      wanted = {DType::uint8, truth_row(view.dtype, above_half(info)), true, true,
                any_number ? nullptr : refuse_no_truths(view.dtype)};
      wanted.as_it_is = size_of(view.dtype) == 1 && wanted.refusal == nullptr &&
                        (view.dtype == DType::boolean || !above_half(info));
    } else if (info.value == ATTN_VALUE_SOFT) {
      absent = compute == DType::float64 ? static_cast<const void*>(&one_double) : &one_float;
      wanted = {compute, number_row(view.dtype, compute), view.dtype == compute, true, nullptr};
    } else if (info.value == ATTN_VALUE_INDEX) {
      absent = &no_index;
      wanted = {DType::int32, index_row(view.dtype), view.dtype == DType::int32, true, nullptr};
    } else if (info.value == ATTN_VALUE_TABLE) {
      absent = compute == DType::float64 ? static_cast<const void*>(&one_double) : &one_float;
      wanted = {compute, number_row(view.dtype, compute), view.dtype == compute, false, nullptr};
    } else if (info.value == ATTN_VALUE_INDEX_TABLE) {
      absent = &no_index;
      wanted = {DType::int32, index_row(view.dtype), view.dtype == DType::int32, false, nullptr};
    } else if (info.value == ATTN_VALUE_TRUTH_TABLE) {
      absent = &one_truth;
      wanted = {DType::uint8, truth_row(view.dtype, false), size_of(view.dtype) == 1, false,
                nullptr};
    }
    if (tensor == nullptr) {
      view = broadcast_view(info, c_.lengths, absent, wanted.dtype);
      wanted.row = same_row(wanted.dtype);  // an absent table is a copy of one element
      wanted.refusal = nullptr;
      wanted.as_it_is = true;
    }
    return place_view(a, role, info, tensor, view, wanted, nullptr);
  }

  Status place_length(size_t a, const attn_argument& argument) {
    const attn_axis axis{argument.form, static_cast<uint8_t>(argument.index), -1, 0, 0};
    const Length* known = c_.lengths.find(axis);
    if (known == nullptr) {  // check_table ensures that an input that is always there has it
      return {StatusCode::internal,
              text("the length of axis ", axis_name(axis), " is not known; please report it")};
    }
    if (known->extent > largest_length) {
      return {StatusCode::invalid_argument,
              text(known->from.describe(), " has length ", known->extent, " on axis ",
                   axis_name(axis), ", expected at most 2^31 - 1")};
    }
    call_.lengths[a] = static_cast<int32_t>(known->extent);
    return {};
  }

  Status place_output(size_t a, size_t index) {
    const attn_tensor_info& info = c_.layer.outputs()[index];
    const Tensor& tensor = c_.outputs[index];
    const Tensor* start =
        info.starts_as < 0 ? nullptr : c_.given(static_cast<size_t>(info.starts_as));
    const Wanted wanted{tensor.dtype(), same_row(tensor.dtype()), true, false, nullptr};
    return place_view(a, {"output", info.name}, info, &tensor, view_of(tensor), wanted, &start);
  }

  /// Makes the buffer of an argument, over the caller's memory if its layout fits, else over a
  /// copy. `start` is null for an input; for an output it points to the tensor that the output
  /// starts as, or to null.
  Status place_view(size_t a, const TensorRole& role, const attn_tensor_info& info,
                    const Tensor* tensor, const View& view, const Wanted& wanted,
                    const Tensor* const* start) {
    const uint8_t form = call_.path->arguments[a].form;
    const Formed formed = form_of(form, info, view);
    if (formed.too_long >= 0) {
      return wrong(role, tensor,
                   text("has length ", view.length[static_cast<size_t>(formed.too_long)], " on ",
                        axis_text(info, formed.too_long),
                        ", more than 2^31 - 1 together with what belongs to it"));
    }
    if (!wanted.broadcasts && !formed.empty) {
      // Kernels count rows in 31 bits, and up to a tile more than there are.
      int64_t rows = 1;
      for (size_t d = 1; d < static_cast<size_t>(formed.rank); ++d) {
        if (__builtin_mul_overflow(rows, formed.extent[d], &rows) ||
            rows > largest_length - (1 << 16)) {
          return wrong(role, tensor,
                       "has more than 2^31 - 2^16 rows: call the layer for a part of the batch");
        }
      }
    }
    if (formed.empty || (wanted.as_it_is && lies_well(formed, view, wanted))) {
      set_buffer(a, formed, formed.stride, wanted.dtype,
                 formed.empty ? nowhere : const_cast<std::byte*>(view.data));
      if (start != nullptr && *start != nullptr && !formed.empty) copy_start(**start, *tensor);
      return {};
    }
    Once may_be = wanted.broadcasts ? Once::all : Once::all_but_the_first;
    if (start != nullptr) may_be = Once::none;
    const Gathered copy = gather(form, info, view, formed, may_be);
    if (wanted.broadcasts && (copy.too_large || copy.elements > largest_length)) {
      return wrong(role, tensor, "has more than 2^31 - 1 elements that differ");
    }
    bool apart = copy.too_large;
    for (size_t d = 0; d < static_cast<size_t>(formed.rank); ++d)
      apart |= copy.stride[d] > largest_length;
    if (apart) {
      return wrong(
          role, tensor,
          "has to be copied for its strides, and is too large for that: its rows would lie "
          "more than 2^31 - 1 elements apart; call the layer for a part of it");
    }
    stage(a, info, view, wanted, copy, start);
    set_buffer(a, formed, copy.stride, wanted.dtype, nowhere);
    return {};
  }

  /// Whether a kernel can read the view without a copy.
  static bool lies_well(const Formed& formed, const View& view, const Wanted& wanted) {
    if (!formed.merges) return false;
    if (reinterpret_cast<uintptr_t>(view.data) % size_of(wanted.dtype) != 0) return false;
    if (formed.extent[0] != 1 && formed.stride[0] != 1 &&
        !(wanted.broadcasts && formed.stride[0] == 0)) {
      return false;
    }
    int64_t reach = 0;
    for (size_t d = 0; d < static_cast<size_t>(formed.rank); ++d) {
      if (std::abs(formed.stride[d]) > largest_length) return false;
      // check_memory bounds these, so nothing overflows.
      reach += (formed.extent[d] - 1) * std::abs(formed.stride[d]);
    }
    return !wanted.broadcasts || reach <= largest_length;
  }

  /// Reserves room in the workspace for a copy, and plans the copying.
  void stage(size_t a, const attn_tensor_info& info, const View& view, const Wanted& wanted,
             const Gathered& gathered, const Tensor* const* start) {
    const size_t size = size_of(wanted.dtype);
    const Copy in{gathered.walk, wanted.row, view.dtype, wanted.dtype, wanted.refusal};
    auto* data = const_cast<std::byte*>(view.data);
    if (start == nullptr) {
      for (int i = 0; i < call_.before_count; ++i) {  // already copied for another argument
        const Prepared::Transfer& other = call_.before[static_cast<size_t>(i)];
        if (other.caller == data && other.other == nullptr && other.copy == in) {
          call_.staged[a] = other.offset;
          return;
        }
      }
    }
    constexpr size_t unit = Workspace::alignment;
    const size_t offset = call_.copy_bytes;
    call_.copy_bytes += (static_cast<size_t>(gathered.elements) * size + unit - 1) / unit * unit;
    call_.staged[a] = offset;
    if (start == nullptr) return add_before({in, data, nullptr, offset});
    if (*start != nullptr) {
      const uint8_t form = call_.path->arguments[a].form;
      const View from = view_of(**start);
      const Formed formed = form_of(form, info, from);
      const Walk walk = gather(form, info, from, formed, Once::none).walk;
      auto* there = const_cast<std::byte*>(from.data);
      add_before({{walk, wanted.row, wanted.dtype, wanted.dtype, nullptr}, there, nullptr, offset});
    }
    call_.after[static_cast<size_t>(call_.after_count++)] = {
        {gathered.walk.reversed(), wanted.row, wanted.dtype, wanted.dtype, nullptr},
        data,
        nullptr,
        offset};
  }

  void add_before(const Prepared::Transfer& transfer) {
    call_.before[static_cast<size_t>(call_.before_count++)] = transfer;
  }

  /// Plans a copy of the whole input into the output's memory, unless they are the same.
  void copy_start(const Tensor& from, const Tensor& to) {
    if (overlap_of(from, to) == Overlap::same) return;
    std::array<int, max_rank> order{};
    const int count = by_step(to, order);  // in the order in which the output stores them
    Walk walk{};
    for (int i = 0; i < count; ++i) {
      const int axis = order[static_cast<size_t>(i)];
      walk.add(to.shape()[axis], from.strides()[axis], to.strides()[axis]);
    }
    const DType dtype = to.dtype();
    add_before({{walk, same_row(dtype), dtype, dtype, nullptr},
                static_cast<std::byte*>(const_cast<void*>(from.data())),
                static_cast<std::byte*>(const_cast<void*>(to.data())),
                0});
  }

  void set_buffer(size_t a, const Formed& formed,
                  const std::array<int64_t, max_dimensions>& strides, DType dtype,
                  std::byte* host) {
    auto& dimensions = call_.dimensions[a];
    for (size_t d = 0; d < static_cast<size_t>(formed.rank); ++d) {
      dimensions[d] = {0, static_cast<int32_t>(formed.extent[d]), static_cast<int32_t>(strides[d]),
                       0};
    }
    if (!broadcasts(a)) make_dense(formed, dimensions);
    attn_buffer& buffer = call_.buffers[a];
    buffer = {};
    buffer.host = reinterpret_cast<uint8_t*>(host);
    buffer.dimensions = formed.rank;
    buffer.dim = dimensions.data();
    set_type(dtype, buffer);
  }

  bool broadcasts(size_t a) const {
    const attn_argument& argument = call_.path->arguments[a];
    if (argument.kind != ATTN_ARGUMENT_INPUT) return false;
    const attn_tensor_info& info = c_.layer.inputs()[static_cast<size_t>(argument.index)];
    return !is_real(info) && !is_table(info);
  }

  /// Gives dimensions of extent 1, and all dimensions of a buffer without elements, the strides of
  /// a contiguous array.
  static void make_dense(const Formed& formed,
                         std::array<attn_dimension, max_dimensions>& dimensions) {
    int64_t next = 1;
    for (size_t d = 0; d < static_cast<size_t>(formed.rank); ++d) {
      if (formed.extent[d] == 1 || formed.empty) {
        dimensions[d].stride = std::abs(next) <= largest_length ? static_cast<int32_t>(next) : 0;
      }
      if (__builtin_mul_overflow(formed.extent[d], int64_t{dimensions[d].stride}, &next)) {
        next = largest_length + 1;
      }
    }
  }

  const Checked& c_;
  Prepared& call_;
};

}  // namespace

Status place_arguments(const Checked& checked, Prepared& call) {
  Arguments arguments(checked, call);
  for (int32_t a = 0; a < call.path->argument_count; ++a) {
    if (Status s = arguments.place(static_cast<size_t>(a)); !s.ok()) return s;
  }
  return {};
}

}  // namespace attn
