// measure.h - times two schedules of a layer against each other.
//
//   attnc::Candidate a(table_a, calls), b(table_b, calls);
//   auto timed = attnc::compare(a, b, executor);
//   if (timed.better) ...                     // b is faster than a by more than noise
//
// Other programs run on the same machine, and processors change their clocks. So both are timed in
// turns, in short rounds; what counts is the median of the rounds' ratios, not one time and another.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "tools/tune/made_call.h"

namespace attnc {

/// A layer with the kernels of one schedule, loaded once for each of its calls.
class Candidate {
 public:
  static Result<Candidate> load(const attn_layer_table& table, const std::string& target,
                                const std::vector<MadeCall>& calls);

  size_t calls() const { return layers_.size(); }
  /// Makes one call `times` times; returns the seconds of one.
  Result<double> time(size_t call, int times, attn::Executor& executor);

 private:
  const std::vector<MadeCall>* made_ = nullptr;
  std::vector<attn::AnyLayer> layers_;
  std::unique_ptr<attn::Workspace> workspace_ = std::make_unique<attn::Workspace>();
};

struct Compared {
  double seconds = 0;        // the least of all calls together with the second schedule
  double first_seconds = 0;  // and with the first
  double ratio = 1;          // second to first: the median over rounds of the mean over calls
  bool better = false;       // the second is faster by more than noise
};

/// At least three rounds, and where the second schedule may be better, more: for about a second.
Result<Compared> compare(Candidate& first, Candidate& second, attn::Executor& executor);

/// "" or how the outputs, as the calls left them, differ from `wanted` by more than rounding.
std::string difference(const std::vector<MadeCall>& calls,
                       const std::vector<std::vector<double>>& wanted);
/// The numbers of all outputs of each call.
std::vector<std::vector<double>> outputs_of(const std::vector<MadeCall>& calls);

}  // namespace attnc
