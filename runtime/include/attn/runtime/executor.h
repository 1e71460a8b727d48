// executor.h - the threads that a call runs on.
//
//   attn::ThreadPool two(2);
//   layer.run({...}, {...}, scratch, {.executor = &two});        // two threads
//   layer.run({...}, {...}, scratch,
//             {.executor = &attn::serial_executor()});           // the caller alone
//   layer.run({...}, {...}, scratch);                            // attn::default_executor()
//
// An application that has its own thread pool can lend it to the runtime:
//
//   struct Lent : attn::Executor {
//     int worker_count() const override { return pool.size(); }
//     void parallel_for(int count, Task task, void* context) override {
//       pool.for_each(count, [&](int i) { task(context, i, pool.this_worker()); });
//     }
//   };
//
// (tbb_executor.h does this for oneTBB.) A program that already calls layers from a parallel loop
// needs no threads inside the calls: each of its threads passes serial_executor() and its own
// workspace, and the call stays on that thread.
//
//   pool.for_each(requests, [&](int i) {
//     thread_local attn::Workspace scratch;
//     status[i] = layer.run({...}, {...}, scratch, {.executor = &attn::serial_executor()});
//   });
//
// The executor alone decides how many threads work on a call. Results are bitwise identical for any
// number of threads. Not here: priorities, affinity, futures.
#pragma once
#include <memory>
#include <type_traits>

namespace attn {

class Executor {
 public:
  /// Runs iteration `index` of a loop on worker `worker`. Must not throw.
  using Task = void (*)(void* context, int index, int worker);

  virtual ~Executor() = default;

  /// At least 1. Must not change during a call: the call's workspace has a part for each worker.
  virtual int worker_count() const = 0;

  /// Calls task(context, i, worker) once for every i in [0, count), in any order and on any
  /// threads, and returns when all of these calls have returned; their writes are then visible to
  /// the caller. `worker` is in [0, worker_count()), and tasks of this loop that run concurrently
  /// have different workers. parallel_for may itself be called from many threads at once. If calls
  /// of layers are to allocate nothing, it must not allocate either.
  virtual void parallel_for(int count, Task task, void* context) = 0;
};

/// Executor::parallel_for for any callable that takes (int index, int worker).
template <class Function>
void parallel_for(Executor& executor, int count, Function&& function) {
  using F = std::remove_reference_t<Function>;
  auto* address = const_cast<std::remove_const_t<F>*>(&function);
  executor.parallel_for(
      count, [](void* f, int index, int worker) { (*static_cast<F*>(f))(index, worker); }, address);
}

/// A small thread pool. The calling thread works too, so a pool of `threads` starts threads - 1 of
/// its own. Idle threads sleep after spinning for some fifty microseconds. Tasks are claimed one by
/// one, which balances uneven ones. Loops of several callers run side by side and share the
/// threads; a task may start a loop. No loop can deadlock, because its caller can finish it without
/// any help.
///
/// A process may fork at any time. In the child the pool has as many workers as before; it starts
/// its own threads with the first loop there. Loops that other threads of the parent were running
/// do not continue in the child. A child that was forked inside a task must not return from that
/// task (it may call layers, and _exit).
class ThreadPool final : public Executor {
 public:
  /// Counts below 1 are taken as 1. If the system refuses a thread, the pool keeps those it got.
  explicit ThreadPool(int threads);
  /// Joins the threads that the pool has in this process. No loop may be running.
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int worker_count() const override;
  void parallel_for(int count, Task task, void* context) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Runs everything on the calling thread.
Executor& serial_executor();

/// A pool of as many threads as this process may run at once, created on first use. On Linux that
/// is the number of processors in the affinity mask of the first caller (taskset,
/// sched_setaffinity, cpusets), or the CPU quota, rounded up, if that is less: the smallest quota
/// of the process's cgroup and of the cgroups above it (versions 1 and 2; containers get such
/// quotas). On other systems it is std::thread::hardware_concurrency(). Changes of the mask or of
/// a quota after the first use have no effect.
Executor& default_executor();

}  // namespace attn
