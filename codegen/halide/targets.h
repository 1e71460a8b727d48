// targets.h - the targets that attnc knows, as targets.def lists them.
//
//   for (const attnc::TargetInfo& t : attnc::targets()) ...
//   if (const attnc::TargetInfo* t = attnc::find_target("avx2")) use(t->vector);
//
// Not here: a target as Halide's (halide_target.h), its schedule (schedule.h).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnc {

struct TargetInfo {
  const char* name;
  const char* machine;  // as LLVM calls it: "x86_64", "aarch64"
  const char* halide;   // Halide's target, without what halide_target() adds
  uint64_t cpu;         // the ATTN_CPU_... bits that it needs
  int vector;           // 32-bit numbers in a vector register
  int registers;        // vector registers
};

/// Whether a library may have variants of the target for processors with one multiply-add pipe and
/// with two: the runtime tells them apart only where there are fused multiply-adds (cpu.h).
bool has_variants_by_pipes(const TargetInfo& target);

/// All targets; for each machine the best one comes first.
std::span<const TargetInfo> targets();
/// Null if there is no target of this name.
const TargetInfo* find_target(std::string_view name);
/// "avx512, avx2, baseline, neon", or the targets of one machine. `last` separates the last one, as
/// in "avx512, avx2 or baseline".
std::string target_list(std::string_view machine = "", std::string_view last = ", ");

/// The machine of a target. Empty for an unknown one.
std::string target_machine(const std::string& target);
/// The machine that this program was built for.
std::string this_machine();
/// The triple of a target's objects ("x86_64-unknown-linux-gnu").
std::string target_triple(const std::string& target);

}  // namespace attnc
