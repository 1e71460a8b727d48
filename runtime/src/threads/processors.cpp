#include "threads/processors.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#if defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace attn {

#if defined(__linux__)

namespace {

/// The most that is read of a file; ten thousand mounts take 2 MB.
constexpr size_t longest_file = 4 << 20;
/// In bytes, for 2^23 processors; kernels support 2^13 today.
constexpr size_t largest_set = 1 << 20;

/// The contents of a file; empty if it cannot be read. Does not wait for a pipe.
std::string contents(const std::string& path) {
  struct File {
    int id;
    ~File() {
      if (id >= 0) ::close(id);
    }
  } const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  std::string text;
  char part[4096];
  while (file.id >= 0) {
    const ssize_t n = ::read(file.id, part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(part, static_cast<size_t>(n));
    if (text.size() >= longest_file) {
      text.resize(text.rfind('\n') + 1);  // whole lines; npos + 1 is 0
      break;
    }
  }
  return text;
}

/// Removes the field before the separator, and the separator, from the front of `rest`; returns the
/// field.
std::string_view cut(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return field;
}

bool lists(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    if (cut(names, ',') == name) return true;
  }
  return false;
}

/// The process's cgroup in each version, from /proc/self/cgroup; empty: none. A hybrid system has
/// both, but only one of them has the CPU files.
struct Cgroups {
  std::string_view v1, v2;
};

Cgroups own_cgroups(std::string_view text) {
  Cgroups own;
  while (!text.empty()) {
    std::string_view path = cut(text, '\n');  // "4:cpu,cpuacct:/a/b", version 2 "0::/a/b"
    const std::string_view id = cut(path, ':');
    const std::string_view controllers = cut(path, ':');
    if (!path.starts_with('/') || path.size() >= PATH_MAX) continue;
    if (id == "0" && controllers.empty()) {
      own.v2 = path;
    } else if (lists(controllers, "cpu")) {
      own.v1 = path;
    }
  }
  return own;
}

/// Decodes mountinfo, which writes spaces, tabs, newlines and backslashes as three octal digits:
/// "\040".
std::string unescaped(std::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    unsigned char byte = 0;
    const char* digits = field.data() + i + 1;
    if (field[i] == '\\' && field.size() - i > 3 &&
        std::from_chars(digits, digits + 3, byte, 8).ptr == digits + 3) {
      text += static_cast<char>(byte);
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

/// A mount of a cgroup hierarchy: the cgroup `root` is mounted at `point`.
struct Mount {
  int version = 0;  // 0: a mount of something else
  std::string root, point;
};

/// "31 23 0:30 ROOT POINT rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct"
Mount mount_of(std::string_view line) {
  for (int i = 0; i < 3; ++i) cut(line, ' ');
  const std::string_view root = cut(line, ' '), point = cut(line, ' ');
  while (!line.empty() && cut(line, ' ') != "-") {
  }
  const std::string_view type = cut(line, ' ');
  cut(line, ' ');
  const int version = type == "cgroup2" ? 2 : type == "cgroup" && lists(line, "cpu") ? 1 : 0;
  if (version == 0 || root.size() >= PATH_MAX || point.size() >= PATH_MAX) return {};
  return {version, unescaped(root), unescaped(point)};
}

/// The number of "/.." at the start of a path: how many levels above the cgroup namespace it
/// begins.
size_t levels_above(std::string_view path) {
  size_t levels = 0;
  while (path == "/.." || path.starts_with("/../")) {
    path.remove_prefix(3);
    ++levels;
  }
  return levels;
}

/// A cgroup's path relative to a mount's root: "" or "/a/b"; nullopt if it is not below that root.
std::optional<std::string_view> below(std::string_view root, std::string_view path) {
  if (root == "/") root = "";
  if (path == "/") path = "";
  if (path.starts_with(root)) {
    const std::string_view rest = path.substr(root.size());
    if (rest.empty() || (rest[0] == '/' && levels_above(rest) == 0)) return rest;
  }
  // The root of a mount made before the process entered its cgroup namespace lies above that
  // namespace. The names in between are unknown, but the cgroup at the mount point is above the
  // process all the same.
  const size_t above = levels_above(root);
  if (root.size() == 3 * above && levels_above(path) < above) return "";
  return std::nullopt;
}

std::optional<int64_t> number(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The quota of one cgroup, in processors, rounded up; INT_MAX if it has none, which is "max" in
/// version 2 and -1 in version 1.
int quota_of(const std::string& folder, int version) {
  std::string quota_text, period_text;
  if (version == 2) {
    const std::string text = contents(folder + "/cpu.max");
    std::string_view rest = text;
    quota_text = cut(rest, ' ');
    period_text = rest;
  } else {
    quota_text = contents(folder + "/cpu.cfs_quota_us");
    if (!quota_text.empty()) period_text = contents(folder + "/cpu.cfs_period_us");
  }
  const auto quota = number(quota_text), period = number(period_text);
  if (!quota || !period || *quota <= 0 || *period <= 0) return INT_MAX;
  const int64_t processors = *quota / *period + (*quota % *period != 0);
  return static_cast<int>(std::min<int64_t>(processors, INT_MAX));
}

}  // namespace

int affinity_processors(size_t bytes) {
  // The kernel refuses a set with room for fewer processors than it supports (EINVAL).
  for (; bytes <= largest_set; bytes *= 2) {
    const auto free = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(free)> set(CPU_ALLOC(8 * bytes), free);
    if (set == nullptr) break;
    if (sched_getaffinity(0, bytes, set.get()) == 0) return CPU_COUNT_S(bytes, set.get());
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
}

int quota_processors(const std::string& root) {
  const std::string cgroup = contents(root + "/proc/self/cgroup");
  const Cgroups own = own_cgroups(cgroup);
  if (own.v1.empty() && own.v2.empty()) return INT_MAX;
  const std::string mounts = contents(root + "/proc/self/mountinfo");
  int least = INT_MAX;
  for (std::string_view rest = mounts; !rest.empty();) {
    const Mount mount = mount_of(cut(rest, '\n'));
    const std::string_view path = mount.version == 2 ? own.v2 : own.v1;
    if (mount.version == 0 || path.empty()) continue;
    // The process's own cgroup and all above it, up to the mount.
    for (auto left = below(mount.root, path); left;) {
      const std::string folder = root + mount.point + std::string(*left);
      least = std::min(least, quota_of(folder, mount.version));
      if (left->empty()) break;
      left = left->substr(0, left->rfind('/'));
    }
  }
  return least;
}

#else

int affinity_processors(size_t) {
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
}

int quota_processors(const std::string&) { return INT_MAX; }

#endif

int usable_processors(const std::string& root) {
  return std::max(1, std::min(affinity_processors(), quota_processors(root)));
}

}  // namespace attn
