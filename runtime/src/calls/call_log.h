// call_log.h - a file of the calls that a program makes, for tuning: their shapes and times.
//
//   ATTN_CALL_LOG=calls.jsonl app        then: attnc tune app/section.o --calls calls.jsonl
//
// A line is a JSON object:
//   {"layer":"model::encoder","fingerprint":"0123456789abcdef","target":"avx512","threads":2,
//    "shape":"batch=1,query=512,key=512,feature=768","with":["use_causal_mask"],"scores":false,
//    "nanoseconds":8912345}
// `with` names the optional inputs that were given. Lines are appended whole, so several processes
// may write one file.
#pragma once
#include <cstdint>
#include <span>

#include "attn/runtime/tensor.h"
#include "calls/state.h"

namespace attn {

/// Whether there is a log: ATTN_CALL_LOG names a file that can be written. Read at the first call,
/// once; without a log a call costs one test.
bool logs_calls();

/// Appends a call that was made. Drops it if there is no memory or no space for it.
void log_call(const AnyLayer::State& layer, std::span<const Tensor> inputs,
              std::span<const MutableTensor> outputs, int threads, int64_t nanoseconds) noexcept;

}  // namespace attn
