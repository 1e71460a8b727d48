// state.h - the state of a loaded layer, and of a call between its checks and its kernel.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "tensors/copying.h"
#include "tensors/forms.h"
#include "tensors/shapes.h"

namespace attn {

struct AlignedDelete {
  void operator()(std::byte* memory) const {
    ::operator delete (memory, std::align_val_t{Workspace::alignment});
  }
};

struct AnyLayer::State {
  std::shared_ptr<const void> keep;  // first, so that it is destroyed last
  const attn_layer_table* table = nullptr;
  const attn_variant* variant = nullptr;
  Executor* executor = nullptr;  // null: default_executor()
  Lengths lengths;               // those that the weights determine
  std::unique_ptr<std::byte, AlignedDelete> memory;
  size_t packed_bytes = 0;
  std::vector<std::array<attn_dimension, 3>> packed_dimensions;
  std::vector<attn_buffer> packed;  // by index of attn_variant::packings

  std::span<const attn_tensor_info> inputs() const {
    return {table->inputs, static_cast<size_t>(table->input_count)};
  }
  std::span<const attn_tensor_info> weights() const {
    return {table->weights, static_cast<size_t>(table->weight_count)};
  }
  std::span<const attn_tensor_info> outputs() const {
    return {table->outputs, static_cast<size_t>(table->output_count)};
  }
  DType compute_dtype() const { return static_cast<DType>(table->compute_dtype); }
};

/// A call's tensors, checked, as kernels see them. About 45 kB, on the stack; array elements beyond
/// the counts and the path's arguments are left uninitialised.
struct Prepared {
  /// A copy of elements from or to the caller's memory.
  struct Transfer {
    Copy copy;
    std::byte* caller;
    std::byte* other;  // null: in the workspace, at `offset`
    size_t offset;
  };

  const attn_path* path = nullptr;
  bool empty = false;  // no output has an element: there is nothing to do

  // By index of the path's argument.
  std::array<attn_buffer, max_arguments> buffers;
  std::array<std::array<attn_dimension, max_dimensions>, max_arguments> dimensions;
  std::array<size_t, max_arguments> staged;  // offset in the workspace's copies, or not_staged
  static constexpr size_t not_staged = SIZE_MAX;
  std::array<int32_t, max_arguments> lengths;  // of arguments that are lengths
  std::array<uint8_t, max_inputs> flags;

  std::array<Transfer, max_arguments> before;  // before the kernel, from the caller
  std::array<Transfer, max_outputs> after;     // after the kernel, to the caller
  int before_count = 0, after_count = 0;
  size_t copy_bytes = 0;      // of copies in the workspace
  uint64_t call_bytes = 0;    // what the kernel allocates once
  uint64_t worker_bytes = 0;  // what each worker allocates at a time

  /// What the kernel is called with. [0] is set by whoever calls the kernel; [argument_count + 1]
  /// is free for the result of its `workspace`.
  std::array<void*, max_arguments + 2> arguments;
};
static_assert(sizeof(Prepared) < 48 << 10);

/// Everything that needs no workspace: checks every tensor, chooses the path and asks its kernel
/// how much memory it needs. Messages name tensors as the table does.
Status prepare(const AnyLayer::State& layer, std::span<const Tensor> inputs,
               std::span<const MutableTensor> outputs, Prepared& call);

/// The lengths that the weights and the inputs determine; absent inputs determine none.
Status read_lengths(const AnyLayer::State& layer, std::span<const Tensor> inputs, Lengths& lengths);

/// The first path that makes the requested outputs from the given inputs and serves this many
/// queries.
Result<const attn_path*> choose_path(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                                     std::span<const MutableTensor> outputs,
                                     const Lengths& lengths);

/// Asks the path's kernel how many bytes it allocates.
Status query_workspace(const AnyLayer::State& layer, Prepared& call);

/// The workspace of a prepared call in bytes: where its parts begin, and the total.
struct WorkspacePlan {
  size_t copies = 0, calls = 0, root = 0, workers = 0, total = 0;
};
Result<WorkspacePlan> plan_workspace(const Prepared& call, int worker_count);

/// Runs a prepared call that is not empty.
Status run_prepared(const AnyLayer::State& layer, Prepared& call, Workspace& workspace,
                    Executor& executor);

}  // namespace attn
