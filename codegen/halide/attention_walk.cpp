// attention_walk.cpp - which runs of keys a tile of queries walks, and which of them need the mask.
//
// If the plan has no formula `blocks`, a single walk goes over all keys within the bounds, in
// blocks of key_block keys, and tests every score. Otherwise keys are cut into cells (cell_keys in
// plan.h). For a tile and a cell, `blocks` says whether any pair can be visible (if not, the
// cell is left out) and whether all are (then nothing is tested). Adjacent cells of one kind become
// one run of up to key_block keys, so that the state of the online softmax is rescaled as rarely as
// without cells. One walk goes over the runs to test, another over those that need no test: two
// loops, the second without mask code.
//
// Cost: about ten integer operations per cell and tile (5 ns), against cell * query_tile * 4 * head
// size floating-point operations, 1 MFLOP (10 us) at 64 x 64 x 64: below 0.1 %. Where masks read
// tables, every query and key is looked at once per call (Extremes).
#include "halide/attention_walk.h"

#include "halide/attention_scores.h"
#include "halide/guard_runs.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

enum : uint8_t { left_out = 0, to_test = 1, open = 2 };
constexpr int kind_step = 32;  // one byte holds the kind of a run and its number of cells

bool is_truth(const PlanFormula& formula) {
  return formula.steps.at(static_cast<size_t>(formula.results.at(0))).type == PlanType::truth;
}

/// The minimum and the maximum of each of the stage's extremes, for a tile and a cell.
std::vector<Expr> extremes_of(const Context& context, const Attention& stage, const Expr& qt,
                              const Expr& cell, const Expr& h, const Expr& b) {
  std::vector<Expr> bounds;
  for (const Extremes& e : stage.extremes) {
    const bool of_head = differs_along(context, e.formula, Kind::head),
               of_batch = differs_along(context, e.formula, Kind::batch),
               truth = is_truth(e.formula);
    Var i("i"), head("head"), batch("batch");
    Func extremes("table_extremes");
    Expr places, which;  // the extent of i, and the i of this tile or cell
    // Formulas are evaluated only in updates, so that nothing is read where there are no positions,
    // as in a call without keys.
    if (!e.over) {
      // Pairs may differ unless each mask is one number for all of them: it was left out, or is
      // broadcast.
      RDom r(0, 1, "r");
      r.where(r < context.extent(Kind::query) && r < context.extent(Kind::key));
      for (const PlanStep& s : e.formula.steps) {
        if (s.fn != attn::Fn::own || context.is_flag(read_index(s))) continue;
        const ImageParam& mask = context.input(read_index(s));
        r.where(mask.dim(0).stride() == 0 && mask.dim(1).stride() == 0);
      }
      const Expr value = cast<uint8_t>(evaluate(e.formula, context.site(batch, head, r, r)).at(0));
      extremes(i, head, batch) = Tuple(cast<uint8_t>(0), cast<uint8_t>(1));
      extremes(i, head, batch) = Tuple(value, value);
      places = 1, which = 0;
    } else {
      const bool keys = e.over == Kind::key;
      const Expr count = context.extent(*e.over);
      const int width = keys ? cell_keys(context.schedule(), stage) : context.schedule().query_tile;
      RDom r(0, width, "r");
      const Expr position = i * width + r;
      r.where(position < count);
      const Site at =
          context.site(batch, head, keys ? Expr(0) : position, keys ? position : Expr(0));
      Expr value = evaluate(e.formula, at).at(0);
      if (truth) value = cast<uint8_t>(value);
      extremes(i, head, batch) =
          truth ? Tuple(cast<uint8_t>(1), cast<uint8_t>(0)) : Tuple(Int(32).max(), Int(32).min());
      extremes(i, head, batch) =
          Tuple(min(extremes(i, head, batch)[0], value), max(extremes(i, head, batch)[1], value));
      // Cells outside the bounds are looked up too, and left out whatever the answer; so is cell 0
      // of a call without keys. (The clamp is not to the last cell, (count - 1) / width: Halide
      // assumes that it is not negative.)
      const Expr beyond = (count + (width - 1)) / width;
      places = beyond + 1;
      which = keys ? clamp(cell, 0, beyond) : qt;
    }
    extremes.compute_root()
        .bound(i, 0, places)
        .bound(head, 0, of_head ? stage.heads : 1)
        .bound(batch, 0, of_batch ? context.extent(Kind::batch) : Expr(1));
    const FuncRef found = extremes(which, of_head ? h : Expr(0), of_batch ? b : Expr(0));
    for (int end : {0, 1}) bounds.push_back(truth ? found[end] != 0 : Expr(found[end]));
  }
  return bounds;
}

}  // namespace

