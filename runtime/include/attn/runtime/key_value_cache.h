// key_value_cache.h - the memory of a decode loop: the keys and values of all positions so far.
//
//   auto cache = attn::KeyValueCache::make({.batch = 4, .capacity = 4096, .heads = 8, .size = 64});
//   if (!cache.ok()) return cache.status();
//   attn::Status s = attn::append(*layer, *cache, {.query = prompt, .value = prompt},
//                                 {.output = y}, scratch);          // writes, reads, then counts
//   while (s.ok() && !done()) {
//     s = attn::append(*layer, *cache, {.query = token, .value = token}, {.output = y}, scratch);
//   }
//
// The layer must take a cache and the index at which to continue, and return the cache
// (CachedMultiHeadAttention does). It works in place: nothing is copied, and a step allocates
// nothing. A step that does not fit into the cache is refused before anything is changed. The same
// by hand:
//
//   if (attn::Status s = cache->room_for(count); !s.ok()) return s;
//   s = layer->run({.query = x, .value = x, .cache = cache->input(),
//                   .cache_update_index = cache->lengths()},
//                  {.output = y, .cache = cache->output()}, scratch);
//   if (s.ok()) s = cache->append(count);
//
// Every sequence of the batch has its own length. Positions beyond it hold zeros or what was
// written there before: finite numbers, which a mask has to hide. Not thread-safe: use a cache from
// one thread at a time. Not here: paging, eviction, quantisation, growth (make a larger one).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"
#include "attn/runtime/typed.h"
#include "attn/runtime/workspace.h"

namespace attn {

class KeyValueCache {
 public:
  struct Sizes {
    int64_t batch = 1;     // number of sequences
    int64_t capacity = 0;  // positions per sequence
    int64_t heads = 0;     // key and value heads
    int64_t size = 0;      // numbers per head
    DType dtype = DType::float32;
  };

  /// A cache of zeros whose lengths are all 0. invalid_argument: a size outside [1, 2^31), or a
  /// type that is not a floating-point type. unsupported: the system has no memory for it.
  static Result<KeyValueCache> make(const Sizes& sizes);

  /// Two views of the same memory, [batch, 2, capacity, heads, size], one to read and one to write.
  /// On axis 1, keys are at 0 and values at 1.
  Tensor input() const { return {data_, sizes_.dtype, shape()}; }
  MutableTensor output() { return {data_, sizes_.dtype, shape()}; }
  /// int32 [batch]: the number of positions that each sequence holds, which is also the index at
  /// which its next position goes.
  Tensor lengths() const { return {lengths_, Shape{sizes_.batch}}; }
  int32_t length(int64_t sequence) const { return lengths_[static_cast<size_t>(sequence)]; }
  const Sizes& sizes() const { return sizes_; }
  size_t bytes() const;

  /// Whether `count` more positions fit into every sequence, or counts[i] more into sequence i. If
  /// not: invalid_argument, naming the first sequence without room.
  Status room_for(int64_t count) const;
  Status room_for(std::span<const int64_t> counts) const;

  /// Records that the positions were written: adds to the lengths. If a sequence has no room,
  /// nothing changes.
  Status append(int64_t count);
  Status append(std::span<const int64_t> counts);

  /// Drops the positions of a sequence from `length` on. invalid_argument: it holds fewer.
  Status truncate(int64_t sequence, int64_t length);
  /// Sets all lengths to 0.
  void clear();
  /// Copies the positions and the length of sequence `from` to sequence `to`, as beam search needs.
  Status copy_sequence(int64_t from, int64_t to);

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  KeyValueCache() = default;
  Shape shape() const { return {sizes_.batch, 2, sizes_.capacity, sizes_.heads, sizes_.size}; }
  Status check_sequence(int64_t sequence) const;
  template <class CountOf>
  Status check_room(CountOf&& count_of) const;

  Sizes sizes_;
  std::unique_ptr<std::byte, Free> memory_;
  std::byte* data_ = nullptr;  // aligned
  std::vector<int32_t> lengths_;
};

/// A step of a decode loop: runs the layer on the cache in place, writing at the cache's lengths,
/// and then adds the new positions to the lengths. Their number is the length of the inputs' axis
/// `update`. `inputs` and `outputs` leave out the cache and its index. If the call fails or there
/// is no room, the lengths stay as they are; without room nothing is written either.
Status append(const AnyLayer& layer, KeyValueCache& cache, std::span<const Tensor> inputs,
              std::span<const MutableTensor> outputs, Workspace& workspace,
              const RunOptions& options = {});
Status append(const AnyLayer& layer, KeyValueCache& cache, std::span<const NamedTensor> inputs,
              std::span<const NamedMutableTensor> outputs, Workspace& workspace,
              const RunOptions& options = {});
inline Status append(const AnyLayer& layer, KeyValueCache& cache,
                     std::initializer_list<NamedTensor> inputs,
                     std::initializer_list<NamedMutableTensor> outputs, Workspace& workspace,
                     const RunOptions& options = {}) {
  return append(layer, cache, std::span(inputs.begin(), inputs.size()),
                std::span(outputs.begin(), outputs.size()), workspace, options);
}
template <const Description& D>
Status append(const Layer<D>& layer, KeyValueCache& cache, const typename Layer<D>::Inputs& inputs,
              const typename Layer<D>::Outputs& outputs, Workspace& workspace,
              const RunOptions& options = {}) {
  const auto in = Binding<D>::list(inputs);
  const auto out = Binding<D>::list(outputs);
  return append(layer.any(), cache, std::span<const Tensor>(in),
                std::span<const MutableTensor>(out), workspace, options);
}

}  // namespace attn
