#include "loading/pipes.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "attn/runtime/cpu.h"
#include "attn/runtime/kernel_abi.h"
#include "text.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace attn {
namespace {

struct KnownModels {
  std::string_view vendor;
  int family, first_model, last_model;
  Pipes pipes;
};
constexpr std::string_view amd = "AuthenticAMD", intel = "GenuineIntel";
// Not here, so measured: 06_55 (Skylake-SP to Cooper Lake), some of which have a single pipe of 512
// bits, Zen 5 for laptops, and hybrids, whose cores differ.
constexpr KnownModels known_models[] = {
    {amd, 0x17, 0x30, 0xff, {2, 0}},    // Zen 2
    {amd, 0x19, 0x00, 0xff, {2, 1}},    // Zen 3, Zen 4: a vector of 512 bits takes both pipes
    {amd, 0x1a, 0x00, 0x1f, {2, 2}},    // Zen 5, servers
    {amd, 0x1a, 0x40, 0x4f, {2, 2}},    // Zen 5, desktops
    {intel, 0x06, 0x6a, 0x6a, {2, 2}},  // Ice Lake-SP
    {intel, 0x06, 0x8f, 0x8f, {2, 2}},  // Sapphire Rapids
    {intel, 0x06, 0xcf, 0xcf, {2, 2}},  // Emerald Rapids
    {intel, 0x06, 0xad, 0xae, {2, 2}},  // Granite Rapids
    {intel, 0x06, 0x7d, 0x7e, {2, 1}},  // Ice Lake
    {intel, 0x06, 0x8c, 0x8d, {2, 1}},  // Tiger Lake
    {intel, 0x06, 0xa7, 0xa7, {2, 1}},  // Rocket Lake
};

#if defined(__x86_64__)

// In assembly, so that a build without optimisation measures the same: 12 multiply-adds hide their
// latency of 4 or 5 cycles. All numbers are zero, as denormal ones can be slow.
#define ATTN_EACH(what) \
  what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10) what(11) what(12)
#define ATTN_ZERO(n) "vxorps %%xmm" #n ", %%xmm" #n ", %%xmm" #n "\n"
#define ATTN_MULTIPLY_ADD_256(n) "vfmadd231ps %%ymm0, %%ymm0, %%ymm" #n "\n"
#define ATTN_MULTIPLY_ADD_512(n) "vfmadd231ps %%zmm0, %%zmm0, %%zmm" #n "\n"
#define ATTN_ADD(n) "add %2, %0\n"
#define ATTN_MULTIPLY_ADDS(each)                                                               \
  asm volatile("vxorps %%xmm0, %%xmm0, %%xmm0\n" ATTN_EACH(ATTN_ZERO) "1:\n" ATTN_EACH(        \
                   each) "dec %0\njnz 1b\nvzeroupper\n"                                        \
               : "+r"(rounds)                                                                  \
               :                                                                               \
               : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", \
                 "xmm9", "xmm10", "xmm11", "xmm12")

void multiply_adds_256(int64_t rounds) { ATTN_MULTIPLY_ADDS(ATTN_MULTIPLY_ADD_256); }
void multiply_adds_512(int64_t rounds) { ATTN_MULTIPLY_ADDS(ATTN_MULTIPLY_ADD_512); }

/// As many additions, each of which waits for the one before. Of registers: recent processors do
/// not execute additions of constants.
void dependent_adds(int64_t rounds) {
  int64_t sum = 0;
  const int64_t step = rounds;
  asm volatile("1:\n" ATTN_EACH(ATTN_ADD) "dec %1\njnz 1b\n"
               : "+&r"(sum), "+&r"(rounds)
               : "r"(step)
               : "cc");
}

#undef ATTN_EACH
#undef ATTN_ZERO
#undef ATTN_MULTIPLY_ADD_256
#undef ATTN_MULTIPLY_ADD_512
#undef ATTN_ADD
#undef ATTN_MULTIPLY_ADDS

#endif

/// What was measured for 256 and 512 bits; 0: nothing yet. Atomic and not a static local: a child of
/// fork would wait forever for one that another thread was initialising. Two threads may both
/// measure.
std::atomic<int> measured_before[2];

int pipes_here(bool of_512) {
  const Pipes known = known_pipes(cpu_model());
  if (const int pipes = of_512 ? known.of_512 : known.of_256; pipes > 0) return pipes;
  std::atomic<int>& measured = measured_before[of_512];
  if (measured.load(std::memory_order_relaxed) == 0)
    measured.store(measured_pipes(of_512), std::memory_order_relaxed);
  return measured.load(std::memory_order_relaxed);
}

}  // namespace

CpuModel cpu_model() {
  CpuModel cpu;
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d) == 0) return cpu;
  for (const unsigned word : {b, d, c}) {
    char letters[4];
    std::memcpy(letters, &word, sizeof letters);
    cpu.vendor.append(letters, sizeof letters);
  }
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return cpu;
  // A family of 15 or more, and a model of 16 or more, have a second part.
  const unsigned family = a >> 8 & 15, model = a >> 4 & 15;
  cpu.family = static_cast<int>(family == 15 ? family + (a >> 20 & 255) : family);
  cpu.model = static_cast<int>(model + (a >> 16 & 15) * 16);
#endif
  return cpu;
}

Pipes known_pipes(const CpuModel& cpu) {
  for (const KnownModels& known : known_models) {
    if (cpu.vendor == known.vendor && cpu.family == known.family &&
        cpu.model >= known.first_model && cpu.model <= known.last_model) {
      return known.pipes;
    }
  }
  return {};
}

int measured_pipes(bool of_512) {
#if defined(__x86_64__)
  using Clock = std::chrono::steady_clock;
  constexpr int64_t rounds = 2'000;  // some 5 microseconds
  // The least times: other processes take the processor for a while, and some processors start
  // slowly with wide vectors. In turns, as clocks change.
  Clock::duration multiply_adds = Clock::duration::max(), adds = Clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const Clock::time_point begin = Clock::now();
    of_512 ? multiply_adds_512(rounds) : multiply_adds_256(rounds);
    const Clock::time_point middle = Clock::now();
    dependent_adds(rounds);
    const Clock::time_point end = Clock::now();
    multiply_adds = std::min(multiply_adds, middle - begin);
    adds = std::min(adds, end - middle);
  }
  return 2 * adds > 3 * multiply_adds ? 2 : 1;
#else
  (void)of_512;
  return 1;
#endif
}

Result<int> cpu_pipes(uint64_t features) {
  const char* named = std::getenv("ATTN_PROCESSOR");
  const bool is_named = named != nullptr && *named != 0;
  const auto name = std::find(pipe_names.begin(), pipe_names.end(),
                              std::string_view(is_named ? named : pipe_names[0]));
  if (name == pipe_names.end()) {
    return Status(
        StatusCode::invalid_argument,
        text("ATTN_PROCESSOR is ", quoted(named), ", expected ", pipe_names[0], ", ", pipe_names[1],
             " or ", pipe_names[2], ": unset it, and the processor is recognised"));
  }
  if ((features & ATTN_CPU_FMA) == 0) return 0;
  if (is_named) return static_cast<int>(name - pipe_names.begin());
  return pipes_here((features & ATTN_CPU_AVX512) != 0);
}

}  // namespace attn
