#include "loading/packing.h"

#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

#include "tensors/numbers.h"
#include "text.h"

namespace attn {
namespace {

/// The index of element `i` once every block of `block` elements is padded to `padded` of them.
int64_t padded_place(int64_t i, int32_t block, int32_t padded) {
  return block == 0 ? i : i / block * padded + i % block;
}

/// The offsets, in elements, of all positions on axes [first, last), the last axis varying fastest.
std::vector<int64_t> offsets(const Tensor& weight, int first, int last) {
  std::vector<int64_t> result{0};
  for (int axis = first; axis < last; ++axis) {
    std::vector<int64_t> finer;
    finer.reserve(result.size() * static_cast<size_t>(weight.shape()[axis]));
    for (int64_t offset : result) {
      for (int64_t i = 0; i < weight.shape()[axis]; ++i) {
        finer.push_back(offset + i * weight.strides()[axis]);
      }
    }
    result = std::move(finer);
  }
  return result;
}

}  // namespace

Result<PackedShape> packed_shape(const attn_packing& packing, const Shape& weight) {
  // The weight's memory was checked, so no product of its lengths overflows unless one is 0.
  PackedShape s;
  s.rows = s.columns = 1;
  bool fits = true;
  for (int axis = 0; axis < weight.rank(); ++axis) {
    int64_t& n = axis < packing.contracted ? s.rows : s.columns;
    fits &= !__builtin_mul_overflow(n, weight[axis], &n);
  }
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  fits &= s.rows <= most && s.columns <= most;
  if (fits && ((packing.row_block > 0 && s.rows % packing.row_block != 0) ||
               (packing.column_block > 0 && s.columns % packing.column_block != 0))) {
    return Status(StatusCode::internal,
                  text("its ", s.rows, " x ", s.columns, " numbers do not divide into blocks of ",
                       packing.row_block, " x ", packing.column_block,
                       " as the library wants them packed; please report it"));
  }
  if (fits) {
    // These are products of two numbers below 2^31, so they fit.
    s.padded_rows =
        packing.row_block == 0 ? s.rows : s.rows / packing.row_block * packing.row_block_padded;
    s.padded_columns = packing.column_block == 0
                           ? s.columns
                           : s.columns / packing.column_block * packing.column_block_padded;
    s.width = packing.panel_width > 0 ? packing.panel_width : 1;
    s.panels = (s.padded_columns + s.width - 1) / s.width;
    int64_t numbers = 0;
    fits = !__builtin_mul_overflow(s.panels * s.width, s.padded_rows, &numbers) && numbers <= most;
  }
  if (!fits) {
    return Status(StatusCode::unsupported,
                  "it has more than 2^31 - 1 numbers when packed: split the layer");
  }
  return s;
}

template <class To>
void pack(const attn_packing& packing, const PackedShape& shape, const Tensor& weight, To* to) {
  std::memset(to, 0, static_cast<size_t>(shape.numbers()) * sizeof(To));
  if (shape.rows == 0 || shape.columns == 0) return;
  const std::vector<int64_t> rows = offsets(weight, 0, packing.contracted);
  const std::vector<int64_t> columns = offsets(weight, packing.contracted, weight.rank());
  std::vector<int64_t> lanes(columns.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    const int64_t place =
        padded_place(static_cast<int64_t>(c), packing.column_block, packing.column_block_padded);
    lanes[c] = place / shape.width * shape.padded_rows * shape.width + place % shape.width;
  }
  with_type(weight.dtype(), [&]<class From>() {
    const auto* from = static_cast<const std::byte*>(weight.data());
    for (size_t r = 0; r < rows.size(); ++r) {
      To* row = to + shape.width * padded_place(static_cast<int64_t>(r), packing.row_block,
                                                packing.row_block_padded);
      for (size_t c = 0; c < columns.size(); ++c) {
        const From value = load<From>(from + (rows[r] + columns[c]) * int64_t{sizeof(From)});
        row[lanes[c]] = static_cast<To>(static_cast<double>(value) * packing.scale);
      }
    }
  });
}
template void pack(const attn_packing&, const PackedShape&, const Tensor&, float*);
template void pack(const attn_packing&, const PackedShape&, const Tensor&, double*);

}  // namespace attn
