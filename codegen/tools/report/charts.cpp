#include "tools/report/charts.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/report/markup.h"
#include "tools/report/svg.h"

namespace attnc::report {
namespace {

constexpr double chart_width = 360;

// ---- plots

/// Where a plot's axes are.
constexpr Box frame{46, 12, 348, 196};
constexpr double plot_height = 236;

double x_of(const Plot& plot, double value) {
  return frame.left + plot.x.at(value) * (frame.right - frame.left);
}
double y_of(const Plot& plot, double value) {
  return frame.bottom - plot.y.at(value) * (frame.bottom - frame.top);
}

void draw_axes(Svg& svg, const Plot& plot) {
  for (const double tick : plot.y.ticks) {
    const double y = y_of(plot, tick);
    svg.line(frame.left, y, frame.right, y, "grid");
    svg.text(frame.left - 5, y + 4, tick_text(tick), "end");
  }
  // A number that would touch the one before is left out.
  double taken = -1;
  for (const double tick : plot.x.ticks) {
    const double x = x_of(plot, tick), half = width_of(tick_text(tick)) / 2;
    svg.line(x, frame.bottom, x, frame.bottom + 4, "axis");
    if (x - half < taken + 3) continue;
    const bool beyond = x + half > chart_width;
    svg.text(beyond ? chart_width : x, frame.bottom + 16, tick_text(tick),
             beyond ? "end" : "middle");
    taken = x + half;
  }
  svg.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis");
  svg.text((frame.left + frame.right) / 2, plot_height - 6, plot.x.label, "middle");
  svg.upright_text(11, (frame.top + frame.bottom) / 2, plot.y.label);
}

void draw_line(Svg& svg, const Plot& plot, const Series& series) {
  std::vector<std::string> points;
  double last = 0;
  for (const Point& p : series.points) {
    const double x = x_of(plot, p.x), y = y_of(plot, p.y);
    if (series.kind == Series::Kind::steps && !points.empty())
      points.push_back(at(x) + "," + at(last));
    points.push_back(at(x) + "," + at(y));
    last = y;
  }
  if (points.empty()) return;
  svg.path(points,
           fmt::format("line {}{}", colour_class(series.colour), series.dashed ? " dashed" : ""));
}

void draw_marks(Svg& svg, const Plot& plot, const Series& series) {
  const std::string style = "mark " + colour_class(series.colour);
  for (const Point& p : series.points) {
    const double x = x_of(plot, p.x), y = y_of(plot, p.y);
    if (series.mark == Series::Mark::diamond)
      svg.diamond(x, y, 5.5, style, p.about);
    else
      svg.circle(x, y, series.kind == Series::Kind::marks ? 2.6 : 2.2, style, p.about);
  }
}

// ---- ratios

constexpr double row_height = 20, above_rows = 30, below_rows = 28;

}  // namespace

std::string colour_class(int colour) {
  if (colour == limit_colour) return "limit";
  if (colour == winner_colour) return "winner";
  return fmt::format("c{}", colour % colours);
}

std::string svg_of(const Plot& plot, const std::string& about) {
  Svg svg(chart_width, plot_height, about);
  draw_axes(svg, plot);
  for (const Series& series : plot.series) {
    if (series.kind != Series::Kind::marks) draw_line(svg, plot, series);
    if (series.kind == Series::Kind::marks || series.kind == Series::Kind::line_with_marks)
      draw_marks(svg, plot, series);
  }
  Labels labels({frame.left, frame.top - 10, chart_width, frame.bottom});
  for (const Series& series : plot.series) {
    for (const Point& p : series.points) {
      if (p.label.empty()) continue;
      const double x = x_of(plot, p.x), y = y_of(plot, p.y);
      labels.avoid({x - 5, y - 5, x + 5, y + 5});
    }
  }
  for (const Series& series : plot.series) {
    for (const Point& p : series.points)
      if (!p.label.empty()) labels.put(svg, x_of(plot, p.x), y_of(plot, p.y), p.label, "label");
  }
  return svg.markup();
}

std::string legend(const std::vector<Series>& all) {
  std::string out;
  for (const Series& series : all) {
    if (series.name.empty()) continue;
    const char* shape = series.kind != Series::Kind::marks     ? "stroke"
                        : series.mark == Series::Mark::diamond ? "diamond"
                                                               : "dot";
    out += fmt::format("<span class=\"key\"><i class=\"{} {}{}\"></i>{}</span>\n", shape,
                       colour_class(series.colour), series.dashed ? " dashed" : "",
                       escaped(series.name));
  }
  return out.empty() ? "" : "<div class=\"legend\">" + out + "</div>\n";
}

std::string svg_of_ratios(const std::vector<RatioRow>& rows, const std::string& below_one,
                          const std::string& above_one, const std::string& about) {
  double least = 1, most = 1, widest = 0;
  constexpr size_t longest_label = 22;
  for (const RatioRow& row : rows) {
    widest = std::max(widest, width_of(shortened(row.label, longest_label)));
    for (const RatioMark& m : row.marks)
      least = std::min(least, m.least), most = std::max(most, m.most);
  }
  const double left = widest + 12, right = chart_width - 10;
  const double bottom = above_rows + row_height * static_cast<double>(rows.size());
  const Axis axis =
      log_axis("", std::min(least / 1.08, 0.8), std::max(most * 1.08, 1.25), left < 120 ? 9 : 7);
  const auto x_at = [&](double ratio) { return left + axis.at(ratio) * (right - left); };

  Svg svg(chart_width, bottom + below_rows, about);
  double taken = -1;
  for (const double tick : axis.ticks) {
    const double x = x_at(tick), half = width_of(tick_text(tick)) / 2;
    svg.line(x, above_rows, x, bottom, "grid");
    if (x - half < taken + 3) continue;
    for (const double y : {above_rows - 6, bottom + 13}) svg.text(x, y, tick_text(tick), "middle");
    taken = x + half;
  }
  svg.line(x_at(1), above_rows - 3, x_at(1), bottom + 3, "one");
  // Beside the line at 1, on the side that each is about.
  svg.text(std::max(x_at(1) - 8, width_of(below_one)), 11, below_one, "end");
  svg.text(std::min(x_at(1) + 8, chart_width - width_of(above_one)), 11, above_one, "start");
  for (size_t r = 0; r < rows.size(); ++r) {
    const double y = above_rows + row_height * (static_cast<double>(r) + 0.5);
    svg.text(left - 6, y + 4, shortened(rows[r].label, longest_label), "end");
    if (rows[r].marks.empty()) svg.text(left + 4, y + 4, "no peer", "start", "quiet");
    for (const bool main : {false, true}) {  // the main mark covers the others
      for (const RatioMark& m : rows[r].marks) {
        if (m.main != main) continue;
        const std::string side = m.ratio >= 1 ? "faster" : "slower";
        if (m.most > m.least) svg.line(x_at(m.least), y, x_at(m.most), y, "range " + side);
        svg.circle(x_at(m.ratio), y, main ? 4.2 : 3, (main ? "mark " : "ring ") + side, m.about);
      }
    }
  }
  return svg.markup();
}

std::string svg_of_parts(const std::vector<Part>& parts, const std::string& about) {
  double all = 0;
  for (const Part& part : parts) all += part.size;
  Svg svg(chart_width, 22, about);
  double from = 0;
  for (const Part& part : parts) {
    const double to = all > 0 ? from + part.size / all * chart_width : from;
    svg.rectangle({from, 0, to, 22}, "part " + colour_class(part.colour), part.about);
    from = to;
  }
  return svg.markup();
}

}  // namespace attnc::report
