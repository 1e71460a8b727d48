// attention_merge.h - the result of attention whose keys were split into tasks.
#pragma once
#include "halide/attention_operands.h"

namespace attnc {

/// Merges `partials`(column, row, key head, task, batch) over `tasks` and makes the stage's result.
/// Row `query * (heads / key_heads) + i` is query head i of the key head. The columns are those of
/// the values, then the maximum of the task's scores and the sum of their exponentials less it;
/// with sigmoids the latter two are not read. Vectors have `lanes` numbers.
void merge_partials(Context& context, const Attention& stage, Halide::Func partials,
                    const Halide::Expr& queries, const Halide::RDom& tasks, int lanes);

}  // namespace attnc
