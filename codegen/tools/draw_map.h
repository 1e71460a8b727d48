// draw_map.h - draws maps of blocks as text and as SVG pictures.
//
//   TitledMap map{.title = "path output, attention %6", .blocks = map_blocks(...)};
//   std::string text = draw_text(map.blocks);   // at most 64 rows of 100 blocks
//   std::string svg = draw_svg({map});          // one picture of all maps
//
// Rows are tiles of queries, columns are cells of keys. If there are more than fit, several blocks
// are merged into one, which is full (or skipped) if all of them are, else partial.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/block_map.h"

namespace attnc {

struct TitledMap {
  std::string title;  // "path output, attention %6"
  std::string shape;  // Attention::shape, or empty
  BlockMap blocks;
  std::optional<int64_t> visible;  // pairs that the mask leaves visible, if known
};

/// A map in which `tiles` by `cells` blocks are merged into one.
struct ScaledMap {
  int64_t rows = 0, columns = 0;
  int64_t tiles = 1, cells = 1;  // merged into one block
  std::vector<Block> blocks;
  Block at(int64_t row, int64_t column) const {
    return blocks[static_cast<size_t>(row * columns + column)];
  }
};
ScaledMap scaled(const BlockMap& map, int64_t most_rows, int64_t most_columns);

/// Several lines: the size of the blocks, how many of each kind ("skipped 120 46.9 %"), the pairs.
std::string counts_text(const TitledMap& map);
std::string draw_text(const BlockMap& map);
std::string draw_svg(const std::vector<TitledMap>& maps);

}  // namespace attnc
