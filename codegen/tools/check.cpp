// check.cpp - attnc check: replays recorded calls of the original layers and compares the outputs.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "attn/runtime/any_layer.h"
#include "attn/runtime/cpu.h"
#include "emit/names.h"
#include "halide/targets.h"
#include "tools/cache.h"
#include "tools/commands.h"
#include "tools/fixture.h"
#include "tools/terminal.h"

namespace attnc {
namespace {

using attn::StatusCode;

enum class Verdict { passed, failed, skipped };

struct Outcome {
  Fixture fixture;
  Verdict verdict = Verdict::passed;
  std::string why;  // why it failed or was skipped
  double max_error = 0;
  std::vector<std::string> details;  // one line per target and call
};

void fail_with(Outcome& outcome, const std::string& why) {
  if (outcome.verdict == Verdict::passed) outcome.why = why;
  outcome.verdict = Verdict::failed;
}

/// The requested targets, or by default all. Those that this processor does not run are an error if
/// requested, else they go into `left_out`.
Result<std::vector<std::string>> targets_to_check(const CheckOptions& options,
                                                  std::vector<std::string>& left_out) {
  auto targets = parse_targets(options.targets, this_machine());
  if (!targets.ok()) return targets.status();
  std::vector<std::string> here;
  for (const std::string& t : *targets) {
    if (runs_here(t))
      here.push_back(t);
    else if (!options.targets.empty())
      return Status(StatusCode::unsupported,
                    fmt::format("this processor does not run target {}", t));
    else
      left_out.push_back(t);
  }
  return here;
}

bool is_floating(attn::DType type) {
  return type == attn::DType::float32 || type == attn::DType::float64 ||
         type == attn::DType::float16 || type == attn::DType::bfloat16;
}

/// The tensors of a call, in the types that the layer takes: fixtures store float16 and bfloat16 as
/// float32.
class Tensors {
 public:
  explicit Tensors(const attn::SafeTensors& file) : file_(file) {}

  /// The tensor as stored, converted to `type` if it is floating-point. Asking twice gives the same
  /// array.
  Result<attn::Tensor> find(const std::string& key, attn::DType type) {
    auto tensor = file_.find(key);
    if (!tensor.ok() || tensor->dtype() == type || !is_floating(tensor->dtype())) return tensor;
    auto& memory = made_[{key, type}];
    if (memory.empty()) memory = converted(*tensor, type);
    return attn::Tensor(memory.data(), type, tensor->shape());
  }
  Result<attn::Tensor> find(const std::string& key) { return file_.find(key); }

