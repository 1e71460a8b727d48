// operations.h - the dozen operations that attention layers are made of.
//
//   auto q = project(query, "query", heads(8, 64));            // [batch, query, head, size]
//   auto p = softmax(scores(q, k) / 8.0f, attn::causal);       // [batch, head, query, key]
//   auto o = project(combine(p, v), "attention_output", features_of(query));
//
// Each takes values and returns one. It checks its operands and records the line of the call, which
// its errors name. They are free functions because a field named `dropout` or `mask` (Keras's
// names) would hide a member. Not here: operations on heads and caches (heads.h).
#pragma once
#include "attn/graph.h"

namespace attn {

// ---- projections

/// What a projection makes: heads of some size, or features again.
struct Target {
  static constexpr int max_columns = Axis::max_extent;
  Axes to{};
  bool only_heads = false;
  bool is_nothing = false;
  int numbers = 0;  // numbers in the shape that was given; `to` holds at most four
};
constexpr Target heads(int count, int size) {
  return {.to = {{Kind::head, 0, -1, count}, {Kind::size, 0, -1, size}}, .is_nothing = count == 0};
}
constexpr Target heads(int count) {
  return {.to = {{Kind::head, 0, -1, count}}, .only_heads = true, .is_nothing = count == 0};
}
constexpr Target features(const Numbers& shape) {
  Target t{.numbers = shape.size};
  for (int extent : shape) {
    t.to.add({Kind::feature, static_cast<std::uint8_t>(t.to.size), -1, extent});
  }
  return t;
}
constexpr Target features_of(Value v) { return {.to = v.axes().only(Kind::feature)}; }
constexpr Target features(const Numbers& shape, Value otherwise) {
  return shape.empty() ? features_of(otherwise) : features(shape);
}

/// One dense layer: contracts features (or heads and sizes) with the kernel `name`/kernel and adds
/// `name`/bias. `heads(n)` without a size mixes heads (talking-heads attention), or makes one
/// number per head (gates).
constexpr Value project(Value x, Name name, const Target& target, bool bias = true,
                        Place place = here()) {
  if (!x || target.is_nothing) return nothing;
  Graph& g = *x.graph;
  const bool mixes = target.only_heads && x.axes().has(Kind::head);
  const Axes contracted =
      mixes ? x.axes().only(Kind::head) : x.axes().only(Kind::feature, Kind::head, Kind::size);
  if (!g.require<"`[]` has no axis to project">(contracted.size > 0, name)) return nothing;
  g.require<"`[]` makes no axis: write `heads(...)` or `features(...)`">(target.to.size > 0, name);
  g.require<"`[]` makes at most {} feature axes, not {}">(target.numbers <= 4, name, 4,
                                                          target.numbers);
  for (const Axis& a : target.to) {
    const bool known = a.extent > 0 || (a.extent == 0 && a.of >= 0);
    if (!g.require<"`[]` must have a positive number of each axis it makes, not {}">(known, name,
                                                                                     a.extent)) {
      return nothing;
    }
  }
  if (!g.require<"`[]` makes more than {} numbers a position">(
          elements(target.to) <= Target::max_columns, name, Target::max_columns)) {
    return nothing;
  }
  Axes kernel = contracted, axes = x.axes().without(Kind::feature, Kind::head, Kind::size);
  kernel += target.to;
  if (mixes) {  // they keep their place
    axes = {};
    for (const Axis& a : x.axes()) axes.add(a.kind == Kind::head ? *target.to.begin() : a);
  } else {
    axes += target.to;
  }
  Node n{.op = Op::project, .operand = {x.id, -1, -1, -1}, .name = name, .axes = axes};
  n.weight[0] = g.add_weight(name + "/kernel", kernel);
  if (bias) n.weight[1] = g.add_weight(name + "/bias", target.to);
  return g.add(n, place);
}

// ---- scores

/// Scores of every query with every key: the pair function summed over the last axis of both. An
/// empty pair function is the product.
constexpr Value pair_scores(Value q, Value k, const Formula& pair, Place place) {
  if (!q || !k) return nothing;
  Graph& g = *q.graph;
  const Axes &a = q.axes(), &b = k.axes();
  g.require<"scores need a value with query positions and one with key positions, in this order">(
      a.has(Kind::query) && b.has(Kind::key));
  g.require<
      "scores: the query has {} heads and the key {}; `share_heads` lets one key head serve "
      "several query heads">(a.extent(Kind::head) == b.extent(Kind::head), a.extent(Kind::head),
                             b.extent(Kind::head));
  g.require<"scores: heads of the query have size {} and heads of the key {}">(
      a.extent(Kind::size) == b.extent(Kind::size), a.extent(Kind::size), b.extent(Kind::size));
  g.require<"scores: query and key have different batch axes">(
      a.only(Kind::batch).same_as(b.only(Kind::batch)));
  Node n{.op = Op::scores,
         .operand = {q.id, k.id, -1, -1},
         .axes = score_axes(a, a.only(Kind::head), b)};
  n.formula = g.add(pair, n.axes, "scores", place);
  return g.add(n, place);
}
constexpr Value scores(Value q, Value k, Place place = here()) {
  return pair_scores(q, k, Formula{}, place);
}
template <class F>
constexpr Value scores(Value q, Value k, const F& pair, Place place = here()) {
  return pair_scores(q, k, trace<Number, 2>(pair), place);
}

// ---- elementwise

constexpr Value elementwise(std::initializer_list<Value> operands, const Formula& f,
                            const char* whose, Place place) {
  Node n{.op = Op::map};
  Graph* g = operands.begin()->graph;
  std::size_t i = 0;
  for (Value v : operands) {
    if (!v) return nothing;
    if (i == 0) n.axes = v.axes();
    if (!g->require<
            "an elementwise operation: the second value has an axis that the first has not">(
            n.axes.contains(v.axes()))) {
      return nothing;
    }
    for (const Axis& a : v.axes()) {
      const int extent = n.axes.find(a.kind, a.number)->extent;
      g->require<"an elementwise operation: the values differ on the axis []: {} and {}">(
          extent == a.extent, kind_names[static_cast<std::size_t>(a.kind)], extent, a.extent);
    }
    n.operand[i++] = v.id;
  }
  n.formula = g->add(f, n.axes, whose, place);
  return g->add(n, place);
}
/// `f(x)` or `f(x, at)`; with two values `f(x, y)` or `f(x, y, at)`.
template <class F>
constexpr Value map(Value x, const F& f, Place place = here()) {
  return x ? elementwise({x}, trace<Number, 1>(f), "map", place) : nothing;
}
template <class F>
constexpr Value map(Value x, Value y, const F& f, Place place = here()) {
  return x && y ? elementwise({x, y}, trace<Number, 2>(f), "map", place) : nothing;
}

/// The left operand of an operator. An operator cannot have a default argument, so the conversion
/// from a value records the place of the call.
struct Operand {
  Value value;
  Place place;
  constexpr Operand(Value v, Place p = here()) : value(v), place(p) {}  // NOLINT: that is its use
};
constexpr Value operator*(Operand x, Value y) {
  if (!x.value || !y) return y ? y : x.value;
  return map(
      x.value, y, [](auto a, auto b) { return a * b; }, x.place);
}
constexpr Value operator+(Operand x, Value y) {
  if (!x.value || !y) return y ? y : x.value;
  return map(
      x.value, y, [](auto a, auto b) { return a + b; }, x.place);
}
constexpr Value operator*(Operand x, const Number& c) {
  return c.is_one() ? x.value
                    : map(
                          x.value, [&](auto a) { return a * c; }, x.place);
}
constexpr Value operator/(Operand x, const Number& c) {
  return c.is_one() ? x.value
                    : map(
                          x.value, [&](auto a) { return a / c; }, x.place);
}
constexpr Value sigmoid(Value x, Place place = here()) {
  return map(
      x, [](auto a) { return sigmoid(a); }, place);
}
/// A description's score function on a value: `apply(d.score_mod, scores)`.
constexpr Value apply(const ScoreMod& f, Value x, Place place = here()) {
  return f.formula.empty() || !x ? x : elementwise({x}, f.formula, "the score function", place);
}
/// Sets to zero what the mask does not allow.
constexpr Value keep(Value x, const Mask& mask, Place place = here()) {
  if (!x || mask.formula.empty()) return x;
  Formula f = mask.formula;
  const auto condition = static_cast<std::int8_t>(f.size - 1);
  const auto x_id = f.add({.fn = Fn::argument}), zero = f.add(Number(0.0f).leaf);
  f.finish(f.add({.fn = Fn::where, .operand = {condition, x_id, zero, -1}}));
  return elementwise({x}, f, "keep", place);
}

// ---- probabilities

/// Softmax over all keys that the mask allows. The rules say what a row without any key becomes.
/// The sink is added to every row's sum.
constexpr Value softmax(Value s, const Mask& mask = {}, Rules rules = {},
                        const SinkLogit& sink = {}, Place place = here()) {
  if (!s) return nothing;
  Graph& g = *s.graph;
  g.require<"softmax is over keys, and this value has no key axis">(s.axes().has(Kind::key));
  Node n{.op = Op::softmax, .rules = rules, .operand = {s.id, -1, -1, -1}, .axes = s.axes()};
  n.mask = g.add(mask.formula, s.axes(), "the mask", place);
  for (int i = 0; i < sink.formula.size; ++i) {
    const Step& step = sink.formula.steps[static_cast<std::size_t>(i)];
    const bool of_key =
        (step.fn == Fn::position || step.fn == Fn::length) && step.axis().kind == Kind::key;
    g.require<
        "a sink is one number for a whole row of keys: it can read at.head, "
        "at.query and at.batch, and not at.key or at.key_length">(!of_key);
  }
  n.sink = g.add(sink.formula, s.axes().without(Kind::key), "the sink", place);
  return g.add(n, place);
}
/// The sigmoid of every score that the mask allows, and zero elsewhere.
constexpr Value sigmoid_probabilities(Value s, const Mask& mask = {}, Place place = here()) {
  if (!s) return nothing;
  Graph& g = *s.graph;
  g.require<"sigmoid_probabilities are over keys, and this value has no key axis">(
      s.axes().has(Kind::key));
  Rules rules = FullyMasked::zero;
  rules.sigmoid = true;
  Node n{.op = Op::softmax, .rules = rules, .operand = {s.id, -1, -1, -1}, .axes = s.axes()};
  n.mask = g.add(mask.formula, s.axes(), "the mask", place);
  return g.add(n, place);
}
/// Dropout acts in training only. The node is kept at inference: rate and place belong to the
/// layer.
constexpr Value dropout(Value p, float rate, Place place = here()) {
  if (!p || rate == 0) return p;
  p.graph->require<"dropout: the rate must be in [0, 1]">(rate > 0 && rate <= 1);
  return p.graph->add(
      {.op = Op::dropout, .operand = {p.id, -1, -1, -1}, .rate = rate, .axes = p.axes()}, place);
}
/// The sum of values, weighted by probabilities, over all keys. `positions` are the batch and query
/// axes of the result, in its order.
constexpr Value combine_to(const Axes& positions, Value p, Value v, Place place) {
  if (!p || !v) return nothing;
  Graph& g = *p.graph;
  const Axes &a = p.axes(), &b = v.axes();
  g.require<"combine needs probabilities [.. query, key] and values [.. key ..], in this order">(
      a.has(Kind::query) && a.has(Kind::key) && b.has(Kind::key) && !b.has(Kind::query));
  g.require<"combine: {} heads of probabilities and {} heads of values">(
      a.free_heads() || a.extent(Kind::head) == b.extent(Kind::head), a.extent(Kind::head),
      b.extent(Kind::head));
  g.require<"combine: probabilities and values count keys on different axes">(
      a.only(Kind::key).same_as(b.only(Kind::key)));
  g.require<"combine: probabilities and the value that gives the order differ in their positions">(
      positions.same_as(a.only(Kind::batch, Kind::query)));
  Axes axes = positions;
  axes += b.only(Kind::head, Kind::size, Kind::feature);
  return g.add({.op = Op::combine, .operand = {p.id, v.id, -1, -1}, .axes = axes}, place);
}
/// The same with positions in the order of `like`, or of the probabilities.
constexpr Value combine(Value p, Value v, Value like = nothing, Place place = here()) {
  return combine_to((like ? like : p).axes().only(Kind::batch, Kind::query), p, v, place);
}

}  // namespace attn
