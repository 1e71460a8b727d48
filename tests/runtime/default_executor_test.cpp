// The number of workers of default_executor(), in child processes that each create their own. This
// is a separate program, because nothing in the process may have created it before.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "attn/runtime/executor.h"
#include "threads/processors.h"

namespace {

/// The exit status of a child.
int ends_with(const std::function<int()>& child) {
  const pid_t id = fork();
  if (id == 0) _exit(child());
  int status = 0;
  if (id < 0 || waitpid(id, &status, 0) != id || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

/// The processors that this process may run on.
std::vector<int> allowed() {
  cpu_set_t set;
  std::vector<int> all;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return all;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) all.push_back(i);
  }
  return all;
}

void run_on(const std::vector<int>& processors) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i : processors) CPU_SET(i, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) _exit(101);
}

/// The workers for this many processors: fewer if the tests themselves run under a quota.
int workers(size_t processors) {
  return std::min({static_cast<int>(processors), attn::quota_processors(), 100});
}

TEST(DefaultExecutor, HasAWorkerForEachProcessorThatTheProcessMayRunOn) {
  const std::vector<int> all = allowed();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(ends_with([] { return attn::default_executor().worker_count(); }), workers(all.size()));
  for (size_t count = 1; count <= std::min<size_t>(all.size(), 3); ++count) {
    // The last ones: any of them would do.
    EXPECT_EQ(ends_with([&] {
                run_on({all.end() - static_cast<int>(count), all.end()});
                return attn::default_executor().worker_count();
              }),
              workers(count));
  }
}

TEST(DefaultExecutor, IsDecidedAtFirstUse) {
  const std::vector<int> all = allowed();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(ends_with([&] {
              // Other pools and other threads have no influence.
              attn::ThreadPool pool(3);
              attn::parallel_for(pool, 3, [](int, int) {});
              attn::parallel_for(attn::serial_executor(), 3, [](int, int) {});
              run_on({all.front()});
              const int first = attn::default_executor().worker_count();
              run_on(all);
              return attn::default_executor().worker_count() == first ? first : 102;
            }),
            1);
}

TEST(DefaultExecutor, FollowsTheAffinityOfTheThreadThatAsksFirst) {
  const std::vector<int> all = allowed();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(ends_with([&] {
              std::thread([&] {
                run_on({all.front()});
                attn::default_executor();
              }).join();
              return attn::default_executor().worker_count();
            }),
            1);
}

TEST(DefaultExecutor, HasOneWorkerUnderTasksetOfOneProcessor) {
  const std::vector<int> all = allowed();
  ASSERT_FALSE(all.empty());
  const auto under_taskset = [](const std::string& list) {
    return ends_with([&] {
      execl(TASKSET, TASKSET, "--cpu-list", list.c_str(), WORKERS, nullptr);
      return 103;
    });
  };
  EXPECT_EQ(under_taskset(std::to_string(all.front())), 1);
  EXPECT_EQ(under_taskset(std::to_string(all.back())), 1);
  std::string list;
  for (int i : all) {
    if (!list.empty()) list += ',';
    list += std::to_string(i);
  }
  EXPECT_EQ(under_taskset(list), workers(all.size()));
}

}  // namespace
