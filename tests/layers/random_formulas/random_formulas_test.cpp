// Random layers, compiled, opened and run, against their graphs in double.
//
//   ATTN_SEED=123 ATTN_DRAWS=1 layers_random_formulas_test     the layer that the seed 123 draws
//   ATTN_TARGET=baseline layers_random_formulas_test           another target than the best one here
//
// All of attnc runs here, in its usual order: import, passes, plan, kernels, tables, a shared
// library; that takes 2 s of CPU per layer. Most layers get a schedule with small tiles (a file for
// ATTNC_SCHEDULES), so that calls of some tens of positions have several tiles of queries and cells
// of keys, among them skipped, full and partial blocks. The others get the schedule that attnc
// ships.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "attn/runtime/library.h"
#include "layers/random_formulas/formulas.h"
#include "tools/children.h"
#include "tools/compiler.h"
#include "tools/link.h"

namespace {

using attn_test::Random;
using attnc::Status;
namespace fs = std::filesystem;

constexpr int calls_of_a_layer = 2;
// The reference takes some microseconds per pair.
constexpr attn_test::DrawOptions short_calls{.most_pairs = 60'000};

struct Drawn {
  unsigned seed;
  attn::Description description;
};

int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<int>(std::strtoul(text, nullptr, 10)) : otherwise;
}

Random random_for(const Drawn& layer, int call) {
  return Random(layer.seed * 31 + static_cast<unsigned>(call));
}

/// The calls that a layer will get, so that only their kernels are compiled.
attnc::Calls calls_of(const Drawn& layer) {
  const attn::Graph& g = layer.description.graph;
  attnc::Calls calls;
  for (int call = 0; call < calls_of_a_layer; ++call) {
    Random r = random_for(layer, call);
    const attn_test::Drawn d = attn_test::Drawer(r, g, short_calls).run();
    attnc::ExpectedCall expected{.queries = d.queries};
    for (const auto& [name, held] : d.inputs) expected.inputs.insert(name);
    for (const auto& [name, set] : d.flags) {
      if (set) expected.inputs.insert(name);
    }
    for (const attn::Output& o : g.outputs) {
      if (!o.optional || d.with_optional) expected.outputs.insert(std::string(o.name.view()));
    }
    calls.insert(std::move(expected));
  }
  return calls;
}

attnc::Result<attn::Library> built(const std::vector<Drawn>& layers, const std::string& target,
                                   const std::string& folder, const std::string& name) {
  attnc::LibraryRequest request{.name = name, .layers = {}, .targets = {target}};
  for (const Drawn& one : layers) {
    attnc::SourceLayer layer{.graph = {.name = "drawn::of_" + std::to_string(one.seed),
                                       .file = "formulas.h",
                                       .line = 1,
                                       .fingerprint = attn::fingerprint(one.description.graph),
                                       .graph = one.description.graph},
                             .definition = "",
                             .machine = "x86_64",
                             .calls = calls_of(one)};
    request.layers.push_back(std::move(layer));
  }
  auto compiled = attnc::compile(request);
  if (!compiled.ok()) return compiled.status();
  auto archive = attnc::make_library(compiled->parts);
  if (!archive.ok()) return archive.status();
  auto directory = attnc::make_directory_object(compiled->parts);
  if (!directory.ok()) return directory.status();
  const std::string base = folder + "/" + name;
  std::ofstream(base + ".a", std::ios::binary) << *archive;
  std::ofstream(base + ".o", std::ios::binary) << *directory;
  if (Status s = attnc::link_shared({base + ".o", base + ".a"}, {.file = base + ".so"}); !s.ok())
    return s;
  return attn::open(base + ".so");
}

/// The best target that this processor can run, or ATTN_TARGET.
std::string target() {
  const char* asked = std::getenv("ATTN_TARGET");
  auto best = attnc::target_here(asked ? asked : "");
  return best.ok() ? *best : "baseline";
}

/// All layers are compiled before anything runs, because kernels are made in forked processes, and
/// calls start threads.
struct Batch {
  std::vector<Drawn> layers;
  std::optional<attn::Library> library;
};

class Formulas : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new attnc::TemporaryFolder(*attnc::TemporaryFolder::make());
    const unsigned seed =
        static_cast<unsigned>(number_from("ATTN_SEED", static_cast<int>(std::random_device()())));
    const int draws = number_from("ATTN_DRAWS", 40);
    int formulas = 0;
    // One layer in ten gets the schedule that attnc ships.
    for (int i = 0; i < draws; ++i) {
      const unsigned own = seed + static_cast<unsigned>(i);
      Random r(own);
      const bool ships = attn_test::draw(r, 0, 9) == 0;
      const attn::Description d = drawn::DrawnLayer(r).run();
      ASSERT_FALSE(d.error()) << d.error().text() << "; repeat with ATTN_SEED=" << own
                              << " ATTN_DRAWS=1";
      (ships ? shipped_ : small_).layers.push_back({own, d});
      for (const attn::Node& n : d.graph.nodes)
        formulas += !n.mask.empty() + !n.sink.empty() + (n.op == attn::Op::map);
    }
    std::cout << "ATTN_SEED=" << seed << ", " << draws << " layers of " << formulas << " formulas"
              << std::endl;
    std::ofstream(folder_->path() + "/" + target() + ".txt")
        << "vector | rows | vectors | task_rows | query_tile | key_block | scores_query_tile | "
           "decode_keys | decode_rows | decode_block_keys | few_queries | few_keys | pack_rows\n"
           "4 | 2 | 1 | 16 | 8 | 32 | 4 | 16 | 3 | 4 | 16 | 16 | 5\n";
    setenv("ATTNC_SCHEDULES", folder_->path().c_str(), 1);
    build(small_, "small");
    unsetenv("ATTNC_SCHEDULES");
    build(shipped_, "shipped");
  }
  static void TearDownTestSuite() { delete folder_; }

  static void build(Batch& batch, const char* name) {
    if (batch.layers.empty()) return;
    auto library = built(batch.layers, target(), folder_->path(), name);
    ASSERT_TRUE(library.ok()) << library.status().message();
    batch.library = *std::move(library);
  }
  void run(const Batch& batch) {
    if (!batch.library) return;
    attn::ThreadPool two(2), seven(7);
    for (const Drawn& one : batch.layers) {
      const std::string name = "drawn::of_" + std::to_string(one.seed);
      auto table = batch.library->find(name);
      ASSERT_TRUE(table.ok()) << table.status().message();
      const attn_test::Subject subject{name, &one.description, *table};
      for (int call = 0; call < calls_of_a_layer; ++call) {
        Random r = random_for(one, call);
        attn_test::one_draw(r, subject, two, seven, short_calls);
        if (HasFatalFailure()) {
          FAIL() << attn::text(one.description.graph, name)
                 << "\nrepeat with ATTN_SEED=" << one.seed << " ATTN_DRAWS=1";
        }
      }
    }
  }
  static attnc::TemporaryFolder* folder_;
  static Batch small_, shipped_;
};
attnc::TemporaryFolder* Formulas::folder_ = nullptr;
Batch Formulas::small_, Formulas::shipped_;

TEST_F(Formulas, AgreeWithTheirGraphs) {
  run(small_);
  if (!HasFatalFailure()) run(shipped_);
}

}  // namespace
