#include "tools/bench/limits.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>

#include "tools/bench/loops.h"
#include "tools/bench/tensors.h"

namespace attnc {
namespace {

double seconds_now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

/// The shortest of `times` runs, in seconds.
template <class Function>
double shortest(int times, const Function& run) {
  double best = 1e30;
  for (int i = 0; i < times; ++i) {
    const double begin = seconds_now();
    run();
    best = std::min(best, seconds_now() - begin);
  }
  return best;
}

double fma_gflops(const Loops& loops, attn::Executor& executor) {
  // About a millisecond a task, many tasks a thread: all threads are busy to the end.
  constexpr int64_t rounds = 150'000;
  const int tasks = 16 * executor.worker_count();
  std::atomic<float> sink = 0;
  const double best = shortest(10, [&] {
    attn::parallel_for(executor, tasks, [&](int, int) {
      sink.store(loops.multiply_add(rounds), std::memory_order_relaxed);
    });
  });
  return loops.operations_a_round * static_cast<double>(rounds) * tasks / best * 1e-9;
}

double read_gbps(const Loops& loops, attn::Executor& executor) {
  // Two parts, each several times the caches: reading one sweeps the other out of them.
  const auto cache = static_cast<size_t>(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
  constexpr size_t chunk = size_t{1} << 20;  // floats
  const size_t part =
      std::clamp(4 * cache, size_t{128} << 20, size_t{1} << 30) / sizeof(float) / chunk * chunk;
  Floats memory(2 * part);
  const auto chunks = static_cast<int>(part / chunk);
  attn::parallel_for(executor, 2 * chunks, [&](int i, int) {
    std::fill_n(memory.data() + static_cast<size_t>(i) * chunk, chunk, 1.0f);
  });
  std::atomic<float> sink = 0;
  size_t which = 0;
  const double best = shortest(8, [&] {
    const float* begin = memory.data() + (which++ % 2) * part;
    attn::parallel_for(executor, chunks, [&](int i, int) {
      sink.store(loops.read(begin + static_cast<size_t>(i) * chunk, chunk),
                 std::memory_order_relaxed);
    });
  });
  return static_cast<double>(part * sizeof(float)) / best * 1e-9;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace

Limits measure_limits(attn::Executor& executor) {
  const Loops loops = widest_loops();
  const int threads = executor.worker_count();
  Limits out;
  out.machine = fmt::format("{}, {}-bit vectors, {} thread{}", processor(), loops.vector_bits,
                            threads, threads == 1 ? "" : "s");
  out.fma_gflops = fma_gflops(loops, executor);
  out.read_gbps = read_gbps(loops, executor);
  return out;
}

}  // namespace attnc
