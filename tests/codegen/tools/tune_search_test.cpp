// What attnc tune tries, and in which order: the space, its model, and the search.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "halide/schedule.h"
#include "plan/schedule_text.h"
#include "tools/tune/search.h"

namespace attnc {
namespace {

const TargetInfo& target_of(const char* name) { return *find_target(name); }

const KernelWork encoder{.rows = 512, .queries = 512, .keys = 512};

using Texts = std::vector<std::string>;
Texts texts_of(const std::vector<Schedule>& schedules) {
  Texts out;
  for (const Schedule& s : schedules) out.push_back(text_of(s));
  return out;
}

TEST(TuneSpace, HoldsWhatKernelsCanBeMadeWithOnEveryTarget) {
  for (const TargetInfo& target : targets()) {
    const Schedule start = *schedule_for(target.name, 64, 64);
    const ScheduleSpace space(target, use_online | use_projections, start);
    const auto near = space.neighbours(start);
    EXPECT_GT(near.size(), 10u);
    for (const Schedule& s : near) {
      EXPECT_EQ(impossible(s, target), "") << target.name << ": " << text_of(s);
      EXPECT_EQ(differences(s, start), 1);
      for (const ScheduleColumn& c : schedule_columns) {
        if (!(c.used_by & (use_online | use_projections)))
          EXPECT_EQ(s.*c.number, start.*c.number) << c.name;
      }
    }
    const auto promising = space.promising({encoder}, 6, 1);
    EXPECT_EQ(promising.size(), 6u);
    for (const Schedule& s : promising) EXPECT_EQ(impossible(s, target), "") << text_of(s);
  }
}

TEST(TuneSpace, LeavesColumnsOfOtherKernelsAlone) {
  const Schedule start = *schedule_for("avx512", 64, 64);
  for (const Schedule& s :
       ScheduleSpace(target_of("avx512"), use_decode, start).neighbours(start)) {
    Schedule same = start;
    for (int Schedule::*number :
         {&Schedule::vector, &Schedule::tile_rows, &Schedule::tile_vectors, &Schedule::decode_keys,
          &Schedule::decode_rows, &Schedule::decode_product_keys, &Schedule::decode_block_keys,
          &Schedule::decode_fold_unroll, &Schedule::decode_exp_unroll})
      same.*number = s.*number;
    EXPECT_EQ(text_of(same), text_of(s));
  }
}

TEST(TuneSpace, StartsWithANumberThatIsNoStep) {
  Schedule start = *schedule_for("avx512", 64, 64);
  start.key_block = 320;
  const ScheduleSpace space(target_of("avx512"), use_online, start);
  std::vector<int> blocks;
  for (const Schedule& s : space.neighbours(start)) {
    if (s.key_block != 320) blocks.push_back(s.key_block);
  }
  EXPECT_EQ(blocks, (std::vector<int>{256, 512}));
}

TEST(TuneModel, KnowsWhatRegistersAndCachesDo) {
  const TargetInfo& target = target_of("avx512");
  const auto cycles = [&](const Schedule& s, const KernelWork& work) {
    return modelled_cycles(s, target, use_online, work);
  };
  Schedule good = *schedule_for("avx512", 64, 64), bad = good;
  bad.tile_rows = 1, bad.tile_vectors = 1, bad.value_vectors = 1, bad.score_rows = 0,
  bad.score_vectors = 0;
  EXPECT_GT(cycles(bad, encoder), 2 * cycles(good, encoder)) << "one sum in flight";
  bad = good;
  bad.score_rows = 8, bad.score_vectors = 4;
  EXPECT_GT(cycles(bad, encoder), 1.5 * cycles(good, encoder)) << "more sums than registers";
  const KernelWork few_keys{.rows = 512, .queries = 512, .keys = 80};
  Schedule narrow = good, wide = good;
  narrow.score_vectors = 1, narrow.score_rows = 16, wide.score_vectors = 4, wide.score_rows = 4;
  EXPECT_LT(cycles(narrow, few_keys), cycles(wide, few_keys)) << "80 keys cost 80 and not 128";
  EXPECT_GT(cycles(good, {.rows = 512, .queries = 512, .keys = 4096}), 7 * cycles(good, encoder));
}

TEST(TuneSearch, BeginsWithTheSameGenerationWhateverIsReported) {
  const Schedule start = *schedule_for("avx512", 64, 64);
  const ScheduleSpace space(target_of("avx512"), use_online, start);
  Search a(space, start, {encoder}, 7), b(space, start, {encoder}, 7),
      c(space, start, {encoder}, 8);
  const Texts first = texts_of(a.next());
  EXPECT_EQ(first.size(), 6u);
  EXPECT_EQ(texts_of(b.next()), first);
  EXPECT_NE(texts_of(c.next()), first);
  EXPECT_EQ(a.generation(), 0);
}

/// Times grow with the distance to a hidden best schedule, in steps of two.
double distance(const Schedule& s, const Schedule& hidden) {
  double all = 1;
  for (const ScheduleColumn& c : schedule_columns)
    all += 0.1 * std::abs(std::log2(1 + s.*c.number) - std::log2(1 + hidden.*c.number));
  return all;
}

struct Tried {
  std::vector<std::string> order;
  double best = 0;
};
Tried search_for(const Schedule& hidden, uint64_t seed, size_t most) {
  const Schedule start = *schedule_for("avx512", 64, 64);
  const ScheduleSpace space(target_of("avx512"), use_online | use_projections, start);
  Search search(space, start, {encoder}, seed);
  Tried out{{}, distance(start, hidden)};
  for (auto batch = search.next(); !batch.empty() && out.order.size() < most;
       batch = search.next()) {
    for (const Schedule& s : batch) {
      out.order.push_back(text_of(s));
      const bool better = distance(s, hidden) < out.best;
      if (better) out.best = distance(s, hidden);
      search.report(s, better);
    }
  }
  return out;
}

TEST(TuneSearch, FindsTheBestOfASmoothSpaceAndTriesNothingTwice) {
  Schedule hidden = *schedule_for("avx512", 64, 64);
  hidden.query_tile = 128, hidden.key_block = 1024, hidden.task_rows = 256, hidden.pack_rows = 16;
  hidden.score_rows = 16, hidden.score_vectors = 1;
  for (uint64_t seed : {1, 2, 3}) {
    const Tried tried = search_for(hidden, seed, 200);
    EXPECT_NEAR(tried.best, 1, 1e-9) << "seed " << seed;
    Texts sorted = tried.order;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
  }
}

TEST(TuneSearch, RepeatsItsOrderWithTheSameSeedAndReports) {
  Schedule hidden = *schedule_for("avx512", 64, 64);
  hidden.query_tile = 32, hidden.value_vectors = 3;
  EXPECT_EQ(search_for(hidden, 5, 60).order, search_for(hidden, 5, 60).order);
  EXPECT_NE(search_for(hidden, 5, 60).order, search_for(hidden, 6, 60).order);
}

}  // namespace
}  // namespace attnc
