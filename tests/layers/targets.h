// targets.h - the targets that a library was built for.
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/cpu.h"
#include "attn/runtime/kernel_abi.h"

namespace attn_test {

/// All targets of a layer, best first.
inline std::vector<std::string> targets_of(const attn_layer_table& table) {
  std::vector<std::string> names;
  for (int i = 0; i < table.variant_count; ++i) names.emplace_back(table.variants[i].target);
  return names;
}

/// The targets that this processor can run.
inline std::vector<std::string> targets_here(const attn_layer_table& table) {
  std::vector<std::string> names;
  for (int i = 0; i < table.variant_count; ++i) {
    if ((table.variants[i].cpu & ~attn::cpu_features()) == 0)
      names.emplace_back(table.variants[i].target);
  }
  return names;
}

}  // namespace attn_test
