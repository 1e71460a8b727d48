// tensors.h - the numbers that a case of `attnc bench` is called with, and where its output goes.
//
//   attnc::BenchTensors t = attnc::make_tensors(c);       // random normal, the same on every run
//   t.at("q").shape;                                       // [B, Hq, T, D]
//
// Attention alone has q, k, v (and slopes, of alibi); a layer x, y where keys are another sequence, and its weights by
// Keras's names, kernels divided by the root of their rows so that values keep the size of 1. All
// lie contiguous, on a cache line's boundary. std::bad_alloc where memory ends.
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "tools/bench/cases.h"

namespace attnc {

/// Floats on a cache line's boundary, as every library that is compared with allocates them.
class Floats {
 public:
  explicit Floats(size_t size)
      : data_(static_cast<float*>(::operator new(size * sizeof(float), alignment))), size_(size) {}
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(float* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_;
};

struct BenchTensor {
  std::string name;
  attn::Shape shape;
  Floats memory;
  attn::Tensor view() const { return attn::Tensor(memory.data(), shape); }
};

struct BenchTensors {
  std::vector<BenchTensor> given;    // inputs, then weights
  std::vector<BenchTensor> results;  // output
  const BenchTensor& at(std::string_view name) const;
  std::vector<attn::NamedTensor> all() const;
};

BenchTensors make_tensors(const BenchCase& c);

/// What the layer of a case is called with: views of `t`, which has to outlive them.
std::vector<attn::NamedTensor> inputs_of(const BenchCase& c, const BenchTensors& t);
std::vector<attn::NamedMutableTensor> outputs_of(const BenchCase& c, BenchTensors& t);

}  // namespace attnc
