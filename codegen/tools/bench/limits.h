// limits.h - measures what this machine can do at most: the yardstick of `attnc bench`.
//
//   attn::ThreadPool pool(2);
//   attnc::Limits l = attnc::measure_limits(pool);      // takes about 0.6 seconds
//   l.fma_gflops, l.read_gbps;
//
// Both are the best rate over a few milliseconds on all of the executor's threads, so another
// process that takes a processor for a moment does not lower them. Not here: bandwidth of caches,
// writing.
#pragma once
#include <string>

#include "attn/runtime/executor.h"

namespace attnc {

struct Limits {
  std::string processor;  // "AMD EPYC"
  std::string machine;    // "AMD EPYC, 512-bit vectors, 2 threads"
  int l2_kib = 0;         // the second-level cache of a core; 0: the system does not say
  double fma_gflops = 0;  // float32 multiply-adds from registers, two operations each
  double read_gbps = 0;   // 10^9 bytes a second, from memory that no cache holds
};

/// Throws std::bad_alloc if there is not enough memory.
Limits measure_limits(attn::Executor& executor);

}  // namespace attnc
