// heads.h - operations on heads, and on caches of keys and values.
//
//   auto s = scores(q, share_heads(k, 32));     // 32 query heads read 8 key heads: grouped queries
//   auto all = concat_heads(made, first_heads(given, 3));
//
// None of them computes: they select which numbers are read. Not here: those that do
// (operations.h).
#pragma once
#include "attn/operations.h"

namespace attn {

/// Query head u reads key head u / (heads / own): grouped queries.
constexpr Value share_heads(Value x, int heads, Place place = here()) {
  if (!x) return nothing;
  const int own = x.axes().extent(Kind::head);
  if (own == heads) return x;
  x.graph->require<"share_heads: {} heads cannot be shared evenly by {}">(
      own > 0 && heads > 0 && heads % own == 0, own, heads);
  return x.graph->add({.op = Op::share_heads,
                       .operand = {x.id, -1, -1, -1},
                       .axes = x.axes().resized(Kind::head, heads)},
                      place);
}
/// Heads 0 to count - 1. Where the call decides how many heads a value has, one with fewer is
/// refused.
constexpr Value first_heads(Value x, int count, Place place = here()) {
  if (!x || count == 0) return nothing;
  const int own = x.axes().extent(Kind::head);
  if (own == count) return x;
  x.graph->require<"first_heads: {} of {} heads">(
      count > 0 && (count < own || x.axes().free_heads()), count, own);
  return x.graph->add({.op = Op::slice_heads,
                       .operand = {x.id, -1, -1, -1},
                       .number = {0, count},
                       .axes = x.axes().resized(Kind::head, count)},
                      place);
}
constexpr Value concat_heads(Value x, Value y, Place place = here()) {
  if (!x) return y;
  if (!y) return x;
  const int n = x.axes().extent(Kind::head) + y.axes().extent(Kind::head);
  x.graph->require<"concat_heads: the values differ on another axis than the heads">(
      x.axes().has(Kind::head) &&
      x.axes().resized(Kind::head, 1) == y.axes().resized(Kind::head, 1));
  return x.graph->add({.op = Op::concat_heads,
                       .operand = {x.id, y.id, -1, -1},
                       .axes = x.axes().resized(Kind::head, n)},
                      place);
}

constexpr Value gather_at(Value x, const Formula& at, Place place) {
  if (!x) return nothing;
  x.graph->require<"gather reads along the size of a head, and this value has none">(
      x.axes().has(Kind::size));
  Node n{.op = Op::gather, .operand = {x.id, -1, -1, -1}, .axes = x.axes()};
  x.graph->require<"gather reads at an index, and its function makes a real number">(
      at.error || at.too_long || at.result().type == Type::index);
  n.formula = x.graph->add(at, x.axes(), "gather", place);
  return x.graph->add(n, place);
}
/// y[.., s] = x[.., f(at)]: another order along the size of a head.
template <class F>
constexpr Value gather(Value x, const F& f, Place place = here()) {
  return gather_at(x, trace<Number, 0>(f), place);
}

// ---- caches

/// A cache of projected keys and values, [batch, keys | values, key, head, size], as KerasHub lays
/// it out; of sequences with more axes, [batch, keys | values, the other axes of `of`, head, size].
constexpr Value cache_input(Graph& g, Name name, const Target& kept, Value of = nothing,
                            Place place = here()) {
  const Axes sequence{{Kind::batch}, {Kind::key}};
  Axes axes;
  for (Axis a : of ? of.axes().without(Kind::feature, Kind::head, Kind::size) : sequence) {
    if (a.kind == Kind::update) a.kind = Kind::key;
    if (axes.size == 1) axes.add({Kind::slot, 0, -1, 2});
    axes.add(a);
  }
  axes += kept.to;
  return g.optional_input(name, axes, place);
}
/// The cache after new keys and values were written over positions `at`, `at` + 1, ... of each
/// sequence; where they would not fit, over the last ones.
constexpr Value splice(Value cache, Value keys, Value values, Value at, Place place = here()) {
  if (!cache || !keys || !values || !at) return nothing;
  Graph& g = *cache.graph;
  g.require<"splice: the value written to is no cache: it has no axis of keys and values">(
      cache.axes().has(Kind::slot));
  for (Value v : {keys, values}) {
    g.require<
        "splice: new keys and values need the heads and the size of the cache, and positions of "
        "their own (Kind::update)">(v.axes().only(Kind::head, Kind::size) ==
                                        cache.axes().only(Kind::head, Kind::size) &&
                                    v.axes().has(Kind::update));
  }
  g.require<"splice: the position to write at is one index, or one for each sequence">(
      at.axes().without(Kind::batch).size == 0 && g.nodes[at.id].type == Type::index);
  return g.add(
      {.op = Op::splice, .operand = {cache.id, keys.id, values.id, at.id}, .axes = cache.axes()},
      place);
}
constexpr Value slot(Value cache, int which, Place place = here()) {
  if (!cache) return nothing;
  cache.graph->require<"only a cache has keys and values in slots">(cache.axes().has(Kind::slot));
  return cache.graph->add({.op = Op::slot,
                           .operand = {cache.id, -1, -1, -1},
                           .number = {which, 0},
                           .axes = cache.axes().without(Kind::slot)},
                          place);
}
/// New keys or values (counted by Kind::update) as all the keys or values there are: no cache.
constexpr Value as_keys(Value x, Place place = here()) {
  if (!x) return nothing;
  x.graph->require<"as_keys: the value is not one of new keys, counted by Kind::update">(
      x.axes().has(Kind::update));
  Node n{.op = Op::as_keys, .operand = {x.id, -1, -1, -1}, .axes = x.axes()};
  for (Axis& a : n.axes.axis) {
    if (a.kind == Kind::update) a.kind = Kind::key;
  }
  return x.graph->add(n, place);
}
/// `x` in calls that bring the input `condition`, `otherwise` in those that leave it out. Without
/// `otherwise` there is no value in such calls, and an output that is this value is not made.
constexpr Value given(Value condition, Value x, Value otherwise = nothing, Place place = here()) {
  if (!condition || !x) return otherwise;
  Graph& g = *x.graph;
  const Node& input = g.nodes[condition.id];
  g.require<"given: the condition is an input that calls may leave out">(
      input.op == Op::input && input.optional && input.operand[0] < 0);
  g.require<"given: the two values differ in their axes">(!otherwise ||
                                                          otherwise.axes() == x.axes());
  return g.add(
      {.op = Op::given, .operand = {condition.id, x.id, otherwise.id, -1}, .axes = x.axes()},
      place);
}
constexpr Value keys_of(Value cache, Place place = here()) { return slot(cache, 0, place); }
constexpr Value values_of(Value cache, Place place = here()) { return slot(cache, 1, place); }

}  // namespace attn
