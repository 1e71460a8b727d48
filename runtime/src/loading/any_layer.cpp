#include "attn/runtime/any_layer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "calls/call_log.h"
#include "calls/state.h"
#include "loading/packing.h"
#include "loading/table.h"
#include "tensors/ordered.h"
#include "text.h"

namespace attn {
namespace {

Status with_layer(const Status& status, const attn_layer_table& table) {
  return status.ok() ? Status() : status.with_context(layer_text(table));
}

Status read_weights(const WeightSource& source, std::string_view prefix, AnyLayer::State& layer,
                    std::vector<Tensor>& weights) {
  const std::span<const attn_tensor_info> infos = layer.weights();
  if (source.ordered_count() >= 0 && source.ordered_count() != layer.table->weight_count) {
    return {StatusCode::invalid_argument,
            text("got ", source.ordered_count(), " weights, expected ", infos.size(), ": ",
                 names_of(infos))};
  }
  for (size_t i = 0; i < infos.size(); ++i) {
    Result<Tensor> weight = source.find(static_cast<int>(i), prefix, infos[i].name);
    if (!weight.ok()) {
      const bool missing = weight.status().code() == StatusCode::not_found;
      return weight.status().with_context(
          text("weight ", quoted(infos[i].name), missing ? " is missing" : ""));
    }
    const TensorRole role{"weight", infos[i].name};
    if (Status s = check_weight_shape(role, infos[i], *weight, layer.lengths); !s.ok()) return s;
    if (Status s = check_memory(role, *weight); !s.ok()) return s;
    weights.push_back(*weight);
  }
  return {};
}

Status pack_weights(const std::vector<Tensor>& weights, AnyLayer::State& layer) {
  const std::span<const attn_packing> packings(layer.variant->packings,
                                               static_cast<size_t>(layer.variant->packing_count));
  std::vector<PackedShape> shapes;
  std::vector<size_t> offsets;  // in bytes
  constexpr size_t unit = Workspace::alignment;
  const bool wide = layer.compute_dtype() == DType::float64;
  const size_t size = size_of(layer.compute_dtype());
  for (const attn_packing& packing : packings) {
    const Tensor& weight = weights[static_cast<size_t>(packing.weight)];
    const attn_tensor_info& info = layer.weights()[static_cast<size_t>(packing.weight)];
    Result<PackedShape> shape = packed_shape(packing, weight.shape());
    if (!shape.ok()) return shape.status().with_context(text("weight ", quoted(info.name)));
    offsets.push_back(layer.packed_bytes);
    layer.packed_bytes += (static_cast<size_t>(shape->numbers()) * size + unit - 1) / unit * unit;
    shapes.push_back(*shape);
  }
  if (layer.packed_bytes > 0) {
    layer.memory.reset(static_cast<std::byte*>(
        ::operator new (layer.packed_bytes, std::align_val_t{Workspace::alignment}, std::nothrow)));
    if (layer.memory == nullptr) {
      return {StatusCode::unsupported, text("the system has no memory for ", layer.packed_bytes,
                                            " bytes of packed weights")};
    }
  }
  layer.packed.resize(packings.size());
  layer.packed_dimensions.resize(packings.size());
  for (size_t p = 0; p < packings.size(); ++p) {
    const PackedShape& shape = shapes[p];
    std::byte* to = layer.memory.get() + offsets[p];
    if (shape.numbers() > 0) {
      const Tensor& weight = weights[static_cast<size_t>(packings[p].weight)];
      if (wide) {
        pack(packings[p], shape, weight, reinterpret_cast<double*>(to));
      } else {
        pack(packings[p], shape, weight, reinterpret_cast<float*>(to));
      }
    }
    const auto width = static_cast<int32_t>(shape.width),
               rows = static_cast<int32_t>(shape.padded_rows),
               panels = static_cast<int32_t>(shape.panels);
    auto& dimensions = layer.packed_dimensions[p];
    attn_buffer& buffer = layer.packed[p];
    buffer = {};
    buffer.host = reinterpret_cast<uint8_t*>(to);
    buffer.type_code = 2;
    buffer.type_bits = static_cast<uint8_t>(8 * size);
    buffer.type_lanes = 1;
    buffer.dim = dimensions.data();
    if (packings[p].kind == ATTN_PACK_VECTOR) {
      buffer.dimensions = 1;
      dimensions[0] = {0, width * panels, 1, 0};
    } else {
      buffer.dimensions = 3;
      dimensions[0] = {0, width, 1, 0};
      dimensions[1] = {0, rows, width, 0};
      dimensions[2] = {0, panels, width * rows, 0};
    }
  }
  return {};
}

/// Keras's name for the first LoRA matrix of this kernel; empty for other weights.
std::string lora_beside(std::string_view weight) {
  constexpr std::string_view kernel = "/kernel";
  if (!weight.ends_with(kernel)) return {};
  return text(weight.substr(0, weight.size() - kernel.size()), "/lora_kernel_a");
}

}  // namespace

bool WeightSource::contains(std::string_view name) const {
  if (file_ != nullptr) return file_->contains(name);
  return std::any_of(named_.begin(), named_.end(),
                     [&](const NamedTensor& one) { return one.name == name; });
}

Result<Tensor> WeightSource::find(int index, std::string_view prefix, std::string_view name) const {
  if (by_order_) {
    if (index >= 0 && index < ordered_count() && ordered_[static_cast<size_t>(index)].present()) {
      return ordered_[static_cast<size_t>(index)];
    }
    return Status(StatusCode::not_found, "no tensor was given for it");
  }
  const std::string full = std::string(prefix) + std::string(name);
  if (const std::string lora = lora_beside(full); !lora.empty() && contains(lora)) {
    return Status(StatusCode::unsupported,
                  text(quoted(lora),
                       " stands beside it: LoRA is not merged into this kernel, so "
                       "give the merged one (in Keras, the `kernel` of the layer) and leave ",
                       quoted(lora), " out"));
  }
  if (file_ != nullptr) return file_->find(full);
  for (const NamedTensor& one : named_) {
    if (one.name == full && one.tensor.present()) return one.tensor;
  }
  return Status(StatusCode::not_found,
                text("there is no tensor ", quoted(full), " among the ", named_.size(), " given"));
}

Result<AnyLayer> AnyLayer::load(const attn_layer_table& table, const WeightSource& weights,
                                const LoadOptions& options) {
  if (Status s = check_table(table); !s.ok()) return s;
  Result<const attn_variant*> variant = choose_variant(table, options.target, options.pipes);
  if (!variant.ok()) return variant.status();
  auto state = std::make_shared<State>();
  state->table = &table;
  state->variant = *variant;
  state->executor = options.executor;
  state->keep = options.keep;
  std::vector<Tensor> views;
  if (Status s = read_weights(weights, options.prefix, *state, views); !s.ok()) {
    return with_layer(s, table);
  }
  if (Status s = pack_weights(views, *state); !s.ok()) return with_layer(s, table);
  return AnyLayer(std::move(state));
}

Status AnyLayer::run(std::span<const Tensor> inputs, std::span<const MutableTensor> outputs,
                     Workspace& workspace, const RunOptions& options) const {
  Prepared call;
  Status s = prepare(*state_, inputs, outputs, call);
  if (s.ok() && !call.empty) {
    Executor* lent = options.executor != nullptr ? options.executor : state_->executor;
    Executor& executor = lent != nullptr ? *lent : default_executor();
    if (!logs_calls()) {
      s = run_prepared(*state_, call, workspace, executor);
    } else {
      using Clock = std::chrono::steady_clock;
      const Clock::time_point start = Clock::now();
      s = run_prepared(*state_, call, workspace, executor);
      const std::chrono::nanoseconds took = Clock::now() - start;
      if (s.ok()) log_call(*state_, inputs, outputs, executor.worker_count(), took.count());
    }
  }
  return with_layer(s, *state_->table);
}

Status AnyLayer::run(std::span<const NamedTensor> inputs,
                     std::span<const NamedMutableTensor> outputs, Workspace& workspace,
                     const RunOptions& options) const {
  Ordered ordered;
  if (Status s = ordered.read(this->inputs(), inputs, this->outputs(), outputs); !s.ok()) {
    return with_layer(s, *state_->table);
  }
  return run(ordered.in(), ordered.out(), workspace, options);
}

Result<size_t> AnyLayer::workspace_bytes(std::span<const Tensor> inputs,
                                         std::span<const MutableTensor> outputs,
                                         int worker_count) const {
  Prepared call;
  if (Status s = prepare(*state_, inputs, outputs, call); !s.ok()) {
    return with_layer(s, *state_->table);
  }
  Result<WorkspacePlan> plan = plan_workspace(call, worker_count);
  if (!plan.ok()) return with_layer(plan.status(), *state_->table);
  return plan->total;
}

Result<size_t> AnyLayer::workspace_bytes(std::span<const NamedTensor> inputs,
                                         std::span<const NamedMutableTensor> outputs,
                                         int worker_count) const {
  Ordered ordered;
  if (Status s = ordered.read(this->inputs(), inputs, this->outputs(), outputs); !s.ok()) {
    return with_layer(s, *state_->table);
  }
  return workspace_bytes(ordered.in(), ordered.out(), worker_count);
}

Result<Shape> AnyLayer::output_shape(std::string_view name, std::span<const Tensor> inputs) const {
  auto failed = [&](const Status& s) { return with_layer(s, *state_->table); };
  const int index = index_of(outputs(), name);
  if (index < 0) {
    return failed({StatusCode::not_found,
                   text("there is no output ", quoted(name), ", only ", names_of(outputs()))});
  }
  Lengths lengths;
  if (Status s = read_lengths(*state_, inputs, lengths); !s.ok()) return failed(s);
  const attn_tensor_info& info = outputs()[static_cast<size_t>(index)];
  std::array<int64_t, max_rank> extents{};
  for (int axis = 0; axis < info.rank; ++axis) {
    const int64_t extent = lengths.of(info.axes[axis]);
    if (extent < 0) {
      return failed(
          {StatusCode::invalid_argument, text("the inputs given do not tell ",
                                              axis_text(info, axis), " of output ", quoted(name))});
    }
    extents[static_cast<size_t>(axis)] = extent;
  }
  return Shape(std::span<const int64_t>(extents.data(), info.rank));
}

Result<Shape> AnyLayer::output_shape(std::string_view name,
                                     std::span<const NamedTensor> inputs) const {
  Ordered ordered;
  if (Status s = ordered.read(this->inputs(), inputs, this->outputs(), {}); !s.ok()) {
    return with_layer(s, *state_->table);
  }
  return output_shape(name, ordered.in());
}

std::string_view AnyLayer::name() const { return state_->table->name; }
std::string_view AnyLayer::library() const { return state_->table->library; }
std::string_view AnyLayer::target() const { return state_->variant->target; }
int AnyLayer::pipes() const { return state_->variant->pipes; }
uint64_t AnyLayer::fingerprint() const { return state_->table->fingerprint; }
size_t AnyLayer::packed_bytes() const { return state_->packed_bytes; }
std::span<const attn_tensor_info> AnyLayer::inputs() const { return state_->inputs(); }
std::span<const attn_tensor_info> AnyLayer::weights() const { return state_->weights(); }
std::span<const attn_tensor_info> AnyLayer::outputs() const { return state_->outputs(); }

}  // namespace attn
