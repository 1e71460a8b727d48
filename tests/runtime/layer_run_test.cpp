// Successful calls: paths, stand-ins, flags, strides, threads, workspaces.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "fake_layer.h"

namespace {

using attn::MutableTensor;
using attn::StatusCode;
using attn::Tensor;
using fake::Call;

TEST(LayerRun, MakesTheOutputAlone) {
  Call call;
  const attn::AnyLayer layer = call.load({.target = "plain"});
  attn::Workspace scratch;
  const attn::Status s =
      layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
  EXPECT_EQ(call.scores[0], -1);
}

TEST(LayerRun, MakesScoresWhenAsked) {
  Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  const attn::Status s = layer.run({{"value", call.v()}, {"key", call.k()}, {"query", call.q()}},
                                   {{"attention_scores", call.s()}, {"output", call.o()}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  const fake::Reference expected = fake::reference(call, true, false, {});
  EXPECT_EQ(call.output, expected.output);
  EXPECT_EQ(call.scores, expected.scores);
}

TEST(LayerRun, TakesTensorsInOrderAndFlags) {
  Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  for (bool causal : {false, true}) {
    const Tensor in[] = {call.q(), call.v(), {}, {}, Tensor::flag(causal)};
    const MutableTensor out[] = {call.o()};
    ASSERT_TRUE(layer.run(in, out, scratch).ok());
    EXPECT_EQ(call.output, fake::reference(call, false, causal, {}).output);
  }
  const int64_t truth = 1 << 20;  // a flag may have any type
  const attn::Status s = layer.run(
      {{"query", call.q()}, {"value", call.v()}, {"use_causal_mask", {&truth, attn::Shape{}}}},
      {{"output", call.o()}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(call.output, fake::reference(call, false, true, {}).output);
}

TEST(LayerRun, TakesTheFirstPathThatServesTheCall) {
  attn_path failing = fake::table.variants[3].paths[0];
  failing.name = "output_decode";
  failing.most_queries = 2;
  attn_path paths[] = {failing, fake::table.variants[1].paths[0], fake::table.variants[1].paths[1]};
  attn_variant variant = fake::table.variants[1];
  variant.paths = paths;
  variant.path_count = 3;
  const attn_layer_table table =
      fake::changed([&](auto& t) { t.variants = &variant, t.variant_count = 1; });
  auto run = [&](int64_t queries, bool with_scores) {
    Call call({.query = queries});
    const std::vector<attn::NamedTensor> weights = call.weights();
    auto layer = attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(weights));
    if (!layer.ok()) return layer.status().message();
    attn::Workspace scratch;
    const Tensor in[] = {call.q(), call.v()};
    const MutableTensor out[] = {call.o(), with_scores ? call.s() : MutableTensor{}};
    const attn::Status s = layer->run(in, out, scratch);
    if (s.ok()) {
      EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output) << queries;
    }
    return s.message();
  };
  const std::string returned_seven =
      "kernel `output_decode` of target `plain` returned 7; please report it";
  for (int64_t queries : {1, 2}) {
    EXPECT_NE(run(queries, false).find(returned_seven), std::string::npos) << run(queries, false);
    EXPECT_EQ(run(queries, true), "") << "another set of outputs";
  }
  EXPECT_EQ(run(0, false), "");
  EXPECT_EQ(run(3, false), "");
  EXPECT_EQ(run(64, false), "");
  variant.path_count = 1;
  EXPECT_NE(
      run(3, false).find("the path that makes `output` serves at most 2 queries a call; got 3"),
      std::string::npos)
      << run(3, false);
}

TEST(LayerRun, TakesStridedViews) {
  Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  const fake::Shapes n = call.shapes;
  // Queries and outputs are [query, batch, feature] in memory, with a gap between rows.
  const int64_t row = n.query_features + 3;
  std::vector<float> query(static_cast<size_t>(n.query * n.batch * row)), output(query.size(), -1);
  for (int64_t b = 0; b < n.batch; ++b) {
    for (int64_t t = 0; t < n.query; ++t) {
      std::memcpy(&query[static_cast<size_t>((t * n.batch + b) * row)],
                  &call.query[static_cast<size_t>((b * n.query + t) * n.query_features)],
                  static_cast<size_t>(n.query_features) * sizeof(float));
    }
  }
  const attn::Shape shape{n.batch, n.query, n.query_features}, strides{row, row * n.batch, 1};
  const attn::Status s = layer.run({{"query", {query.data(), shape, strides}}, {"value", call.v()}},
                                   {{"output", {output.data(), shape, strides}}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  const fake::Reference expected = fake::reference(call, false, false, {});
  for (int64_t b = 0; b < n.batch; ++b) {
    for (int64_t t = 0; t < n.query; ++t) {
      for (int64_t f = 0; f < row; ++f) {
        const float got = output[static_cast<size_t>((t * n.batch + b) * row + f)];
        if (f < n.query_features) {
          const size_t i = static_cast<size_t>((b * n.query + t) * n.query_features + f);
          EXPECT_EQ(got, expected.output[i]);
        } else {
          EXPECT_EQ(got, -1);
        }
      }
    }
  }
}

TEST(LayerRun, BroadcastInputsHaveStrideZero) {
  Call call, one;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  const fake::Shapes n = call.shapes;
  for (size_t i = 0; i < call.value.size(); ++i) {
    call.value[i] = call.value[i % static_cast<size_t>(n.key * n.value_features)];
  }
  const Tensor v(call.value.data(), {n.batch, n.key, n.value_features}, {0, n.value_features, 1});
  ASSERT_TRUE(layer.run({{"query", call.q()}, {"value", v}}, {{"output", call.o()}}, scratch).ok());
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
}

TEST(LayerRun, NothingToDoIsNoCall) {
  const int before = fake::kernel_runs();
  attn::Workspace scratch;
  for (const fake::Shapes& n : {fake::Shapes{.batch = 0}, fake::Shapes{.query = 0}}) {
    Call call(n);
    const attn::AnyLayer layer = call.load();
    const attn::Status s =
        layer.run({{"query", call.q()}, {"value", call.v()}},
                  {{"output", call.o()}, {"attention_scores", call.s()}}, scratch);
    EXPECT_TRUE(s.ok()) << s.message();
  }
  EXPECT_EQ(fake::kernel_runs(), before);
  EXPECT_EQ(scratch.bytes(), 0u);
}

TEST(LayerRun, NoKeysIsACall) {
  Call call({.key = 0});
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  std::vector<float> mask;
  const attn::Status s = layer.run({{"query", call.q()},
                                    {"value", call.v()},
                                    {"attention_mask", {mask, {call.shapes.query, 0}}}},
                                   {{"output", call.o()}, {"attention_scores", call.s()}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
}

TEST(LayerRun, SameBitsForAnyExecutor) {
  Call call({.batch = 3, .query = 17, .key = 33});
  const attn::AnyLayer layer = call.load();
  const fake::Reference expected = fake::reference(call, false, true, {});
  attn::Workspace scratch;
  const bool causal = true;
  for (int threads : {1, 2, 7}) {
    attn::ThreadPool pool(threads);
    std::fill(call.output.begin(), call.output.end(), -1.0f);
    const attn::Status s = layer.run(
        {{"query", call.q()}, {"value", call.v()}, {"use_causal_mask", Tensor::flag(causal)}},
        {{"output", call.o()}}, scratch, {.executor = &pool});
    ASSERT_TRUE(s.ok()) << s.message();
    EXPECT_EQ(call.output, expected.output);
  }
}

TEST(LayerRun, ManyThreadsCallOneLayer) {
  Call call({.batch = 2, .query = 9, .key = 12});
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  const fake::Reference expected = fake::reference(call, false, false, {});
  const std::vector<int32_t> mask(static_cast<size_t>(call.shapes.query * call.shapes.key), 3);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, mine = call]() mutable {
      attn::Workspace scratch;
      for (int i = 0; i < 30; ++i) {
        std::fill(mine.output.begin(), mine.output.end(), -1.0f);
        const attn::Status s =
            layer.run({{"query", mine.q()},
                       {"value", mine.v()},
                       {"attention_mask", {mask, {mine.shapes.query, mine.shapes.key}}}},
                      {{"output", mine.o()}}, scratch);
        if (!s.ok() || mine.output != expected.output) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(LayerRun, CallsFromInsideALoop) {
  Call call;
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  const fake::Reference expected = fake::reference(call, false, false, {});
  std::atomic<int> wrong{0};
  attn::parallel_for(pool, 8, [&](int, int) {
    Call mine;
    attn::Workspace scratch;
    const attn::Status s =
        layer.run({{"query", mine.q()}, {"value", mine.v()}}, {{"output", mine.o()}}, scratch);
    if (!s.ok() || mine.output != expected.output) ++wrong;
  });
  EXPECT_EQ(wrong, 0);
}

TEST(LayerRun, WorkspaceBytesAreWhatACallTakes) {
  Call call;
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  std::vector<float> mask(static_cast<size_t>(call.shapes.query * call.shapes.key), 1.0f);
  const Tensor in[] = {call.q(), call.v(), {}, {mask, {call.shapes.query, call.shapes.key}}};
  const MutableTensor out[] = {call.o()};
  attn::Result<size_t> bytes = layer.workspace_bytes(in, out, 3);
  ASSERT_TRUE(bytes.ok()) << bytes.status().message();
  // The mask, the calls of three workers, and what the kernel reports (see fake_layer.cpp).
  EXPECT_EQ(*bytes, 128u + 3 * 128 + (128 + 128) + 3 * (128 + 128 + 2 * 256));
  std::vector<std::byte> memory(*bytes + 127);
  auto lent = [&](size_t less) {
    const size_t past = (128 - reinterpret_cast<uintptr_t>(memory.data()) % 128) % 128;
    return attn::Workspace(std::span(memory).subspan(past, *bytes - less));
  };
  attn::Workspace enough = lent(0), small = lent(1);
  EXPECT_TRUE(layer.run(in, out, enough).ok());
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
  const attn::Status s = layer.run(in, out, small);
  EXPECT_EQ(s.code(), StatusCode::invalid_argument);
  EXPECT_EQ(
      s.message(),
      "layer `model::fake`: the workspace has 3071 bytes of lent memory and the call needs 3072: "
      "lend more, or use a Workspace that owns its memory");
}

TEST(LayerRun, TellsOutputShapes) {
  Call call;
  const attn::AnyLayer layer = call.load();
  const attn::NamedTensor in[] = {{"query", call.q()}, {"value", call.v()}};
  auto shape = layer.output_shape("attention_scores", in);
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(*shape, (attn::Shape{2, 3, 4, 6}));
  EXPECT_EQ(*layer.output_shape("output", in), (attn::Shape{2, 4, 8}));
  EXPECT_EQ(layer.output_shape("scores", in).status().message(),
            "layer `model::fake`: there is no output `scores`, only `output`, `attention_scores`");
  EXPECT_EQ(layer.output_shape("output", std::span<const attn::NamedTensor>()).status().message(),
            "layer `model::fake`: the inputs given do not tell axis 0 (batch) of output `output`");
}

TEST(LayerRun, AKernelThatTakesTooMuchIsReported) {
  Call call;
  const attn::AnyLayer layer = call.load({.target = "greedy"});
  attn::Workspace scratch;
  const attn::Status s =
      layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch);
  EXPECT_EQ(s.code(), StatusCode::internal);
  EXPECT_EQ(s.message(),
            "layer `model::fake`: kernel `output` of target `greedy` took more memory than it had "
            "announced; please report it");
}

TEST(LayerRun, AKernelThatFailsIsReported) {
  Call call;
  const attn::AnyLayer layer = call.load({.target = "failing"});
  attn::Workspace scratch;
  const attn::Status s =
      layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch);
  EXPECT_EQ(s.code(), StatusCode::internal);
  EXPECT_EQ(
      s.message(),
      "layer `model::fake`: kernel `output` of target `failing` returned 7; please report it");
}

struct Strange : attn::Executor {
  int workers = 2, worker = 5;
  int worker_count() const override { return workers; }
  void parallel_for(int count, Task task, void* context) override {
    for (int i = 0; i < count; ++i) task(context, i, worker);
  }
};

TEST(LayerRun, AStrangeExecutorIsReported) {
  Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  Strange strange;
  auto run = [&] {
    return layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch,
                     {.executor = &strange});
  };
  EXPECT_EQ(
      run().message(),
      "layer `model::fake`: the executor ran a task as a worker outside 0 to 1, which are those "
      "of its worker_count()");
  strange.worker = 1;
  EXPECT_TRUE(run().ok());
  strange.workers = 0;
  EXPECT_EQ(run().message(),
            "layer `model::fake`: an executor needs at least 1 worker, this one has 0");
}

TEST(LayerRun, AWorkspaceServesOneCallAtATime) {
  Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  ASSERT_TRUE(scratch.begin_use());
  auto run = [&] {
    return layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch);
  };
  EXPECT_EQ(
      run().message(),
      "layer `model::fake`: the workspace is in use by another call: every call at a time needs "
      "one of its own");
  scratch.end_use();
  EXPECT_TRUE(run().ok());
  EXPECT_TRUE(run().ok());
}

}  // namespace
