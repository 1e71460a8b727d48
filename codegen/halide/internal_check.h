// internal_check.h - checks what must hold in a plan that our own passes made.
#pragma once
#include <stdexcept>
#include <string>

namespace attnc {

/// Throws std::logic_error; emit_kernels.cpp turns it into a Status that shows the plan.
inline void internal_check(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace attnc
