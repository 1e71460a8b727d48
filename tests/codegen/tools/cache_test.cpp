// The cache of built layers: its key covers everything that changes a kernel, and its size is
// limited.
#include "tools/cache.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <set>

#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "tools/cache_folder.h"
#include "tools/cache_key.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;

class Cache : public Attnc {
 protected:
  static constexpr const char* columns =
      "vector | rows | vectors | task_rows | query_tile | key_block | scores_query_tile\n";

  /// A schedule file with one row for the target baseline, with `key_block` keys between two
  /// rescalings.
  std::string write_schedules(const std::string& folder, int key_block) {
    fs::create_directories(path(folder));
    write(folder + "/baseline.txt",
          fmt::format("{}4 | 4 | 2 | 128 | 64 | {} | 16\n", columns, key_block));
    return path(folder);
  }
  /// Calls a layer without weights with `attnc run`, for the target baseline.
  Said run_layer(const std::string& environment) {
    const std::array<float, 16> x{1, 2, 3, 4};
    const attn::Tensor t(x.data(), {1, 1, 2, 8});
    const Status s =
        attn::save_safetensors(path("x.safetensors"), {{"query", t}, {"key", t}, {"value", t}});
    EXPECT_TRUE(s.ok()) << s.message();
    return attnc(fmt::format("run {}:plain --weights x.safetensors --inputs x.safetensors -o "
                             "y.safetensors --target baseline",
                             MAP_LAYERS),
                 "ATTNC_CACHE=cache " + environment);
  }
  std::set<std::string> entries() {
    std::set<std::string> names;
    for (const auto& e : fs::directory_iterator(path("cache"))) names.insert(e.path().filename());
    return names;
  }
  /// Writes an entry that trim_cache() recognises, last used `ago` seconds ago.
  std::string write_entry(const std::string& name, size_t bytes, int ago) {
    fs::create_directories(path("cache"));
    const std::string file = "cache/" + name + "-0123456789abcdef-avx2-fedcba9876543210.so";
    write(file, std::string(bytes, 'x'));
    std::error_code gone;  // another process may have trimmed it already
    fs::last_write_time(path(file), fs::file_time_type::clock::now() - std::chrono::seconds(ago),
                        gone);
    return fs::path(file).filename();
  }
};

TEST_F(Cache, AnotherScheduleIsAnotherKernel) {
  write_schedules("schedules", 256);
  const std::string environment = "ATTNC_SCHEDULES=schedules";
  ASSERT_EQ(run_layer(environment).code, 0);
  ASSERT_EQ(entries().size(), 1u);
  const std::string first = *entries().begin();
  const std::string file = path("cache/" + first), kernel = bytes_of(file);

  // With the same row the same entry is used, and it is not built again.
  fs::create_hard_link(file, path("kept"));
  ASSERT_EQ(run_layer(environment).code, 0);
  EXPECT_EQ(fs::hard_link_count(file), 2u) << "the entry was built again";
  EXPECT_EQ(entries(), std::set<std::string>{first});

  // After a row is changed in place, runs and timings use the new one.
  write_schedules("schedules", 32);
  ASSERT_EQ(run_layer(environment).code, 0);
  std::set<std::string> both = entries();
  ASSERT_EQ(both.size(), 2u);
  both.erase(first);
  EXPECT_NE(bytes_of(path("cache/" + *both.begin())), kernel);

  // The bytes depend on the row alone: a second build yields the same ones.
  write_schedules("schedules", 256);
  fs::remove(file);
  ASSERT_EQ(run_layer(environment).code, 0);
  EXPECT_EQ(bytes_of(file), kernel);
}

TEST_F(Cache, BenchBuildsFromTheScheduleOfItsCall) {
  write("c.json", R"([{"name": "a", "T": 3, "D": 8}])");
  const std::string call = "bench c.json --seconds 0 --threads 1 --target baseline";
  for (int key_block : {256, 32}) {
    write_schedules("schedules", key_block);
    const Said said = attnc(call, "ATTNC_CACHE=cache ATTNC_SCHEDULES=schedules");
    ASSERT_EQ(said.code, 0) << said.err;
  }
  EXPECT_EQ(entries().size(), 2u);
  fs::remove(path("schedules/baseline.txt"));
  const Said none = run_layer("ATTNC_SCHEDULES=schedules");
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err,
            "attnc: ATTNC_SCHEDULES names schedules, and there is no file "
            "schedules/baseline.txt\n");
}

