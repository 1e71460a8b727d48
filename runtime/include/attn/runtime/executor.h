// executor.h - the threads that a call runs on.
//
//   attn::ThreadPool two(2);
//   layer.run({...}, {...}, scratch, {.executor = &two});        // two threads
//   layer.run({...}, {...}, scratch,
//             {.executor = &attn::serial_executor()});           // the caller alone
//   layer.run({...}, {...}, scratch);                            // attn::default_executor()
//
// An application that has a pool lends it:
//
//   struct Lent : attn::Executor {
//     int worker_count() const override { return pool.size(); }
//     void parallel_for(int count, Task task, void* context) override {
//       pool.for_each(count, [&](int i) { task(context, i, pool.this_worker()); });
//     }
//   };
//
// (tbb_executor.h is that for oneTBB.) A program with a loop of its own over many calls needs no
// threads inside of them: each of its threads calls with serial_executor() and a workspace of its
// own, and the call stays on that thread.
//
//   pool.for_each(requests, [&](int i) {
//     thread_local attn::Workspace scratch;
//     status[i] = layer.run({...}, {...}, scratch, {.executor = &attn::serial_executor()});
//   });
//
// How many threads there are is a property of the executor and of nothing else; results are the
// same bits for any number. Not here: priorities, affinity, futures.
#pragma once
#include <memory>
#include <type_traits>

namespace attn {

class Executor {
 public:
  /// Task `index` of a loop, run by `worker`. It does not throw.
  using Task = void (*)(void* context, int index, int worker);

  virtual ~Executor() = default;

  /// At least 1, and the same for as long as a call lasts: a call's workspace has a part for each.
  virtual int worker_count() const = 0;

  /// Calls task(context, i, worker) once for every i in [0, count), in any order, on any threads,
  /// and returns when all have returned; what they wrote is then visible to the caller. `worker` is
  /// in [0, worker_count()), and no two tasks of this loop that run at one time have the same. It
  /// may be called from many threads at once and must not allocate if calls are to allocate
  /// nothing.
  virtual void parallel_for(int count, Task task, void* context) = 0;
};

/// The same for anything that can be called with (int index, int worker).
template <class Function>
void parallel_for(Executor& executor, int count, Function&& function) {
  using F = std::remove_reference_t<Function>;
  auto* address = const_cast<std::remove_const_t<F>*>(&function);
  executor.parallel_for(
      count, [](void* f, int index, int worker) { (*static_cast<F*>(f))(index, worker); }, address);
}

/// A small pool. The calling thread works too, so `threads` of them need threads - 1 more; idle
/// ones sleep after a spin of some ten microseconds. Tasks are claimed one by one, so uneven ones
/// even out. Loops of several callers run side by side and share the threads; a loop inside a task
/// is allowed. None of that can block for ever, as a caller can finish its loop without any help.
///
/// A process may fork at any time. In the child the pool has as many workers as before: threads of
/// its own, which begin with the first loop there. What other threads were doing ends with them; a
/// child that began inside of a task must not return from it (it may call layers, and _exit).
class ThreadPool final : public Executor {
 public:
  /// At least 1. Where the system refuses a thread the pool has as many as it got.
  explicit ThreadPool(int threads);
  /// Waits for its threads, in a child of fork for those that the child has. No loop may be
  /// running.
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int worker_count() const override;
  void parallel_for(int count, Task task, void* context) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The calling thread alone.
Executor& serial_executor();

/// A pool of as many threads as this process may run at once, made on first use. On Linux those are
/// the processors in the affinity mask of the thread that asks first (taskset, sched_setaffinity,
/// cpusets), or as many as the CPU quotas of the process's cgroup and of those above it pay for,
/// rounded up, where that is less (cgroup versions 1 and 2: what containers are given). Elsewhere
/// it is std::thread::hardware_concurrency. What changes after the first use changes nothing here.
Executor& default_executor();

}  // namespace attn
