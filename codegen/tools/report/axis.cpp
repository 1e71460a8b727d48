#include "tools/report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace attnc::report {
namespace {

/// `digit` times 10 to the power, exact where doubles can be: 10 to a negative power is not.
double decimal(double digit, int power) {
  return power < 0 ? digit / std::pow(10.0, -power) : digit * std::pow(10.0, power);
}

int power_of(double value) { return static_cast<int>(std::floor(std::log10(value))); }

/// A round distance, of which at most `ticks` fit into `range`.
struct Step {
  double digit = 1;
  int power = 0;
  double size() const { return decimal(digit, power); }
};
Step step_for(double range, int ticks) {
  Step step{1, power_of(range / ticks)};
  for (double digit : {1.0, 2.0, 5.0, 10.0}) {
    step.digit = digit;
    if (range / step.size() <= ticks * (1 + 1e-9)) break;
  }
  return step;
}

std::vector<double> multiples(const Step& step, double least, double most) {
  std::vector<double> out;
  const double slack = 1e-9 * (most - least), first = std::ceil((least - slack) / step.size());
  // The number is limited too: numbers beyond 2^53 have no neighbours at a distance of one.
  for (int i = 0; i < 100; ++i) {
    const double at = decimal((first + i) * step.digit, step.power);
    if (at > most + slack) break;
    out.push_back(at);
  }
  return out;
}

}  // namespace

double Axis::at(double value) const {
  if (log) {
    if (value <= least) return 0;
    return std::min(std::log(value / least) / std::log(most / least), 1.0);
  }
  return std::clamp((value - least) / (most - least), 0.0, 1.0);
}

Axis linear_axis(const std::string& label, double least, double most, int ticks) {
  least = std::min(least, 0.0);
  if (!(most > least)) most = least + 1;
  const Step step = step_for(most - least, ticks);
  Axis axis{label, least, std::ceil(most / step.size() - 1e-9) * step.size(), false, {}};
  axis.most = std::max(axis.most, most);
  axis.ticks = multiples(step, axis.least, axis.most);
  return axis;
}

Axis close_axis(const std::string& label, double least, double most, int ticks) {
  if (!(most > least)) {
    const double more = std::max(std::abs(least) / 2, 1.0);
    least -= more, most += more;
  }
  Axis axis{label, least, most, false, {}};
  axis.ticks = multiples(step_for(most - least, ticks), least, most);
  return axis;
}

Axis log_axis(const std::string& label, double least, double most, int ticks) {
  if (!(most > least * (1 + 1e-9))) least /= 2, most *= 2;
  Axis axis{label, least, most, true, {}};
  const int first = power_of(least), last = power_of(most);
  struct Density {
    std::vector<double> digits;
    int powers;  // from one power of ten to the next with ticks
  };
  for (const Density& density : std::vector<Density>{{{1, 1.5, 2, 3, 4, 5, 7}, 1},
                                                     {{1, 2, 5}, 1},
                                                     {{1}, 1},
                                                     {{1}, 2},
                                                     {{1}, 5},
                                                     {{1}, 10},
                                                     {{1}, 50}}) {
    axis.ticks.clear();
    for (int power = first; power <= last; power += density.powers) {
      for (const double digit : density.digits) {
        const double tick = decimal(digit, power);
        if (tick >= least * (1 - 1e-9) && tick <= most * (1 + 1e-9)) axis.ticks.push_back(tick);
      }
    }
    if (axis.ticks.size() <= static_cast<size_t>(ticks)) break;
  }
  // Less than two ticks tell nothing: the ends have to do.
  if (axis.ticks.size() < 2) axis.ticks = {least, most};
  return axis;
}

std::string tick_text(double value) {
  const double size = std::abs(value);
  for (const auto& [unit, name] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}) {
    const bool large = size >= unit * (unit == 1e3 ? 10 : 1);
    if (large && size < unit * 1e4) return fmt::format("{:.4g}{}", value / unit, name);
  }
  return fmt::format("{:.4g}", value);
}

}  // namespace attnc::report
