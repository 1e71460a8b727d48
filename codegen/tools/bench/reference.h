// reference.h - computes some rows of a case's output in double, as plainly as possible.
//
//   std::vector<int64_t> rows = attnc::sampled_rows(c, 64);
//   attnc::RowError worst = attnc::largest_error(c, tensors, rows, pool);
//   worst.error;                        // absolute; infinite where the output is NaN
//
// Shares no code with the generator or the runtime except the executor.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attn/runtime/executor.h"
#include "tools/bench/tensors.h"

namespace attnc {

/// At most `count` rows of the output, sorted: the first, the last, and others drawn at random (the
/// same every time). Row r is query r % T of head r / T % Hq of sequence r / T / Hq; in a whole
/// layer it is query r % T of sequence r / T.
std::vector<int64_t> sampled_rows(const BenchCase& c, int64_t count);

struct RowError {
  double error = 0;
  int64_t row = 0;
  std::string where;  // "[batch 0, head 3, query 17]"
};
/// The largest error of the output over these rows.
RowError largest_error(const BenchCase& c, const BenchTensors& t, std::span<const int64_t> rows,
                       attn::Executor& executor);

}  // namespace attnc
