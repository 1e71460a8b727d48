#include "tools/tune/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "import/read_file.h"
#include "tools/bench/cases.h"

namespace attnc {
namespace {

using attn::Kind;
using attn::StatusCode;

constexpr size_t max_case_bytes = size_t{16} << 20;
constexpr int most_few_queries = 64;  // that `few_queries` may be

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

Result<TuningProblem> problem_of(SourceLayer layer, const std::vector<std::string>& shapes,
                                 const TuneOptions& options, const std::string& target) {
  auto lowered = LoweredLayer::make(layer);
  if (!lowered.ok()) return lowered.status();
  auto start = lowered->schedule(target);
  if (!start.ok()) return start.status();
  auto plan = lowered->plan("tuned", target);
  if (!plan.ok()) return plan.status();
  std::set<std::string> with(options.with.begin(), options.with.end());
  if (options.causal) with.insert("use_causal_mask");
  TuningProblem out{.layer = std::move(layer),
                    .lowered = *std::move(lowered),
                    .start = start->row,
                    .plan = *std::move(plan),
                    .calls = {},
                    .work = {},
                    .shapes = {}};
  Calls expected;
  for (const std::string& shape : shapes) {
    auto lengths = read_shape(shape, out.plan.layer, axes_of_call(out.plan, with));
    if (!lengths.ok()) return lengths.status();
    out.calls.push_back({.lengths = *lengths, .with = with, .scores = options.scores});
    auto call = expected_call(out.plan, out.calls.back());
    if (!call.ok()) return call.status();
    expected.insert(*std::move(call));
    out.shapes += (out.shapes.empty() ? "" : "; ") + shape;
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
  if (!options.shapes.empty()) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("--shape: the cases of {} have their own shapes", options.layer));
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
    std::vector<std::string> shapes;
    double operations = 0;
    for (const BenchCase& c : by_layer[layer]) {
      shapes.push_back(shape_of(c));
      operations += operations_of(c);
    }
    auto problem = problem_of(std::move(source), shapes, options, target);
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
  if (options.shapes.empty()) {
    return Status(StatusCode::invalid_argument,
                  "--shape: expected the lengths of a call to tune for, as T=512,S=512; there can "
                  "be several");
  }
  std::vector<TuningProblem> out;
  for (SourceLayer& layer : *layers) {
    auto problem = problem_of(std::move(layer), options.shapes, options, target);
    if (!problem.ok()) return problem.status();
    out.push_back(*std::move(problem));
  }
  return out;
}

}  // namespace attnc
