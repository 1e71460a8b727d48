// Layers on oneTBB's threads: the contract of executor.h, and the same bits as with our own pool.
#include "attn/runtime/tbb_executor.h"

#include <gtest/gtest.h>
#include <tbb/parallel_for.h>

#include <atomic>
#include <thread>
#include <vector>

#include "fake_layer.h"

namespace {

void check_loop(attn::Executor& executor, int count) {
  std::vector<std::atomic<int>> ran(static_cast<size_t>(count));
  std::vector<std::atomic<bool>> busy(static_cast<size_t>(executor.worker_count()));
  std::atomic<int> wrong{0};
  attn::parallel_for(executor, count, [&](int i, int worker) {
    if (worker < 0 || worker >= executor.worker_count()) {
      ++wrong;
      return;
    }
    if (busy[static_cast<size_t>(worker)].exchange(true)) ++wrong;
    ++ran[static_cast<size_t>(i)];
    busy[static_cast<size_t>(worker)] = false;
  });
  EXPECT_EQ(wrong, 0);
  for (auto& r : ran) ASSERT_EQ(r, 1);
}

TEST(TbbExecutor, EveryTaskRunsOnceAsAWorkerOfItsOwn) {
  for (int threads : {0, 1, 2, 5}) {
    attn::TbbExecutor executor(threads);
    EXPECT_EQ(executor.worker_count(), threads < 1 ? 1 : threads);
    for (int count : {0, 1, 2, 7, 500}) check_loop(executor, count);
  }
  tbb::task_arena arena(3);
  attn::TbbExecutor lent(arena);
  EXPECT_EQ(lent.worker_count(), 3);
  check_loop(lent, 100);
}

TEST(TbbExecutor, ManyCallersShareIt) {
  attn::TbbExecutor executor(3);
  std::vector<std::thread> callers;
  for (int c = 0; c < 6; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) check_loop(executor, 1 + i % 17);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(TbbExecutor, ALayerGivesTheSameBits) {
  fake::Call serial, parallel;
  const attn::AnyLayer layer = serial.load({.target = "plain"});
  attn::TbbExecutor executor(4);
  attn::Workspace scratch;
  auto run = [&](fake::Call& call, attn::Executor& on) {
    const attn::Status s = layer.run({{"query", call.q()}, {"value", call.v()}, {"key", call.k()}},
                                     {{"output", call.o()}}, scratch, {.executor = &on});
    ASSERT_TRUE(s.ok()) << s.message();
  };
  run(serial, attn::serial_executor());
  for (int i = 0; i < 20; ++i) {
    run(parallel, executor);
    ASSERT_EQ(serial.output, parallel.output);
  }
}

TEST(TbbExecutor, CallsFromTbbsOwnLoopKeepTheirWorkspaces) {
  fake::Call expected;
  const attn::AnyLayer layer = expected.load({.target = "plain"});
  attn::Workspace first;
  ASSERT_TRUE(layer
                  .run({{"query", expected.q()}, {"value", expected.v()}},
                       {{"output", expected.o()}}, first)
                  .ok());
  tbb::task_arena arena(4);
  attn::TbbExecutor executor(arena);
  // One workspace per thread: if a caller took another call while it waits for its own, it would
  // find the workspace in use.
  std::vector<attn::Workspace> scratch(static_cast<size_t>(arena.max_concurrency()));
  std::atomic<int> wrong{0};
  arena.execute([&] {
    tbb::parallel_for(0, 200, [&](int) {
      fake::Call call;
      const auto slot = static_cast<size_t>(tbb::this_task_arena::current_thread_index());
      const attn::Status s =
          layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}},
                    scratch[slot], {.executor = &executor});
      if (!s.ok() || call.output != expected.output) ++wrong;
    });
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