Expr is_seen(const Context& context, const Attention& stage, const Expr& b, const Expr& last_query,
             const Expr& from, int count) {
  // For all heads at once, and from positions alone: values from tables cannot bound loops or sums
  // of indices.
  if (stage.blocks.empty() || differs_along(context, stage.blocks, Kind::head))
    return Internal::const_true();
  for (const PlanStep& s : stage.blocks.steps)
    if (s.type == PlanType::index && (s.fn == attn::Fn::element || s.fn == attn::Fn::own))
      return Internal::const_true();
  Site at = context.site(b, 0, 0, from);
  at.last_query = last_query;
  at.last_key = min(from + count, context.extent(Kind::key)) - 1;
  for (const Extremes& e : stage.extremes) {
    if (!is_truth(e.formula)) return Internal::const_true();
    at.arguments.push_back(Internal::const_false());
    at.arguments.push_back(Internal::const_true());
  }
  return evaluate(stage.blocks, at).at(0);
}

Walks walks_of(const Context& context, const Attention& stage, int columns, const Var& qt,
               const Var& h, const Var& b) {
  const Schedule& s = context.schedule();
  const int lanes = s.vector, cell = cell_keys(s, stage), tile = s.query_tile;
  const int cells = std::clamp(s.key_block / cell, 1, kind_step - 1),
            block = std::max(s.key_block / cell, 1) * cell;
  const Expr queries = context.extent(Kind::query), keys = context.extent(Kind::key);
  const Expr first_query = qt * tile, last_query = min(qt * tile + (tile - 1), queries - 1);
  const auto [first, end] = visible_keys(context, stage, h, b, first_query, last_query);
  std::vector<Walk> walks(stage.blocks.empty() ? 1 : 2);
  if (walks.size() == 1) {
    Walk& w = walks[0];
    w.runs =
        RDom(0, columns, 0, 1, 0, (keys + (block - 1)) / block, std::string(runs_name) + "all");
    w.runs.where(w.runs.z * block < end - first);
    w.most = block;
    w.panel = [=, first = first](const Expr&, const Expr& of) {
      return first / lanes + of * (block / lanes);
    };
    w.count = [=, first = first, end = end](const Expr&, const Expr& of) {
      return end - first - of * block;
    };
    return {walks, {}};
  }

  // `c` counts cells from the one where the bounds begin.
  Var c("c");
  Func kind("kind"), run_kind(run_kind_name);
  const Expr origin = first / cell, own = origin + c, from = own * cell;
  Site at = context.site(b, h, first_query, from);
  at.last_query = last_query;
  at.last_key = min(from + cell, keys) - 1;
  at.arguments = extremes_of(context, stage, qt, own, h, b);
  const std::vector<Expr> known = evaluate(stage.blocks, at);
  kind(c, qt, h, b) =
      select(from >= end || from + cell <= first || !known.at(0), cast<uint8_t>(left_out),
             known.at(1) && from + cell <= keys, cast<uint8_t>(open), cast<uint8_t>(to_test));
  // A run begins where the kind changes, and at every multiple of key_block. Its run_kind is
  // kind_step * kind + its number of cells; elsewhere run_kind is 0.
  const auto kind_at = [&](const Expr& place) { return kind(max(place, 0), qt, h, b); };
  const Expr here = kind_at(c);
  Expr goes_on = Internal::const_true(), length = cast<uint8_t>(1);
  for (int i = 1; i < cells; ++i) {
    goes_on = goes_on && c % cells + i < cells && kind_at(c + i) == here;
    length = select(goes_on, cast<uint8_t>(i + 1), length);
  }
  const Expr begins = c % cells == 0 || kind_at(c - 1) != here;
  run_kind(c, qt, h, b) = select(begins && here != left_out,
                                 here * cast<uint8_t>(kind_step) + length, cast<uint8_t>(0));
  for (uint8_t which : {to_test, open}) {
    Walk& w = walks[which - 1];
    w.open = which == open;
    w.runs = RDom(0, columns, 0, cells, 0, (keys + (cell - 1)) / cell,
                  std::string(runs_name) + (w.open ? "open" : "tested"));
    w.runs.where(w.runs.z < (end + (cell - 1)) / cell - origin);
    w.runs.where(run_kind(w.runs.z, qt, h, b) ==
                 cast<uint8_t>(which * kind_step + 1 + w.runs.y));  // see GuardRuns
    w.most = cells * cell;
    w.panel = [=](const Expr&, const Expr& of) { return (origin + of) * (cell / lanes); };
    w.count = [=, panel = w.panel](const Expr& longer, const Expr& of) {
      const Expr size = (longer + 1) * cell;
      return which == open ? size : min(size, keys - panel(longer, of) * lanes);
    };
  }
  return {walks, {kind, run_kind}};
}

}  // namespace attnc
