// draw_map.h - maps of blocks as characters and as pictures.
//
//   TitledMap map{.title = "path output, attention %6", .blocks = map_blocks(...)};
//   std::string text = draw_text(map);       // at most 64 lines of 100 characters
//   std::string svg = draw_svg({map});       // one picture of all
//
// Rows are tiles of queries, columns cells of keys. Where there are more than fit, several make
// one: full (or skipped) where all of them are, else partial.
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
  std::optional<int64_t> visible;  // pairs that the mask leaves
};

/// Blocks put together: so many tiles by so many cells are one.
struct ScaledMap {
  int64_t rows = 0, columns = 0;
  int64_t tiles = 1, cells = 1;  // in one of it
  std::vector<Block> blocks;
  Block at(int64_t row, int64_t column) const {
    return blocks[static_cast<size_t>(row * columns + column)];
  }
};
ScaledMap scaled(const BlockMap& map, int64_t most_rows, int64_t most_columns);

/// "skipped 120 (46.9 %), ...": what is counted, some lines.
std::string counts_text(const TitledMap& map);
std::string draw_text(const BlockMap& map);
std::string draw_svg(const std::vector<TitledMap>& maps);

}  // namespace attnc
