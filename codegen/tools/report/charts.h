// charts.h - charts as SVG that stands in a page: its styles colour them (style.h).
//
//   Plot plot{close_axis("keys", 16, 512, 6), linear_axis("GFLOP/s", 0, 113, 5)};
//   plot.series.push_back({.kind = Series::Kind::line, .colour = 0, .points = points});
//   page += figure("keys", svg_of(plot, "GFLOP/s for each number of keys"), legend(plot.series));
//
// All charts are 360 units wide, the width of a telephone: the page puts several beside each other
// where there is room. Coordinates have one decimal, so that the page is the same everywhere.
#pragma once
#include <string>
#include <vector>

#include "tools/report/axis.h"

namespace attnc::report {

/// Series take colours 0 to 7; others begin again.
constexpr int colours = 8;
constexpr int limit_colour = -1;   // of what a machine can do at most
constexpr int winner_colour = -2;  // of the best

struct Point {
  double x = 0, y = 0;
  std::string about;  // shown when a pointer rests on the mark; plain text
  std::string label;  // beside the mark, where there is room; plain text
};

struct Series {
  enum class Kind { marks, line, steps, line_with_marks };
  enum class Mark { dot, diamond };
  std::string name;  // for the legend; plain text
  Kind kind = Kind::marks;
  Mark mark = Mark::dot;
  int colour = 0;
  bool dashed = false;
  std::vector<Point> points;  // of lines: with x ascending
};

struct Plot {
  Axis x, y;
  std::vector<Series> series;  // later ones cover earlier ones
};

/// `about` says what the chart shows, for those who cannot see it; plain text.
std::string svg_of(const Plot& plot, const std::string& about);
/// A line of names with their colours; "" if no series has a name.
std::string legend(const std::vector<Series>& series);

/// A ratio, and the range that it was in.
struct RatioMark {
  double ratio = 1, least = 1, most = 1;  // the range is not drawn if it is a single number
  bool main = false;                      // filled; others are rings
  std::string about;
};
struct RatioRow {
  std::string label;
  std::vector<RatioMark> marks;
};
/// A row each, along a common axis with a line at 1. Two texts say what ratios below and above 1
/// mean.
std::string svg_of_ratios(const std::vector<RatioRow>& rows, const std::string& below_one,
                          const std::string& above_one, const std::string& about);

struct Part {
  int colour = 0;
  double size = 0;
  std::string about;
};
/// A bar across the chart, of parts that are as wide as their share of all.
std::string svg_of_parts(const std::vector<Part>& parts, const std::string& about);

/// The style class of a colour: "c3", "limit", "winner".
std::string colour_class(int colour);

}  // namespace attnc::report
