// bench.cpp - attnc bench: times layers, each of which is first compared with a reference in
// double.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "attn/runtime/any_layer.h"
#include "emit/names.h"
#include "tools/bench/clock.h"
#include "tools/bench/limits.h"
#include "tools/bench/profile.h"
#include "tools/bench/reference.h"
#include "tools/cache.h"
#include "tools/commands.h"
#include "tools/terminal.h"
#include "tools/within_memory.h"

namespace attnc {
namespace {

using attn::StatusCode;
using Line = nlohmann::ordered_json;

constexpr int64_t rows_checked = 64;

/// Outputs are about 1, those of layers up to some 8: with 16 bits half a step of such numbers comes
/// on top.
constexpr double largest_error_taken(attn::DTypePolicy dtype) {
  return dtype == attn::DTypePolicy::float16    ? 8e-3
         : dtype == attn::DTypePolicy::bfloat16 ? 6e-2
                                                : 1e-3;
}

/// Prints one object and flushes it, as a reader may be waiting for it.
void print_line(const Line& line) {
  fmt::print("{}\n", line.dump(-1, ' ', false, Line::error_handler_t::replace));
  std::fflush(stdout);
}

struct Timing {
  double least = 0, median = 0;
  size_t runs = 0;
};

/// Times calls: two to warm up, then at least five and at least `seconds` of them.
template <class Call>
Result<Timing> measure(const Call& call, double seconds) {
  std::vector<double> runs;
  runs.reserve(1024);
  for (int warm = 0; warm < 2; ++warm) {
    if (Status s = call(); !s.ok()) return s;
  }
  const double begin = seconds_now();
  while (runs.size() < 5 || seconds_now() - begin < seconds) {
    const double start = seconds_now();
    const Status s = call();
    runs.push_back(seconds_now() - start);
    if (!s.ok()) return s;
  }
  std::sort(runs.begin(), runs.end());
  return Timing{runs.front(), runs[runs.size() / 2], runs.size()};
}

Status save(const BenchCase& c, const BenchTensors& tensors, const std::string& folder) {
  const std::vector<attn::NamedTensor> all = tensors.all();
  return attn::save_safetensors(fmt::format("{}/{}.safetensors", folder, c.name), all);
}

/// Checks and times one case; returns its output line.
Result<Line> bench_case(const BenchCase& c, const attn_layer_table& table,
                        const std::string& target, const BenchOptions& options,
                        const StageNames& names, attn::Executor& executor,
                        attn::Workspace& workspace) {
  BenchTensors tensors = make_tensors(c);
  std::vector<attn::NamedTensor> weights;
  for (const BenchTensor& t : tensors.given)
    weights.push_back({t.name, attn::Tensor(t.data(), t.type, t.shape)});
  auto layer = attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(weights),
                                    {.target = target, .executor = &executor});
  if (!layer.ok()) return layer.status();
  const std::vector<attn::NamedTensor> inputs = inputs_of(c, tensors);
  const std::vector<attn::NamedMutableTensor> outputs = outputs_of(c, tensors);
  const auto call = [&] { return layer->run(std::span(inputs), std::span(outputs), workspace); };

