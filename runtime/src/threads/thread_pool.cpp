// A loop is a Job on its caller's stack, in a list that the pool's threads search. One mutex guards
// the list and the record of who works on what; each thread takes it a few times per loop. Tasks
// are claimed from the job's own counter, without the mutex. fork waits for that mutex (at_fork.h);
// a child forgets the jobs of its parent and starts its own threads with its first loop.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <thread>

#include "attn/runtime/executor.h"
#include "threads/at_fork.h"
#include "threads/processors.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace attn {
namespace {

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits until `done()`, for about as long as waking a thread takes, and returns whether it is. So
/// the loops of one call, which follow each other closely, find the threads awake, and an idle pool
/// soon costs nothing. Waking takes 5 to 60 microseconds, most of it where a virtual machine has
/// halted the processor.
template <class Done>
bool spin_until(Done&& done) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point end{};
  for (;;) {
    for (int i = 0; i < 32; ++i) {  // 1 microsecond: a pause takes 40 to 140 cycles
      if (done()) return true;
      pause();
    }
    const auto now = Clock::now();
    if (end == Clock::time_point{}) end = now + std::chrono::microseconds(50);
    if (now >= end) return false;
  }
}

/// Locks a mutex that others hold only for moments. A thread that finds it locked would sleep, and
/// waking it takes longer than all of those moments together.
void lock_soon(std::unique_lock<std::mutex>& lock) {
  if (!spin_until([&] { return lock.try_lock(); })) lock.lock();
}

/// As many threads as Linux can have at most (PID_MAX_LIMIT is 2^22), so that the list of a pool's
/// threads always fits in memory.
constexpr int most_threads = 1 << 22;

struct Job {
  Executor::Task task = nullptr;
  void* context = nullptr;
  int count = 0;
  std::atomic<int64_t> next{0};  // in the end exceeds `count` by one per helper and caller
  std::atomic<int> helpers{0};   // threads of the pool that work on it; changed with the mutex held
  bool caller_sleeps = false;    // guarded by the mutex
  std::condition_variable finished;
  Job* before = nullptr;
  Job* after = nullptr;

  bool open() const { return next.load(std::memory_order_relaxed) < count; }
  void work(int worker) {
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
      task(context, static_cast<int>(i), worker);
    }
  }
};

}  // namespace

struct ThreadPool::State : AtFork {
  struct Thread {
    pthread_t id;
    State* state;
    int worker;
  };

  std::condition_variable wake;
  Job* jobs = nullptr;
  int sleepers = 0;
  bool stop = false;
  std::atomic<unsigned> posted{0};  // number of jobs so far, which spinning threads watch
  int helpers;                      // threads that the pool has besides its callers
  int started = 0;                  // of these, in this process; guarded by the mutex, as the next
  bool all_asked = false;
  std::unique_ptr<Thread[]> threads;

  explicit State(int count) : helpers(count), threads(new Thread[static_cast<size_t>(count)]) {
    in_child = forget_threads;
    add_at_fork(*this);
    std::lock_guard lock(mutex);
    start();
    helpers = started;
  }
  ~State() {
    {
      std::lock_guard lock(mutex);
      stop = true;
      posted.fetch_add(1, std::memory_order_relaxed);
    }
    wake.notify_all();
    for (int i = 0; i < started; ++i) pthread_join(threads[static_cast<size_t>(i)].id, nullptr);
    remove_at_fork(*this);
  }

  /// Called with the mutex held, once per process: a thread that the system refuses because of a
  /// limit, it would refuse again.
  void start() {
    all_asked = true;
    while (started < helpers) {
      Thread& thread = threads[static_cast<size_t>(started)];
      thread.state = this;
      thread.worker = started + 1;
      const auto run = [](void* me) -> void* {
        static_cast<Thread*>(me)->state->run_thread(static_cast<Thread*>(me)->worker);
        return nullptr;
      };
      if (pthread_create(&thread.id, nullptr, run, &thread) != 0) return;
      ++started;
    }
  }

  /// In a child, forgets the parent's threads and what they were working on and waiting for.
  static void forget_threads(AtFork& at_fork) {
    auto& state = static_cast<State&>(at_fork);
    new (&state.wake) std::condition_variable;  // the old one counts threads that are gone
    state.jobs = nullptr;
    state.sleepers = state.started = 0;
    state.all_asked = false;
  }

