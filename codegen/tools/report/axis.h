// axis.h - axes of charts: their range, and round numbers along them.
//
//   const Axis x = log_axis("keys", 16, 512, 6);     // ticks 20, 50, 100, 200, 500
//   x.at(16), x.at(512);                             // 0 and 1
#pragma once
#include <string>
#include <vector>

namespace attnc::report {

struct Axis {
  std::string label;
  double least = 0, most = 1;
  bool log = false;
  std::vector<double> ticks;  // ascending, within the range

  /// 0 at `least`, 1 at `most`; a value outside of the range is put on its nearer end.
  double at(double value) const;
};

/// From 0, or from `least` if that is less, to a round number that is at least `most`.
Axis linear_axis(const std::string& label, double least, double most, int ticks);
/// Just from `least` to `most`; where they are the same number, a little more.
Axis close_axis(const std::string& label, double least, double most, int ticks);
/// Both are positive. The ticks are 1, 1.5, 2, 3, 4, 5 and 7 times a power of ten, or fewer of them,
/// so that there are at most `ticks`.
Axis log_axis(const std::string& label, double least, double most, int ticks);

/// "0.5", "20", "10k", "2M"
std::string tick_text(double value);

}  // namespace attnc::report
