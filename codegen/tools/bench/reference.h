// reference.h - a case in double, as plainly as it can be written: some rows of the output.
//
//   std::vector<int64_t> rows = attnc::sampled_rows(c, 64);
//   attnc::RowError worst = attnc::largest_error(c, tensors, rows, pool);
//   worst.error;                        // absolute; infinite where a number is not one
//
// Shares nothing with the generator or the runtime but the threads it may use.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attn/runtime/executor.h"
#include "tools/bench/tensors.h"

namespace attnc {

/// At most `count` rows of the output, the first and the last among them, the others by chance (the
/// same every time); sorted. Row r is query r % T of head r / T % Hq of batch r / T / Hq; of a
/// whole layer query r % T of batch r / T.
std::vector<int64_t> sampled_rows(const BenchCase& c, int64_t count);

struct RowError {
  double error = 0;
  int64_t row = 0;
  std::string where;  // "[batch 0, head 3, query 17]"
};
/// Over those rows, what the output has against what it should have.
RowError largest_error(const BenchCase& c, const BenchTensors& t, std::span<const int64_t> rows,
                       attn::Executor& executor);

}  // namespace attnc
