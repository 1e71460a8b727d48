// path_uses.h - the arguments of a path's kernel, and their forms.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// What a path reads, in the order of the kernel's arguments; outputs follow.
struct PathUses {
  std::vector<int> inputs, packings;
  std::vector<std::pair<int, int>> lengths;  // of single axes: kind, number
};
PathUses uses_of(const Path& path);

/// The ATTN_FORM_... of a layout or an input.
uint8_t form_of(Layout layout);
uint8_t form_of_input(const Plan& plan, const Path& path, int input);

}  // namespace attnc
