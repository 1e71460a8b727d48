// tune.cpp - attnc tune: searches the schedule of a layer for the calls that it is to be fast for.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "attn/runtime/executor.h"
#include "plan/schedule_text.h"
#include "tools/bench/clock.h"
#include "tools/bench/limits.h"
#include "tools/children.h"
#include "tools/table.h"
#include "tools/terminal.h"
#include "tools/tune/database.h"
#include "tools/tune/measure.h"
#include "tools/tune/problem.h"
#include "tools/tune/search.h"
#include "tools/version.h"
#include "tools/within_memory.h"

namespace attnc {
namespace {

using attn::StatusCode;

volatile std::sig_atomic_t interrupted = 0;

/// While it lives, Ctrl-C ends the search and not the program. Children that make kernels get it,
/// too, and die.
class KeepsWhatWasFound {
 public:
  KeepsWhatWasFound() {
    interrupted = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { interrupted = 1; };
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, &before_);
  }
  ~KeepsWhatWasFound() { sigaction(SIGINT, &before_, nullptr); }
  KeepsWhatWasFound(const KeepsWhatWasFound&) = delete;
  KeepsWhatWasFound& operator=(const KeepsWhatWasFound&) = delete;

 private:
  struct sigaction before_ = {};
};

/// "query_tile 64 -> 128, key_block 256 -> 512"
std::string changes(const Schedule& from, const Schedule& to) {
  std::string out;
  for (const ScheduleColumn& c : schedule_columns) {
    if (from.*c.number == to.*c.number) continue;
    out +=
        fmt::format("{}{} {} -> {}", out.empty() ? "" : ", ", c.name, from.*c.number, to.*c.number);
  }
  return out;
}

struct Outcome {
  Trial start, best;
  int trials = 0;
  double took = 0;       // seconds
  Compared confirmed;    // start and best, measured once more
  bool stopped = false;  // by Ctrl-C
};

class Tuner {
 public:
  Tuner(TuningProblem& problem, const TuneOptions& options, const std::string& target,
        const Limits& limits, TuningDatabase& database)
      : problem_(problem),
        options_(options),
        target_(target),
        limits_(limits),
        database_(database),
        progress_(progress_line("tuning " + problem.plan.layer + ", second")) {}

  Result<Outcome> run() {
    begin_ = seconds_now();
    auto folder = TemporaryFolder::make();
    if (!folder.ok()) return folder.status();
    folder_ = folder->path();
    std::optional<attn::SafeTensors> given;
    if (!options_.inputs.empty()) {
      auto file = attn::SafeTensors::open(options_.inputs);
      if (!file.ok()) return file.status();
      given = *std::move(file);
    }
    for (const CallRequest& request : problem_.calls) {
      auto call = MadeCall::make(problem_.plan, request, given ? &*given : nullptr);
      if (!call.ok()) return call.status();
      calls_.push_back(*std::move(call));
    }
    auto name = database_.begin(description());
    if (!name.ok()) return name.status();
    run_ = *name;

    if (Status s = measure_start(); !s.ok()) return s;
    const ScheduleSpace space(*find_target(target_), problem_.uses, problem_.start);
    Search search(space, problem_.start, problem_.work, options_.seed);
    double longest = 0;  // of a generation
    while (in_time(longest)) {
      const double began = seconds_now();
      std::vector<Schedule> batch = search.next();
      if (options_.trials > 0) {
        const int left = std::max(options_.trials - outcome_.trials, 0);
        batch.resize(std::min(batch.size(), static_cast<size_t>(left)));
      }
      if (batch.empty()) break;
      if (Status s = measure(batch, search); !s.ok()) return s;
      longest = std::max(longest, seconds_now() - began);
    }
    return finish();
  }

 private:
  /// Whether there is time for a generation that takes as long as the longest one did.
  bool in_time(double longest) const {
    return !interrupted && seconds_now() - begin_ + longest < options_.seconds;
  }

  TuningRun description() const {
    const Work work = problem_.lowered.work();
    return {.name = "",
            .layer = problem_.plan.layer,
            .fingerprint = problem_.plan.fingerprint,
            .target = target_,
            .dtype = attn::policy_names[static_cast<size_t>(problem_.plan.dtype)],
            .head_size = std::max({work.key_size, work.value_size, 1}),  // 1: no attention
            .families = words_of(problem_.uses),
            .calls = problem_.shapes,
            .work = text_of(problem_.work),
            .processor = limits_.processor,
            .threads = options_.threads,
            .seed = options_.seed,
            .operations = problem_.operations,
            .fma_gflops = limits_.fma_gflops,
            .read_gbps = limits_.read_gbps,
            .started = "",
            .version = version,
            .pipes = problem_.plan.pipes,
            .l2_kib = limits_.l2_kib};
  }

