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
// The layer is one that takes a cache and where to go on in it, and returns the cache
// (CachedMultiHeadAttention). It works in place: nothing is copied, and a step allocates nothing. A
// step that does not fit is refused before anything is changed. The same by hand:
//
//   if (attn::Status s = cache->room_for(count); !s.ok()) return s;
//   s = layer->run({.query = x, .value = x, .cache = cache->input(),
//                   .cache_update_index = cache->lengths()},
//                  {.output = y, .cache = cache->output()}, scratch);
//   if (s.ok()) s = cache->append(count);
//
// Every sequence of the batch has a length of its own. What lies beyond it is zero or what was
// there before: finite numbers that a mask hides. One thread at a time. Not here: pages, eviction,
// quantisation, growth (make a larger one).
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
    int64_t batch = 1;     // sequences
    int64_t capacity = 0;  // positions of each
    int64_t heads = 0;     // of keys and values
    int64_t size = 0;      // of a head
    DType dtype = DType::float32;
  };

  /// All zero, all lengths 0. invalid_argument: sizes or a type that no cache has. unsupported:
  /// more than the system gives.
  static Result<KeyValueCache> make(const Sizes& sizes);

  /// [batch, keys and values, capacity, heads, size], to read and to write: the same memory.
  Tensor input() const { return {data_, sizes_.dtype, shape()}; }
  MutableTensor output() { return {data_, sizes_.dtype, shape()}; }
  /// int32 [batch]: how many positions every sequence has, which is where the next one goes.
  Tensor lengths() const { return {lengths_, Shape{sizes_.batch}}; }
  int32_t length(int64_t sequence) const { return lengths_[static_cast<size_t>(sequence)]; }
  const Sizes& sizes() const { return sizes_; }
  size_t bytes() const;

  /// Whether `count` more positions fit into every sequence, or counts[i] into sequence i; a
  /// sentence that names the first one without room.
  Status room_for(int64_t count) const;
  Status room_for(std::span<const int64_t> counts) const;

  /// They were written: the sequences are so much longer. Nothing changes where one has no room.
  Status append(int64_t count);
  Status append(std::span<const int64_t> counts);

  /// Forgets all positions of a sequence from `length` on.
  Status truncate(int64_t sequence, int64_t length);
  /// Forgets all positions of all sequences.
  void clear();
  /// Sequence `to` becomes what `from` is, as beams do.
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

/// A step of a decode loop: runs the layer with the cache in place, at its lengths, and then counts
/// the new positions, as many as the inputs have to `update` it with. `inputs` and `outputs` are
/// all others. When the call fails, or there is no room, the lengths stay as they are; without room
/// nothing is written either.
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