 private:
  const attn::SafeTensors& file_;
  std::map<std::pair<std::string, attn::DType>, std::vector<std::byte>> made_;
};

const attn_tensor_info* info_of(std::span<const attn_tensor_info> all, std::string_view name) {
  for (const attn_tensor_info& info : all) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

/// One run of a call. Outputs are filled with bytes 0xff, which are NaN in every floating type, so
/// that elements that a kernel leaves unwritten are noticed. With `in_place`, an output that starts
/// as an input shares that input's memory.
struct Run {
  std::vector<attn::NamedTensor> inputs;
  std::vector<attn::NamedMutableTensor> outputs;
  std::vector<std::vector<std::byte>> memory;
};
Status make_run(const attn::AnyLayer& layer, const FixtureCall& call, Tensors& tensors,
                bool in_place, Run& run) {
  static const bool yes = true;
  for (const auto& [name, key] : call.inputs) {
    const attn_tensor_info* info = info_of(layer.inputs(), name);
    // Masks and indices are passed as stored.
    auto tensor = info && info->value == ATTN_VALUE_REAL
                      ? tensors.find(key, static_cast<attn::DType>(info->dtype))
                      : tensors.find(key);
    if (!tensor.ok()) return tensor.status();
    run.inputs.push_back({name, *tensor});
  }
  for (const std::string& flag : call.flags) run.inputs.push_back({flag, attn::Tensor::flag(yes)});
  for (const auto& [name, number] : call.numbers) {
    run.inputs.push_back({name, attn::Tensor(&number, attn::Shape{})});
  }
  run.memory.reserve(call.outputs.size());
  for (const auto& [name, key] : call.outputs) {
    auto shape = layer.output_shape(name, run.inputs);
    if (!shape.ok()) return shape.status();
    const attn_tensor_info* info = info_of(layer.outputs(), name);
    const auto type = info ? static_cast<attn::DType>(info->dtype) : attn::DType::float32;
    auto& memory = run.memory.emplace_back(
        static_cast<size_t>(shape->elements()) * attn::size_of(type), std::byte{0xff});
    run.outputs.push_back({name, attn::MutableTensor(memory.data(), type, *shape)});
    if (!in_place || !info || info->starts_as < 0) continue;
    const std::string_view start = layer.inputs()[static_cast<size_t>(info->starts_as)].name;
    for (attn::NamedTensor& input : run.inputs) {
      if (input.name != start) continue;
      std::memcpy(memory.data(), input.tensor.data(), memory.size());
      input.tensor = attn::Tensor(memory.data(), type, *shape);
    }
  }
  return Status();
}
Status do_run(const attn::AnyLayer& layer, Run& run, attn::Workspace& workspace) {
  return layer.run(std::span<const attn::NamedTensor>(run.inputs),
                   std::span<const attn::NamedMutableTensor>(run.outputs), workspace);
}

void hold(const std::string& name, const attn::Tensor& got, const attn::Tensor& want,
          const Fixture& fixture, Comparison& worst) {
  const Comparison c = compare(got, want, fixture.atol, fixture.rtol);
  worst.max_error = std::max(worst.max_error, c.max_error);
  if (!c.passed && worst.passed) worst.passed = false, worst.where = name + c.where;
}

/// Makes one call and merges the comparison of its outputs into `worst`; the Status says whether
/// the call could be made. A call with an output that starts as an input (a cache) is repeated in
/// place and has to give the same bits.
Status replay(const attn::AnyLayer& layer, const attn::SafeTensors& file, const Fixture& fixture,
              const FixtureCall& call, attn::Workspace& workspace, Comparison& worst) {
  Tensors tensors(file);
  Run run;
  if (Status s = make_run(layer, call, tensors, false, run); !s.ok()) return s;
  std::vector<attn::Tensor> wanted;
  for (size_t i = 0; i < run.outputs.size(); ++i) {
    auto want = file.find(call.outputs[i].second);
    if (!want.ok()) return want.status();
    const attn::MutableTensor& got = run.outputs[i].tensor;
    if (!is_floating(want->dtype()) || !(want->shape() == got.shape())) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("{} is {}, recorded is {}", run.outputs[i].name, got.describe(),
                                want->describe()));
    }
    wanted.push_back(*want);
  }
  if (Status s = do_run(layer, run, workspace); !s.ok()) return s;
  for (size_t i = 0; i < run.outputs.size(); ++i) {
    hold(call.outputs[i].first, run.outputs[i].tensor, wanted[i], fixture, worst);
  }
  for (const auto& [input, output] : call.unchanged) {
    auto came = file.find(input), went = file.find(output);
    if (!came.ok()) return came.status();
    if (!went.ok()) return went.status();
    if (!is_floating(came->dtype()) || !is_floating(went->dtype()) ||
        !(came->shape() == went->shape())) {
      return Status(
          StatusCode::invalid_argument,
          fmt::format("{} is {}, and was given as {}", output, went->describe(), came->describe()));
    }
    hold(output, *came, *went, fixture, worst);
  }
  const bool has_start =
      std::any_of(run.outputs.begin(), run.outputs.end(), [&](const auto& output) {
        const attn_tensor_info* info = info_of(layer.outputs(), output.name);
        return info && info->starts_as >= 0;
      });
  if (!has_start) return Status();
  Run again;
  if (Status s = make_run(layer, call, tensors, true, again); !s.ok()) return s;
  if (Status s = do_run(layer, again, workspace); !s.ok()) return s;
  for (size_t i = 0; i < run.memory.size(); ++i) {
    if (run.memory[i] == again.memory[i] || !worst.passed) continue;
    worst.passed = false;
    worst.where = fmt::format("{}: other bits where it is updated in place", call.outputs[i].first);
  }
  return Status();
}

/// On one variant of the target.
void replay_all(Outcome& outcome, const attn_layer_table& table, const std::string& target,
                int pipes) {
  const Fixture& fixture = outcome.fixture;
  const std::string variant = variant_name(target, pipes);
  auto file = attn::SafeTensors::open(fixture.tensors_file);
  if (!file.ok()) return fail_with(outcome, file.status().message());
  auto layer =
      attn::AnyLayer::load(table, *file, {.target = target, .pipes = pipes, .prefix = "w/"});
  if (!layer.ok())
    return fail_with(outcome, fmt::format("{}: {}", variant, layer.status().message()));
  attn::Workspace workspace;
  for (size_t i = 0; i < fixture.calls.size(); ++i) {
    const std::string where = fmt::format("{}, call {}", variant, i);
    Comparison worst;
    const Status s = replay(*layer, *file, fixture, fixture.calls[i], workspace, worst);
    if (!s.ok())
      fail_with(outcome, fmt::format("{}: {}", where, s.message()));
    else if (!worst.passed)
      fail_with(outcome, fmt::format("{}: {}", where, worst.where));
    outcome.max_error = std::max(outcome.max_error, worst.max_error);
    outcome.details.push_back(fmt::format("{}  max error {:.2g}{}", where, worst.max_error,
                                          s.ok() && worst.passed ? "" : "  failed"));
  }
}

const char* word(Verdict v) {
  return v == Verdict::passed ? "passed" : v == Verdict::failed ? "failed" : "skipped";
}

void print_text(const std::vector<Outcome>& outcomes, const CheckOptions& options) {
  for (const Outcome& o : outcomes) {
    if (!o.fixture.is_fixture) {
      fmt::print("no fixture  {}\n", o.fixture.file);
    } else if (o.verdict == Verdict::passed) {
      fmt::print("passed   {}  max error {:.2g}\n", o.fixture.name, o.max_error);
    } else {
      fmt::print("{:<7}  {}  {}\n", word(o.verdict), o.fixture.name, o.why);
    }
    if (options.verbose) {
      for (const std::string& line : o.details) fmt::print("           {}\n", line);
    }
  }
}

void print_outcomes_json(const std::vector<Outcome>& outcomes,
                         const std::vector<std::string>& targets, const int (&counts)[3]) {
  nlohmann::ordered_json out;
  out["targets"] = targets;
  out["passed"] = counts[0], out["failed"] = counts[1], out["skipped"] = counts[2];
  out["fixtures"] = nlohmann::ordered_json::array();
  out["no_fixtures"] = nlohmann::ordered_json::array();
  for (const Outcome& o : outcomes) {
    if (!o.fixture.is_fixture) {
      out["no_fixtures"].push_back(o.fixture.file);
      continue;
    }
    nlohmann::ordered_json one{
        {"name", o.fixture.name}, {"file", o.fixture.file}, {"verdict", word(o.verdict)}};
    if (o.verdict == Verdict::skipped)
      one["reason"] = o.why;
    else
      one["max_error"] = o.max_error;
    if (o.verdict == Verdict::failed) one["reason"] = o.why;
    out["fixtures"].push_back(one);
  }
  print_json(out);
}

/// The calls of a fixture: kernels that none of them takes are not built. A file that cannot be
/// read is reported when it is replayed.
Calls calls_of(const Fixture& fixture) {
  Calls calls;
  auto file = attn::SafeTensors::open(fixture.tensors_file);
  if (!file.ok()) return calls;
  for (const FixtureCall& call : fixture.calls) {
    ExpectedCall expected{.queries = 1};
    for (const auto& [name, key] : call.outputs) expected.outputs.insert(name);
    for (const std::string& flag : call.flags) expected.inputs.insert(flag);
    for (const auto& [name, number] : call.numbers) expected.inputs.insert(name);
    for (const auto& [name, key] : call.inputs) {
      expected.inputs.insert(name);
      if (name != "query") continue;
      // Of one sequence, over all axes that may be query axes.
      auto query = file->find(key);
      for (int axis = 1; query.ok() && axis < query->rank() - 1; ++axis)
        expected.queries *= query->shape()[axis];
    }
    calls.insert(std::move(expected));
  }
  return calls;
}

}  // namespace