  void show() const {
    if (!progress_) return;
    const double seconds = std::min(seconds_now() - begin_, options_.seconds - 0.01);
    progress_(static_cast<size_t>(seconds), static_cast<size_t>(options_.seconds),
              fmt::format("trial {}, best {:.3g} ms{}, {:.2f} of the start", outcome_.trials,
                          1e3 * outcome_.best.seconds, share(outcome_.best.seconds),
                          outcome_.best.seconds / outcome_.start.seconds));
  }

 public:
  /// " (0.84 of the limit)"; empty where operations were not counted.
  std::string share(double seconds) const {
    if (problem_.operations == 0 || limits_.fma_gflops == 0) return "";
    return fmt::format(" ({:.2f} of the limit)",
                       problem_.operations / seconds * 1e-9 / limits_.fma_gflops);
  }

 private:
  /// Compiles the schedules, in parallel.
  std::vector<Result<Compiled>> compile_each(const std::vector<Schedule>& schedules) const {
    std::vector<LibraryRequest> requests;
    for (const Schedule& s : schedules) {
      requests.push_back({.name = table_library,
                          .layers = {problem_.layer},
                          .targets = {target_},
                          .schedules = s});
    }
    return compile_all(requests);
  }

  Result<Candidate> load(const Compiled& compiled, int number) const {
    auto table =
        link_table(compiled, problem_.layer, fmt::format("{}/trial{}.so", folder_, number));
    if (!table.ok()) return table.status();
    return Candidate::load(**table, target_, calls_);
  }

  Status measure_start() {
    auto compiled = compile_each({problem_.start});
    if (interrupted) return Status(StatusCode::unsupported, "stopped before anything was measured");
    if (!compiled[0].ok()) return compiled[0].status();
    auto candidate = load(*compiled[0], 0);
    if (!candidate.ok()) return candidate.status();
    start_ = std::make_shared<Candidate>(*std::move(candidate));
    best_ = start_;
    attn::ThreadPool pool(options_.threads);
    auto timed = compare(*start_, *start_, pool);
    if (!timed.ok()) return timed.status();
    wanted_ = outputs_of(calls_);
    Trial trial{
        .schedule = problem_.start, .seconds = timed->seconds, .ratio = 1, .accepted = true};
    outcome_.start = outcome_.best = trial;
    kernels_[kernels_of(*compiled[0])] = 0;
    return add(trial);
  }

  /// The bytes of all kernels, which say whether a schedule is a new one.
  static std::string kernels_of(const Compiled& compiled) {
    std::string all;
    for (const auto& kernel : compiled.parts.layers[0].variants[0].kernels) all += kernel.object;
    return all;
  }

  Status measure(const std::vector<Schedule>& batch, Search& search) {
    const auto compiled = compile_each(batch);
    if (interrupted) return Status();
    std::vector<Trial> trials;
    std::vector<std::optional<Candidate>> candidates;
    for (size_t i = 0; i < batch.size(); ++i) {  // before there are threads
      Trial& trial = trials.emplace_back(Trial{.number = outcome_.trials + static_cast<int>(i),
                                               .generation = search.generation(),
                                               .schedule = batch[i]});
      candidates.emplace_back();
      if (!compiled[i].ok()) {
        trial.note = compiled[i].status().message();
        continue;
      }
      const auto [same, fresh] = kernels_.try_emplace(kernels_of(*compiled[i]), trial.number);
      if (!fresh) {
        trial.note = fmt::format("the kernels are those of trial {}", same->second);
        continue;
      }
      auto candidate = load(*compiled[i], trial.number);
      if (!candidate.ok()) return candidate.status();
      candidates.back() = *std::move(candidate);
    }
    attn::ThreadPool pool(options_.threads);
    for (size_t i = 0; i < batch.size(); ++i) {
      if (interrupted) return Status();
      if (candidates[i]) {
        auto timed = compare(*best_, *candidates[i], pool);
        if (!timed.ok()) return timed.status();
        trials[i].seconds = timed->seconds, trials[i].ratio = timed->ratio;
        if (timed->better) {
          if (Status s = check(*candidates[i], batch[i], pool); !s.ok()) return s;
          trials[i].accepted = true;
          best_ = std::make_shared<Candidate>(*std::move(candidates[i]));
          outcome_.best = trials[i];
        }
      }
      search.report(batch[i], trials[i].accepted);
      if (Status s = add(trials[i]); !s.ok()) return s;
    }
    return Status();
  }

