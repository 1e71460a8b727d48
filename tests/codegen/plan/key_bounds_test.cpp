// Key bounds against every pair: random masks go through import, passes and plan, and no visible
// key may lie outside the bounds of a tile that contains its query.
#include <gtest/gtest.h>

#include <cstdlib>

#include "draw.h"

namespace attnc::test {
namespace {

struct CountedKeys {
  int64_t kept = 0, visible = 0, pairs = 0;
};

/// The keys [begin, end) of a tile: all keys if there are no bounds.
std::pair<int64_t, int64_t> bounds_of(const Attention& attention, const PlanPlace& at) {
  if (attention.keys.empty()) return {0, at.key_length};
  const std::vector<double> v = evaluate(attention.keys, at);
  return {static_cast<int64_t>(v[0]), static_cast<int64_t>(v[1])};
}

/// Checks one mask on several sizes, and counts how tight its bounds are.
void check(const attn::Mask& mask, Draw& draw, CountedKeys& counted) {
  auto plan = planned(layer_with(mask, draw.axes));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const Attention& attention = attention_of(*plan);
  for (int size = 0; size < 4; ++size) {
    const Call call = draw.call();
    const int64_t queries = call.query_length(), keys = call.key_length();
    const int64_t tile = 1 + draw.number(5);
    PlanPlace at = call.place(*plan);
    for (int64_t first = 0; first < queries; first += tile) {
      at.query = first, at.last_query = std::min(first + tile, queries) - 1;
      const auto [begin, end] = bounds_of(attention, at);
      ASSERT_LE(0, begin) << print(*plan);
      ASSERT_LE(begin, end) << print(*plan) << " T " << queries << " S " << keys << " first "
                            << first;
      ASSERT_LE(end, keys) << print(*plan);
      for (at.query = first; at.query <= at.last_query; ++at.query) {
        for (at.key = 0; at.key < keys; ++at.key) {
          const bool visible = call.visible(mask, at.query, at.key);
          const bool kept = begin <= at.key && at.key < end;
          ASSERT_TRUE(kept || !visible)
              << print(*plan) << " T " << queries << " S " << keys << " query " << at.query
              << " key " << at.key << " tile from " << first << " to " << at.last_query
              << ": bounds " << begin << ", " << end;
          // The mask in the plan agrees with the user's lambda.
          if (!attention.mask.empty()) {
            ASSERT_EQ(evaluate(attention.mask, at)[0] != 0, visible) << print(*plan);
          } else {
            ASSERT_TRUE(visible);
          }
          counted.kept += kept, counted.visible += visible, ++counted.pairs;
        }
      }
    }
  }
}

void draw_and_check_bounds(int axes, int masks) {
  const uint32_t seed = drawn_seed();
  Draw draw(seed);
  draw.axes = axes;
  CountedKeys counted;
  int drawn = 0;
  for (int i = 0; i < masks; ++i) {
    const attn::Mask mask = draw.mask();
    if (mask.formula.too_long || mask.formula.size > attn::Formula::capacity) continue;
    ++drawn;
    check(mask, draw, counted);
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << "mask " << i << " of seed " << seed;
  }
  std::printf("%d masks: %ld pairs, %ld visible, %ld inside the bounds\n", drawn,
              long(counted.pairs), long(counted.visible), long(counted.kept));
  EXPECT_GT(drawn, masks * 2 / 3);
  EXPECT_LT(counted.kept, counted.pairs * 95 / 100) << "bounds that bound nothing";
}

TEST(KeyBounds, LeaveOutNoVisibleKey) { draw_and_check_bounds(1, 1500); }
TEST(KeyBounds, LeaveOutNoVisibleKeyOfTwoAxes) { draw_and_check_bounds(2, 500); }

/// For these masks the bounds are known: the tile's keys [begin, end), the plan's last two results.
TEST(KeyBounds, AreExactForTheUsualMasks) {
  struct Case {
    const char* name;
    attn::Mask mask;
    int64_t slack;  // keys of a tile that are kept needlessly: none
  };
  const Case cases[] = {
      {"causal", attn::causal, 0},
      {"causal from the end", attn::causal_from_the_end, 0},
      {"window", attn::sliding_window(3), 0},
      {"causal window", attn::causal & attn::sliding_window(4), 0},
      {"prefix", attn::Mask([](auto at) { return at.key < 5; }) | attn::causal, 0},
      {"documents", [](auto at) { return at.key / 4 == at.query / 4; }, 0},
      {"chunk before", [](auto at) { return at.key / 3 == at.query / 3 - 1; }, 0},
      {"not causal", !attn::causal, 0},
      {"written so far",
       [](auto at) {
         return at.key <= at.query + at.own({"start", attn::Type::index, true});
       },
       0},
  };
  for (const Case& c : cases) {
    auto plan = planned(layer_with(c.mask));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const Attention& attention = attention_of(*plan);
    ASSERT_FALSE(attention.keys.empty()) << c.name;
    for (int64_t queries : {1, 7, 16}) {
      for (int64_t keys : {1, 5, 16, 30}) {
        for (int64_t first = 0; first < queries; first += 4) {
          const Call call{.queries = {queries, 1},
                          .keys = {keys, 1},
                          .start = keys / 2 - first};  // negative, zero or positive
          PlanPlace at = call.place(*plan);
          at.query = first, at.last_query = std::min(first + 4, queries) - 1;
          const auto [begin, end] = bounds_of(attention, at);
          int64_t low = keys, high = 0;
          for (int64_t q = first; q <= at.last_query; ++q) {
            for (int64_t k = 0; k < keys; ++k) {
              if (!call.visible(c.mask, q, k)) continue;
              low = std::min(low, k), high = std::max(high, k + 1);
            }
          }
          const int64_t needed = std::max(high - low, int64_t{0});
          EXPECT_EQ(end - begin - needed, c.slack)
              << c.name << " T " << queries << " S " << keys << " first " << first << ": [" << begin
              << ", " << end << ") and needed are [" << low << ", " << high << ")";
        }
      }
    }
  }
}

}  // namespace
}  // namespace attnc::test
