// Random layers, compiled, opened and run, against their graphs in double.
//
//   ATTN_SEED=123 ATTN_DRAWS=1 layers_random_formulas_test     the layer that the seed 123 draws
//   ATTN_TARGET=baseline layers_random_formulas_test           another target than the best one here
//
// All of attnc runs here, in its usual order: import, passes, plan, kernels, tables, a shared
// library; that takes 1 s of CPU per layer. Most layers get a random schedule with small tiles, so that
// calls of some tens of positions have several tiles of queries and cells of keys, among them
// skipped, full and partial blocks. The others get the schedule that attnc ships.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "attn/runtime/library.h"
#include "halide/schedule.h"
#include "layers/random_formulas/formulas.h"
#include "plan/schedule_text.h"
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

attnc::SourceLayer source_of(const Drawn& layer) {
  return {.graph = {.name = "drawn::of_" + std::to_string(layer.seed),
                    .file = "formulas.h",
                    .line = 1,
                    .fingerprint = attn::fingerprint(layer.description.graph),
                    .graph = layer.description.graph},
          .definition = "",
          .machine = "x86_64",
          .calls = calls_of(layer)};
}

/// Links the library, with FILE.a and FILE.o beside FILE.so, and opens it.
attnc::Result<attn::Library> opened(const attnc::Result<attnc::Compiled>& compiled,
                                    const std::string& base) {
  if (!compiled.ok()) return compiled.status();
  auto archive = attnc::make_library(compiled->parts);
  if (!archive.ok()) return archive.status();
  auto directory = attnc::make_directory_object(compiled->parts);
  if (!directory.ok()) return directory.status();
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

/// Layers in a row get the same schedule, so that a few libraries hold all of them.
constexpr unsigned layers_of_a_schedule = 8;

/// A schedule with small tiles: any that kernels can be made with, so register tiles that do not
/// divide their blocks are among them.
attnc::Schedule drawn_schedule(unsigned seed) {
  const std::map<std::string, std::vector<int>> small = {{"vector", {4, 8, 16}},
                                                         {"rows", {1, 2, 4}},
                                                         {"vectors", {1, 2, 3, 4}},
                                                         {"task_rows", {1, 4, 16}},
                                                         {"query_tile", {4, 8, 12, 16}},
                                                         {"key_block", {4, 16, 32, 72}},
                                                         {"scores_query_tile", {4, 8}},
                                                         {"decode_keys", {16, 32, 48}},
                                                         {"decode_rows", {1, 2, 3, 4}},
                                                         {"decode_product_keys", {1, 2, 3, 4}},
                                                         {"decode_block_keys", {1, 4, 16}},
                                                         {"decode_fold_unroll", {1, 2, 3}},
                                                         {"decode_exp_unroll", {1, 2, 3}},
                                                         {"few_queries", {0, 2, 16, 64}},
                                                         {"few_keys", {16, 32, 48}},
                                                         {"pack_rows", {1, 5, 16}},
                                                         {"value_vectors", {0, 1, 2, 3, 4}},
                                                         {"score_rows", {0, 1, 2, 4}},
                                                         {"score_vectors", {0, 1, 2, 3, 4}}};
  Random r(seed);
  attnc::Schedule s;
  do {
    for (const attnc::ScheduleColumn& c : attnc::schedule_columns) {
      const std::vector<int>& numbers = small.at(c.name);
      s.*c.number =
          numbers[static_cast<size_t>(attn_test::draw(r, 0, static_cast<int>(numbers.size()) - 1))];
    }
  } while (!attnc::impossible(s, *attnc::find_target(target())).empty());
  return s;
}

/// All layers are compiled before anything runs, because kernels are made in forked processes, and
/// calls start threads.
struct Batch {
  std::string schedule;  // as text; empty: the one that attnc ships
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
      const std::string schedule =
          ships ? "" : attnc::text_of(drawn_schedule(own / layers_of_a_schedule));
      const auto same = std::find_if(batches_.begin(), batches_.end(),
                                     [&](const Batch& b) { return b.schedule == schedule; });
      Batch& batch = same != batches_.end() ? *same : batches_.emplace_back();
      batch.schedule = schedule;
      batch.layers.push_back({own, d});
      for (const attn::Node& n : d.graph.nodes)
        formulas += !n.mask.empty() + !n.sink.empty() + (n.op == attn::Op::map);
    }
    std::cout << "ATTN_SEED=" << seed << ", " << draws << " layers of " << formulas << " formulas"
              << std::endl;
    build();
  }
  static void TearDownTestSuite() { delete folder_; }

  static void build() {
    std::vector<attnc::LibraryRequest> requests;
    for (const Batch& batch : batches_) requests.push_back(request_for(batch));
    const auto compiled = attnc::compile_all(requests);
    for (size_t i = 0; i < batches_.size(); ++i) {
      auto library = opened(compiled[i], folder_->path() + "/" + requests[i].name);
      ASSERT_TRUE(library.ok()) << library.status().message() << "\n" << batches_[i].schedule;
      batches_[i].library = *std::move(library);
    }
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
          FAIL() << attn::text(one.description.graph, name) << batch.schedule
                 << "\nrepeat with ATTN_SEED=" << one.seed << " ATTN_DRAWS=1";
        }
      }
    }
  }

 private:
  static attnc::LibraryRequest request_for(const Batch& batch) {
    attnc::LibraryRequest request{.name = "drawn" + std::to_string(&batch - batches_.data()),
                                  .layers = {},
                                  .targets = {target()}};
    if (!batch.schedule.empty())
      request.schedules = attnc::schedule_from_text(batch.schedule).value();
    for (const Drawn& one : batch.layers) request.layers.push_back(source_of(one));
    return request;
  }

 protected:
  static attnc::TemporaryFolder* folder_;
  static std::vector<Batch> batches_;
};
attnc::TemporaryFolder* Formulas::folder_ = nullptr;
std::vector<Batch> Formulas::batches_;

TEST_F(Formulas, AgreeWithTheirGraphs) {
  for (const Batch& batch : batches_) {
    if (!HasFatalFailure()) run(batch);
  }
}

}  // namespace
