#include "tools/report/svg.h"

#include <fmt/format.h>

#include "tools/report/markup.h"

namespace attnc::report {
namespace {

constexpr double text_height = 11, character_width = 6.1;

}  // namespace

std::string at(double value) {
  // Machines differ in the last bits of a sum of products. Numbers halfway between two decimals are
  // common, and have to be rounded in the same direction everywhere.
  std::string text = fmt::format("{:.1f}", value + 1e-6);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

double width_of(std::string_view text) {
  double characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return characters * character_width;
}

Svg::Svg(double width, double height, const std::string& about)
    : width_(width), height_(height), about_(about) {}

void Svg::line(double x1, double y1, double x2, double y2, const std::string& style) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", at(x1),
                       at(y1), at(x2), at(y2), style);
}

void Svg::path(const std::vector<std::string>& points, const std::string& style) {
  body_ += fmt::format("<polyline points=\"{}\" class=\"{}\"/>\n", fmt::join(points, " "), style);
}

void Svg::end(const char* element, const std::string& about) {
  body_ +=
      about.empty() ? "/>\n" : fmt::format("><title>{}</title></{}>\n", escaped(about), element);
}

void Svg::rectangle(const Box& box, const std::string& style, const std::string& about) {
  body_ +=
      fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"", at(box.left),
                  at(box.top), at(box.right - box.left), at(box.bottom - box.top), style);
  end("rect", about);
}

void Svg::circle(double x, double y, double radius, const std::string& style,
                 const std::string& about) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"", at(x), at(y),
                       at(radius), style);
  end("circle", about);
}

void Svg::diamond(double x, double y, double radius, const std::string& style,
                  const std::string& about) {
  body_ +=
      fmt::format("<polygon points=\"{},{} {},{} {},{} {},{}\" class=\"{}\"", at(x), at(y - radius),
                  at(x + radius), at(y), at(x), at(y + radius), at(x - radius), at(y), style);
  end("polygon", about);
}

void Svg::text(double x, double y, const std::string& text, const char* anchor,
               const std::string& style) {
  body_ +=
      fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\"{}>{}</text>\n", at(x), at(y), anchor,
                  style.empty() ? "" : fmt::format(" class=\"{}\"", style), escaped(text));
}

void Svg::upright_text(double x, double y, const std::string& text) {
  body_ += fmt::format(
      "<text transform=\"translate({},{}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", at(x),
      at(y), escaped(text));
}

std::string Svg::markup() const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"{}\">\n{}</svg>\n",
      at(width_), at(height_), escaped(about_), body_);
}

void Labels::put(Svg& svg, double x, double y, const std::string& text, const std::string& style) {
  const double width = width_of(text), away = 6;
  struct Place {
    double left, baseline;
  };
  for (const Place& p :
       {Place{x + away, y + 4}, Place{x - away - width, y + 4}, Place{x - width / 2, y - away},
        Place{x - width / 2, y + away + 9}, Place{x + away, y - 5}, Place{x + away, y + 13},
        Place{x - away - width, y - 5}, Place{x - away - width, y + 13}}) {
    const Box box{p.left, p.baseline - text_height + 2, p.left + width, p.baseline + 2};
    const bool inside = box.left >= within_.left && box.right <= within_.right &&
                        box.top >= within_.top && box.bottom <= within_.bottom;
    bool free = inside;
    for (const Box& other : taken_) free = free && !box.meets(other);
    if (!free) continue;
    taken_.push_back(box);
    svg.text(p.left, p.baseline, text, "start", style);
    return;
  }
}

}  // namespace attnc::report
