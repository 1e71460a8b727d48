// fixture.h - recorded calls of an original layer: NAME.json with its configuration and calls,
// NAME.safetensors beside it with weights, inputs and what came out.
//
//   auto fixture = attnc::read_fixture("mha/self_basic.json");
//   if (fixture.ok() && !fixture->is_fixture) ...        // some other JSON file
//   if (fixture.ok() && !fixture->skipped.empty()) ...   // asks for what is not done at inference
//
// Arguments become inputs by the rules of the original: where its call overwrites a mask or does
// not look at one, the mask is no input. tests/fixtures/README.md describes the format.
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
  std::vector<std::pair<std::string, std::string>>
      inputs;                      // input of the layer -> tensor of the file
  std::vector<std::string> flags;  // inputs that are true
  std::vector<std::pair<std::string, std::int32_t>> numbers;  // inputs that are one index
  std::vector<std::pair<std::string, std::string>>
      outputs;  // output of the layer -> tensor of the file
  // Outputs of the original that are an input as it came, which ours do not repeat: the input's
  // tensor -> the recorded one.
  std::vector<std::pair<std::string, std::string>> unchanged;
};

struct Fixture {
  std::string
      name;  // "mha/self_basic": the file without its ending, and the folder that it lies in
  std::string file, tensors_file;
  bool is_fixture = true;
  std::string skipped;  // why, or empty
  attn::Description description;
  std::string definition;
  std::vector<FixtureCall> calls;
  double atol = 0, rtol = 0;
};

/// A failure is a fixture that is damaged; what is only not supported has `skipped`.
Result<Fixture> read_fixture(const std::string& file);

/// JSON files under `paths` (files or folders), sorted within each. A sentence where a path is not
/// there.
Result<std::vector<std::string>> json_files(const std::vector<std::string>& paths);

struct Comparison {
  bool passed = true;
  double max_error = 0;
  std::string where;  // of the worst element, with both numbers
};
/// |got - want| <= atol + rtol * |want| everywhere, in double; NaN equals NaN. Both are contiguous,
/// of one shape and of any floating type.
Comparison compare(const attn::Tensor& got, const attn::Tensor& want, double atol, double rtol);

/// The elements of a contiguous tensor of one floating type as another, rounded to nearest, ties to
/// even. Fixtures hold halves as float32.
std::vector<std::byte> converted(const attn::Tensor& from, attn::DType to);

}  // namespace attnc
