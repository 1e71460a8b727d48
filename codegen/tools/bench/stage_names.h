// stage_names.h - which projection each call of a shared kernel is.
//
//   StageNames names = *stage_names(layer, "avx2", schedules);
//   names["project_rows_float32_to_list_float32_bias_4x2x8_task128"]
//       // {"projected_value", "projected_query"}: in the order of a call
//
// Call this before the process starts any thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tools/compiler.h"

namespace attnc {

/// By the kernel's name (ProjectionKernel::name).
using StageNames = std::map<std::string, std::vector<std::string>>;

/// For a layer that is compiled for one call (SourceLayer::calls), for a target's variants.
Result<StageNames> stage_names(const SourceLayer& layer, const std::string& target,
                               const ScheduleSource& schedules);

}  // namespace attnc
