#include "tools/bench/limits.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <vector>

#include "tools/bench/clock.h"
#include "tools/bench/loops.h"
#include "tools/bench/tensors.h"

namespace attnc {
namespace {

/// Pins the calling thread to the processor with its worker's number for as long as the object
/// lives, if there are as many workers as processors: on a busy machine two threads could otherwise
/// share a processor for long. Fewer workers are left to the scheduler, which knows which
/// processors are hyperthreads of one core.
class Pinned {
 public:
  Pinned(int worker, int workers) {
    if (sched_getaffinity(0, sizeof(before_), &before_) != 0 || CPU_COUNT(&before_) != workers)
      return;
    int cpu = 0;
    for (int n = -1; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before_) && ++n == worker) break;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    set_ = sched_setaffinity(0, sizeof(one), &one) == 0;
  }
  ~Pinned() {
    if (set_) sched_setaffinity(0, sizeof(before_), &before_);
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  cpu_set_t before_;
  bool set_ = false;
};

/// The units of work per second that all threads together finish in their best stretch of some
/// milliseconds. Threads run independently for a while and record when they finish each unit, which
/// takes some ten microseconds. So no thread waits for one that lost its processor to another
/// process, and even on a busy machine there is a stretch in which all threads had one.
template <class Work>
double best_rate(attn::Executor& executor, const Work& work) {
  constexpr double length = 0.25, stretch = 0.003;
  std::vector<std::vector<double>> finished(static_cast<size_t>(executor.worker_count()));
  for (auto& own : finished) own.reserve(100'000);
  const double end = seconds_now() + length;
  attn::parallel_for(executor, executor.worker_count(), [&](int, int worker) {
    auto& own = finished[static_cast<size_t>(worker)];
    const Pinned pinned(worker, executor.worker_count());
    do {
      work();
      own.push_back(seconds_now());
    } while (own.back() < end);
  });
  std::vector<double> all;
  for (const auto& own : finished) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  double best = static_cast<double>(all.size()) / (all.back() - (end - length));
  for (size_t from = 0, to = 0; to < all.size(); ++to) {
    while (all[to] - all[from + 1] >= stretch) ++from;
    const double took = all[to] - all[from];
    if (took >= stretch) best = std::max(best, static_cast<double>(to - from) / took);
  }
  return best;
}

double fma_gflops(const Loops& loops, attn::Executor& executor) {
  constexpr int64_t rounds = 4'000;
  std::atomic<float> sink = 0;
  const auto work = [&] { sink.store(loops.multiply_add(rounds), std::memory_order_relaxed); };
  return loops.operations_a_round * static_cast<double>(rounds) * best_rate(executor, work) * 1e-9;
}

double read_gbps(const Loops& loops, attn::Executor& executor) {
  // Several times the size of the caches, read in a cycle: by the time a chunk is read again, the
  // others have evicted it.
  const auto cache = static_cast<size_t>(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
  constexpr size_t chunk = size_t{1} << 16;  // floats
  const size_t chunks =
      std::clamp(8 * cache, size_t{256} << 20, size_t{2} << 30) / sizeof(float) / chunk;
  Floats memory(chunks * chunk);
  attn::parallel_for(executor, static_cast<int>(chunks), [&](int i, int) {
    std::fill_n(memory.data() + static_cast<size_t>(i) * chunk, chunk, 1.0f);
  });
  std::atomic<float> sink = 0;
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    const size_t at = next.fetch_add(1, std::memory_order_relaxed) % chunks;
    sink.store(loops.read(memory.data() + at * chunk, chunk), std::memory_order_relaxed);
  };
  return static_cast<double>(chunk * sizeof(float)) * best_rate(executor, work) * 1e-9;
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
  out.processor = processor();
  out.machine = fmt::format("{}, {}-bit vectors, {} thread{}", out.processor, loops.vector_bits,
                            threads, threads == 1 ? "" : "s");
  out.l2_kib = static_cast<int>(std::max(0L, sysconf(_SC_LEVEL2_CACHE_SIZE)) / 1024);
  out.fma_gflops = fma_gflops(loops, executor);
  out.read_gbps = read_gbps(loops, executor);
  return out;
}

}  // namespace attnc