int check(const CheckOptions& options) {
  std::vector<std::string> left_out;
  auto targets = targets_to_check(options, left_out);
  if (!targets.ok()) return fail(targets.status());
  auto files = json_files(options.paths);
  if (!files.ok()) return fail(files.status());
  auto schedules = ScheduleSource::with_runs_of(options.tuned);
  if (!schedules.ok()) return fail(schedules.status());

  std::vector<Outcome> outcomes;
  std::vector<CacheRequest> requests;
  std::vector<size_t> owners;  // of each request: the index of its outcome
  for (const std::string& file : *files) {
    Outcome& o = outcomes.emplace_back();
    auto fixture = read_fixture(file);
    if (!fixture.ok()) {
      o.fixture.file = o.fixture.name = file;
      fail_with(o, fixture.status().message());
      continue;
    }
    o.fixture = *std::move(fixture);
    if (!o.fixture.is_fixture) continue;
    if (!o.fixture.skipped.empty()) {
      o.verdict = Verdict::skipped, o.why = o.fixture.skipped;
      continue;
    }
    const SourceLayer layer{.graph = {.name = "layer",
                                      .fingerprint = attn::fingerprint(o.fixture.description),
                                      .graph = o.fixture.description.graph},
                            .definition = o.fixture.definition,
                            .machine = "",
                            .calls = calls_of(o.fixture)};
    for (const std::string& target : *targets) {
      requests.push_back({layer, target});
      owners.push_back(outcomes.size() - 1);
    }
  }
  const auto tables = cached_tables(requests, progress_line("building layers"), *schedules);
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!tables[i].ok()) {
      fail_with(outcomes[owners[i]], tables[i].status().message());
      continue;
    }
    // This processor runs those for others too.
    const attn_layer_table& table = **tables[i];
    for (const attn_variant& v :
         std::span(table.variants, static_cast<size_t>(table.variant_count)))
      replay_all(outcomes[owners[i]], table, requests[i].target, v.pipes);
  }

  int counts[3] = {};
  for (const Outcome& o : outcomes) counts[static_cast<int>(o.verdict)] += o.fixture.is_fixture;
  if (options.json) {
    print_outcomes_json(outcomes, *targets, counts);
  } else {
    print_text(outcomes, options);
    for (const std::string& t : left_out)
      fmt::print("target {} was left out: this processor does not run it\n", t);
    fmt::print("{} passed, {} failed, {} skipped\n", counts[0], counts[1], counts[2]);
  }
  std::fflush(stdout);
  if (counts[0] + counts[1] + counts[2] == 0) {
    return fail(Status(StatusCode::not_found,
                       "no fixture is there: JSON files with \"format\": \"attn-fixture-1\""));
  }
  return counts[1] ? 1 : 0;
}

}  // namespace attnc
