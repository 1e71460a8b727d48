// projection_kernel.h - projections are kernels of their own, which paths call.
//
//   for (const ProjectionKernel& kernel : projections_of(plan, plan.paths[0])) kernel.name();
//
// All paths of a layer have the same projections, and those of one layer mostly differ in nothing
// but lengths: MultiHeadAttention has 4 in each path, and 3 kernels. A library holds each kernel
// once for a target.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <set>
#include <string>

#include "plan/plan.h"

namespace attnc {

/// The memory of a projection's operand. Numbers are the dimensions of a buffer, innermost first.
enum class OperandForm : uint8_t {
  rows,   // (column, position, batch)
  tiles,  // (column, position in a tile, tile, batch): attention's result
  list,   // (column, batch * positions + position): another projection's result
};
inline constexpr std::array<const char*, 3> operand_form_names{"rows", "tiles", "list"};

/// The memory that it writes.
enum class ProductForm : uint8_t {
  output,  // (column, position, batch): the caller's memory
  list,    // (column, batch * positions + position), both padded to whole register tiles
  panels,  // (lane, column, panel, batch), one lane per key: transposed
};
inline constexpr std::array<const char*, 3> product_form_names{"output", "list", "panels"};

/// A projection, without what a call brings: lengths, and the sizes of packed weights.
struct ProjectionKernel {
  OperandForm from{};
  ProductForm to{};
  attn::DTypePolicy operand{}, product{};  // element types; float64 means that it computes in it
  bool bias = false;
  int tile_rows = 0, tile_vectors = 0, vector = 0, task_rows = 0;

  auto operator<=>(const ProjectionKernel&) const = default;
  /// "project_rows_float32_to_list_float32_bias_6x4x16_task128": the name of its function.
  std::string name() const;
};

ProjectionKernel projection_kernel(const Plan& plan, const Path& path, const Projection& stage);
std::set<ProjectionKernel> projections_of(const Plan& plan, const Path& path);

}  // namespace attnc
