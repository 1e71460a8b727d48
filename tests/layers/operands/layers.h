// Operands of attention from any source: functions of projections, heads of the call beside
// projections, one projection used several times, the result of another attention.
#pragma once
#include "attn/attn.h"

namespace operands {

using attn::DTypePolicy;
using attn::Kind;

inline constexpr attn::Table turn{"turn"}, gain{"gain"};

constexpr attn::Axes heads_at(Kind positions, int heads, int size) {
  return {{Kind::batch}, {positions}, {Kind::head, 0, -1, heads}, {Kind::size, 0, -1, size}};
}

// Query and key are functions of their projections: of positions, heads and a table.
inline constexpr auto mapped = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = map(project(query, "query", attn::heads(3, 5)), [](auto x, auto at) {
    return x * turn[at.query][at.size] + gain[at.head] * cos(at.query * 0.125f);
  });
  const auto k = map(project(key, "key", attn::heads(3, 5)), [](auto x, auto at) {
    return x * (1 + gain[at.head]) - (at.key % 4) * 0.25f;
  });
  const auto v = map(project(value, "value", attn::heads(3, 7)),
                     [](auto x, auto at) { return tanh(x) + gain[at.head]; });
  const auto s = scores(q, k) * attn::rsqrt(5);
  return project(combine(softmax(s, attn::causal), v), "output", features_of(query));
});
// Grouped heads, 16-bit numbers, and the probabilities as an output.
inline constexpr auto mapped_halves = attn::layer([](attn::Graph& g) -> attn::Outputs {
  g.dtype = DTypePolicy::float16;
  const auto [query, value, key] = g.query_value_key();
  const auto q = map(project(query, "query", attn::heads(4, 8)),
                     [](auto x, auto at) { return x * gain[at.head]; });
  const auto k = map(project(key, "key", attn::heads(2, 8)), [](auto x) { return x * sigmoid(x); });
  const auto v = project(value, "value", attn::heads(2, 8));
  const auto p = softmax(scores(q, share_heads(k, 4)) * attn::rsqrt(8));
  return {.output = project(combine(p, share_heads(v, 4)), "output", features_of(query)),
          .attention_scores = p};
});
// Keys as the caller has them, projected queries and values; no loop nest for one query.
inline constexpr auto some_given = attn::layer([](attn::Graph& g) {
  const auto x = g.input("x", {{Kind::batch}, {Kind::query}, {Kind::feature}});
  const auto y = g.input("y", {{Kind::batch}, {Kind::key}, {Kind::feature}});
  const auto q = project(x, "query", attn::heads(4, 8));
  const auto k = g.input("key", heads_at(Kind::key, 4, 8));
  const auto v = project(y, "value", attn::heads(4, 6));
  return project(combine(softmax(scores(q, k)), v), "output", features_of(x));
});
// Keys and values as the caller has them, and a function of a projection as query: calls with one
// query have their own loop nest.
inline constexpr auto mapped_query = attn::layer([](attn::Graph& g) {
  const auto x = g.input("x", {{Kind::batch}, {Kind::query}, {Kind::feature}});
  const auto q = map(project(x, "query", attn::heads(4, 8)),
                     [](auto a, auto at) { return a * turn[at.query][at.size]; });
  const auto k = g.input("key", heads_at(Kind::key, 2, 8)),
             v = g.input("value", heads_at(Kind::key, 2, 8));
  return combine(softmax(scores(q, share_heads(k, 4))), share_heads(v, 4));
});
// One projection as key and as value, and a second attention over the result of the first.
inline constexpr auto shared = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = project(query, "query", attn::heads(2, 6));
  const auto kv = project(value, "both", attn::heads(2, 6));
  const auto first = combine(softmax(scores(q, kv) * 0.0625f), kv);
  const auto second = combine(softmax(scores(first, kv) * 0.125f, attn::causal), kv);
  return project(second, "output", features_of(query));
});

using layers = attn::Layers<mapped, mapped_halves, some_given, mapped_query, shared>;

}  // namespace operands
