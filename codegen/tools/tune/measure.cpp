#include "tools/tune/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tools/bench/clock.h"
#include "tools/fixture.h"

namespace attnc {
namespace {

constexpr double short_run = 1e-3, long_enough = 1.0;  // seconds: of a run, of a comparison
constexpr int least_rounds = 3, most_rounds = 11;
constexpr double hopeless = 1.03, gain = 0.99;  // ratios

double median(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const size_t half = numbers.size() / 2;
  return numbers.size() % 2 ? numbers[half] : (numbers[half - 1] + numbers[half]) / 2;
}

}  // namespace

Result<Candidate> Candidate::load(const attn_layer_table& table, const std::string& target,
                                  const std::vector<MadeCall>& calls) {
  Candidate out;
  out.made_ = &calls;
  for (const MadeCall& call : calls) {
    // Weights are packed by this thread: there may be no other while kernels are compiled.
    auto layer = attn::AnyLayer::load(table, call.weights(),
                                      {.target = target, .executor = &attn::serial_executor()});
    if (!layer.ok()) return layer.status();
    out.layers_.push_back(*std::move(layer));
  }
  return out;
}

Result<double> Candidate::time(size_t call, int times, attn::Executor& executor) {
  const MadeCall& made = (*made_)[call];
  const double start = seconds_now();
  for (int i = 0; i < times; ++i) {
    Status s =
        layers_[call].run(made.inputs(), made.outputs(), *workspace_, {.executor = &executor});
    if (!s.ok()) return s;
  }
  return (seconds_now() - start) / times;
}

Result<Compared> compare(Candidate& first, Candidate& second, attn::Executor& executor) {
  const size_t calls = first.calls();
  std::vector<int> times;
  for (size_t c = 0; c < calls; ++c) {  // warm, and find out how many calls a run makes
    double least = 1e9;
    for (Candidate* candidate : {&second, &first, &first}) {
      auto seconds = candidate->time(c, 1, executor);
      if (!seconds.ok()) return seconds.status();
      least = std::min(least, *seconds);
    }
    times.push_back(static_cast<int>(std::clamp(std::ceil(short_run / least), 1.0, 1000.0)));
  }
  std::vector<std::vector<double>> least(2, std::vector<double>(calls, 1e9));
  std::vector<double> ratios;
  const double start = seconds_now();
  while (ratios.size() < most_rounds) {
    double logarithms = 0;
    for (size_t c = 0; c < calls; ++c) {
      double took[2];
      for (size_t turn = 0; turn < 2; ++turn) {
        const size_t which = (turn + ratios.size()) % 2;
        auto seconds = (which ? second : first).time(c, times[c], executor);
        if (!seconds.ok()) return seconds.status();
        took[which] = *seconds;
        least[which][c] = std::min(least[which][c], *seconds);
      }
      logarithms += std::log(took[1] / took[0]);
    }
    ratios.push_back(std::exp(logarithms / static_cast<double>(calls)));
    if (ratios.size() < least_rounds) continue;
    if (median(ratios) > hopeless || seconds_now() - start > long_enough) break;
  }
  Compared out;
  out.ratio = median(ratios);
  double of_least = 0;
  for (size_t c = 0; c < calls; ++c) {
    out.first_seconds += least[0][c], out.seconds += least[1][c];
    of_least += std::log(least[1][c] / least[0][c]);
  }
  const auto faster = std::count_if(ratios.begin(), ratios.end(), [](double r) { return r < 1; });
  out.better = out.ratio < gain && of_least < 0 && 3 * faster >= 2 * std::ssize(ratios);
  return out;
}

std::vector<std::vector<double>> outputs_of(const std::vector<MadeCall>& calls) {
  std::vector<std::vector<double>> all;
  for (const MadeCall& call : calls) {
    std::vector<double>& numbers = all.emplace_back();
    for (const attn::NamedMutableTensor& o : call.outputs()) {
      const std::vector<std::byte> doubles = converted(o.tensor, attn::DType::float64);
      const size_t before = numbers.size();
      numbers.resize(before + doubles.size() / sizeof(double));
      if (!doubles.empty()) std::memcpy(numbers.data() + before, doubles.data(), doubles.size());
    }
  }
  return all;
}

std::string difference(const std::vector<MadeCall>& calls,
                       const std::vector<std::vector<double>>& wanted) {
  const auto got = outputs_of(calls);
  for (size_t c = 0; c < got.size(); ++c) {
    // Another order of sums, at numbers around the largest; 16 bits round some steps more.
    const auto type = calls[c].outputs()[0].tensor.dtype();
    const double taken =
        type == attn::DType::float16 || type == attn::DType::bfloat16 ? 0.03 : 1e-3;
    double largest = 0, worst = 0;
    for (size_t i = 0; i < got[c].size(); ++i) {
      const double off = std::abs(got[c][i] - wanted[c][i]);
      largest = std::max(largest, std::abs(wanted[c][i]));
      worst = std::isnan(off) ? INFINITY : std::max(worst, off);
    }
    if (worst > taken * largest)
      return fmt::format("an output is off by {:.2g}, where the largest is {:.2g}", worst, largest);
  }
  return "";
}

}  // namespace attnc
