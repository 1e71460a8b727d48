// made_call.h - a call of any layer with numbers made up for it, to be timed.
//
//   auto axes = attnc::axes_of_call(plan, {});
//   auto lengths = attnc::read_shape("T=512,S=512,E=768", plan.layer, axes);
//   auto call = attnc::MadeCall::make(plan, {.lengths = *lengths});
//   layer->run(call->inputs(), call->outputs(), workspace);
//
// Inputs that a layer needs are given, and those of its optional ones that `with` names. Numbers are
// drawn from a normal distribution, the same in every run; kernels are divided by the square root of
// their rows, so that values stay around 1. Masks are true everywhere and flags set. Of tables of
// indices, those with one number a sequence hold the number of keys, and all others zeros: no
// padding, one document. Where times depend on what a table says, the caller gives its own.
#pragma once
#include <set>
#include <span>
#include <string>
#include <vector>

#include "attn/runtime/any_layer.h"
#include "plan/plan.h"
#include "tools/bench/numbers.h"
#include "tools/call_shape.h"
#include "tools/compiler.h"

namespace attnc {

struct CallRequest {
  Lengths lengths;             // of axes_of_call
  std::set<std::string> with;  // optional inputs that the call gives
  bool scores = false;         // it asks for optional outputs
};

/// The axes whose lengths a call with these optional inputs determines.
std::set<Axis> axes_of_call(const Plan& plan, const std::set<std::string>& with);

/// What a call gives and asks for, so that only its kernels are compiled.
Result<ExpectedCall> expected_call(const Plan& plan, const CallRequest& request);

class MadeCall {
 public:
  /// Refers to the names in `plan`, which has to outlive it. `given` is a file with some of the
  /// inputs, or null. invalid_argument: an unknown name in `with`
  /// or in the file. Throws std::bad_alloc if there is not enough memory.
  static Result<MadeCall> make(const Plan& plan, const CallRequest& request,
                               const attn::SafeTensors* given = nullptr);

  std::span<const attn::NamedTensor> inputs() const { return inputs_; }
  std::span<const attn::NamedTensor> weights() const { return weights_; }
  std::span<const attn::NamedMutableTensor> outputs() const { return outputs_; }

 private:
  std::vector<Floats> memory_;
  std::vector<attn::NamedTensor> inputs_, weights_;
  std::vector<attn::NamedMutableTensor> outputs_;
};

}  // namespace attnc
