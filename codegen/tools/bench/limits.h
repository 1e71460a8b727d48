// limits.h - what this machine can do at most, measured: the yardstick of `attnc bench`.
//
//   attn::ThreadPool pool(2);
//   attnc::Limits l = attnc::measure_limits(pool);      // takes some 0.6 seconds
//   l.fma_gflops, l.read_gbps;
//
// Both are the best of several short runs on all of the executor's threads, so a neighbour who
// takes a processor for a moment does not lower them. Not here: bandwidth of caches, writing.
#pragma once
#include <string>

#include "attn/runtime/executor.h"

namespace attnc {

struct Limits {
  std::string machine;    // "AMD EPYC, 512-bit vectors, 2 threads"
  double fma_gflops = 0;  // float32 multiply-adds from registers, two operations each
  double read_gbps = 0;   // 10^9 bytes a second, from memory that no cache holds
};

/// std::bad_alloc where memory ends.
Limits measure_limits(attn::Executor& executor);

}  // namespace attnc