TEST_F(Cache, WhatChangesAKernelIsPartOfTheKey) {
  attn::NamedGraph graph;
  graph.name = "model::layer", graph.fingerprint = 7;
  SourceLayer layer{std::move(graph), "", ""};
  const auto key = [&](const std::string& target = "baseline") {
    auto k = cache_key(layer, target);
    EXPECT_TRUE(k.ok()) << k.status().message();
    return k.ok() ? *k : "";
  };
  const Variable compiler("CC", "cc");
  const std::string built_in = key();
  EXPECT_EQ(key(), built_in);
  EXPECT_NE(key("avx2"), built_in);
  {
    const Variable schedules("ATTNC_SCHEDULES", write_schedules("one", 256));
    const std::string one = key();
    write("one/avx2.txt", std::string(columns) + "8 | 4 | 2 | 128 | 64 | 256 | 16\n");
    EXPECT_EQ(key(), one) << "rows of another target";
    const Variable others("ATTNC_SCHEDULES", write_schedules("other", 256));
    EXPECT_EQ(key(), one) << "the same rows in another folder";
    write_schedules("other", 32);
    EXPECT_NE(key(), one);
    EXPECT_NE(key(), built_in);
    const Variable nowhere("ATTNC_SCHEDULES", path("nowhere"));
    EXPECT_EQ(cache_key(layer, "baseline").status().message(),
              fmt::format("ATTNC_SCHEDULES names {0}, and there is no file {0}/baseline.txt",
                          path("nowhere")));
  }
  const auto for_calls = [&](const Calls& calls) {
    SourceLayer own = layer;
    own.calls = calls;
    return *cache_key(own, "baseline");
  };
  const ExpectedCall call{.inputs = {"query"}, .outputs = {"output"}, .queries = 2};
  const std::string plain = for_calls({call});
  EXPECT_NE(plain, built_in);
  ExpectedCall other = call;
  other.queries = 1;
  EXPECT_NE(plain, for_calls({other}));
  EXPECT_NE(plain, for_calls({call, other}));
  other = call, other.outputs.insert("attention_scores");
  EXPECT_NE(plain, for_calls({other}));
  other = call, other.inputs.insert("cache");
  EXPECT_NE(plain, for_calls({other}));
  {
    const Variable halide("HL_LLVM_ARGS", "-O1");
    EXPECT_NE(key(), built_in);
  }
  {
    const Variable other("CC", "cc -Wl,-O1");
    EXPECT_NE(key(), built_in);
  }
  EXPECT_EQ(key(), built_in);
  layer.graph.name = "model::other";
  EXPECT_NE(key(), built_in);
  layer.graph.name = "model::layer", layer.graph.fingerprint = 8;
  EXPECT_NE(key(), built_in);
}

TEST_F(Cache, AnotherLibraryBehindAttncIsAnotherKey) {
  // Stands for another libHalide: one more library, without a build id, so that its bytes become
  // part of the key.
  for (const char* answer : {"1", "2"}) {
    const std::string source =
        write("more.c", fmt::format("int more(void) {{ return {}; }}\n", answer));
    ASSERT_EQ(std::system(fmt::format("cc -shared -fPIC -Wl,--build-id=none {} -o {}", source,
                                      path("more.so"))
                              .c_str()),
              0);
    const Said said = run_layer("LD_PRELOAD=" + path("more.so"));
    ASSERT_EQ(said.code, 0) << said.err;
  }
  EXPECT_EQ(entries().size(), 2u);
}

TEST_F(Cache, ItsLimitIsANumberOfBytes) {
  const auto limit = [](const std::string& text) {
    const Variable set("ATTNC_CACHE_SIZE", text);
    return cache_limit();
  };
  EXPECT_EQ(*limit(""), uint64_t{1} << 30);
  EXPECT_EQ(*limit("0"), 0u);
  EXPECT_EQ(*limit("12345"), 12345u);
  EXPECT_EQ(*limit("3K"), uint64_t{3} << 10);
  EXPECT_EQ(*limit("500M"), uint64_t{500} << 20);
  EXPECT_EQ(*limit("2G"), uint64_t{2} << 30);
  EXPECT_EQ(*limit("16777215T"), uint64_t{16777215} << 40);
  for (const char* text : {"soup", "-1", "+1", " 1", "1 ", "1.5G", "nan", "2Q", "2GB", "1e9", "G",
                           "16777216T", "99999999999999999999"}) {
    EXPECT_EQ(
        limit(text).status().message(),
        fmt::format("ATTNC_CACHE_SIZE: expected a number of bytes, as 500M or 2G, got `{}`", text));
  }
  const Said said = run_layer("ATTNC_CACHE_SIZE=soup");
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err,
            "attnc: ATTNC_CACHE_SIZE: expected a number of bytes, as 500M or 2G, got `soup`\n");
}

