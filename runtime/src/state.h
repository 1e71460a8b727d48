// state.h - what a loaded layer holds, and a call between its checks and its kernel.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "attn/runtime/layer.h"
#include "masks.h"
#include "shapes.h"

namespace attn {

struct AlignedDelete {
  void operator()(float* memory) const {
    ::operator delete (memory, std::align_val_t{Workspace::alignment});
  }
};

struct AnyLayer::State {
  std::shared_ptr<const void> keep;  // first, so that it goes last
  const attn_layer_table* table = nullptr;
  const attn_variant* variant = nullptr;
  Executor* executor = nullptr;  // null: default_executor()
  Lengths lengths;               // those that the weights tell
  std::unique_ptr<float, AlignedDelete> memory;
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
};

/// A call's tensors, checked, as kernels see them. About 12 kB, on the stack.
struct Prepared {
  struct Mask {
    int input;
    MaskView view;  // as the caller has it
    size_t offset;  // of its converted form in the workspace
  };

  const attn_path* path = nullptr;
  bool empty = false;  // no output has an element: nothing is to be done
  std::array<attn_buffer, max_inputs> inputs;
  std::array<std::array<attn_dimension, max_rank>, max_inputs> input_dimensions;
  std::array<uint8_t, max_inputs> flags;
  std::array<attn_buffer, max_outputs> outputs;
  std::array<std::array<attn_dimension, max_rank>, max_outputs> output_dimensions;
  std::array<Mask, max_inputs> masks;  // those that have to be converted
  int mask_count = 0;
  size_t mask_bytes = 0;
  uint64_t call_bytes = 0;    // what the kernel allocates once
  uint64_t worker_bytes = 0;  // and each worker at a time

  /// What the kernel is called with; [0] is the caller's to set, [argument_count + 1] free.
  std::array<void*, max_arguments + 2> arguments;
};

/// All that can be said before there is a workspace: checks every tensor, chooses the path, asks
/// its kernel for the memory it needs. Names of tensors are those of the table.
Status prepare(const AnyLayer::State& layer, std::span<const Tensor> inputs,
               std::span<const MutableTensor> outputs, Prepared& call);

/// The lengths that inputs tell, with those of the weights; absent inputs tell nothing.
Status read_lengths(const AnyLayer::State& layer, std::span<const Tensor> inputs, Lengths& lengths);

/// Asks the path's kernel for the bytes that it allocates.
Status query_workspace(const AnyLayer::State& layer, Prepared& call);

/// The bytes of workspace of a prepared call, and where its parts begin.
struct WorkspacePlan {
  size_t masks = 0, calls = 0, root = 0, workers = 0, total = 0;
};
Result<WorkspacePlan> plan_workspace(const Prepared& call, int worker_count);

/// Runs a prepared call that is not empty.
Status run_prepared(const AnyLayer::State& layer, Prepared& call, Workspace& workspace,
                    Executor& executor);

}  // namespace attn
