// block_map.h - what a kernel does with each block (a tile of queries by a cell of keys) of a call.
//
//   MapCall call{.queries = 1024, .keys = 1024};
//   BlockMap map = map_blocks(attention, plan.schedule, call);
//   map.at(3, 7)               // Block::skipped, partial or full
//   map.pairs_visited
//
// A kernel evaluates Attention::keys once per tile and Attention::blocks once per block. It skips
// blocks that cannot have a visible pair, computes blocks that are certainly visible as a whole
// without the mask, and tests every pair of the rest. This is the same walk on plain numbers, for
// `attnc show` and for tests. Not here: paths for one query (Path::most_queries), whose kernels
// walk keys in tasks of decode_keys instead.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// What masks depend on in a call.
struct MapCall {
  int64_t batch = 0, head = 0;
  int64_t queries = 0, keys = 0;  // over all axes of each
  /// The length of one of several axes, or of an axis that counts neither queries nor keys.
  std::function<int64_t(attn::Kind, int number)> length{};
  /// Elements of tables and masks, as PlanPlace::read.
  std::function<double(const PlanStep&, std::span<const int64_t> indices)> read{};
  /// Whether the table or mask that an `own` or `element` step reads is known; if not, blocks that
  /// depend on it are partial. Empty: all are known.
  std::function<bool(const PlanStep&)> known{};
  /// Whether the mask that an `own` step reads is one number for all pairs of a head. Kernels test
  /// this at run time.
  std::function<bool(const PlanStep&)> constant{};
};

enum class Block : char { skipped, partial, full };

struct BlockMap {
  int64_t queries = 0, keys = 0;
  int query_tile = 0, cell_keys = 0;
  int64_t tiles = 0, cells = 0;
  std::vector<Block> blocks;  // tile by tile
  int64_t skipped = 0, partial = 0, full = 0;
  int64_t pairs_visited = 0;  // pairs of queries and keys in blocks that are not skipped
  Block at(int64_t tile, int64_t cell) const {
    return blocks[static_cast<size_t>(tile * cells + cell)];
  }
  int64_t count() const { return tiles * cells; }
};

/// The blocks of an attention whose probabilities are not stored.
BlockMap map_blocks(const Attention& attention, const Schedule& schedule, const MapCall& call);

/// The number of visible pairs; pairs of partial blocks are tested one by one. nullopt where the
/// mask reads a table that is not known, or where more than `most` pairs would have to be tested.
std::optional<int64_t> count_visible(const Attention& attention, const BlockMap& map,
                                     const MapCall& call, int64_t most);

/// The tables and masks that the attention's mask, keys, blocks and extremes read and the call does
/// not know: PlanStep::bits, each once, in order.
std::vector<uint64_t> unknown_tables(const Attention& attention, const MapCall& call);

}  // namespace attnc
