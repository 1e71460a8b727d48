#include "attn/runtime/key_value_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "tensors/ordered.h"
#include "tensors/shapes.h"
#include "text.h"

namespace attn {
namespace {

/// Which tensors of a layer belong to its cache.
struct Places {
  size_t input = 0, index = 0, output = 0;
};

Status find_places(const AnyLayer& layer, Places& places) {
  int outputs = 0, indices = 0;
  for (size_t i = 0; i < layer.outputs().size(); ++i) {
    if (layer.outputs()[i].starts_as < 0) continue;
    places.output = i;
    places.input = static_cast<size_t>(layer.outputs()[i].starts_as);
    ++outputs;
  }
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    if (layer.inputs()[i].value != ATTN_VALUE_INDEX) continue;
    places.index = i;
    ++indices;
  }
  if (outputs == 1 && indices == 1) return {};
  return {StatusCode::invalid_argument,
          text("has ", outputs, " outputs that start as an input and ", indices,
               " indices; expected one cache, and one index of where to go on in it")};
}

/// The number of positions that the inputs add; 0 if they do not determine it (run then says what
/// is missing).
int64_t count_updates(const AnyLayer& layer, std::span<const Tensor> inputs) {
  for (size_t i = 0; i < layer.inputs().size() && i < inputs.size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    if (info.value != ATTN_VALUE_REAL || !inputs[i].present() || inputs[i].rank() != info.rank) {
      continue;
    }
    int64_t count = 1;
    bool told = false;
    for (int axis = 0; axis < info.rank; ++axis) {
      if (info.axes[axis].kind != ATTN_AXIS_UPDATE) continue;
      told = true;
      if (__builtin_mul_overflow(count, inputs[i].shape()[axis], &count)) {
        count = std::numeric_limits<int64_t>::max();
      }
    }
    if (told) return std::max<int64_t>(count, 0);
  }
  return 0;
}

}  // namespace

Result<KeyValueCache> KeyValueCache::make(const Sizes& sizes) {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  for (int64_t n : {sizes.batch, sizes.capacity, sizes.heads, sizes.size}) {
    if (n >= 1 && n <= most) continue;
    return Status(
        StatusCode::invalid_argument,
        text("a cache cannot have batch ", sizes.batch, ", capacity ", sizes.capacity, ", heads ",
             sizes.heads, " and size ", sizes.size, ": expected 1 to 2^31 - 1 of each"));
  }
  if (!is_floating(sizes.dtype)) {
    return Status(StatusCode::invalid_argument,
                  text("a cache cannot hold ", name_of(sizes.dtype),
                       ": expected float32, float64, float16 or bfloat16"));
  }
  KeyValueCache cache;
  cache.sizes_ = sizes;
  size_t bytes = 0;
  const int64_t elements = cache.shape().elements();
  // No process has 2^47 bytes. Do not ask the allocator for as many, since debugging allocators
  // would abort.
  const bool fits =
      !__builtin_mul_overflow(elements, size_of(sizes.dtype), &bytes) && bytes >> 47 == 0;
  constexpr size_t alignment = Workspace::alignment;
  // calloc takes zeroed pages from the system: memory that is never used is never touched.
  if (fits) cache.memory_.reset(static_cast<std::byte*>(std::calloc(bytes + alignment, 1)));
  if (cache.memory_ == nullptr) {
    return Status(StatusCode::unsupported,
                  text("the system has no memory for a cache of ", elements, " numbers of type ",
                       name_of(sizes.dtype)));
  }
  const size_t past = reinterpret_cast<uintptr_t>(cache.memory_.get()) % alignment;
  cache.data_ = cache.memory_.get() + (alignment - past) % alignment;
  cache.lengths_.resize(static_cast<size_t>(sizes.batch));
  return cache;
}

size_t KeyValueCache::bytes() const {
  return static_cast<size_t>(shape().elements()) * size_of(sizes_.dtype);
}

template <class CountOf>
Status KeyValueCache::check_room(CountOf&& count_of) const {
  for (size_t i = 0; i < lengths_.size(); ++i) {
    const int64_t count = count_of(i);
    if (count < 0) {
      return {StatusCode::invalid_argument,
              text("sequence ", i, " cannot become longer by ", count, " positions")};
    }
    if (count > sizes_.capacity - lengths_[i]) {
      return {StatusCode::invalid_argument,
              text("sequence ", i, " holds ", lengths_[i], " of ", sizes_.capacity, " positions; ",
                   count, " more do not fit")};
    }
  }
  return {};
}

Status KeyValueCache::room_for(int64_t count) const {
  return check_room([&](size_t) { return count; });
}

