// call_log.h - reads what a program's calls were: the file that the runtime writes where
// ATTN_CALL_LOG names one (runtime/src/calls/call_log.h).
//
//   auto calls = attnc::read_call_log("calls.jsonl");
//   calls->front().shape;   // "batch=1,query=512,key=512,feature=768"
#pragma once
#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc {

/// Calls of a layer that differ in their time alone.
struct LoggedCall {
  uint64_t fingerprint = 0;  // of the layer's graph
  std::string shape;         // as --shape takes it
  std::set<std::string> with;
  bool scores = false;
  int64_t count = 0;
  double seconds = 0;  // of all of them
};

/// All kinds of calls, those that took longest first. A last line without an end is left out: its
/// program may be writing it. invalid_file: another line is none of a call log.
attn::Result<std::vector<LoggedCall>> read_call_log(const std::string& file);

}  // namespace attnc
