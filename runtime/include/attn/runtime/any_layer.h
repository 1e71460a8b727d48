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
// Tensors are passed by name, or by position in the layer's table. Here a misspelt name is an error
// at run time; where the layer is known at compile time, the handle of typed.h turns it into a
// compile error.
//
// Ownership. Loading copies the weights into memory that the layer owns, in the order in which its
// kernels read them; the originals may then be freed. A loaded layer is immutable, so any number of
// threads may call it, each with its own workspace. Inputs, outputs and workspace belong to the
// caller. A call keeps no pointer to them, and after the first call with the same shapes it
// allocates nothing.
//
// Shapes. Every axis of an input or output has a name (batch, query, key, feature, ...). Within a
// call, axes of the same name have the same length; feature sizes are those of the weights. Strides
// are arbitrary: a tensor that a kernel cannot read where it lies is copied into the workspace
// (runtime/README.md). A mask has the axes of the scores, [batch, head, query, key]. It may be
// given as [query, key], as [batch, query, key] or with all four axes; an axis may have length 1
// and is then broadcast. Any element type will do: a key is visible where the mask is not zero
// (-0.0 is zero), or above 0.5 where the original layer reads it that way. Negative numbers,
// infinities and NaN are refused, except in masks of Keras's Attention (ATTN_READ_ANY_NUMBER,
// kernel_abi.h) and in the soft mask of ReuseMultiHeadAttention, which holds numbers. An index is
// an integer of any type, a single one or one per sequence: [batch].
//
// Optional inputs. Leaving an input out may select a different computation: with a cache a layer
// also returns the cache, without one it does not. The inputs that are present and the outputs that
// are asked for select a path of the layer; if no path fits, the error lists those that exist. An
// output that starts as an input, such as the cache, may share that input's memory: the layer then
// works in place.
//
// Not here: opening shared libraries (library.h), C (c_api.h), decode loops (key_value_cache.h),
// training, tensors with 2^31 or more rows. The size in bytes is not limited: a cache of 12 GiB
// works.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
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

/// An output and its name. The name is not copied.
struct NamedMutableTensor {
  std::string_view name;
  MutableTensor tensor;
};

/// Where a layer finds its weights while it is loaded: in a file, in a list of named tensors, or in
/// a list in the order of the table (which is the order of Keras's get_weights). Holds references
/// to what it was made from. Tensors that the layer does not use are ignored, with one exception: a
/// Keras LoRA matrix beside a kernel (query/lora_kernel_a) is an error, as the kernel is then not
/// the one that the Keras layer computes with.
class WeightSource {
 public:
  WeightSource(const SafeTensors& file) : file_(&file) {}              // NOLINT
  WeightSource(std::span<const NamedTensor> named) : named_(named) {}  // NOLINT
  WeightSource(std::initializer_list<NamedTensor> named) : named_(named.begin(), named.size()) {}
  WeightSource(std::span<const Tensor> in_order) : ordered_(in_order), by_order_(true) {}  // NOLINT

  /// The weight at position `index` of the table, called `name` there. not_found: no such tensor.
  /// unsupported: there is a LoRA that is not merged into it.
  Result<Tensor> find(int index, std::string_view prefix, std::string_view name) const;
  /// The number of tensors if they are given in order, else -1.
  int ordered_count() const { return by_order_ ? static_cast<int>(ordered_.size()) : -1; }

 private:
  bool contains(std::string_view name) const;

  const SafeTensors* file_ = nullptr;
  std::span<const NamedTensor> named_;
  std::span<const Tensor> ordered_;
  bool by_order_ = false;
};

struct LoadOptions {
  /// The variant to use: "avx512", "avx2", "baseline". Empty: the best that this CPU supports.
  std::string_view target = {};
  /// Where the library holds variants of a target for processors with one multiply-add pipe and with
  /// two (cpu.h): 1 or 2, or 0 for the one for any. Empty: as this CPU has.
  std::optional<int> pipes = {};
  /// Prepended to every weight's name, in files and in lists of named tensors.
  std::string_view prefix = {};
  /// Used by calls that name no executor; must outlive the layer. Null: default_executor().
  Executor* executor = nullptr;
  /// Kept alive as long as the layer: the owner of the table and its code, if they can be unloaded.
  std::shared_ptr<const void> keep = {};
};

struct RunOptions {
  /// Null: the executor that the layer was loaded with.
  Executor* executor = nullptr;
};

/// A handle to a loaded layer. Copies share the layer.
class AnyLayer {
 public:
  /// unsupported: a table of another ABI version, an unknown target or one whose features this CPU
  /// lacks, a LoRA beside a kernel, or no memory for the packed weights. invalid_argument: a weight
  /// of the wrong shape, or not of a floating-point type. not_found: a weight is missing.
  static Result<AnyLayer> load(const attn_layer_table& table, const WeightSource& weights,
                               const LoadOptions& options = {});

  /// Inputs and outputs in the order of the table. To leave one out, pass a default-constructed
  /// tensor; trailing ones may simply be omitted. If the call fails, the contents of the outputs
  /// are unspecified.
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

  /// The bytes of workspace that this call needs with `worker_count` workers.
  Result<size_t> workspace_bytes(std::span<const Tensor> inputs,
                                 std::span<const MutableTensor> outputs, int worker_count) const;
  Result<size_t> workspace_bytes(std::span<const NamedTensor> inputs,
                                 std::span<const NamedMutableTensor> outputs,
                                 int worker_count) const;

  /// The shape of output `name` for these inputs. not_found: the layer has no such output.
  /// invalid_argument: the inputs do not determine the shape.
  Result<Shape> output_shape(std::string_view name, std::span<const Tensor> inputs) const;
  Result<Shape> output_shape(std::string_view name, std::span<const NamedTensor> inputs) const;

  std::string_view name() const;     // "model::encoder"
  std::string_view library() const;  // "my_layers"
  std::string_view target() const;   // "avx2"
  /// The multiply-add pipes of the processors that its variant is for; 0: any.
  int pipes() const;
  uint64_t fingerprint() const;
  /// The bytes that the packed weights occupy.
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
