// show_map.h - which blocks of a call the kernels of a plan skip: `attnc show --stage plan
// --shape`.
#pragma once
#include <string>

#include "attn/runtime/status.h"
#include "plan/plan.h"
#include "tools/commands.h"

namespace attnc {

/// What follows the plan, or with --json stands in its place; writes the picture of -o.
Result<std::string> map_text(const Plan& plan, const ShowOptions& options);

/// Whether an option of maps came without a map; a sentence.
Status check_map_options(const ShowOptions& options);

}  // namespace attnc
