// pipes.h - how cpu_pipes (cpu.h) finds out. Exposed for tests.
#pragma once
#include <string>

namespace attn {

struct CpuModel {
  std::string vendor;  // "GenuineIntel", "AuthenticAMD"
  int family = 0, model = 0;
};
/// Of this processor; without a vendor on anything but x86-64.
CpuModel cpu_model();

/// Multiply-add pipes for vectors of 256 and of 512 bits; 0: not known.
struct Pipes {
  int of_256 = 0, of_512 = 0;
};
/// Those of models all of which have the same number.
Pipes known_pipes(const CpuModel& cpu);

/// 1 or 2, by the time of multiply-adds that do not depend on each other, beside that of additions
/// that do: one of those takes a cycle. The processor has to have such vectors.
int measured_pipes(bool of_512);

}  // namespace attn
