// block_map.h - what a kernel does with every block of a call: a tile of queries by a cell of keys.
//
//   MapCall call{.queries = 1024, .keys = 1024};
//   BlockMap map = map_blocks(attention, plan.schedule, call);
//   map.at(3, 7)               // Block::skipped, partial or full
//   map.pairs_visited
//
// A kernel asks Attention::keys once a tile and Attention::blocks once a block: what cannot have a
// visible pair it skips, what surely is visible as a whole it runs without the mask, and the rest
// pair by pair. This is the same walk on plain numbers, for `attnc show` and for tests. Not here:
// paths of one query (Path::most_queries), which have keys but no blocks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// A call, as far as its masks see it.
struct MapCall {
  int64_t batch = 0, head = 0;
  int64_t queries = 0, keys = 0;  // over all axes of each
  /// Of a single axis, and of those that are neither queries nor keys.
  std::function<int64_t(attn::Kind, int number)> length{};
  /// Elements of tables, as PlanPlace::read.
  std::function<double(const PlanStep&, std::span<const int64_t> indices)> read{};
  /// Whether what an `own` or `element` step reads is known; else blocks that depend on it are
  /// partial. Nothing: all is.
  std::function<bool(const PlanStep&)> known{};
  /// Whether what an `own` step reads is one number for all pairs of a head: kernels look.
  std::function<bool(const PlanStep&)> constant{};
};

enum class Block : char { skipped, partial, full };

struct BlockMap {
  int64_t queries = 0, keys = 0;
  int query_tile = 0, cell_keys = 0;
  int64_t tiles = 0, cells = 0;
  std::vector<Block> blocks;  // tile by tile
  int64_t skipped = 0, partial = 0, full = 0;
  int64_t pairs_visited = 0;  // of queries and keys in blocks that are not skipped
  Block at(int64_t tile, int64_t cell) const {
    return blocks[static_cast<size_t>(tile * cells + cell)];
  }
  int64_t count() const { return tiles * cells; }
};

/// Of an attention whose probabilities are not stored.
BlockMap map_blocks(const Attention& attention, const Schedule& schedule, const MapCall& call);

/// How many pairs the mask leaves: of partial blocks counted one by one. Nothing where a table that
/// the mask reads is not known, or where that are more than `most` pairs to look at.
std::optional<int64_t> count_visible(const Attention& attention, const BlockMap& map,
                                     const MapCall& call, int64_t most);

/// What the steps of these formulas read that is not known: Step.bits, each once, in order.
std::vector<uint64_t> unknown_tables(const Attention& attention, const MapCall& call);

}  // namespace attnc
