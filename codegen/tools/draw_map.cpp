#include "tools/draw_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnc {
namespace {

double percent(int64_t part, int64_t all) {
  return all ? 100.0 * static_cast<double>(part) / static_cast<double>(all) : 0;
}

std::string pairs_text(const TitledMap& map) {
  std::string out = fmt::format("{} pairs visited", map.blocks.pairs_visited);
  if (!map.visible) return out;
  out += fmt::format(", {} visible", *map.visible);
  if (*map.visible > 0) {
    out += fmt::format(": {:.3f} visited for each", static_cast<double>(map.blocks.pairs_visited) /
                                                        static_cast<double>(*map.visible));
  }
  return out;
}

std::string blocks_text(const BlockMap& map) {
  return fmt::format("blocks of {} queries by {} keys, {} by {} of them", map.query_tile,
                     map.cell_keys, map.tiles, map.cells);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

struct Kind {
  Block block;
  const char *word, *colour;
};
constexpr Kind kinds[] = {{Block::full, "full", "#2563a8"},
                          {Block::partial, "partial", "#f2a03d"},
                          {Block::skipped, "skipped", "#ececec"}};
int64_t count_of(const BlockMap& map, Block block) {
  return block == Block::full ? map.full : block == Block::partial ? map.partial : map.skipped;
}

constexpr int left = 70, above = 96, below = 44;

/// Draws one map below `top` and widens `width` to fit it; returns where it ends.
int draw(std::string& out, const TitledMap& titled, int top, int& width) {
  const BlockMap& map = titled.blocks;
  const ScaledMap scale = scaled(map, 256, 256);
  const int64_t longest = std::max<int64_t>({scale.rows, scale.columns, 1});
  const int size = static_cast<int>(std::clamp<int64_t>(640 / longest, 2, 24));
  const int right = left + size * static_cast<int>(scale.columns);
  const int bottom = top + above + size * static_cast<int>(scale.rows);
  auto text = [&](int x, int y, const char* anchor, int points, const std::string& line) {
    out += fmt::format("  <text x=\"{}\" y=\"{}\" text-anchor=\"{}\" font-size=\"{}\">{}</text>\n",
                       x, y, anchor, points, escaped(line));
    // The width is estimated: a character is three fifths as wide as the font size.
    if (std::string_view(anchor) == "start")
      width = std::max(width, x + static_cast<int>(line.size()) * points * 3 / 5);
  };
  text(left, top + 20, "start", 15, titled.title);
  std::string about = blocks_text(map);
  if (!titled.shape.empty()) about = titled.shape + "; " + about;
  text(left, top + 38, "start", 12, about);
  int x = left;
  for (const Kind& kind : kinds) {
    out += fmt::format(
        "  <rect x=\"{}\" y=\"{}\" width=\"11\" height=\"11\" fill=\"{}\" stroke=\"#555\"/>\n", x,
        top + 47, kind.colour);
    const int64_t n = count_of(map, kind.block);
    const std::string words =
        fmt::format("{} {} ({:.1f} %)", kind.word, n, percent(n, map.count()));
    text(x + 16, top + 57, "start", 12, words);
    x += 36 + static_cast<int>(words.size()) * 7;
  }
  text(left, top + 75, "start", 12, pairs_text(titled));
  for (int64_t row = 0; row < scale.rows; ++row) {
    for (int64_t from = 0; from < scale.columns;) {
      int64_t to = from + 1;
      while (to < scale.columns && scale.at(row, to) == scale.at(row, from)) ++to;
      const Block block = scale.at(row, from);
      const Kind* kind = std::find_if(std::begin(kinds), std::end(kinds),
                                      [&](const Kind& k) { return k.block == block; });
      out += fmt::format("  <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n",
                         left + size * from, top + above + size * row, size * (to - from), size,
                         kind->colour);
      from = to;
    }
  }
  out += fmt::format(
      "  <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#555\"/>\n",
      left, top + above, right - left, bottom - top - above);
  // Labels along the axes, at most eight on each.
  const int64_t by_row = std::max<int64_t>((scale.rows + 7) / 8, 1);
  for (int64_t row = 0; row < scale.rows; row += by_row) {
    text(left - 6, top + above + size * static_cast<int>(row) + 10, "end", 11,
         std::to_string(row * scale.tiles * map.query_tile));
  }
  const int64_t by_column = std::max<int64_t>({(scale.columns + 7) / 8, 64 / size, 1});
  for (int64_t column = 0; column < scale.columns; column += by_column) {
    text(left + size * static_cast<int>(column), bottom + 14, "start", 11,
         std::to_string(column * scale.cells * map.cell_keys));
  }
  text(left, bottom + 31, "start", 12, fmt::format("keys, {} of them", map.keys));
  out += fmt::format(
      "  <text transform=\"translate(14,{}) rotate(-90)\" text-anchor=\"end\" "
      "font-size=\"12\">queries, {} of them</text>\n",
      top + above, map.queries);
  width = std::max(width, right);
  // The label beside the rows needs room too.
  return std::max(bottom, top + above + 160) + below;
}

}  // namespace

ScaledMap scaled(const BlockMap& map, int64_t most_rows, int64_t most_columns) {
  ScaledMap out;
  out.tiles = std::max<int64_t>((map.tiles + most_rows - 1) / most_rows, 1);
  out.cells = std::max<int64_t>((map.cells + most_columns - 1) / most_columns, 1);
  out.rows = (map.tiles + out.tiles - 1) / out.tiles;
  out.columns = (map.cells + out.cells - 1) / out.cells;
  for (int64_t row = 0; row < out.rows; ++row) {
    for (int64_t column = 0; column < out.columns; ++column) {
      const int64_t first = row * out.tiles, from = column * out.cells;
      Block all = map.at(first, from);
      for (int64_t t = first; t < std::min(first + out.tiles, map.tiles); ++t)
        for (int64_t c = from; c < std::min(from + out.cells, map.cells); ++c)
          if (map.at(t, c) != all) all = Block::partial;
      out.blocks.push_back(all);
    }
  }
  return out;
}

std::string counts_text(const TitledMap& map) {
  std::string out = "  " + blocks_text(map.blocks) + "\n";
  const int64_t all = map.blocks.count();
  for (const Kind& kind : kinds) {
    const int64_t n = count_of(map.blocks, kind.block);
    out += fmt::format("    {:<7} {:>9}  {:>5.1f} %\n", kind.word, n, percent(n, all));
  }
  return out + "  " + pairs_text(map) + "\n";
}

std::string draw_text(const BlockMap& map) {
  const ScaledMap scale = scaled(map, 64, 100);
  std::string out = "  . skipped, + partial, # full";
  if (scale.tiles > 1 || scale.cells > 1) {
    out += fmt::format("; a character stands for {} by {} blocks, + where they differ", scale.tiles,
                       scale.cells);
  }
  out += "\n";
  // Labels: the first key of every tenth column above, the first query of every row on the left.
  std::string keys;
  const size_t apart = 10;
  for (int64_t column = 0; column < scale.columns; column += apart) {
    const std::string label = std::to_string(column * scale.cells * map.cell_keys);
    if (keys.size() > static_cast<size_t>(column)) continue;  // the label before is too wide
    keys.resize(static_cast<size_t>(column), ' ');
    keys += label + " ";
  }
  out += fmt::format("  {:>9} | key\n", "");
  while (!keys.empty() && keys.back() == ' ') keys.pop_back();
  out += fmt::format("  {:>9} | {}\n", "query", keys);
  for (int64_t row = 0; row < scale.rows; ++row) {
    out += fmt::format("  {:>9} | ", row * scale.tiles * map.query_tile);
    for (int64_t column = 0; column < scale.columns; ++column) {
      const Block block = scale.at(row, column);
      out += block == Block::full ? '#' : block == Block::partial ? '+' : '.';
    }
    out += "\n";
  }
  return out;
}

std::string draw_svg(const std::vector<TitledMap>& maps) {
  std::string body;
  int height = 0, width = 320;
  for (const TitledMap& map : maps) height = draw(body, map, height, width);
  width += 24;
  return fmt::format(
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
             "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" fill=\"#222\">\n"
             "  <rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
             width, height) +
         body + "</svg>\n";
}

}  // namespace attnc
