// run.cpp - attnc run: calls a layer from the shell, with tensors from and to .safetensors files.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "attn/runtime/any_layer.h"
#include "emit/names.h"
#include "tools/cache.h"
#include "tools/commands.h"
#include "tools/terminal.h"
#include "tools/within_memory.h"

namespace attnc {
namespace {

using attn::StatusCode;

std::string names_of(std::span<const attn_tensor_info> list) {
  std::string out;
  for (const attn_tensor_info& t : list)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", t.name);
  return out;
}

const attn_tensor_info* find(std::span<const attn_tensor_info> list, std::string_view name) {
  for (const attn_tensor_info& t : list) {
    if (name == t.name) return &t;
  }
  return nullptr;
}

/// Whether some path makes the output in a call with these inputs: only calls that write into a
/// cache output one.
bool makes(const attn_layer_table& table, size_t output,
           std::span<const attn::NamedTensor> inputs) {
  std::uint32_t given = 0;
  for (int i = 0; i < table.input_count; ++i) {
    for (const attn::NamedTensor& input : inputs) {
      if (input.name == table.inputs[i].name) given |= std::uint32_t{1} << i;
    }
  }
  for (int v = 0; v < table.variant_count; ++v) {
    for (int p = 0; p < table.variants[v].path_count; ++p) {
      const attn_path& path = table.variants[v].paths[p];
      const bool serves = (path.given & ~given) == 0 && (path.absent & given) == 0;
      if (serves && (path.outputs >> output & 1u) != 0) return true;
    }
  }
  return false;
}

/// The weights file; nullopt if the layer has no weights and no file is given.
Result<std::optional<attn::SafeTensors>> weights_of(const SourceLayer& layer,
                                                    const RunOptions& options) {
  const auto& weights = layer.graph.graph.weights;
  if (options.weights.empty() && weights.size == 0) return std::optional<attn::SafeTensors>();
  if (options.weights.empty()) {
    std::string names;
    for (const attn::Weight& w : weights)
      names += fmt::format("{}{}{}", names.empty() ? "" : ", ", options.prefix, w.name.view());
    return Status(
        StatusCode::invalid_argument,
        fmt::format("the layer has weights: --weights names the .safetensors file with {}", names));
  }
  auto file = attn::SafeTensors::open(options.weights);
  if (!file.ok()) return file.status();
  return std::optional(*std::move(file));
}

Status call(const RunOptions& options) {
  auto layer = read_layer(options.layer, "");
  if (!layer.ok()) return layer.status();
  auto target = target_here(options.target);
  if (!target.ok()) return target.status();
  // Files first, so that a mistake in them does not cost a build.
  auto schedules = ScheduleSource::with_runs_of(options.tuned);
  if (!schedules.ok()) return schedules.status();
  auto weights = weights_of(*layer, options);
  if (!weights.ok()) return weights.status();
  auto given = attn::SafeTensors::open(options.inputs);
  if (!given.ok()) return given.status();
  auto tables = cached_tables({{*layer, *target}}, progress_line("building the layer"), *schedules);
  if (!tables[0].ok()) return tables[0].status();

  std::unique_ptr<attn::ThreadPool> pool;
  if (options.threads > 0) pool = std::make_unique<attn::ThreadPool>(options.threads);
  const attn::WeightSource source = *weights
                                        ? attn::WeightSource(**weights)
                                        : attn::WeightSource(std::span<const attn::NamedTensor>());
  auto loaded = attn::AnyLayer::load(
      **tables[0], source, {.target = *target, .prefix = options.prefix, .executor = pool.get()});
  if (!loaded.ok()) {
    return options.weights.empty() ? loaded.status()
                                   : loaded.status().with_context(options.weights);
  }

  static const bool yes = true;
  std::vector<attn::NamedTensor> inputs;
  for (const std::string& name : given->names()) {
    if (!find(loaded->inputs(), name)) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("{}: the layer has no input `{}`; it has {}", options.inputs, name,
                                names_of(loaded->inputs())));
    }
    auto tensor = given->find(name);
    if (!tensor.ok()) return tensor.status();
    inputs.push_back({name, *tensor});
  }
  if (options.causal) {
    if (!find(loaded->inputs(), "use_causal_mask")) {
      return Status(StatusCode::invalid_argument,
                    "--causal: the layer has no input `use_causal_mask`");
    }
    inputs.push_back({"use_causal_mask", attn::Tensor::flag(yes)});
  }
  std::vector<std::vector<std::byte>> memory;
  std::vector<attn::NamedMutableTensor> outputs;
  for (const attn_tensor_info& info : loaded->outputs()) {
    if (info.optional && !options.scores) continue;
    const auto index = static_cast<size_t>(&info - loaded->outputs().data());
    if (info.starts_as >= 0 && !makes(**tables[0], index, inputs)) continue;
    auto shape = loaded->output_shape(info.name, inputs);
    if (!shape.ok()) return shape.status();
    const auto type = static_cast<attn::DType>(info.dtype);
    memory.emplace_back(static_cast<size_t>(shape->elements()) * attn::size_of(type));
    outputs.push_back({info.name, attn::MutableTensor(memory.back().data(), type, *shape)});
  }
  attn::Workspace workspace;
  if (Status s = loaded->run(std::span<const attn::NamedTensor>(inputs),
                             std::span<const attn::NamedMutableTensor>(outputs), workspace);
      !s.ok()) {
    return s;
  }
  std::vector<attn::NamedTensor> results;
  for (const attn::NamedMutableTensor& o : outputs) results.push_back({o.name, o.tensor});
  if (Status s = attn::save_safetensors(options.output, results); !s.ok()) return s;
  nlohmann::ordered_json made{{"file", options.output}, {"target", *target}};
  if (loaded->pipes() > 0) made["variant"] = variant_name(*target, loaded->pipes());
  made["outputs"] = nlohmann::ordered_json::array();
  for (const attn::NamedTensor& r : results) {
    if (!options.json) {
      fmt::print("{} {}\n", r.name, r.tensor.describe());
      continue;
    }
    std::vector<int64_t> shape;
    for (int i = 0; i < r.tensor.rank(); ++i) shape.push_back(r.tensor.shape()[i]);
    made["outputs"].push_back(
        {{"name", r.name}, {"dtype", attn::name_of(r.tensor.dtype())}, {"shape", shape}});
  }
  if (options.json) print_json(made);
  return Status();
}

}  // namespace

int run(const RunOptions& options) {
  const Status s = within_memory("there is not enough memory for the outputs of this call",
                                 [&] { return call(options); });
  return s.ok() ? 0 : fail(s);
}

}  // namespace attnc
