// tbb_executor.h - calls on oneTBB's threads. This header alone needs TBB; the library does not.
//
//   #include "attn/runtime/tbb_executor.h"          // and link TBB::tbb
//
//   tbb::task_arena arena(4);
//   attn::TbbExecutor threads(arena);               // or attn::TbbExecutor threads(4);
//   layer.run({...}, {...}, scratch, {.executor = &threads});
//
// A loop may be started from any thread, one of TBB's too: the caller takes part, and while it
// waits it takes no other work of the program's, so a workspace that belongs to its thread stays
// its own. Results are the same bits as with any other executor. TBB allocates small tasks from its
// own memory; with our ThreadPool a call allocates nothing at all.
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
  /// An arena of its own with so many threads, the caller's among them.
  explicit TbbExecutor(int threads)
      : own_(std::make_unique<tbb::task_arena>(threads < 1 ? 1 : threads)), arena_(own_.get()) {}
  /// The application's arena, which has to outlive this.
  explicit TbbExecutor(tbb::task_arena& arena) : arena_(&arena) {}

  int worker_count() const override { return arena_->max_concurrency(); }

  void parallel_for(int count, Task task, void* context) override {
    if (count < 1) return;
    arena_->execute([&] {
      tbb::this_task_arena::isolate([&] {
        // One index a task, claimed as threads come: ours are few and uneven.
        tbb::parallel_for(
            tbb::blocked_range<int>(0, count, 1),
            [&](const tbb::blocked_range<int>& range) {
              // A thread's slot of the arena: below max_concurrency, and no other thread's.
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
