// processors.h - how many processors this process may use at once.
#pragma once
#include <cstddef>
#include <string>

namespace attn {

/// The number of processors in the affinity mask of the calling thread, which the threads it starts
/// inherit, or the number that the CPU quotas of the process's cgroups pay for, whichever is less.
/// At least 1. For `root` see quota_processors.
int usable_processors(const std::string& root = {});

/// By the affinity mask alone; std::thread::hardware_concurrency if the system has none. Queries it
/// with a set of `bytes` bytes first, then with larger ones if the kernel supports more processors.
int affinity_processors(size_t bytes = 128);

/// By the quotas alone, INT_MAX without any: the smallest quota of the process's cgroup and of
/// those above it that are mounted, in versions 1 (cpu.cfs_quota_us) and 2 (cpu.max), rounded up to
/// whole processors. `root` is prepended to every path, /proc/self and the mount points: "", or a
/// test's folder. Files that are missing or malformed count as no quota.
int quota_processors(const std::string& root = {});

}  // namespace attn
