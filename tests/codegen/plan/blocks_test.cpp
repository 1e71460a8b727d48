// Kinds of blocks against every pair: random masks go through import, passes and plan. A box of
// pairs that is classified as empty must have no visible pair, and one that is classified as full
// must have no hidden pair.
#include <gtest/gtest.h>

#include <cstdlib>

#include "draw.h"

namespace attnc::test {
namespace {

/// How many boxes are empty (no visible pair) or full, and how many of them were recognised.
struct CountedBoxes {
  int64_t boxes = 0, empty = 0, told_empty = 0, full = 0, told_full = 0;
};

/// Compares every box of one tile and one cell with its pairs.
void check(const attn::Mask& mask, const Plan& plan, const Call& call, int64_t tile, int64_t cell,
           CountedBoxes& counted) {
  const Attention& attention = attention_of(plan);
  const int64_t queries = call.query_length(), keys = call.key_length();
  std::vector<char> seen(static_cast<size_t>(queries * keys));
  for (int64_t q = 0; q < queries; ++q)
    for (int64_t k = 0; k < keys; ++k)
      seen[static_cast<size_t>(q * keys + k)] = call.visible(mask, q, k);
  PlanPlace at = call.place(plan);
  for (int64_t first = 0; first < queries; first += tile) {
    for (int64_t from = 0; from < keys; from += cell) {
      at.query = first, at.last_query = std::min(first + tile, queries) - 1;
      at.key = from, at.last_key = std::min(from + cell, keys) - 1;
      bool some = false, all = true;
      for (int64_t q = at.query; q <= at.last_query; ++q) {
        for (int64_t k = at.key; k <= at.last_key; ++k) {
          const bool visible = seen[static_cast<size_t>(q * keys + k)];
          some |= visible, all &= visible;
        }
      }
      const Sight told = look(attention, at);
      ASSERT_TRUE(told.possible || !some)
          << print(plan) << " T " << queries << " S " << keys << " tile " << at.query << " to "
          << at.last_query << " cell " << at.key << " to " << at.last_key
          << ": told to be empty, and is not";
      ASSERT_TRUE(all || !told.certain)
          << print(plan) << " T " << queries << " S " << keys << " tile " << at.query << " to "
          << at.last_query << " cell " << at.key << " to " << at.last_key
          << ": told to be full, and is not";
      ++counted.boxes;
      counted.empty += !some, counted.told_empty += !told.possible;
      counted.full += all, counted.told_full += told.certain;
    }
  }
}

void draw_and_check_blocks(int axes, int masks) {
  const uint32_t seed = drawn_seed();
  Draw draw(seed);
  draw.axes = axes;
  CountedBoxes counted;
  int drawn = 0, dropped = 0;
  for (int i = 0; i < masks; ++i) {
    const attn::Mask mask = draw.mask();
    if (mask.formula.too_long || mask.formula.size > attn::Formula::capacity) continue;
    auto plan = planned(layer_with(mask, axes));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    ++drawn, dropped += attention_of(*plan).blocks.empty() && !attention_of(*plan).mask.empty();
    for (int size = 0; size < 4; ++size) {
      const Call call = draw.call();
      check(mask, *plan, call, 1 + draw.number(6), 1 + draw.number(6), counted);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "mask " << i << " of seed " << seed;
    }
  }
  std::printf(
      "%d masks, %d of which nothing is told: %ld boxes, %ld empty (%ld told), %ld full (%ld "
      "told)\n",
      drawn, dropped, long(counted.boxes), long(counted.empty), long(counted.told_empty),
      long(counted.full), long(counted.told_full));
  EXPECT_GT(drawn, masks * 2 / 3);
  EXPECT_GT(counted.told_empty, counted.empty * 70 / 100) << "boxes that hold nothing";
  EXPECT_GT(counted.told_full, counted.full * 70 / 100) << "boxes that are full";
}

/// Boxes anywhere in calls up to 2^31 long, and the bounds of their tiles, under masks with large
/// numbers.
TEST(Blocks, AreNeverToldWronglyOfLargeNumbers) {
  const uint32_t seed = drawn_seed();
  Draw draw(seed);
  draw.large = true;
  CountedBoxes counted;
  for (int i = 0; i < 2000; ++i) {
    const attn::Mask mask = draw.mask();
    if (mask.formula.too_long || mask.formula.size > attn::Formula::capacity) continue;
    auto plan = planned(layer_with(mask));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const Attention& attention = attention_of(*plan);
    for (int box = 0; box < 12; ++box) {
      Call call = draw.call();
      call.queries[0] = draw.large_length(), call.keys[0] = draw.large_length();
      PlanPlace at = call.place(*plan);
      const int64_t first = draw.large_place(call.queries[0]),
                    from = draw.large_place(call.keys[0]);
      at.query = first, at.last_query = std::min(first + draw.number(8), call.queries[0] - 1);
      at.key = from, at.last_key = std::min(from + draw.number(8), call.keys[0] - 1);
      const Sight told = look(attention, at);
      int64_t begin = 0, end = call.keys[0];
      if (!attention.keys.empty()) {
        const std::vector<double> v = evaluate(attention.keys, at);
        begin = static_cast<int64_t>(v[0]), end = static_cast<int64_t>(v[1]);
      }
      const auto where = [&] {
        return testing::Message() << "mask " << i << " of seed " << seed << ": " << print(*plan)
                                  << " T " << call.queries[0] << " S " << call.keys[0] << " tile "
                                  << first << " to " << at.last_query << " cell " << from << " to "
                                  << at.last_key << ", bounds " << begin << ", " << end;
      };
      ASSERT_LE(0, begin) << where();
      ASSERT_LE(begin, end) << where();
      ASSERT_LE(end, call.keys[0]) << where();
      bool some = false, all = true;
      PlanPlace pair = at;
      for (pair.query = first; pair.query <= at.last_query; ++pair.query) {
        for (pair.key = from; pair.key <= at.last_key; ++pair.key) {
          const bool visible = call.visible(mask, pair.query, pair.key);
          some |= visible, all &= visible;
          ASSERT_TRUE(!visible || (begin <= pair.key && pair.key < end)) << where();
          // The mask in the plan agrees with the user's lambda.
          if (!attention.mask.empty())
            ASSERT_EQ(evaluate(attention.mask, pair)[0] != 0, visible) << where();
          else
            ASSERT_TRUE(visible) << where();
        }
      }
      ASSERT_TRUE(told.possible || !some) << where() << ": told to be empty, and is not";
      ASSERT_TRUE(all || !told.certain) << where() << ": told to be full, and is not";
      ++counted.boxes;
      counted.empty += !some, counted.told_empty += !told.possible;
      counted.full += all, counted.told_full += told.certain;
    }
  }
  std::printf("%ld boxes, %ld empty (%ld told), %ld full (%ld told)\n", long(counted.boxes),
              long(counted.empty), long(counted.told_empty), long(counted.full),
              long(counted.told_full));
  EXPECT_GT(counted.told_empty, counted.empty * 40 / 100) << "boxes that hold nothing";
  EXPECT_GT(counted.told_full, counted.full * 40 / 100) << "boxes that are full";
}

TEST(Blocks, AreNeverToldWrongly) { draw_and_check_blocks(1, 1500); }
TEST(Blocks, AreNeverToldWronglyOfTwoAxes) { draw_and_check_blocks(2, 500); }

/// For these masks every empty and every full box is recognised.
TEST(Blocks, AreExactForTheUsualMasks) {
  struct Case {
    const char* name;
    attn::Mask mask;
    int axes = 1;
    bool together = false;  // some boxes are full only by two conditions, and may go unrecognised
  };
  const attn::Table document{"document", attn::Type::index}, lengths{"of_batch", attn::Type::index};
  const Case cases[] = {
      {"causal", attn::causal},
      {"causal from the end", attn::causal_from_the_end},
      {"window", attn::sliding_window(3)},
      {"causal window", attn::causal & attn::sliding_window(4)},
      {"sink and window",
       attn::causal & (attn::sliding_window(4) | attn::Mask([](auto at) { return at.key < 2; })), 1,
       true},
      {"prefix", attn::causal | attn::Mask([](auto at) { return at.key < 5; }), 1, true},
      {"documents", [&](auto at) { return document[at.query] == document[at.key]; }},
      {"causal documents",
       attn::causal & attn::Mask([&](auto at) { return document[at.query] == document[at.key]; })},
      {"blocks", [](auto at) { return at.key / 4 == at.query / 4; }},
      {"padding", [&](auto at) { return at.key < lengths[at.batch]; }},
      {"dilated", [](auto at) { return (at.query - at.key) % 3 == 0; }},
      {"written so far",
       [](auto at) {
         return at.key <= at.query + at.own({"start", attn::Type::index, true});
       }},
      {"neighbourhood",
       [](auto at) {
         return abs(at.queries[0] - at.keys[0]) <= 1 & abs(at.queries[1] - at.keys[1]) <= 1;
       },
       2},
  };
  for (const Case& c : cases) {
    auto plan = planned(layer_with(c.mask, c.axes));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    ASSERT_FALSE(attention_of(*plan).blocks.empty()) << c.name;
    CountedBoxes counted;
    Draw draw(7);
    draw.axes = c.axes;
    for (int i = 0; i < 60; ++i) {
      Call call = draw.call();
      int64_t tile = 1 + draw.number(6), cell = 1 + draw.number(6);
      if (c.axes == 2) {  // whole rows, or equal parts of one row
        call.queries[1] = call.keys[1] = 6;
        constexpr int64_t widths[] = {1, 2, 3, 6, 12};
        tile = widths[draw.number(5)], cell = widths[draw.number(5)];
      }
      check(c.mask, *plan, call, tile, cell, counted);
      ASSERT_FALSE(HasFatalFailure()) << c.name;
    }
    EXPECT_EQ(counted.told_empty, counted.empty) << c.name << "\n" << print(*plan);
    if (!c.together) EXPECT_EQ(counted.told_full, counted.full) << c.name << "\n" << print(*plan);
    EXPECT_GE(counted.told_full, counted.full * 85 / 100) << c.name << "\n" << print(*plan);
    EXPECT_GT(counted.empty + counted.full, 0) << c.name;
  }
}

TEST(Blocks, SayNothingWhereNothingIsKnown) {
  const attn::Table pairs{"of_pair", attn::Type::index};
  auto plan = planned(layer_with([&](auto at) { return pairs[at.query][at.key] == 1; }));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_TRUE(attention_of(*plan).blocks.empty());
  plan = planned(layer_with(attn::Mask()));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_TRUE(attention_of(*plan).blocks.empty());
}

/// The shape of a mask is recognised from its formula, however it is written.
TEST(Blocks, ShapesAreTold) {
  const attn::Table document{"document", attn::Type::index}, lengths{"of_batch", attn::Type::index};
  const attn::Mask first = [](auto at) { return at.key < 4; };
  struct Case {
    attn::Mask mask;
    const char* shape;
    int axes = 1;
  };
  const Case cases[] = {
      {attn::causal, "causal"},
      {[](auto at) { return !(at.key > at.query); }, "causal"},
      {[](auto at) { return at.query - at.key >= 0; }, "causal"},
      {[](auto at) { return 0 <= at.query - at.key; }, "causal"},
      {[](auto at) { return at.key < at.query + 1; }, "causal"},
      {!attn::causal, "1 keys ahead or more"},
      {attn::causal_from_the_end, "causal from the end"},
      {[](auto at) { return at.key - at.key_length <= at.query - at.query_length; },
       "causal from the end"},
      {attn::sliding_window(512), "window of 512 to either side"},
      {[](auto at) { return !(abs(at.key - at.query) >= 512); }, "window of 512 to either side"},
      {!attn::sliding_window(512), "!window of 512 to either side"},
      {attn::causal & attn::sliding_window(512), "causal & window of 512 to either side"},
      {[](auto at) { return (at.query - at.key <= 4) & (at.key - at.query <= 2); },
       "window of 4 before & window of 2 after"},
      {[](auto at) { return at.query < at.key + 5; }, "window of 4 before"},
      {attn::causal & (first | attn::sliding_window(8)),
       "causal & (first 4 keys | window of 8 to either side)"},
      {attn::causal | first, "causal | prefix of 4"},
      {[&](auto at) { return (at.key <= at.query) | (at.key < lengths[at.batch]); },
       "causal | prefix"},
      {[&](auto at) { return at.key < lengths[at.batch]; }, "padding"},
      {[](auto at) { return at.query / 16 == at.key / 16; }, "blocks of 16"},
      {[](auto at) { return (at.key - at.query) % 3 == 0; }, "dilated by 3"},
      {[&](auto at) { return document[at.key] == document[at.query]; }, "same document"},
      {[&](auto at) { return document[at.key] != document[at.query]; }, "!same document"},
      {[](auto at) {
         return (abs(at.queries[0] - at.keys[0]) <= 1) & (abs(at.keys[1] - at.queries[1]) <= 2);
       },
       "rows within 1 & columns within 2", 2},
      {[](auto at) { return at.key * at.query == 7; }, "formula"},
      {attn::Mask::own({"mask", attn::Type::truth, true}) &
           (attn::causal | !attn::Mask::own({"flag0", attn::Type::truth, true})),
       "mask & (causal | !flag0)"},
  };
  for (const Case& c : cases) {
    auto plan = planned(layer_with(c.mask, c.axes));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    EXPECT_EQ(attention_of(*plan).shape, c.shape);
    EXPECT_NE(print(*plan).find(std::string(", mask: ") + c.shape + "\n"), std::string::npos);
  }
}

/// Masks that come with a call are examined one by one, along the axes that they have.
TEST(Blocks, LookAtMasksOfTheCall) {
  auto plan = planned(layer_with(attn::Mask::own({"mask", attn::Type::truth, true}) &
                                 attn::Mask::own({"query_mask", attn::Type::truth, true}) &
                                 attn::Mask::own({"value_mask", attn::Type::truth, true})));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const auto& extremes = attention_of(*plan).extremes;
  ASSERT_EQ(extremes.size(), 3u);
  EXPECT_EQ(extremes[0].over, std::nullopt);
  EXPECT_EQ(extremes[1].over, attn::Kind::query);
  EXPECT_EQ(extremes[2].over, attn::Kind::key);
  for (const Extremes& e : extremes) EXPECT_EQ(e.formula.steps.size(), 1u);
}

}  // namespace
}  // namespace attnc::test
