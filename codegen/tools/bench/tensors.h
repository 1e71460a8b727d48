// tensors.h - the tensors that a case of `attnc bench` is called with, and those of its output.
//
//   attnc::BenchTensors t = attnc::make_tensors(c);       // random normal, the same on every run
//   t.at("q").shape;                                       // [B, Hq, T, D]
//
// Attention alone has q, k, v; a whole layer has x, y if the keys come from another sequence, and
// its weights by Keras's names. With alibi both have slopes. Kernels are divided by the square root
// of their number of inputs, so that values stay around 1. All tensors are contiguous and aligned
// to a cache line. Where a case has 16-bit numbers, `memory` holds those numbers as floats, for the
// reference. Throws std::bad_alloc if there is not enough memory.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "tools/bench/cases.h"
#include "tools/bench/numbers.h"

namespace attnc {

struct BenchTensor {
  std::string name;
  attn::Shape shape;
  Floats memory;
  attn::DType type = attn::DType::float32;  // of what a call is given
  Floats stored{0};                         // the numbers in that type, if it has 16 bits
  const void* data() const { return type == attn::DType::float32 ? memory.data() : stored.data(); }
  void* data() { return const_cast<void*>(std::as_const(*this).data()); }
};

struct BenchTensors {
  std::vector<BenchTensor> given;    // inputs, then weights
  std::vector<BenchTensor> results;  // output, and attention_scores if the case has them
  const BenchTensor& at(std::string_view name) const;
  std::vector<attn::NamedTensor> all() const;  // as floats
};

BenchTensors make_tensors(const BenchCase& c);

/// The inputs and outputs that a case's layer is called with: views of `t`, which has to outlive
/// them.
std::vector<attn::NamedTensor> inputs_of(const BenchCase& c, const BenchTensors& t);
std::vector<attn::NamedMutableTensor> outputs_of(const BenchCase& c, BenchTensors& t);
/// To be called after a call: makes the output's `memory` what was written.
void widen_results(BenchTensors& t);

}  // namespace attnc
