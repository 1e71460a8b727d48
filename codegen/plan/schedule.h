// schedule.h - the tuned parameters of kernels, and their names and ranges in schedule files
// (../schedules).
//
// A parameter is a member here, a row of schedule_columns, and its use in a kernel. A file may
// leave out the column of a parameter that is not required; the member's default applies then.
#pragma once
#include <algorithm>
#include <array>
#include <bit>

namespace attnc {

struct Schedule {
  int vector = 16;
  int tile_rows = 4;
  int tile_vectors = 4;
  int task_rows = 128;
  int query_tile = 64;
  int key_block = 256;
  int scores_query_tile = 16;
  int decode_keys = 512;
  int decode_rows = 4;
  int decode_product_keys = 1;
  int decode_block_keys = 16;
  int decode_fold_unroll = 4;
  int decode_exp_unroll = 2;
  int few_queries = 16;
  int few_keys = 256;
  int pack_rows = 64;
  int value_vectors = 0;
  int score_rows = 0;
  int score_vectors = 0;
  bool operator==(const Schedule&) const = default;

  /// Lanes of the vectors that rows of `size` numbers are computed in: `vector`, or for shorter
  /// rows the power of two that holds them.
  int lanes_of(int size) const {
    return std::min(vector, static_cast<int>(std::bit_ceil(static_cast<unsigned>(size))));
  }
  /// Rows, and vectors in a row, of the register tile of scores. Those of a pair function are
  /// computed a vector at a time.
  int rows_of_scores() const { return score_rows > 0 ? score_rows : tile_rows; }
  int vectors_of_scores(bool pair) const {
    return pair ? 1 : score_vectors > 0 ? score_vectors : tile_vectors;
  }
  /// Vectors in a row of the register tile of weighted values, for rows of `all` vectors. A tile
  /// does not have to divide the row: the last one then overlaps its neighbour, and the overlap is
  /// computed twice. The tile with the least work is chosen, counted in accumulators; fewer than 8
  /// count as 8, since two pipes with a latency of 4 cycles need that many. Of several tiles the
  /// widest, which loads least.
  int value_vectors_of(int all) const {
    const int most = std::min(all, value_vectors > 0 ? value_vectors : tile_vectors);
    const auto work = [&](int v) { return (all + v - 1) / v * std::max(tile_rows * v, 8); };
    int best = 1;
    for (int v = 2; v <= most; ++v) {
      if (work(v) <= work(best)) best = v;
    }
    return best;
  }
};

/// The loop nests that read a parameter, as bits of ScheduleColumn::used_by.
enum ScheduleUse : unsigned {
  use_projections = 1,
  use_online = 2,  // the families of attention kernels: KernelFamily
  use_with_scores = 4,
  use_few = 8,
  use_decode = 16,
  use_all = 31,
};

struct ScheduleColumn {
  const char* name;
  int Schedule::*number;
  int least, most;
  bool required;             // if not, the member's default replaces a missing column
  unsigned used_by;          // bits of ScheduleUse
  std::array<int, 8> steps;  // the numbers that `attnc tune` tries, ascending; -1: no more
  const char* meaning;
};

// clang-format off
inline constexpr ScheduleColumn schedule_columns[] = {
    {"vector", &Schedule::vector, 4, 16, true, use_all, {4, 8, 16, -1},
     "float32 numbers in a vector"},
    {"rows", &Schedule::tile_rows, 1, 8, true, use_all, {1, 2, 4, 8, -1},
     "rows of a register tile"},
    {"vectors", &Schedule::tile_vectors, 1, 8, true, use_all, {1, 2, 3, 4, 6, -1},
     "vectors in a row of a register tile"},
    {"task_rows", &Schedule::task_rows, 1, 4096, true, use_projections, {32, 64, 128, 256, 512, -1},
     "rows of a projection that a task computes"},
    {"query_tile", &Schedule::query_tile, 1, 512, true, use_online | use_few, {16, 32, 64, 128, 256, -1},
     "queries of an attention task"},
    {"key_block", &Schedule::key_block, 1, 8192, true, use_online, {64, 128, 256, 512, 1024, 2048, -1},
     "keys between two rescalings of the online softmax"},
    {"scores_query_tile", &Schedule::scores_query_tile, 1, 512, true, use_with_scores, {8, 16, 32, 64, -1},
     "queries of a task where scores are stored: it holds whole rows of them"},
    {"decode_keys", &Schedule::decode_keys, 16, 65536, false, use_decode, {128, 256, 512, 1024, 2048, -1},
     "keys of a task where there is one query"},
    {"decode_rows", &Schedule::decode_rows, 1, 8, false, use_decode, {1, 2, 4, 8, -1},
     "with one query: query heads of a register tile, at most"},
    {"decode_product_keys", &Schedule::decode_product_keys, 1, 16, false, use_decode, {1, 2, 4, -1},
     "with one query: keys whose products with a query are computed together"},
    {"decode_block_keys", &Schedule::decode_block_keys, 1, 512, false, use_decode, {8, 16, 32, 64, -1},
     "with one query: keys whose weighted values are summed in registers"},
    {"decode_fold_unroll", &Schedule::decode_fold_unroll, 1, 16, false, use_decode, {1, 2, 4, 8, -1},
     "with one query: unrolled steps of a task's maximum and sum"},
    {"decode_exp_unroll", &Schedule::decode_exp_unroll, 1, 16, false, use_decode, {1, 2, 4, -1},
     "with one query: unrolled steps of a task's exponentials"},
    {"few_queries", &Schedule::few_queries, 0, 64, false, use_online | use_few, {0, 2, 4, 8, 16, 32, 64, -1},
     "the most queries for which keys are not packed first; 0: one"},
    {"few_keys", &Schedule::few_keys, 16, 65536, false, use_few, {64, 128, 256, 512, 1024, -1},
     "with few queries: keys of a task"},
    {"pack_rows", &Schedule::pack_rows, 1, 4096, false, use_online | use_with_scores, {16, 64, 256, -1},
     "rows of values that a task packs"},
    {"value_vectors", &Schedule::value_vectors, 0, 8, false, use_online | use_with_scores | use_few, {0, 2, 3, 4, 5, 6, 7, -1},
     "vectors in a row of a register tile of weighted values, at most; 0: as many as `vectors`"},
    {"score_rows", &Schedule::score_rows, 0, 24, false, use_online | use_with_scores, {0, 2, 4, 8, 16, -1},
     "rows of a register tile of scores; 0: as many as `rows`"},
    {"score_vectors", &Schedule::score_vectors, 0, 8, false, use_online | use_with_scores, {0, 1, 2, 3, 4, -1},
     "vectors in a row of a register tile of scores; 0: as many as `vectors`"},
};
// clang-format on

}  // namespace attnc
