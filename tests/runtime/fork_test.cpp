// A process that has called layers forks, and its children call layers too, or exit, as in a server
// with worker processes. An alarm ends a child that hangs.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "fake_layer.h"

namespace {

constexpr unsigned long_enough = 20;  // seconds; a child takes a millisecond

/// Runs `child` in a child process, which ends with _exit. Returns its exit status, or minus the
/// signal.
int ends_with(const std::function<int()>& child) {
  const pid_t id = fork();
  if (id == 0) {
    alarm(long_enough);
    _exit(child());
  }
  int status = 0;
  if (id < 0 || waitpid(id, &status, 0) != id) return 1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Calls of a layer by one thread, with its own workspace.
struct Caller {
  Caller(const attn::AnyLayer& layer, attn::Executor* executor)
      : layer(layer), executor(executor) {}
  bool ok() {
    call.output.assign(call.output.size(), 0);
    return layer
               .run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch,
                    {.executor = executor})
               .ok() &&
           call.output == expected;
  }
  attn::AnyLayer layer;
  attn::Executor* executor;
  fake::Call call{{.batch = 8}};
  attn::Workspace scratch;
  std::vector<float> expected = fake::reference(call, false, false, nullptr).output;
};

/// Threads that call the layer all the time, each with its own workspace.
struct Load {
  Load(const attn::AnyLayer& layer, attn::Executor* executor, int threads) {
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([this, layer, executor] {
        Caller caller(layer, executor);
        while (!stop) wrong += !caller.ok();
      });
    }
  }
  ~Load() {
    stop = true;
    for (std::thread& t : all) t.join();
    EXPECT_EQ(wrong, 0);
  }
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> all;
};

attn::AnyLayer loaded() { return fake::Call({.batch = 8}).load({.target = "plain"}); }

void fork_under_load(attn::Executor* executor, int forks) {
  const attn::AnyLayer layer = loaded();
  Caller caller(layer, executor);
  ASSERT_TRUE(caller.ok());
  Load load(layer, executor, 1);
  for (int i = 0; i < forks; ++i) {
    ASSERT_EQ(ends_with([&] { return caller.ok() && caller.ok() ? 0 : 1; }), 0) << "fork " << i;
    if (i % 8 == 0) {
      ASSERT_TRUE(caller.ok());
    }
  }
}

TEST(Fork, ChildrenOfPoolsUnderLoadCallLayers) {
  for (int threads = 2; threads <= 7; ++threads) {
    SCOPED_TRACE(threads);
    attn::ThreadPool pool(threads);
    fork_under_load(&pool, 150);
  }
}

TEST(Fork, ChildrenCallLayersOnTheDefaultExecutor) { fork_under_load(nullptr, 100); }

TEST(Fork, ChildrenMakeTheDefaultExecutorThatAnotherThreadIsMaking) {
  // In a separate process, which has no default executor yet.
  EXPECT_EQ(ends_with([] {
              std::thread other([] { attn::default_executor(); });
              const int ended =
                  ends_with([] { return attn::default_executor().worker_count() < 1; });
              other.join();
              return ended;
            }),
            0);
}

TEST(Fork, ChildrenExitWithAPoolThatIsStatic) {
  std::fflush(nullptr);  // otherwise exit would write buffered output again
  for (int threads : {2, 4, 7}) {
    // The pool belongs to a separate process; otherwise this program would keep it to its end.
    const auto forks = [threads] {
      static attn::ThreadPool pool(threads);
      Caller caller(loaded(), &pool);
      for (int i = 0; i < 60; ++i) {
        const bool calls = i % 2 == 0;
        if (!caller.ok()) return 1;
        const int ended = ends_with([&]() -> int {
          if (calls && !caller.ok()) return 2;
          std::exit(0);
        });
        if (ended != 0) return ended;
      }
      return 0;
    };
    EXPECT_EQ(ends_with(forks), 0);
  }
}

TEST(Fork, ChildrenOfChildrenCallLayers) {
  attn::ThreadPool pool(4);
  Caller caller(loaded(), &pool);
  ASSERT_TRUE(caller.ok());
  const std::function<int(int)> generation = [&](int left) -> int {
    if (!caller.ok()) return 1;
    const int ended = left == 0 ? 0 : ends_with([&] { return generation(left - 1); });
    return ended != 0 ? ended : caller.ok() ? 0 : 2;
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ends_with([&] { return generation(4); }), 0);
}

TEST(Fork, AChildHasAsManyThreadsAsItsParent) {
  attn::ThreadPool pool(3);
  EXPECT_EQ(ends_with([&] {
              if (pool.worker_count() != 3) return 1;
              // Each of three tasks waits for the others, so only three threads can finish the
              // loop.
              for (int i = 0; i < 3; ++i) {
                std::atomic<int> arrived{0};
                attn::parallel_for(pool, 3, [&](int, int) {
                  ++arrived;
                  while (arrived < 3) std::this_thread::yield();
                });
              }
              return 0;
            }),
            0);
}

TEST(Fork, SeveralThreadsOfAChildShareItsPool) {
  attn::ThreadPool pool(4);
  const attn::AnyLayer layer = loaded();
  ASSERT_TRUE(Caller(layer, &pool).ok());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ends_with([&] {
                std::atomic<int> wrong{0};
                std::vector<std::thread> callers;
                for (int t = 0; t < 3; ++t) {
                  callers.emplace_back([&] {
                    Caller caller(layer, &pool);
                    for (int k = 0; k < 5; ++k) wrong += !caller.ok();
                  });
                }
                for (std::thread& t : callers) t.join();
                return wrong.load();
              }),
              0);
  }
}

TEST(Fork, PoolsComeAndGoWhileOthersFork) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) {
      attn::ThreadPool pool(3);
      attn::parallel_for(pool, 4, [](int, int) {});
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(ends_with([] {
                attn::ThreadPool pool(3);
                std::atomic<int> sum{0};
                attn::parallel_for(pool, 10, [&](int k, int) { sum += k; });
                return sum == 45 ? 0 : 1;
              }),
              0);
  }
  stop = true;
  other.join();
}

TEST(Fork, AChildThatBeganInsideOfATaskCallsLayersAndEnds) {
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = loaded();
  std::atomic<int> wrong{0};
  attn::parallel_for(pool, 12, [&](int, int) {
    wrong += ends_with([&] { return Caller(layer, &pool).ok() ? 0 : 1; }) != 0;
  });
  EXPECT_EQ(wrong, 0);
}

TEST(Fork, HandlersOfTheProgramCallLayers) {
  // In a separate process, because handlers cannot be removed. They are registered before the first
  // pool.
  EXPECT_EQ(ends_with([] {
              alarm(long_enough);
              static Caller* caller = nullptr;
              static int wrong = 0;
              const auto call = [] { wrong += caller != nullptr && !caller->ok(); };
              if (pthread_atfork(call, call, call) != 0) return 1;
              attn::ThreadPool pool(3);
              Caller ours(loaded(), &pool);
              caller = &ours;
              const int ended = ends_with([] { return wrong; });
              caller = nullptr;
              return ended != 0 ? ended : wrong;
            }),
            0);
}

}  // namespace
