// fixture.h - recorded calls of an original layer: NAME.json with its configuration and calls,
// NAME.safetensors beside it with weights, inputs and outputs.
//
//   auto fixture = attnc::read_fixture("mha/self_basic.json");
//   if (fixture.ok() && !fixture->is_fixture) ...        // some other JSON file
//   if (fixture.ok() && !fixture->skipped.empty()) ...   // unsupported, or random (dropout)
//
// Arguments become inputs by the rules of the original: a mask that its call overwrites or ignores
// is not an input. tests/fixtures/README.md describes the format.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "attn/layer.h"
#include "attn/runtime/safetensors.h"
#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct FixtureCall {
  std::vector<std::pair<std::string, std::string>> inputs;    // layer's input -> tensor in the file
  std::vector<std::string> flags;                             // flags that are set
  std::vector<std::pair<std::string, std::int32_t>> numbers;  // inputs that are a single index
  std::vector<std::pair<std::string, std::string>> outputs;  // layer's output -> tensor in the file
  // Outputs in which the original returns an input unchanged; our layers do not return those. The
  // input's tensor -> the recorded output's.
  std::vector<std::pair<std::string, std::string>> unchanged;
};

struct Fixture {
  std::string name;  // "mha/self_basic": the file's folder and its name without the ending
  std::string file, tensors_file;
  bool is_fixture = true;
  std::string skipped;  // why, or empty
  attn::Description description;
  std::string definition;
  std::vector<FixtureCall> calls;
  double atol = 0, rtol = 0;
};

/// Fails if the fixture is damaged; one that is merely unsupported has `skipped` set.
Result<Fixture> read_fixture(const std::string& file);

/// The files among `paths`, and the JSON files below its folders, sorted within each folder. An
/// error if a path does not exist.
Result<std::vector<std::string>> json_files(const std::vector<std::string>& paths);

struct Comparison {
  bool passed = true;
  double max_error = 0;
  std::string where;  // of the worst element, with both numbers
};
/// Checks |got - want| <= atol + rtol * |want| for every element, in double; NaN equals NaN. Both
/// tensors are contiguous, of the same shape and of any floating type.
Comparison compare(const attn::Tensor& got, const attn::Tensor& want, double atol, double rtol);

/// The elements of a contiguous floating-point tensor, converted to another floating type, rounded
/// to nearest, ties to even. Fixtures store float16 and bfloat16 as float32.
std::vector<std::byte> converted(const attn::Tensor& from, attn::DType to);

}  // namespace attnc
