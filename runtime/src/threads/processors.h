// processors.h - how many processors this process may use at once.
#pragma once
#include <cstddef>
#include <string>

namespace attn {

/// Those in the affinity mask of the calling thread, which threads that it starts inherit, or as
/// many as the CPU quotas of the process's cgroups pay for, where that is less. At least 1.
/// `root` as below.
int usable_processors(const std::string& root = {});

/// The affinity mask alone; std::thread::hardware_concurrency where the system tells none. It asks
/// with a set of `bytes` first, and with larger ones where the kernel has more processors.
int affinity_processors(size_t bytes = 128);

/// The quotas alone, INT_MAX without any: the least of the process's cgroup and all above it that
/// are mounted, in versions 1 (cpu.cfs_quota_us) and 2 (cpu.max). A part of a processor counts as
/// one. `root` is put before every path, /proc/self and the mount points: "", or a test's folder.
/// Files that are missing or not understood are no quota.
int quota_processors(const std::string& root = {});

}  // namespace attn