TEST_F(Cache, WhatWasUsedLongestAgoGoesFirst) {
  const std::string oldest = write_entry("b", 1000, 300), middle = write_entry("a", 1000, 200),
                    newest = write_entry("c", 1000, 100);
  trim_cache(path("cache"), 3000);
  EXPECT_EQ(entries().size(), 3u);
  mark_used(path("cache/" + oldest));
  trim_cache(path("cache"), 2999);
  EXPECT_EQ(entries(), (std::set<std::string>{oldest, newest}));
  trim_cache(path("cache"), 1500);
  EXPECT_EQ(entries(), std::set<std::string>{oldest});
  trim_cache(path("cache"), 0);
  EXPECT_TRUE(entries().empty());
  trim_cache(path("nowhere"), 0);
}

TEST_F(Cache, OnlyItsOwnFilesAreDeleted) {
  const std::string own = write_entry("own", 10, 0);
  const std::set<std::string> others = {"libc.so", "x-0123456789abcdef-avx2.so", "notes.txt",
                                        "attnc-abcdef", "attnc-ghijkl"};
  for (const std::string& name : others) {
    if (name.starts_with("attnc-"))
      fs::create_directory(path("cache/" + name));
    else
      write("cache/" + name, "mine");
  }
  // Two folders that builds left behind: one from now, and one from yesterday that contains a
  // foreign file.
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  write("cache/attnc-ghijkl/letter", "mine");
  fs::create_directory(path("cache/attnc-mnopqr"));
  write("cache/attnc-mnopqr/layer.a", "a build that was killed");
  for (const char* name : {"attnc-ghijkl", "attnc-mnopqr"})
    fs::last_write_time(path(std::string("cache/") + name), yesterday);
  trim_cache(path("cache"), 0);
  EXPECT_EQ(entries(), others);
  EXPECT_TRUE(fs::exists(path("cache/attnc-ghijkl/letter")));
}

TEST_F(Cache, SeveralProcessesTrimAtOnce) {
  constexpr int processes = 4, rounds = 50, size = 1000, kept = 5;
  fs::create_directories(path("cache"));
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      for (int r = 0; r < rounds; ++r) {
        mark_used(path("cache/" + write_entry(fmt::format("p{}r{}", p, r), size, 0)));
        trim_cache(path("cache"), kept * size);
      }
      _exit(0);
    }
    children.push_back(pid);
  }
  for (pid_t pid : children) {
    int status = -1;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  trim_cache(path("cache"), kept * size);
  EXPECT_EQ(entries().size(), static_cast<size_t>(kept));
}

TEST_F(Cache, AnEntryThatIsDeletedStaysWithWhoLoadedIt) {
  // Nothing is kept: every call deletes what others have just built, and still runs what it has
  // loaded.
  run_layer("ATTNC_CACHE_SIZE=0");
  const std::string call = fmt::format(
      "ATTNC_CACHE=cache ATTNC_CACHE_SIZE=0 {} run {}:plain --weights x.safetensors --inputs "
      "x.safetensors --target baseline",
      ATTNC, MAP_LAYERS);
  const std::string together = fmt::format(
      "cd {0} && {{ {1} -o y1 & a=$!; {1} -o y2 & b=$!; wait $a && wait $b; }} >out 2>&1",
      path("."), call);
  EXPECT_EQ(std::system(together.c_str()), 0) << bytes_of(path("out"));
  for (const char* file : {"y1", "y2"})
    EXPECT_EQ(bytes_of(path(file)), bytes_of(path("y.safetensors")));
  EXPECT_TRUE(entries().empty());
}

TEST_F(Cache, ALongNameOfALayerFitsAFile) {
  const std::string file =
      entry_file("/cache", std::string(1000, 'n'), "0123456789abcdef-baseline-fedcba9876543210");
  EXPECT_LE(fs::path(file).filename().string().size(), 255u);
}

}  // namespace
}  // namespace attnc
