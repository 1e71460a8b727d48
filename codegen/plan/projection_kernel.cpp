#include "plan/projection_kernel.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace attnc {

using attn::DTypePolicy;

namespace {

/// The form and the element type of a value with layout rows.
std::pair<OperandForm, DTypePolicy> operand_of(const Plan& plan, const Path& path, int value) {
  const DTypePolicy stored = tensor_type(plan.dtype), real = compute_type(plan.dtype);
  if (path.values.at(static_cast<size_t>(value)).input >= 0) return {OperandForm::rows, stored};
  const bool returned = path.output_of(value) >= 0;
  for (const Stage& stage : path.stages) {
    const bool makes = std::visit([&](const auto& s) { return s.result == value; }, stage);
    if (!makes) continue;
    if (returned) return {OperandForm::rows, stored};
    if (std::holds_alternative<Projection>(stage)) return {OperandForm::list, real};
    const auto* attention = std::get_if<Attention>(&stage);
    const bool tiles = std::holds_alternative<Combine>(stage) ||
                       (attention && (attention->family == KernelFamily::online ||
                                      attention->family == KernelFamily::with_scores));
    return {tiles ? OperandForm::tiles : OperandForm::rows, real};
  }
  throw std::logic_error("no stage makes the operand of a projection");
}

}  // namespace

std::string ProjectionKernel::name() const {
  return fmt::format(
      "project_{}_{}_to_{}_{}{}_{}x{}x{}_task{}", operand_form_names[static_cast<size_t>(from)],
      attn::policy_names[static_cast<size_t>(operand)], product_form_names[static_cast<size_t>(to)],
      attn::policy_names[static_cast<size_t>(product)], bias ? "_bias" : "", tile_rows,
      tile_vectors, vector, task_rows);
}

ProjectionKernel projection_kernel(const Plan& plan, const Path& path, const Projection& stage) {
  const auto [from, operand] = operand_of(plan, path, stage.x);
  const bool returned = path.output_of(stage.result) >= 0;
  const bool panels =
      path.values.at(static_cast<size_t>(stage.result)).layout == Layout::key_panels;
  const Schedule& s = plan.schedule;
  return {.from = from,
          .to = panels     ? ProductForm::panels
                : returned ? ProductForm::output
                           : ProductForm::list,
          .operand = operand,
          .product = returned ? tensor_type(plan.dtype) : compute_type(plan.dtype),
          .bias = stage.bias >= 0,
          .tile_rows = s.tile_rows,
          .tile_vectors = s.tile_vectors,
          .vector = s.vector,
          .task_rows = s.task_rows};
}

std::set<ProjectionKernel> projections_of(const Plan& plan, const Path& path) {
  std::set<ProjectionKernel> kernels;
  for (const Stage& stage : path.stages) {
    if (const auto* projection = std::get_if<Projection>(&stage))
      kernels.insert(projection_kernel(plan, path, *projection));
  }
  return kernels;
}

}  // namespace attnc
