// svg.h - SVG elements with styles of the page, and labels that keep clear of each other.
//
//   Svg svg(360, 220, "GFLOP/s for each number of keys");
//   svg.line(40, 10, 40, 180, "axis");
//   svg.text(40, 196, "512", "middle");
//   return svg.markup();
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace attnc::report {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

class Svg {
 public:
  Svg(double width, double height, const std::string& about);

  void line(double x1, double y1, double x2, double y2, const std::string& style);
  /// Through points "12.0,3.5".
  void path(const std::vector<std::string>& points, const std::string& style);
  void rectangle(const Box& box, const std::string& style, const std::string& about = "");
  void circle(double x, double y, double radius, const std::string& style,
              const std::string& about = "");
  void diamond(double x, double y, double radius, const std::string& style,
               const std::string& about = "");
  /// `anchor` is "start", "middle" or "end".
  void text(double x, double y, const std::string& text, const char* anchor,
            const std::string& style = "");
  /// Along the left edge, from bottom to top.
  void upright_text(double x, double y, const std::string& text);
  std::string markup() const;

 private:
  void end(const char* element, const std::string& about);
  double width_, height_;
  std::string about_, body_;
};

/// "12.5"; a coordinate.
std::string at(double value);
/// How wide a text of charts is, about.
double width_of(std::string_view text);

/// Places for labels.
class Labels {
 public:
  explicit Labels(const Box& within) : within_(within) {}
  /// What no label may cover.
  void avoid(const Box& box) { taken_.push_back(box); }
  /// Writes the text beside a mark, on the side where it covers nothing; if there is none, not.
  void put(Svg& svg, double x, double y, const std::string& text, const std::string& style);

 private:
  Box within_;
  std::vector<Box> taken_;
};

}  // namespace attnc::report
