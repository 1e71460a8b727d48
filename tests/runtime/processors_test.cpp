// The number of processors according to files under /proc and /sys, which the test writes into its
// own folder, as kernels and container runtimes write them.
#include "threads/processors.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>

#include "../common/scratch.h"

namespace {

using Files = std::map<std::string, std::string>;

/// A temporary folder with these files.
class Root {
 public:
  explicit Root(const Files& files = {}) {
    for (const auto& [file, text] : files) write(file, text);
  }

  void write(const std::string& file, const std::string& text) const {
    const std::filesystem::path at = path(file);
    std::filesystem::create_directories(at.parent_path());
    std::filesystem::remove(at);  // some file systems sync when a file's bytes are replaced
    std::ofstream(at, std::ios::binary | std::ios::trunc) << text;
  }
  std::string path(const std::string& file = "") const { return folder_.path() + file; }
  int quota() const { return attn::quota_processors(path()); }

 private:
  ScratchFolder folder_;
};

const std::string cgroup = "/proc/self/cgroup", mountinfo = "/proc/self/mountinfo";
const std::string other_mounts =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "24 22 0:22 / /proc rw,nosuid shared:12 - proc proc rw\n";

std::string v2_mount(const std::string& root = "/", const std::string& point = "/sys/fs/cgroup") {
  return other_mounts + "30 23 0:26 " + root + " " + point +
         " rw,nosuid,nodev,noexec,relatime shared:9 master:4 - cgroup2 cgroup2 rw,nsdelegate\n";
}

std::string v1_mount(const std::string& root = "/",
                     const std::string& point = "/sys/fs/cgroup/cpu,cpuacct") {
  return other_mounts + "33 31 0:30 " + root + " " + point +
         " rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
         "34 31 0:31 " +
         root + " /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n";
}

int quota_v2(const std::string& text) {
  return Root({{cgroup, "0::/\n"}, {mountinfo, v2_mount()}, {"/sys/fs/cgroup/cpu.max", text}})
      .quota();
}

int quota_v1(const std::string& quota, const std::string& period) {
  return Root({{cgroup, "12:pids:/a\n4:cpu,cpuacct:/\n1:name=systemd:/a\n"},
               {mountinfo, v1_mount()},
               {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", quota},
               {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", period}})
      .quota();
}

TEST(Processors, AreAsManyAsTheQuotaPaysForRoundedUp) {
  const std::pair<int64_t, int> cases[] = {{1000, 1},   {99999, 1},  {100000, 1},   {100001, 2},
                                           {150000, 2}, {200000, 2}, {1600000, 16}, {6350000, 64}};
  for (const auto& [quota, processors] : cases) {
    EXPECT_EQ(quota_v2(std::to_string(quota) + " 100000\n"), processors) << quota;
    EXPECT_EQ(quota_v1(std::to_string(quota) + "\n", "100000\n"), processors) << quota;
  }
  EXPECT_EQ(quota_v2("75000 25000\n"), 3);
  EXPECT_EQ(quota_v1("75000\n", "25000\n"), 3);
}

TEST(Processors, HaveNoQuotaWhereNoneIsSet) {
  EXPECT_EQ(quota_v2("max 100000\n"), INT_MAX);
  EXPECT_EQ(quota_v1("-1\n", "100000\n"), INT_MAX);
  EXPECT_EQ(Root().quota(), INT_MAX);
  // The root cgroup of version 2 has no cpu.max.
  EXPECT_EQ(Root({{cgroup, "0::/\n"}, {mountinfo, v2_mount()}}).quota(), INT_MAX);
  EXPECT_EQ(Root({{cgroup, "0::/\n"}}).quota(), INT_MAX);
  EXPECT_EQ(Root({{mountinfo, v2_mount()}, {"/sys/fs/cgroup/cpu.max", "100000 100000"}}).quota(),
            INT_MAX);
}

TEST(Processors, HaveTheLeastQuotaOfAllCgroupsAboveThem) {
  const std::string at = "/sys/fs/cgroup/";
  for (const std::string tight : {"a/b/c", "a/b", "a", "."}) {
    Files two{{cgroup, "0::/a/b/c\n"}, {mountinfo, v2_mount()}};
    Files one{{cgroup, "4:cpu,cpuacct:/a/b/c\n"}, {mountinfo, v1_mount()}};
    for (const std::string folder : {"a/b/c", "a/b", "a", ".", "x", "a/b/c/below"}) {
      const bool ours = folder != "x" && folder != "a/b/c/below";
      const std::string quota = folder == tight ? "300000" : ours ? "700000" : "100000";
      two[at + folder + "/cpu.max"] = quota + " 100000\n";
      one[at + "cpu,cpuacct/" + folder + "/cpu.cfs_quota_us"] = quota;
      one[at + "cpu,cpuacct/" + folder + "/cpu.cfs_period_us"] = "100000\n";
    }
    EXPECT_EQ(Root(two).quota(), 3) << tight;
    EXPECT_EQ(Root(one).quota(), 3) << tight;
  }
}

TEST(Processors, OfADeletedCgroupHaveTheQuotaAboveIt) {
  EXPECT_EQ(Root({{cgroup, "0::/a/b (deleted)\n"},
                  {mountinfo, v2_mount()},
                  {"/sys/fs/cgroup/a/cpu.max", "200000 100000\n"}})
                .quota(),
            2);
}

TEST(Processors, OfAContainerHaveTheQuotaAtItsMount) {
  // Only the container's own cgroup is mounted, and the host's names are used for both.
  EXPECT_EQ(Root({{cgroup, "3:cpu,cpuacct:/docker/0f\n"},
                  {mountinfo, v1_mount("/docker/0f")},
                  {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "150000\n"},
                  {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"},
                  {"/sys/fs/cgroup/cpu,cpuacct/docker/0f/cpu.cfs_quota_us", "900000\n"},
                  {"/sys/fs/cgroup/cpu,cpuacct/docker/0f/cpu.cfs_period_us", "100000\n"}})
                .quota(),
            2);
  EXPECT_EQ(Root({{cgroup, "0::/system.slice/docker-0f.scope/inner\n"},
                  {mountinfo, v2_mount("/system.slice/docker-0f.scope")},
                  {"/sys/fs/cgroup/inner/cpu.max", "max 100000\n"},
                  {"/sys/fs/cgroup/cpu.max", "400000 100000\n"}})
                .quota(),
            4);
}

TEST(Processors, HaveNoQuotaOfCgroupsThatAreNotTheirs) {
  const Files of_mount{{"/sys/fs/cgroup/cpu.max", "100000 100000\n"}};
  const std::pair<const char*, const char*> cases[] = {{"/docker/1", "/docker/0f"},
                                                       {"/docker/0f2", "/docker/0f"},
                                                       {"/docker", "/docker/0f"},
                                                       {"/../other", "/"},
                                                       {"/../../other", "/.."}};
  for (const auto& [path, root] : cases) {
    Files files = of_mount;
    files[cgroup] = std::string("0::") + path + "\n";
    files[mountinfo] = v2_mount(root);
    EXPECT_EQ(Root(files).quota(), INT_MAX) << path << " below " << root;
  }
  // Hierarchies of other controllers, whose names and options contain "cpu".
  EXPECT_EQ(Root({{cgroup, "5:cpuset:/\n4:cpuacct:/\n2:name=cpu:/\n"},
                  {mountinfo, v1_mount()},
                  {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n"},
                  {"/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"}})
                .quota(),
            INT_MAX);
}

TEST(Processors, OfANewNamespaceHaveTheQuotaAtAnOldMount) {
  // `unshare --cgroup`: the mount begins two levels above what the process sees as "/".
  const auto quota = [](const std::string& path, const std::string& root) {
    return Root({{cgroup, "0::" + path + "\n"},
                 {mountinfo, v2_mount(root)},
                 {"/sys/fs/cgroup/cpu.max", "500000 100000\n"},
                 {"/sys/fs/cgroup/side/cpu.max", "300000 100000\n"}})
        .quota();
  };
  EXPECT_EQ(quota("/", "/../.."), 5);
  EXPECT_EQ(quota("/a/b", "/../.."), 5);
  EXPECT_EQ(quota("/../x", "/../.."), 5);
  EXPECT_EQ(quota("/../../side", "/../.."), 3);
  EXPECT_EQ(quota("/../side", "/.."), 3);
}

TEST(Processors, OfAHybridHaveTheQuotasOfBothVersions) {
  const std::string names = "4:cpu,cpuacct:/one\n1:name=systemd:/two\n0::/two\n";
  const std::string mounts = v1_mount() + v2_mount("/", "/sys/fs/cgroup/unified");
  const std::string one = "/sys/fs/cgroup/cpu,cpuacct/one/cpu.cfs_";
  const std::string two = "/sys/fs/cgroup/unified/two/cpu.max";
  Files files{{cgroup, names}, {mountinfo, mounts}};
  EXPECT_EQ(Root(files).quota(), INT_MAX);
  files[one + "quota_us"] = "200000\n";
  files[one + "period_us"] = "100000\n";
  EXPECT_EQ(Root(files).quota(), 2);
  files[two] = "100000 100000\n";
  EXPECT_EQ(Root(files).quota(), 1);
  files[one + "quota_us"] = "-1\n";
  files[two] = "300000 100000\n";
  EXPECT_EQ(Root(files).quota(), 3);
}

TEST(Processors, AreFoundWherePathsAreEscaped) {
  EXPECT_EQ(Root({{cgroup, "0::/my group/back\\slash/a:b\n"},
                  {mountinfo, v2_mount("/my\\040group", "/mnt/c\\011g\\134\\040x")},
                  {"/mnt/c\tg\\ x/back\\slash/a:b/cpu.max", "200000 100000\n"}})
                .quota(),
            2);
}

TEST(Processors, OfSeveralMountsHaveTheLeastQuota) {
  EXPECT_EQ(Root({{cgroup, "0::/a/b\n"},
                  {mountinfo,
                   v2_mount("/a/b", "/one") + v2_mount("/c", "/two") + v2_mount("/", "/three")},
                  {"/one/cpu.max", "400000 100000\n"},
                  {"/two/cpu.max", "100000 100000\n"},
                  {"/three/a/cpu.max", "300000 100000\n"}})
                .quota(),
            3);
}

TEST(Processors, HaveNoQuotaThatIsNotUnderstood) {
  for (const std::string text :
       {"", "\n", " ", "max", "100000", "100000 ", "100000 0\n", "0 100000\n", "-1 100000\n",
        "100000 -5\n", "1e5 100000\n", "0x10 100000\n", "100000 100000 7\n", "+1 1\n",
        "99999999999999999999 100000\n", "100000 99999999999999999999\n", "\xff\xfe 100000\n"}) {
    EXPECT_EQ(quota_v2(text), INT_MAX) << text;
  }
  EXPECT_EQ(quota_v2(std::string("100000\0 100000\n", 15)), INT_MAX);
  for (const std::string text :
       {"", "\n", "0\n", "-2\n", "1 2\n", "max\n", "12345678901234567890"}) {
    EXPECT_EQ(quota_v1(text, "100000\n"), INT_MAX) << text;
    EXPECT_EQ(quota_v1("100000\n", text == "1 2\n" ? "" : text), INT_MAX) << text;
  }
  EXPECT_EQ(quota_v2("9223372036854775807 1\n"), INT_MAX);
  EXPECT_EQ(quota_v2("9223372036854775807 9223372036854775807\n"), 1);
  EXPECT_EQ(quota_v2("100000 100000"), 1);  // no newline
}

TEST(Processors, AreFoundInHugeFiles) {
  const std::string long_line(5 << 20, '/');
  std::string many;
  for (int i = 0; i < 10000; ++i) many += v2_mount("/x" + std::to_string(i));
  const Files files{
      {cgroup, "0::/\n"}, {mountinfo, v2_mount()}, {"/sys/fs/cgroup/cpu.max", "200000 100000\n"}};
  const auto with = [&](const std::string& file, const std::string& text) {
    Root root(files);
    root.write(file, text);
    return root.quota();
  };
  EXPECT_EQ(with(mountinfo, many + v2_mount()), 2);
  EXPECT_EQ(with(cgroup, "0::/\n" + long_line), 2);
  EXPECT_EQ(with(mountinfo, v2_mount() + long_line), 2);
  EXPECT_EQ(with(cgroup, "0::" + long_line), INT_MAX);
  EXPECT_EQ(with(mountinfo, long_line), INT_MAX);
  EXPECT_EQ(with("/sys/fs/cgroup/cpu.max", long_line), INT_MAX);
  EXPECT_EQ(with("/sys/fs/cgroup/cpu.max", std::string(5 << 20, '1')), INT_MAX);
  EXPECT_EQ(with(mountinfo, v2_mount() + v2_mount("/", std::string(100000, 'p'))), 2);
}

TEST(Processors, AreCountedWithoutWaitingForWhatIsNoFile) {
  Root root({{cgroup, "0::/a/b\n"},
             {mountinfo, v2_mount()},
             {"/sys/fs/cgroup/cpu.max", "300000 100000\n"}});
  ASSERT_EQ(mkdir(root.path("/sys/fs/cgroup/a").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo(root.path("/sys/fs/cgroup/a/cpu.max").c_str(), 0600), 0);
  std::filesystem::create_directories(root.path("/sys/fs/cgroup/a/b/cpu.max"));
  EXPECT_EQ(root.quota(), 3);
}

TEST(Processors, AreAtLeastOneWhateverTheFilesHold) {
  const std::string quota_us = "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us";
  const std::string period_us = "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us";
  const Files good{{cgroup, "4:cpu,cpuacct:/a\n0::/my group/b\n"},
                   {mountinfo, v1_mount() + v2_mount("/my\\040group", "/two")},
                   {"/two/b/cpu.max", "200000 100000\n"},
                   {quota_us, "300000\n"},
                   {period_us, "100000\n"}};
  const Root root(good);
  ASSERT_EQ(root.quota(), 2);
  std::mt19937 random(11);
  const auto byte = [&] { return static_cast<char>(random() & 255); };
  for (int i = 0; i < 1000; ++i) {
    auto file = good.begin();
    std::advance(file, random() % good.size());
    std::string text = file->second;
    if (i % 4 == 0) {
      text.resize(random() % 300);
      for (char& c : text) c = byte();
    } else if (i % 4 == 1) {
      text.resize(random() % text.size());
    } else {
      for (unsigned n = 1 + random() % 4; n > 0; --n) {
        // Often a byte with a meaning.
        text[random() % text.size()] = random() % 2 ? byte() : "\n :,\\/-07."[random() % 10];
      }
    }
    root.write(file->first, text);
    ASSERT_GE(root.quota(), 1) << file->first << ": " << text;
    ASSERT_GE(attn::usable_processors(root.path()), 1);
    root.write(file->first, file->second);
  }
  EXPECT_EQ(root.quota(), 2);
}

TEST(Processors, AreTheLesserOfAffinityAndQuota) {
  const auto usable = [](const std::string& quota) {
    return attn::usable_processors(
        Root({{cgroup, "0::/\n"}, {mountinfo, v2_mount()}, {"/sys/fs/cgroup/cpu.max", quota}})
            .path());
  };
  const int affinity = attn::affinity_processors();
  EXPECT_GE(affinity, 1);
  EXPECT_EQ(usable("max 100000\n"), affinity);
  EXPECT_EQ(usable("1 100000\n"), 1);
  EXPECT_EQ(usable(std::to_string(affinity) + "00000 100000\n"), affinity);
  EXPECT_EQ(usable(std::to_string(affinity + 1) + "00000 100000\n"), affinity);
}

TEST(Processors, AreCountedInASetThatGrows) {
  // Linux refuses sets that are not whole words, like those that are too small.
  EXPECT_EQ(attn::affinity_processors(1), attn::affinity_processors());
}

}  // namespace
