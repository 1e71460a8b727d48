#include "tools/tune/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "attn/runtime/cpu.h"
#include "halide/targets.h"
#include "import/read_file.h"
#include "tools/bench/cases.h"
#include "tools/tune/call_log.h"

namespace attnc {
namespace {

using attn::Kind;
using attn::StatusCode;

constexpr size_t max_case_bytes = size_t{16} << 20;
constexpr int most_few_queries = 64;  // that `few_queries` may be
constexpr size_t most_logged = 4;     // kinds of calls of a layer: those that took longest

unsigned use_of(const Attention& a) {
  switch (a.family) {
    case KernelFamily::online:
      return use_online;
    case KernelFamily::with_scores:
      return use_with_scores;
    case KernelFamily::few:
      return use_few;
    case KernelFamily::decode:
      return use_decode;
  }
  return 0;
}

/// The kernels of a plan.
unsigned uses_of(const Plan& plan) {
  unsigned uses = 0;
  for (const Path& path : plan.paths) {
    for (const Stage& stage : path.stages) {
      if (std::holds_alternative<Projection>(stage)) uses |= use_projections;
      if (const auto* a = std::get_if<Attention>(&stage)) uses |= use_of(*a);
    }
  }
  return uses;
}

/// Whether calls have few queries, and the plan kernels for them: which of two kernels serves them
/// is then one of the parameters.
bool has_few(const Plan& plan, const std::vector<CallRequest>& calls) {
  return std::any_of(calls.begin(), calls.end(), [&](const CallRequest& call) {
    const auto queries = product(call.lengths, Kind::query);
    if (!queries.ok() || *queries <= 1 || *queries > most_few_queries) return false;
    auto expected = expected_call(plan, call);
    if (!expected.ok()) return false;
    expected->queries = 2;
    return std::any_of(plan.paths.begin(), plan.paths.end(), [&](const Path& path) {
      return path.family == KernelFamily::few && serves(plan, path, *expected);
    });
  });
}

KernelWork work_of(const Plan& plan, const CallRequest& call) {
  KernelWork work;
  const auto queries = product(call.lengths, Kind::query), keys = product(call.lengths, Kind::key);
  if (queries.ok()) work.rows = work.queries = static_cast<double>(*queries);
  if (keys.ok()) work.keys = static_cast<double>(*keys);
  for (const Path& path : plan.paths) {
    for (const Stage& stage : path.stages) {
      if (const auto* a = std::get_if<Attention>(&stage)) {
        work.rows = work.queries * a->heads / std::max(a->key_heads, 1);
        work.key_size = a->key_size, work.value_size = a->value_size;
        return work;
      }
    }
  }
  return work;
}

/// A call in words.
struct CallText {
  std::string shape;
  std::set<std::string> with;
  bool scores = false;

