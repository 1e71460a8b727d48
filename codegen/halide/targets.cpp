#include "halide/targets.h"

#include <algorithm>

#include "attn/runtime/kernel_abi.h"

namespace attnc {

namespace {

constexpr TargetInfo table[] = {
#define ATTNC_TARGET(name, machine, halide, cpu, vector, registers) \
  {#name, #machine, halide, cpu, vector, registers},
#include "halide/targets.def"
#undef ATTNC_TARGET
};

}  // namespace

bool has_variants_by_pipes(const TargetInfo& target) { return (target.cpu & ATTN_CPU_FMA) != 0; }

std::span<const TargetInfo> targets() { return table; }

const TargetInfo* find_target(std::string_view name) {
  const auto* t = std::find_if(std::begin(table), std::end(table),
                               [&](const TargetInfo& info) { return name == info.name; });
  return t == std::end(table) ? nullptr : t;
}

std::string target_list(std::string_view machine, std::string_view last) {
  std::vector<std::string_view> names;
  for (const TargetInfo& t : table) {
    if (machine.empty() || machine == t.machine) names.emplace_back(t.name);
  }
  std::string list;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 == names.size() ? last : ", ";
    list += names[i];
  }
  return list;
}

std::string target_machine(const std::string& target) {
  const TargetInfo* t = find_target(target);
  return t ? t->machine : "";
}

std::string target_triple(const std::string& target) {
  return target_machine(target) + "-unknown-linux-gnu";
}

std::string this_machine() {
#if defined(__aarch64__)
  return "aarch64";
#else
  return "x86_64";
#endif
}

}  // namespace attnc
