// show_map.h - which blocks of a call the kernels of a plan skip: `attnc show --stage plan
// --shape`.
#pragma once
#include <string>

#include "attn/runtime/status.h"
#include "plan/plan.h"
#include "tools/commands.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// The text that follows the plan or, with --json, replaces it. Writes the picture of -o.
Result<std::string> map_text(const Plan& plan, const ShowOptions& options);

/// An error if an option for maps is given without a map.
Status check_map_options(const ShowOptions& options);

}  // namespace attnc
