#include "tools/children.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>

extern char** environ;

namespace attnc {
namespace {

using attn::StatusCode;

struct Child {
  size_t job = 0;
  pid_t pid = -1;
  int pipe = -1;
  std::string said;
};

int processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return 1;
}

void write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    data += n, size -= static_cast<size_t>(n);
  }
}

/// In the child: writes one byte with the status code, then the result or the message.
[[noreturn]] void speak(int fd, const Job& job) {
  Result<std::string> result = Status(StatusCode::internal, "nothing was made");
  try {
    result = job.body();
  } catch (const std::exception& e) {
    result = Status(StatusCode::internal, e.what());
  }
  const char code = static_cast<char>(result.ok() ? StatusCode::ok : result.status().code());
  const std::string& text = result.ok() ? *result : result.status().message();
  write_all(fd, &code, 1);
  write_all(fd, text.data(), text.size());
  std::fflush(nullptr);
  _exit(0);  // no destructors: they belong to the parent
}

Result<std::string> heard(const Child& child, const Job& job, int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return Status(StatusCode::internal,
                  fmt::format("{}: the process that made it ended by signal {} ({})", job.what,
                              WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status))));
  }
  if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0 || child.said.empty()) {
    return Status(StatusCode::internal,
                  fmt::format("{}: the process that made it ended early", job.what));
  }
  const auto code = static_cast<StatusCode>(child.said[0]);
  if (code == StatusCode::ok) return child.said.substr(1);
  return Status(code, fmt::format("{}: {}", job.what, child.said.substr(1)));
}

}  // namespace

std::vector<Result<std::string>> run_in_children(const std::vector<Job>& jobs,
                                                 const ChildOptions& options) {
  std::vector<Result<std::string>> results(jobs.size(),
                                           Status(StatusCode::internal, "was not started"));
  std::vector<Child> running;
  const size_t at_once = static_cast<size_t>(options.at_once > 0 ? options.at_once : processors());
  size_t next = 0, done = 0;
  if (options.progress) options.progress(0, jobs.size(), "");
  auto finish = [&](size_t job, Result<std::string> result) {
    results[job] = std::move(result);
    ++done;
    if (options.progress) options.progress(done, jobs.size(), jobs[job].what);
  };
  auto start = [&](size_t job) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      return finish(
          job, Status(StatusCode::internal,
                      fmt::format("no pipe for {}: {}", jobs[job].what, std::strerror(errno))));
    }
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
      close(ends[0]);
      speak(ends[1], jobs[job]);
    }
    close(ends[1]);
    if (pid < 0) {
      close(ends[0]);
      return finish(
          job, Status(StatusCode::internal,
                      fmt::format("no process for {}: {}", jobs[job].what, std::strerror(errno))));
    }
    running.push_back({job, pid, ends[0], {}});
  };
  while (done < jobs.size()) {
    while (next < jobs.size() && running.size() < at_once) start(next++);
    if (running.empty()) continue;
    std::vector<pollfd> waiting;
    for (const Child& c : running) waiting.push_back({c.pipe, POLLIN, 0});
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (size_t i = waiting.size(); i-- > 0;) {
      if (!waiting[i].revents) continue;
      char buffer[1 << 16];
      const ssize_t n = read(running[i].pipe, buffer, sizeof buffer);
      if (n > 0) running[i].said.append(buffer, static_cast<size_t>(n));
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      int status = 0;
      while (waitpid(running[i].pid, &status, 0) < 0 && errno == EINTR) {
      }
      close(running[i].pipe);
      const Child child = std::move(running[i]);
      running.erase(running.begin() + static_cast<ptrdiff_t>(i));
      finish(child.job, heard(child, jobs[child.job], status));
    }
  }
  return results;
}

Status run_program(const std::vector<std::string>& argv) {
  auto folder = TemporaryFolder::make();
  if (!folder.ok()) return folder.status();
  const std::string log = folder->path() + "/output";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<char*> arguments;
  for (const std::string& a : argv) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) {
    return Status(StatusCode::not_found,
                  fmt::format("cannot run `{}`: {}", argv[0], std::strerror(failed)));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Status();
  std::ostringstream said;
  said << std::ifstream(log).rdbuf();
  return Status(StatusCode::internal,
                fmt::format("`{}` {}", argv[0],
                            said.str().empty() ? "failed and said nothing"
                                               : "failed:\n" + said.str().substr(0, 4000)));
}

Result<TemporaryFolder> TemporaryFolder::make(const std::string& beside) {
  const char* set = std::getenv("TMPDIR");
  std::string path = (!beside.empty() ? beside
                      : set && *set   ? std::string(set)
                                      : std::string("/tmp")) +
                     "/attnc-XXXXXX";
  if (!mkdtemp(path.data())) {
    return Status(StatusCode::not_found,
                  fmt::format("cannot make a temporary folder {}: {}", path, std::strerror(errno)));
  }
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace attnc
