// attention_scores.cpp - from products to the scores that a softmax takes: scale, score function,
// mask.
#include "halide/attention_scores.h"

#include "halide/attention_operands.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

Expr product_of(const Context& context, const Attention& stage, const Expr& query, const Expr& key,
                const Site& at) {
  if (stage.pair.empty()) return query * key;
  Site here = at;
  here.arguments = {query, key};
  return evaluate(stage.pair, here).at(0);
}

Expr score_of(const Context& context, const Attention& stage, const Expr& sum, const Expr& exists,
              Site at, const std::vector<Var>& arguments, std::vector<MaskTile>& tiles) {
  const Expr keys = context.extent(Kind::key);
  const Site here = at;
  at.read = [&](const PlanStep& step, const std::vector<Expr>& indices) -> Expr {
    const bool input = !reads_packing(step);
    const auto* info =
        input ? &context.plan().inputs.at(static_cast<size_t>(read_index(step))) : nullptr;
    if (!info || info->table || context.is_flag(read_index(step)) ||
        info->type == attn::Type::index)
      return context.read(step, indices, here);
    const ImageParam& image = context.input(read_index(step));
    Func numbers(image.name() + "_tile");
    numbers(arguments) =
        select(here.key < keys,
               likely(image(clamp(here.key, 0, keys - 1), here.query, here.head, here.batch)),
               Internal::make_zero(image.type()));
    tiles.push_back({numbers, image});
    const Expr number = numbers(arguments);
    return info->soft ? number : number != 0;
  };
  const bool additive = stage.rule == attn::FullyMasked::additive;
  const bool tested = exists.defined() && !stage.mask.empty();
  const Expr visible = tested ? evaluate(stage.mask, at).at(0) : Expr();
  Expr score =
      scales_query(context, stage) || stage.scale == 1 ? sum : sum * context.number(stage.scale);
  if (!stage.score.empty()) {
    at.arguments = {score};
    score = evaluate(stage.score, at).at(0);
  }
  // The rounding of this sum decides the result of rows without a visible key, so it has to be the
  // rounding of the original, in float32.
  if (additive && visible.defined())
    score = select(visible, score, strict_float(score + context.number(-1e9)));
  if (!exists.defined()) return score;
  const bool hides = visible.defined() && !additive;
  return select(hides ? exists && visible : exists, score, masked_score(context.real()));
}

std::pair<Expr, Expr> sink_of(const Context& context, const Attention& stage, const Site& at) {
  if (stage.sink.empty()) return {masked_score(context.real()), context.number(0)};
  const Expr sink = evaluate(stage.sink, at).at(0);
  const Expr there = sink > no_key_seen(context.real());
  // A NaN sink makes the sum NaN; a sink of minus infinity counts as no sink.
  const Expr nothing =
      strict_float(select(sink < context.number(0), context.number(0), sink * context.number(0)));
  return {select(there, sink, masked_score(context.real())),
          select(there, context.number(1), nothing)};
}

bool differs_along(const Context& context, const PlanFormula& formula, Kind kind) {
  for (const PlanStep& s : formula.steps) {
    if (s.fn == attn::Fn::position && s.axis().kind == kind) return true;
    if (s.fn != attn::Fn::own || reads_packing(s)) continue;
    for (const PlanAxis& a : context.plan().inputs.at(static_cast<size_t>(read_index(s))).axes)
      if (a.kind == kind) return true;
  }
  return false;
}

std::pair<Expr, Expr> visible_keys(const Context& context, const Attention& stage, const Expr& head,
                                   const Expr& batch, const Expr& first_query,
                                   const Expr& last_query) {
  const Expr keys = context.extent(Kind::key);
  if (stage.keys.empty() || (!head.defined() && differs_along(context, stage.keys, Kind::head)))
    return {0, keys};
  Site at = context.site(batch, head, first_query, 0);
  at.last_query = last_query;
  const std::vector<Expr> range = evaluate(stage.keys, at);
  const int lanes = context.schedule().vector;
  const auto within = [&](const Expr& bound) { return clamp(cast<int32_t>(bound), 0, keys); };
  return {within(range.at(0)) / lanes * lanes, within(range.at(1))};
}

void schedule_mask_tile(const Context& context, const MaskTile& mask, const Var& key) {
  // Keys are contiguous, or one number stands for all of them; the runtime copies other masks.
  Func numbers = mask.numbers;
  const Expr stride = mask.image.dim(0).stride();
  numbers.specialize(stride == 0).vectorize(key, context.schedule().vector, TailStrategy::RoundUp);
  numbers.specialize(stride == 1).vectorize(key, context.schedule().vector, TailStrategy::RoundUp);
  numbers.specialize_fail("a mask's keys have a stride of 0 or 1");
}

}  // namespace attnc
