#include "attn/runtime/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace {

using attn::Executor;
using attn::ThreadPool;

/// Runs a loop and checks that every task runs once, and that no two concurrent tasks have the same
/// worker.
void check_loop(Executor& executor, int count) {
  std::vector<std::atomic<int>> ran(static_cast<size_t>(count));
  std::vector<std::atomic<bool>> busy(static_cast<size_t>(executor.worker_count()));
  std::vector<int> plain(static_cast<size_t>(count));  // not atomic: must be visible afterwards
  std::atomic<int> wrong{0};
  attn::parallel_for(executor, count, [&](int i, int worker) {
    if (worker < 0 || worker >= executor.worker_count()) {
      ++wrong;
      return;
    }
    if (busy[static_cast<size_t>(worker)].exchange(true)) ++wrong;
    ++ran[static_cast<size_t>(i)];
    plain[static_cast<size_t>(i)] = i;
    busy[static_cast<size_t>(worker)] = false;
  });
  EXPECT_EQ(wrong, 0);
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(ran[static_cast<size_t>(i)], 1);
    ASSERT_EQ(plain[static_cast<size_t>(i)], i);
  }
}

TEST(Executor, EveryTaskRunsOnce) {
  for (int threads : {-1, 0, 1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.worker_count(), threads < 1 ? 1 : threads);
    for (int count : {0, 1, 2, 5, 100, 1000}) check_loop(pool, count);
  }
  check_loop(attn::serial_executor(), 100);
  EXPECT_EQ(attn::serial_executor().worker_count(), 1);
  check_loop(attn::default_executor(), 100);
  EXPECT_EQ(&attn::default_executor(), &attn::default_executor());
}

TEST(Executor, NegativeCountsAreNoTasks) {
  ThreadPool pool(2);
  attn::parallel_for(pool, -3, [](int, int) { FAIL(); });
  attn::parallel_for(attn::serial_executor(), -3, [](int, int) { FAIL(); });
}

TEST(Executor, ManyCallersShareIt) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  for (int c = 0; c < 6; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) check_loop(pool, 1 + i % 17);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(Executor, LoopsInsideLoops) {
  ThreadPool pool(3), other(2);
  std::atomic<int> sum{0};
  attn::parallel_for(pool, 5, [&](int, int) {
    attn::parallel_for(
        other, 4, [&](int, int) { attn::parallel_for(pool, 3, [&](int i, int) { sum += i; }); });
  });
  EXPECT_EQ(sum, 5 * 4 * 3);
}

TEST(Executor, TwoPoolsThatCallEachOther) {
  ThreadPool a(2), b(2);
  std::atomic<int> sum{0};
  auto from = [&](ThreadPool& outer, ThreadPool& inner) {
    for (int i = 0; i < 50; ++i) {
      attn::parallel_for(outer, 4,
                         [&](int, int) { attn::parallel_for(inner, 4, [&](int, int) { ++sum; }); });
    }
  };
  std::thread one([&] { from(a, b); }), two([&] { from(b, a); });
  one.join();
  two.join();
  EXPECT_EQ(sum, 2 * 50 * 16);
}

TEST(Executor, OtherThreadsHelp) {
  // Each of two tasks waits for the other, so only two threads can finish the loop.
  ThreadPool pool(2);
  for (int i = 0; i < 20; ++i) {
    if (i % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // threads sleep
    std::atomic<int> arrived{0};
    attn::parallel_for(pool, 2, [&](int, int) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
  }
}

TEST(Executor, PoolsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool(4);
    if (i % 2 == 0) check_loop(pool, 3);
  }
}

}  // namespace
