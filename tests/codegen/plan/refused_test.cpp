// What cannot be planned yet: each case is refused with one sentence at the line of its operation.
#include <gtest/gtest.h>

#include "harness.h"

namespace attnc::test {
namespace {

std::string refused(const attn::Graph& graph) {
  auto plan = planned(graph);
  EXPECT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), attn::StatusCode::unsupported);
  return plan.status().message();
}

TEST(Refused, OperationsThatAreNotCompiledYet) {
  const attn::Graph shared = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(8, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto p = softmax(scores(q, first_heads(k, 4)));
    return project(combine(p, v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(shared),
            "layers.h:12: model::encoder: operation `slice_heads` is not compiled yet but of an "
            "input of scores");
  const attn::Graph rotated = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto r = gather(q, [](auto at) { return (at.size + 4) % 8; });
    return project(combine(softmax(scores(r, k)), v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(rotated),
            "layers.h:12: model::encoder: operation `gather` is not compiled yet");
}

TEST(Refused, AtTheLineOfTheOperation) {
  int line = 0;
  const auto build = [&](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8));
    line = __LINE__ + 1;
    const auto k = first_heads(project(key, "key", attn::heads(8, 8)), 4);
    const auto v = project(value, "value", attn::heads(4, 8));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features_of(query));
  };
  const std::string sentence = refused(attn::layer(build).graph);
  EXPECT_EQ(sentence.rfind("layers.h:" + std::to_string(line) + ": ", 0), 0u) << sentence;
}

TEST(Refused, ScoresThatNoAttentionReads) {
  const attn::Graph scored = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(4, 8));
    return softmax(scores(q, k));
  });
  EXPECT_EQ(refused(scored).rfind(
                "layers.h:12: model::encoder: operation `scores` is not compiled yet where", 0),
            0u)
      << refused(scored);
}

TEST(Refused, WhatFormulasRead) {
  const attn::TruthTable seen{"padding"};
  const attn::Graph twice = with([&](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto s = scores(q, k);
    const attn::Mask given = g.mask("padding", key);
    const attn::Mask also = [&](auto at) { return seen[at.batch][at.key]; };
    return project(combine(softmax(s, given & also), v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(twice),
            "layers.h:12: model::encoder: a formula that reads `padding`, a table that is read at "
            "indices and is more than that, is not compiled yet");
}

TEST(Refused, AttentionOverFeatures) {
  const attn::Graph plain = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    return combine(softmax(scores(query, key)), value);
  });
  EXPECT_EQ(
      refused(plain),
      "layers.h:12: model::encoder: operation `attention` over other than heads with a size is "
      "not compiled yet");
}

// ---- inputs that are heads, if only a part of attention uses them

constexpr const char* place = "layers.h:12: model::encoder: ";

TEST(Refused, KeysAndValuesSharedDifferently) {
  const attn::Graph shared = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto k = g.input("key", heads_at(Kind::key, 2)),
               v = g.input("value", heads_at(Kind::key));
    return combine(softmax(scores(q, share_heads(k, 4))), v);
  });
  EXPECT_EQ(refused(shared).rfind(
                place + std::string("operation `share_heads` is not compiled yet where it"), 0),
            0u)
      << refused(shared);
}

TEST(Refused, ProjectionsOfHeadsThatComeAsInputs) {
  const attn::Graph before = with([](attn::Graph& g) {
    const auto q = project(g.input("query", heads_at(Kind::query)), "query", attn::heads(4, 8));
    const auto k = g.input("key", heads_at(Kind::key)), v = g.input("value", heads_at(Kind::key));
    return combine(softmax(scores(q, k)), v);
  });
  EXPECT_EQ(
      refused(before),
      place + std::string("a projection of an input that comes as heads is not compiled yet"));
}

// ---- caches

TEST(Refused, CachesThatGoElsewhere) {
  const attn::Graph kept = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto c = cache_input(g, "cache", attn::heads(4, 8));
    return attn::Outputs{.output = combine(softmax(scores(q, keys_of(c))), values_of(c)),
                         .cache = c};
  });
  EXPECT_EQ(refused(kept), place + std::string("output `cache` is neither features nor heads nor "
                                               "scores that the path makes: not compiled yet"));
  const attn::Graph lost = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key(Kind::update);
    const auto c = cache_input(g, "cache", attn::heads(4, 8)), at = g.index("at");
    const auto q = project(query, "query", attn::heads(4, 8));
    const auto k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto u = splice(c, k, v, at);
    return project(combine(softmax(scores(q, keys_of(u))), values_of(u)), "output",
                   attn::features_of(query));
  });
  EXPECT_EQ(refused(lost), place + std::string("a cache that is written and is not the one output "
                                               "that starts as it is not compiled yet"));
}

}  // namespace
}  // namespace attnc::test