  /// The open job with the fewest helpers, so that concurrent callers share the threads evenly.
  Job* pick() const {
    Job* best = nullptr;
    for (Job* job = jobs; job != nullptr; job = job->after) {
      if (!job->open()) continue;
      if (best == nullptr || job->helpers.load(std::memory_order_relaxed) <
                                 best->helpers.load(std::memory_order_relaxed)) {
        best = job;
      }
    }
    return best;
  }

  void run_thread(int worker) {
    std::unique_lock lock(mutex);
    while (!stop) {
      if (Job* job = pick()) {
        job->helpers.fetch_add(1, std::memory_order_relaxed);
        lock.unlock();
        job->work(worker);
        lock_soon(lock);
        // The caller may return and destroy the job as soon as it can see a helper count of 0 and
        // take the mutex, so the job is not touched after the mutex is released.
        if (job->helpers.fetch_sub(1, std::memory_order_release) == 1 && job->caller_sleeps) {
          job->finished.notify_one();
        }
        continue;
      }
      const unsigned seen = posted.load(std::memory_order_relaxed);
      lock.unlock();
      spin_until([&] { return posted.load(std::memory_order_relaxed) != seen; });
      lock_soon(lock);
      if (stop || pick() != nullptr) continue;
      ++sleepers;
      wake.wait(lock);
      --sleepers;
    }
  }

  void run_job(Job& job) {
    std::unique_lock lock(mutex, std::defer_lock);
    lock_soon(lock);
    if (!all_asked) start();
    job.after = jobs;
    if (jobs != nullptr) jobs->before = &job;
    jobs = &job;
    const int wanted = std::min(job.count - 1, sleepers);
    const bool all = wanted == started;
    lock.unlock();
    // Without the mutex, which those who see it take next.
    posted.fetch_add(1, std::memory_order_relaxed);
    if (all) {
      wake.notify_all();
    } else {
      for (int i = 0; i < wanted; ++i) wake.notify_one();
    }
    job.work(0);
    // No task is left to claim, but helpers may still be running theirs.
    spin_until([&] { return job.helpers.load(std::memory_order_relaxed) == 0; });
    lock_soon(lock);
    job.caller_sleeps = true;
    job.finished.wait(lock, [&] { return job.helpers.load(std::memory_order_acquire) == 0; });
    (job.before != nullptr ? job.before->after : jobs) = job.after;
    if (job.after != nullptr) job.after->before = job.before;
  }
};

ThreadPool::ThreadPool(int threads)
    : state_(std::make_unique<State>(std::clamp(threads, 1, most_threads) - 1)) {}

ThreadPool::~ThreadPool() = default;

int ThreadPool::worker_count() const { return state_->helpers + 1; }

void ThreadPool::parallel_for(int count, Task task, void* context) {
  if (count == 1 || state_->helpers == 0) {
    for (int i = 0; i < count; ++i) task(context, i, 0);
    return;
  }
  if (count < 1) return;
  Job job;
  job.task = task;
  job.context = context;
  job.count = count;
  state_->run_job(job);
}

namespace {

class Serial final : public Executor {
 public:
  int worker_count() const override { return 1; }
  void parallel_for(int count, Task task, void* context) override {
    for (int i = 0; i < count; ++i) task(context, i, 0);
  }
};

/// Constant-initialised, and never destroyed.
constinit union Kept {
  Serial serial{};
  ~Kept() {}
} kept;

}  // namespace

Executor& serial_executor() { return kept.serial; }

Executor& default_executor() {
  // Never destroyed: objects that are destroyed at the program's end may still call layers. Not a
  // static local: a child of fork would wait forever for one that another thread was initialising.
  static constinit std::atomic<ThreadPool*> made{nullptr};
  ThreadPool* pool = made.load(std::memory_order_acquire);
  if (pool == nullptr) {
    auto mine = std::make_unique<ThreadPool>(usable_processors());
    if (made.compare_exchange_strong(pool, mine.get(), std::memory_order_acq_rel)) {
      pool = mine.release();
    }
  }
  return *pool;
}

}  // namespace attn
