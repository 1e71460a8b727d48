#include "halide/path_uses.h"

#include <set>
#include <stdexcept>
#include <variant>

#include "attn/runtime/kernel_abi.h"

namespace attnc {

namespace {

struct Uses {
  const Path& path;
  std::set<int> inputs, packings;
  std::set<std::pair<int, int>> lengths;

  void value(int v) {
    while (v >= 0) {
      const PlanValue& one = path.values.at(static_cast<size_t>(v));
      if (one.input >= 0) inputs.insert(one.input);
      v = one.of;
    }
  }
  void input(int i) { inputs.insert(i); }
  void packing(int i) { packings.insert(i); }
  void formula(const PlanFormula& formula) {
    for (const PlanStep& s : formula.steps) {
      if (s.fn == attn::Fn::length && s.axis().number != 0)
        lengths.emplace(static_cast<int>(s.axis().kind), s.axis().number);
      if (s.fn != attn::Fn::own && s.fn != attn::Fn::element) continue;
      (reads_packing(s) ? packings : inputs).insert(read_index(s));
    }
  }
};

}  // namespace

PathUses uses_of(const Path& path) {
  Uses uses{path, {}, {}};
  for (const Stage& stage : path.stages) std::visit([&](const auto& s) { s.reads(uses); }, stage);
  return {{uses.inputs.begin(), uses.inputs.end()},
          {uses.packings.begin(), uses.packings.end()},
          {uses.lengths.begin(), uses.lengths.end()}};
}

uint8_t form_of(Layout layout) {
  switch (layout) {
    case Layout::heads:
      return ATTN_FORM_HEADS;
    case Layout::pairs:
      return ATTN_FORM_PAIRS;
    case Layout::cache:
      return ATTN_FORM_CACHE;
    default:
      return ATTN_FORM_ROWS;
  }
}

uint8_t form_of_input(const Plan& plan, const Path& path, int input) {
  const PlanTensor& info = plan.inputs.at(static_cast<size_t>(input));
  if (info.table) return ATTN_FORM_TABLE;
  if (info.type == attn::Type::truth || info.soft) return ATTN_FORM_PAIRS;
  if (info.type == attn::Type::index) return ATTN_FORM_LIST;
  for (const PlanValue& v : path.values) {
    if (v.input == input) return form_of(v.layout);
  }
  throw std::logic_error("the input " + info.name + " is no value of its path");
}

}  // namespace attnc
