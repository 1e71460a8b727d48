// Maps of blocks against every pair of a call: a skipped block has no visible pair, a full block
// has no hidden pair, and masks that are known to be simple have skipped and full blocks.
#include "plan/block_map.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"
#include "plan/evaluate.h"

namespace attnc {
namespace {

using attn::Kind;

constexpr Schedule small{.vector = 4,
                         .tile_rows = 2,
                         .tile_vectors = 2,
                         .query_tile = 6,
                         .key_block = 32,
                         .scores_query_tile = 5};

struct Named {
  const char* name;
  attn::Mask mask;
  bool skips, fills;  // whether some block of a long call is skipped; full
};

void PrintTo(const Named& n, std::ostream* out) { *out << n.name; }

const attn::Table document{"document", attn::Type::index};
const attn::TruthTable seen{"seen"};

const std::vector<Named>& masks() {
  static const std::vector<Named> all{
      {"causal", attn::causal, true, true},
      {"causal_from_the_end", attn::causal_from_the_end, true, true},
      {"window", attn::causal & attn::sliding_window(17), true, true},
      {"both_sides", attn::sliding_window(20, 9), true, true},
      {"anti_causal", !attn::Mask(attn::causal), true, true},
      {"prefix", attn::prefix_lm(13), true, true},
      {"prefixes", attn::prefix_lm("prefix"), true, true},
      {"sinks_and_window", attn::causal & (attn::first_keys(4) | attn::sliding_window(16)), true,
       true},
      {"dilated", attn::dilated(3), false, false},
      {"same_block", attn::same_block(24), true, true},
      {"padding", attn::padding("lengths"), true, true},
      {"documents", attn::causal & attn::same_document("document"), true, true},
      {"tree", attn::tree("enter", "leave"), true, true},
      {"table_of_keys", [](auto at) { return seen[at.batch][at.key]; }, true, true},
      {"by_head", [](auto at) { return abs(at.query - at.key) < 8 * (at.head + 1); }, true, true},
      {"document_or_near",
       [](auto at) {
         return (document[at.batch][at.query] == document[at.batch][at.key]) |
                (abs(at.query - at.key) < 5);
       },
       true, true},
  };
  return all;
}

/// The tables of a call, by fixed rules: documents of some 20 positions, a tree, lengths.
double read(const Plan& plan, const PlanStep& s, std::span<const int64_t> at, int64_t keys) {
  const std::string& name = plan.inputs.at(static_cast<size_t>(read_index(s))).name;
  const int64_t last =
      at.empty() ? 0 : std::clamp<int64_t>(at.back(), 0, std::max<int64_t>(keys, 1) - 1);
  if (name == "document") return static_cast<double>((last + 7 * at[0]) / 19);
  if (name == "prefix") return static_cast<double>(11 + 9 * at[0]);
  if (name == "lengths") return static_cast<double>(keys - 14 * (at[0] + 1));
  if (name == "seen") return last / 16 % 3 != 1;
  if (name == "enter") return static_cast<double>(last < 20 ? 0 : last);
  if (name == "leave") return static_cast<double>(last < 20 ? 1000 : last + last % 5);
  return 1;  // an absent attention mask
}

struct Made {
  Plan plan;
  const Attention* attention = nullptr;
};

Made made(const attn::Mask& mask, attn::FullyMasked rule = attn::FullyMasked::zero) {
  const attn::Description d = attn::try_layer(attn::DotProductAttention{.num_query_heads = 2,
                                                                        .num_key_value_heads = 2,
                                                                        .head_dim = 8,
                                                                        .fully_masked = rule,
                                                                        .mask = mask});
  EXPECT_FALSE(d.error()) << d.error().text();
  auto plan = test::planned(d.graph, small);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  Made out;
  if (!plan.ok()) return out;
  out.plan = *std::move(plan);
  return out;
}

MapCall call_of(const Plan& plan, int64_t queries, int64_t keys, int64_t batch, int64_t head) {
  MapCall call{.batch = batch, .head = head, .queries = queries, .keys = keys};
  call.read = [&plan, keys](const PlanStep& s, std::span<const int64_t> at) {
    return read(plan, s, at, keys);
  };
  call.constant = [](const PlanStep&) { return true; };
  return call;
}

std::vector<const Attention*> attentions(const Plan& plan) {
  std::vector<const Attention*> out;
  for (const Path& path : plan.paths) {
    if (path.most_queries == 1) continue;
    for (const Stage& stage : path.stages) {
      if (const auto* a = std::get_if<Attention>(&stage)) out.push_back(a);
    }
  }
  return out;
}

/// Compares every block with its pairs. Returns the number of visible pairs.
int64_t compare(const Attention& a, const BlockMap& map, const MapCall& call) {
  PlanPlace place{.batch = call.batch,
                  .head = call.head,
                  .query_length = call.queries,
                  .key_length = call.keys};
  place.length = call.length;
  place.read = call.read;
  int64_t visible = 0;
  for (int64_t q = 0; q < call.queries; ++q) {
    for (int64_t k = 0; k < call.keys; ++k) {
      place.query = place.last_query = q;
      place.key = place.last_key = k;
      const bool counts = a.mask.empty() || evaluate(a.mask, place).at(0) != 0;
      const Block block = map.at(q / map.query_tile, k / map.cell_keys);
      EXPECT_FALSE(counts && block == Block::skipped) << q << ", " << k << " is skipped";
      EXPECT_FALSE(!counts && block == Block::full) << q << ", " << k << " is not tested";
      if (testing::Test::HasFailure()) return visible;
      visible += counts;
    }
  }
  return visible;
}

class Maps : public testing::TestWithParam<Named> {};

TEST_P(Maps, AgreeWithEveryPair) {
  const Made m = made(GetParam().mask);
  ASSERT_FALSE(m.plan.paths.empty());
  const std::pair<int64_t, int64_t> sizes[] = {{1, 1},   {2, 7},     {7, 8},   {13, 41},
                                               {41, 13}, {100, 101}, {97, 160}};
  for (const Attention* a : attentions(m.plan)) {
    for (auto [queries, keys] : sizes) {
      for (int64_t batch : {0, 1}) {
        const MapCall call = call_of(m.plan, queries, keys, batch, batch);
        const BlockMap map = map_blocks(*a, m.plan.schedule, call);
        EXPECT_EQ(map.count(), map.skipped + map.partial + map.full);
        const int64_t visible = compare(*a, map, call);
        ASSERT_FALSE(HasFailure()) << queries << " by " << keys;
        EXPECT_EQ(count_visible(*a, map, call, 1 << 20), visible);
        EXPECT_GE(map.pairs_visited, visible);
        EXPECT_LE(map.pairs_visited, queries * keys);
        if (keys < 150 || a->blocks.empty()) continue;
        EXPECT_EQ(map.skipped > 0, GetParam().skips);
        EXPECT_EQ(map.full > 0, GetParam().fills);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Masks, Maps, testing::ValuesIn(masks()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Map, CountsTilesAndCells) {
  const Made m = made(attn::causal);
  const Attention* a = attentions(m.plan).at(0);
  const BlockMap map = map_blocks(*a, small, call_of(m.plan, 100, 101, 0, 0));
  EXPECT_EQ(map.query_tile, 6);
  EXPECT_EQ(map.cell_keys, 8);
  EXPECT_EQ(map.tiles, 17);
  EXPECT_EQ(map.cells, 13);
  EXPECT_EQ(map_blocks(*a, small, call_of(m.plan, 0, 101, 0, 0)).count(), 0);
  EXPECT_EQ(map_blocks(*a, small, call_of(m.plan, 100, 0, 0, 0)).count(), 0);
}

TEST(Map, ScoresThatAreNoProductsHaveCellsOfAVector) {
  Attention a;
  EXPECT_EQ(cell_keys(small, a), 8);
  a.pair.steps.push_back({});
  EXPECT_EQ(cell_keys(small, a), 4);
}

TEST(Map, WhatIsNotKnownIsPartial) {
  const Made m = made(attn::causal & attn::same_document("document"));
  for (const Attention* a : attentions(m.plan)) {
    MapCall call = call_of(m.plan, 64, 96, 0, 0);
    call.known = [&](const PlanStep& s) {
      return m.plan.inputs.at(static_cast<size_t>(read_index(s))).name != "document";
    };
    const BlockMap map = map_blocks(*a, small, call);
    EXPECT_EQ(map.full, 0);
    EXPECT_GT(map.skipped, 0) << "what is behind every query is skipped all the same";
    EXPECT_EQ(count_visible(*a, map, call, 1 << 20), std::nullopt);
    ASSERT_EQ(unknown_tables(*a, call).size(), 1u);
    EXPECT_EQ(m.plan.inputs.at(unknown_tables(*a, call)[0]).name, "document");
    const MapCall with = call_of(m.plan, 64, 96, 0, 0);
    EXPECT_EQ(count_visible(*a, map_blocks(*a, small, with), with, 10), std::nullopt) << "too many";
  }
}

TEST(Map, AMaskOfTheCallIsTestedPairByPair) {
  const Made m = made(attn::causal);
  const Attention* a = attentions(m.plan).at(0);
  MapCall call = call_of(m.plan, 60, 60, 0, 0);
  const BlockMap absent = map_blocks(*a, small, call);
  call.constant = [](const PlanStep&) { return false; };
  const BlockMap given = map_blocks(*a, small, call);
  EXPECT_EQ(given.full, 0);
  EXPECT_EQ(given.skipped, absent.skipped);
}

TEST(Map, AMaskThatIsAddedHasNoBlocks) {
  const Made m = made(attn::causal, attn::FullyMasked::additive);
  const Attention* a = attentions(m.plan).at(0);
  const BlockMap map = map_blocks(*a, small, call_of(m.plan, 60, 60, 0, 0));
  EXPECT_EQ(map.partial, map.count());
}

}  // namespace
}  // namespace attnc