  if (Status s = call(); !s.ok()) return s;
  widen_results(tensors);
  const std::vector<int64_t> rows = sampled_rows(c, rows_checked);
  const RowError worst = largest_error(c, tensors, rows, executor);
  const double taken = largest_error_taken(c.dtype);
  if (!(worst.error <= taken)) {
    return Status(
        StatusCode::internal,
        fmt::format("row {} of the output is off by {:.2g} from the same in double, and {:g} is "
                    "taken; please report it",
                    worst.where, worst.error, taken));
  }
  auto timing = measure(call, options.seconds);
  if (!timing.ok()) return timing.status();
  Line stages;
  if (options.profile) {
    Profile profile(executor, names);
    double total = 0;
    const auto profiled = [&]() -> Status {
      profile.begin_call();
      const double start = seconds_now();
      Status s =
          layer->run(std::span(inputs), std::span(outputs), workspace, {.executor = &profile});
      total += seconds_now() - start;
      return s;
    };
    if (Status s = profiled(); !s.ok()) return s;  // warms up
    profile.reset(), total = 0;
    const int runs = static_cast<int>(std::clamp<size_t>(timing->runs / 2, 3, 1000));
    for (int i = 0; i < runs; ++i) {
      if (Status s = profiled(); !s.ok()) return s;
    }
    for (const auto& [stage, seconds] : profile.stages(total)) stages[stage] = seconds / runs;
  }
  if (!options.save.empty()) {
    if (Status s = save(c, tensors, options.save); !s.ok()) return s;
  }
  Line line{{"case", c.name},          {"peer", "attnc"},
            {"min_s", timing->least},  {"median_s", timing->median},
            {"runs", timing->runs},    {"gflops", operations_of(c) / timing->median * 1e-9},
            {"max_error", worst.error}};
  if (layer->pipes() > 0) line["variant"] = variant_name(target, layer->pipes());
  if (options.profile) line["stages"] = stages;
  return line;
}

/// Runs all cases and returns how many failed; their messages go to standard error.
Result<int> bench_all(const BenchOptions& options) {
  auto all = read_bench_cases(options.file);
  if (!all.ok()) return all.status();
  auto cases = select_cases(*std::move(all), options.cases, options.file);
  if (!cases.ok()) return cases.status();
  auto target = target_here(options.target);
  if (!target.ok()) return target.status();
  auto schedules = ScheduleSource::with_runs_of(options.tuned);
  if (!schedules.ok()) return schedules.status();
  if (!options.save.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.save, error);
    if (error) {
      return Status(StatusCode::not_found,
                    fmt::format("--save {}: {}", options.save, error.message()));
    }
  }
  std::vector<CacheRequest> requests;
  std::vector<size_t> request_of(cases->size());
  for (size_t i = 0; i < cases->size(); ++i) {
    const BenchCase& c = (*cases)[i];
    request_of[i] = requests.size();
    if (!c.skipped.empty()) continue;
    requests.push_back({source_of(c), *target});
  }
  // Kernels are made in forked processes, so this comes before any thread is started.
  const auto tables = cached_tables(requests, progress_line("building layers"), *schedules);
  std::vector<StageNames> names(requests.size());
  for (size_t i = 0; options.profile && i < requests.size(); ++i) {
    if (!tables[i].ok()) continue;
    auto of_layer = stage_names(requests[i].layer, *target, *schedules);
    if (!of_layer.ok()) return of_layer.status();
    names[i] = *std::move(of_layer);
  }
  std::unique_ptr<attn::ThreadPool> pool;
  if (options.threads > 0) pool = std::make_unique<attn::ThreadPool>(options.threads);
  attn::Executor& executor = pool != nullptr ? *pool : attn::default_executor();
  if (executor.worker_count() < options.threads) {
    return Status(StatusCode::unsupported, fmt::format("--threads {}: the system gives only {}",
                                                       options.threads, executor.worker_count()));
  }
  auto limits = within_memory("there is not enough memory to measure how fast it is read",
                              [&] { return Result<Limits>(measure_limits(executor)); });
  if (!limits.ok()) return limits.status();
  print_line({{"machine", limits->machine},
              {"fma_gflops", limits->fma_gflops},
              {"read_gbps", limits->read_gbps}});

  const Progress progress = progress_line("measuring");
  attn::Workspace workspace;
  int failures = 0;
  for (size_t i = 0; i < cases->size(); ++i) {
    const BenchCase& c = (*cases)[i];
    if (progress) progress(i, cases->size(), c.name);
    Result<Line> line = Status(StatusCode::unsupported, c.skipped);
    bool skipped = !c.skipped.empty();
    if (!skipped) {
      const auto& table = tables[request_of[i]];
      skipped = table.status().code() == StatusCode::unsupported;
      line = !table.ok() ? table.status()
                         : within_memory("there is not enough memory for its tensors", [&] {
                             return bench_case(c, **table, *target, options, names[request_of[i]],
                                               executor, workspace);
                           });
    }
    if (progress) progress(cases->size(), cases->size(), "");  // clears the progress line
    if (line.ok()) {
      print_line(*line);
    } else if (skipped) {
      print_line({{"case", c.name}, {"peer", "attnc"}, {"skipped", line.status().message()}});
    } else {
      fail(line.status().with_context(fmt::format("case `{}`", c.name)));
      ++failures;
    }
  }
  return failures;
}

}  // namespace

int bench(const BenchOptions& options) {
  const Result<int> failures = bench_all(options);
  if (!failures.ok()) return fail(failures.status());
  return *failures > 0 ? 1 : 0;
}

}  // namespace attnc