  Status check(Candidate& candidate, const Schedule& schedule, attn::Executor& executor) {
    for (size_t c = 0; c < candidate.calls(); ++c) {
      auto seconds = candidate.time(c, 1, executor);
      if (!seconds.ok()) return seconds.status();
    }
    const std::string wrong = difference(calls_, wanted_);
    if (wrong.empty()) return Status();
    return Status(StatusCode::internal,
                  fmt::format("internal error: with another schedule {}; please report it, with {}",
                              wrong, text_of(schedule)));
  }

  Status add(const Trial& trial) {
    ++outcome_.trials;
    show();
    return database_.add(run_, trial);
  }

  Result<Outcome> finish() {
    outcome_.stopped = interrupted;
    if (best_ != start_) {
      attn::ThreadPool pool(options_.threads);
      auto timed = compare(*start_, *best_, pool);
      if (!timed.ok()) return timed.status();
      outcome_.confirmed = *timed;
    } else {
      outcome_.confirmed = {.seconds = outcome_.start.seconds,
                            .first_seconds = outcome_.start.seconds};
    }
    if (progress_) progress_(1, 1, "");  // clears the line
    outcome_.took = seconds_now() - begin_;
    return outcome_;
  }

  TuningProblem& problem_;
  const TuneOptions& options_;
  const std::string& target_;
  const Limits& limits_;
  TuningDatabase& database_;
  const Progress progress_;
  std::string folder_, run_;
  double begin_ = 0;
  std::vector<MadeCall> calls_;
  std::vector<std::vector<double>> wanted_;
  std::shared_ptr<Candidate> start_, best_;
  std::map<std::string, int> kernels_;  // the trial that made them first
  Outcome outcome_;
};

void print(const TuningProblem& problem, const Tuner& tuner, const Outcome& o,
           const std::string& target, bool as_json) {
  const double before = o.confirmed.first_seconds, after = o.confirmed.seconds;
  if (as_json) {
    nlohmann::ordered_json line{
        {"layer", problem.plan.layer}, {"target", target},
        {"calls", problem.shapes},     {"trials", o.trials},
        {"seconds", o.took},           {"stopped", o.stopped},
        {"before_s", before},          {"after_s", after},
        {"ratio", o.confirmed.ratio},  {"schedule", text_of(o.best.schedule)}};
    fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    const std::string changed = changes(problem.start, o.best.schedule);
    fmt::print("{} ({}, {}): {} schedules in {:.0f} s{}\n", problem.plan.layer, target,
               problem.shapes, o.trials, o.took, o.stopped ? ", stopped" : "");
    fmt::print("  {:.4g} ms{} -> {:.4g} ms{}: {:.3f} of the time\n  {}\n", 1e3 * before,
               tuner.share(before), 1e3 * after, tuner.share(after), o.confirmed.ratio,
               changed.empty() ? "nothing faster than the schedule that it has" : changed);
  }
  std::fflush(stdout);
}

Status tune_all(const TuneOptions& options) {
  auto target = target_here(options.target);
  if (!target.ok()) return target.status();
  auto problems = problems_of(options, *target);
  if (!problems.ok()) return problems.status();
  auto database = TuningDatabase::open(options.database);
  if (!database.ok()) return database.status();
  Limits limits;
  {
    // Gone before kernels are compiled.
    attn::ThreadPool pool(options.threads);
    const int threads = pool.worker_count();
    if (threads < options.threads) {
      return Status(StatusCode::unsupported, fmt::format("--threads {}: the system gives only {}",
                                                         options.threads, threads));
    }
    limits = measure_limits(pool);
  }
  const KeepsWhatWasFound on_interrupt;
  for (TuningProblem& problem : *problems) {
    Tuner tuner(problem, options, *target, limits, *database);
    auto outcome = tuner.run();
    if (!outcome.ok()) return outcome.status();
    print(problem, tuner, *outcome, *target, options.json);
    if (outcome->stopped) break;
  }
  return Status();
}

}  // namespace

int tune(const TuneOptions& options) {
  const Status s = within_memory("there is not enough memory for these calls",
                                 [&] { return tune_all(options); });
  return s.ok() ? 0 : fail(s);
}

}  // namespace attnc