  /// "T=1,S=512,E=768 with cache, cache_update_index"
  std::string text() const {
    std::string out = shape;
    for (const std::string& name : with) out += (out == shape ? " with " : ", ") + name;
    return scores ? out + ", scores" : out;
  }
};

Result<TuningProblem> problem_of(SourceLayer layer, const std::vector<CallText>& calls,
                                 const std::string& target) {
  auto lowered = LoweredLayer::make(layer);
  if (!lowered.ok()) return lowered.status();
  // What such a layer has on this processor.
  const auto pipes = attn::cpu_pipes(find_target(target)->cpu);
  if (!pipes.ok()) return pipes.status();
  auto start = lowered->schedule(target, {}, *pipes);
  if (!start.ok()) return start.status();
  auto plan = lowered->plan("tuned", target, {}, *pipes);
  if (!plan.ok()) return plan.status();
  TuningProblem out{.layer = std::move(layer),
                    .lowered = *std::move(lowered),
                    .start = start->row,
                    .plan = *std::move(plan),
                    .calls = {},
                    .work = {},
                    .shapes = {}};
  Calls expected;
  for (const CallText& text : calls) {
    auto lengths = read_shape(text.shape, out.plan.layer, axes_of_call(out.plan, text.with));
    if (!lengths.ok()) return lengths.status();
    out.calls.push_back({.lengths = *lengths, .with = text.with, .scores = text.scores});
    auto call = expected_call(out.plan, out.calls.back());
    if (!call.ok()) return call.status();
    expected.insert(*std::move(call));
    out.shapes += (out.shapes.empty() ? "" : "; ") + text.text();
  }
  out.layer.calls = expected;
  const bool few = has_few(out.plan, out.calls);
  keep_paths_of(expected, out.plan);
  out.uses = uses_of(out.plan) | (few ? use_online | use_few : 0);
  for (const CallRequest& call : out.calls) out.work.push_back(work_of(out.plan, call));
  return out;
}

/// A file of bench cases is a list; a layer is an object.
bool is_list(const std::string& file) {
  auto text = read_file(file, max_case_bytes);
  if (!text.ok()) return false;
  const size_t first = text->find_first_not_of(" \t\r\n");
  return first != text->npos && (*text)[first] == '[';
}

std::string shape_of(const BenchCase& c) {
  std::string shape = fmt::format("B={},T={},S={}", c.batch, c.queries, c.keys);
  return c.whole_layer ? shape + fmt::format(",E={}", c.hidden) : shape;
}

Result<std::vector<TuningProblem>> problems_of_cases(const TuneOptions& options,
                                                     const std::string& target) {
  if (!options.shapes.empty() || !options.calls.empty()) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("{}: the cases of {} have their own shapes",
                              options.calls.empty() ? "--shape" : "--calls", options.layer));
  }
  auto all = read_bench_cases(options.layer);
  if (!all.ok()) return all.status();
  auto cases = select_cases(*std::move(all), options.cases, options.layer);
  if (!cases.ok()) return cases.status();
  std::map<uint64_t, std::vector<BenchCase>> by_layer;
  std::vector<uint64_t> order;
  for (const BenchCase& c : *cases) {
    if (!c.skipped.empty()) continue;
    const uint64_t layer = attn::fingerprint(description_of(c));
    if (!by_layer.contains(layer)) order.push_back(layer);
    by_layer[layer].push_back(c);
  }
  std::vector<TuningProblem> out;
  for (const uint64_t layer : order) {
    SourceLayer source = source_of(by_layer[layer][0]);
    source.graph.name = by_layer[layer][0].name;
    std::vector<CallText> calls;
    double operations = 0;
    for (const BenchCase& c : by_layer[layer]) {
      calls.push_back({.shape = shape_of(c), .with = {}});
      operations += operations_of(c);
    }
    auto problem = problem_of(std::move(source), calls, target);
    if (!problem.ok()) return problem.status().with_context(by_layer[layer][0].name);
    problem->operations = operations;
    out.push_back(*std::move(problem));
  }
  return out;
}

}  // namespace

Result<std::vector<TuningProblem>> problems_of(const TuneOptions& options,
                                               const std::string& target) {
  if (is_list(options.layer)) return problems_of_cases(options, target);
  if (!options.cases.empty()) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("--case: {} is a layer, not a list of bench cases", options.layer));
  }
  auto layers = read_layers(options.layer, "");
  if (!layers.ok()) return layers.status();
  if (options.shapes.empty() && options.calls.empty()) {
    return Status(StatusCode::invalid_argument,
                  "--shape: expected the lengths of a call to tune for, as T=512,S=512; there can "
                  "be several");
  }
  CallText given{
      .shape = "", .with = {options.with.begin(), options.with.end()}, .scores = options.scores};
  if (options.causal) given.with.insert("use_causal_mask");
  std::vector<LoggedCall> log;
  if (!options.calls.empty()) {
    auto read = read_call_log(options.calls);
    if (!read.ok()) return read.status();
    log = *std::move(read);
  }
  std::vector<TuningProblem> out;
  for (SourceLayer& layer : *layers) {
    std::vector<CallText> calls;
    for (const std::string& shape : options.shapes) {
      calls.push_back(given);
      calls.back().shape = shape;
    }
    for (const LoggedCall& call : log) {
      if (call.fingerprint == layer.graph.fingerprint && calls.size() < most_logged)
        calls.push_back({call.shape, call.with, call.scores});
    }
    if (calls.empty()) continue;  // the program does not call it
    auto problem = problem_of(std::move(layer), calls, target);
    if (!problem.ok()) return problem.status();
    out.push_back(*std::move(problem));
  }
  if (out.empty()) {
    return Status(StatusCode::not_found, fmt::format("--calls: {} has no calls of the layers of {}",
                                                     options.calls, options.layer));
  }
  return out;
}

}  // namespace attnc
