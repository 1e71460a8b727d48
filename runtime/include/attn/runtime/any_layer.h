// any_layer.h - a generated layer: load it once, call it from any thread.
//
//   extern "C" const attn_layer_table attn_my_layers_model_encoder;
//
//   attn::Result<attn::SafeTensors> file = attn::SafeTensors::open("weights.safetensors");
//   attn::Result<attn::AnyLayer> layer =
//       attn::AnyLayer::load(attn_my_layers_model_encoder, *file, {.prefix = "encoder/"});
//   attn::Workspace scratch;
//   attn::Status s = layer->run({{"query", x}, {"value", x}}, {{"output", y}}, scratch);
//
// Tensors go by name, or by position in the table. A misspelt name is a Status here; where the
// layer is known at compile time the typed handle of typed.h makes it a compile error.
//
// Who owns what. Loading copies the weights into memory of the layer's own, in the order in which
// its kernels read them; the originals may be freed. A loaded layer never changes, so any number of
// threads may call it, each with a workspace of its own. Inputs, outputs and workspace are the
// caller's; a call keeps no pointer and, after the first one of its shapes, allocates nothing.
//
// Shapes. Every axis of an input or output has a meaning (batch, query, key, feature, ...); axes of
// one meaning have one length a call, and feature sizes are those of the weights. Any strides are
// taken; what does not lie as kernels read it is copied in the workspace (runtime/README.md). A mask
// has the axes of the scores, [batch, head, query, key]: [query, key], [batch, query, key] and all
// four are taken, each axis full or 1, any element type; what is not zero may be seen (NaN is not
// zero, -0.0 is), or what is above 0.5 where the original layer reads it so. An index is an integer
// of any type, one for all or one a sequence.
//
// Optional inputs. A call that leaves some out may be another one: with a cache a layer returns the
// cache, without it none. Which outputs a call makes follows from the inputs it brings and from what
// it asks for; a call that fits no way is answered with those that there are. An output that starts
// as an input, as the cache does, may have that input's memory: the layer then works in place.
//
// Not here: opening shared libraries (library.h), C (c_api.h), decode loops (key_value_cache.h), training,
// tensors with 2^31 rows (memory of any size is fine: a cache of 12 GiB is).
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "attn/runtime/executor.h"
#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/safetensors.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"
#include "attn/runtime/workspace.h"

namespace attn {

/// An output and what it is called. The name is not copied.
struct NamedMutableTensor {
  std::string_view name;
  MutableTensor tensor;
};

/// Where a layer finds its weights while it is loaded: a file, names, or the order of the table
/// (which is the order of Keras's get_weights). Refers to what it was made from. What a layer has
/// no use for is ignored, except a LoRA of Keras's beside a kernel (query/lora_kernel_a), which says
/// that the kernel is not the one that the layer computes with.
class WeightSource {
 public:
  WeightSource(const SafeTensors& file) : file_(&file) {}              // NOLINT
  WeightSource(std::span<const NamedTensor> named) : named_(named) {}  // NOLINT
  WeightSource(std::initializer_list<NamedTensor> named) : named_(named.begin(), named.size()) {}
  WeightSource(std::span<const Tensor> in_order) : ordered_(in_order), by_order_(true) {}  // NOLINT

  /// Weight `index` of a table, which is called `name` there. not_found where there is none;
  /// unsupported where a LoRA is not merged into it.
  Result<Tensor> find(int index, std::string_view prefix, std::string_view name) const;
  /// How many tensors there are where they come in order; else -1.
  int ordered_count() const { return by_order_ ? static_cast<int>(ordered_.size()) : -1; }

 private:
  bool contains(std::string_view name) const;

  const SafeTensors* file_ = nullptr;
  std::span<const NamedTensor> named_;
  std::span<const Tensor> ordered_;
  bool by_order_ = false;
};

struct LoadOptions {
  /// The variant: "avx512", "avx2", "baseline". Empty: the best that this CPU runs.
  std::string_view target = {};
  /// Stands before every weight's name in files and lists of names.
  std::string_view prefix = {};
  /// For calls that name none; has to outlive the layer. Null: default_executor().
  Executor* executor = nullptr;
  /// Lives at least as long as the layer: what holds the table's code, where that can go away.
  std::shared_ptr<const void> keep = {};
};

struct RunOptions {
  /// Null: the one that the layer was loaded with.
  Executor* executor = nullptr;
};

class AnyLayer {
 public:
  /// unsupported: another ABI version, an unknown target, a CPU without its features.
  /// invalid_argument: a weight of another shape, or not of a floating type. not_found: a weight that is not there.
  static Result<AnyLayer> load(const attn_layer_table& table, const WeightSource& weights,
                               const LoadOptions& options = {});

  /// Inputs and outputs in the order of the table; absent ones, or none at the end, are left out.
  /// What an output holds after a failure is not defined.
  Status run(std::span<const Tensor> inputs, std::span<const MutableTensor> outputs,
             Workspace& workspace, const RunOptions& options = {}) const;
  Status run(std::span<const NamedTensor> inputs, std::span<const NamedMutableTensor> outputs,
             Workspace& workspace, const RunOptions& options = {}) const;
  Status run(std::initializer_list<NamedTensor> inputs,
             std::initializer_list<NamedMutableTensor> outputs, Workspace& workspace,
             const RunOptions& options = {}) const {
    return run(std::span(inputs.begin(), inputs.size()), std::span(outputs.begin(), outputs.size()),
               workspace, options);
  }

  /// The bytes of workspace that such a call takes with so many workers.
  Result<size_t> workspace_bytes(std::span<const Tensor> inputs,
                                 std::span<const MutableTensor> outputs, int worker_count) const;
  Result<size_t> workspace_bytes(std::span<const NamedTensor> inputs,
                                 std::span<const NamedMutableTensor> outputs,
                                 int worker_count) const;

  /// The shape that output `name` has for these inputs.
  Result<Shape> output_shape(std::string_view name, std::span<const Tensor> inputs) const;
  Result<Shape> output_shape(std::string_view name, std::span<const NamedTensor> inputs) const;

  std::string_view name() const;     // "model::encoder"
  std::string_view library() const;  // "my_layers"
  std::string_view target() const;   // "avx2"
  uint64_t fingerprint() const;
  /// What the packed weights take.
  size_t packed_bytes() const;
  std::span<const attn_tensor_info> inputs() const;
  std::span<const attn_tensor_info> weights() const;
  std::span<const attn_tensor_info> outputs() const;

  struct State;

 private:
  explicit AnyLayer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace attn
