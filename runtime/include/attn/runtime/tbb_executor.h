// tbb_executor.h - runs calls on oneTBB's threads. Only this header needs TBB, not the library.
//
//   #include "attn/runtime/tbb_executor.h"          // and link TBB::tbb
//
//   tbb::task_arena arena(4);
//   attn::TbbExecutor threads(arena);               // or attn::TbbExecutor threads(4);
//   layer.run({...}, {...}, scratch, {.executor = &threads});
//
// A loop may be started from any thread, including one of TBB's. The caller takes part in it. While
// it waits it does not pick up unrelated tasks of the program, so a workspace that belongs to its
// thread cannot be used by a second call meanwhile. Results are bitwise identical to those of any
// other executor. TBB allocates its small tasks from its own memory pool; with attn::ThreadPool a
// call allocates nothing at all.
#pragma once
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <memory>

#include "attn/runtime/executor.h"

namespace attn {

class TbbExecutor final : public Executor {
 public:
  /// Makes its own arena of `threads` threads, including the calling one.
  explicit TbbExecutor(int threads)
      : own_(std::make_unique<tbb::task_arena>(threads < 1 ? 1 : threads)), arena_(own_.get()) {}
  /// Uses the application's arena, which must outlive this object.
  explicit TbbExecutor(tbb::task_arena& arena) : arena_(&arena) {}

  int worker_count() const override { return arena_->max_concurrency(); }

  void parallel_for(int count, Task task, void* context) override {
    if (count < 1) return;
    arena_->execute([&] {
      tbb::this_task_arena::isolate([&] {
        // One index per task, claimed dynamically: the runtime's loops are short and uneven.
        tbb::parallel_for(
            tbb::blocked_range<int>(0, count, 1),
            [&](const tbb::blocked_range<int>& range) {
              // The thread's slot in the arena: below max_concurrency, and unique to the thread.
              const int worker = tbb::this_task_arena::current_thread_index();
              for (int i = range.begin(); i != range.end(); ++i) task(context, i, worker);
            },
            tbb::simple_partitioner());
      });
    });
  }

 private:
  std::unique_ptr<tbb::task_arena> own_;
  tbb::task_arena* arena_;
};

}  // namespace attn
