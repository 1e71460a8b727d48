// path_uses.h - what the kernel of a path is called with, and in which form.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// What a path uses, in the order of its arguments; outputs come after.
struct PathUses {
  std::vector<int> inputs, packings;
  std::vector<std::pair<int, int>> lengths;  // of single axes: kind, number
};
PathUses uses_of(const Path& path);

/// ATTN_FORM_... of an input or a value.
uint8_t form_of(Layout layout);
uint8_t form_of_input(const Plan& plan, const Path& path, int input);

}  // namespace attnc
