// The database of `attnc tune` and processes: several write one file, and a killed one loses nothing
// that it has finished.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <set>

#include "plan/schedule_text.h"
#include "tune_database.h"
#include "tune_samples.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;

class DatabaseProcesses : public DatabaseFile {};

/// Runs `body` in a child process, whose exit code is 0 if it returns true.
pid_t in_child(const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body() ? 0 : 1);
  return pid;
}

bool succeeded(pid_t pid) {
  int status = -1;
  return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

TEST_F(DatabaseProcesses, SeveralProcessesMakeAndWriteOneFile) {
  constexpr int processes = 4, trials = 50;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    children.push_back(in_child([&] {
      auto db = TuningDatabase::open(path("tune.db"));
      if (!db.ok()) return false;
      const auto run = db->begin(sample_run());
      bool added = run.ok();
      for (int t = 0; added && t < trials; ++t) added = db->add(*run, sample_trial(t)).ok();
      return added;
    }));
  }
  for (pid_t pid : children) EXPECT_TRUE(succeeded(pid));
  const auto db = TuningDatabase::open_to_read(path("tune.db"));
  ASSERT_TRUE(db.ok()) << db.status().message();
  const auto runs = db->runs();
  ASSERT_EQ(runs->size(), size_t{processes});
  for (const TuningRun& run : *runs) EXPECT_EQ(db->trials(run.name)->size(), size_t{trials});
}

TEST_F(DatabaseProcesses, IsReadWhileAnotherProcessWrites) {
  constexpr size_t trials = 50;
  const std::string run = *open("tune.db").begin(sample_run());
  const pid_t writer = in_child([&] {
    TuningDatabase db = open("tune.db");
    bool added = true;
    for (size_t t = 0; added && t < trials; ++t)
      added = db.add(run, sample_trial(static_cast<int>(t))).ok();
    return added;
  });
  size_t seen = 0;
  for (bool done = false; !done;) {
    done = waitpid(writer, nullptr, WNOHANG) != 0;
    const auto db = TuningDatabase::open_to_read(path("tune.db"));
    ASSERT_TRUE(db.ok()) << db.status().message();
    const auto read = db->trials(run);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_GE(read->size(), seen);
    seen = read->size();
  }
  EXPECT_EQ(seen, trials);
}

TEST_F(DatabaseProcesses, AKilledProcessLosesNothingThatItHasFinished) {
  constexpr int kills = 200;
  for (int k = 0; k < kills; ++k) {
    const std::string run = *open("tune.db").begin(sample_run());
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t pid = in_child([&] {
      TuningDatabase db = open("tune.db");
      for (int t = 0; db.add(run, sample_trial(t)).ok(); ++t)
        if (::write(pipe_ends[1], &t, sizeof t) != sizeof t) break;
      return false;
    });
    close(pipe_ends[1]);
    int finished = -1;
    ASSERT_EQ(::read(pipe_ends[0], &finished, sizeof finished), ssize_t{sizeof finished});
    usleep(static_cast<useconds_t>(k * 7919 % 4000));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    while (::read(pipe_ends[0], &finished, sizeof finished) > 0) continue;
    close(pipe_ends[0]);

    const auto db = TuningDatabase::open_to_read(path("tune.db"));
    ASSERT_TRUE(db.ok()) << "kill " << k << ": " << db.status().message();
    const auto trials = db->trials(run);
    ASSERT_TRUE(trials.ok()) << "kill " << k << ": " << trials.status().message();
    ASSERT_GT(trials->size(), static_cast<size_t>(finished)) << "kill " << k;
    ASSERT_LE(trials->size(), static_cast<size_t>(finished) + 2) << "kill " << k;
    for (size_t t = 0; t < trials->size(); ++t)
      ASSERT_EQ(all_of((*trials)[t]), all_of(sample_trial(static_cast<int>(t)))) << "kill " << k;
  }
}

TEST_F(DatabaseProcesses, AProcessThatIsKilledAsItMakesTheFileLeavesOneThatOpens) {
  for (int k = 0; k < 40; ++k) {
    const std::string name = fmt::format("{}.db", k);
    const pid_t pid = in_child([&] { return TuningDatabase::open(path(name)).ok(); });
    usleep(static_cast<useconds_t>(k * 50));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    const auto db = TuningDatabase::open(path(name));
    ASSERT_TRUE(db.ok()) << db.status().message();
    EXPECT_TRUE(db->runs()->empty());
  }
}

}  // namespace
}  // namespace attnc