Status KeyValueCache::room_for(std::span<const int64_t> counts) const {
  if (counts.size() != lengths_.size()) {
    return {StatusCode::invalid_argument,
            text("got ", counts.size(), " counts for ", lengths_.size(), " sequences")};
  }
  return check_room([&](size_t i) { return counts[i]; });
}

Status KeyValueCache::append(int64_t count) {
  if (Status s = room_for(count); !s.ok()) return s;
  for (int32_t& length : lengths_) length += static_cast<int32_t>(count);
  return {};
}

Status KeyValueCache::append(std::span<const int64_t> counts) {
  if (Status s = room_for(counts); !s.ok()) return s;
  for (size_t i = 0; i < lengths_.size(); ++i) lengths_[i] += static_cast<int32_t>(counts[i]);
  return {};
}

Status KeyValueCache::check_sequence(int64_t sequence) const {
  if (sequence >= 0 && sequence < sizes_.batch) return {};
  return {StatusCode::invalid_argument,
          text("there is no sequence ", sequence, ", only 0 to ", sizes_.batch - 1)};
}

Status KeyValueCache::truncate(int64_t sequence, int64_t length) {
  if (Status s = check_sequence(sequence); !s.ok()) return s;
  int32_t& now = lengths_[static_cast<size_t>(sequence)];
  if (length < 0 || length > now) {
    return {StatusCode::invalid_argument, text("sequence ", sequence, " holds ", now,
                                               " positions; it cannot be cut to ", length)};
  }
  now = static_cast<int32_t>(length);
  return {};
}

void KeyValueCache::clear() { std::fill(lengths_.begin(), lengths_.end(), 0); }

Status KeyValueCache::copy_sequence(int64_t from, int64_t to) {
  if (Status s = check_sequence(from); !s.ok()) return s;
  if (Status s = check_sequence(to); !s.ok()) return s;
  if (from == to) return {};
  const size_t position = static_cast<size_t>(sizes_.heads * sizes_.size) * size_of(sizes_.dtype),
               slot = static_cast<size_t>(sizes_.capacity) * position;
  const int32_t length = lengths_[static_cast<size_t>(from)];
  for (size_t s = 0; s < 2; ++s) {
    std::memcpy(data_ + (2 * static_cast<size_t>(to) + s) * slot,
                data_ + (2 * static_cast<size_t>(from) + s) * slot,
                static_cast<size_t>(length) * position);
  }
  lengths_[static_cast<size_t>(to)] = length;
  return {};
}

Status append(const AnyLayer& layer, KeyValueCache& cache, std::span<const Tensor> inputs,
              std::span<const MutableTensor> outputs, Workspace& workspace,
              const RunOptions& options) {
  auto failed = [&](const Status& s) { return s.with_context("layer " + quoted(layer.name())); };
  Places places;
  if (Status s = find_places(layer, places); !s.ok()) return failed(s);
  if (inputs.size() > layer.inputs().size() || outputs.size() > layer.outputs().size()) {
    return layer.run(inputs, outputs, workspace, options);  // which reports it
  }
  std::array<Tensor, max_inputs> in;
  std::array<MutableTensor, max_outputs> out;
  std::copy(inputs.begin(), inputs.end(), in.begin());
  std::copy(outputs.begin(), outputs.end(), out.begin());
  auto place = [&](auto& to, const auto& tensor, const char* role, const attn_tensor_info& info) {
    if (to.present()) {
      return failed({StatusCode::invalid_argument,
                     text(role, " ", quoted(info.name), " is given, and is the cache's")});
    }
    to = tensor;
    return Status();
  };
  Status s = place(in[places.input], cache.input(), "input", layer.inputs()[places.input]);
  if (s.ok()) s = place(in[places.index], cache.lengths(), "input", layer.inputs()[places.index]);
  if (s.ok()) {
    s = place(out[places.output], cache.output(), "output", layer.outputs()[places.output]);
  }
  if (!s.ok()) return s;
  const int64_t count = count_updates(layer, inputs);
  if (s = cache.room_for(count); !s.ok()) return failed(s);
  s = layer.run(std::span<const Tensor>(in.data(), layer.inputs().size()),
                std::span<const MutableTensor>(out.data(), layer.outputs().size()), workspace,
                options);
  return s.ok() ? cache.append(count) : s;
}

Status append(const AnyLayer& layer, KeyValueCache& cache, std::span<const NamedTensor> inputs,
              std::span<const NamedMutableTensor> outputs, Workspace& workspace,
              const RunOptions& options) {
  Ordered ordered;
  if (Status s = ordered.read(layer.inputs(), inputs, layer.outputs(), outputs); !s.ok()) {
    return s.with_context("layer " + quoted(layer.name()));
  }
  return append(layer, cache, ordered.in(), ordered.out(), workspace, options);
}

}  // namespace attn
