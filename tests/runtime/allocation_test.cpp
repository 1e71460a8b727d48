// After the first call with some shapes, a call allocates nothing: every malloc of the process is
// counted, whoever calls it. Under sanitizers their hooks count.
#include <gtest/gtest.h>

#include <algorithm>

#include "../common/count_allocations.h"
#include "attn/runtime/c_api.h"
#include "attn/runtime/key_value_cache.h"
#include "fake_layer.h"

namespace {

TEST(Allocation, IsCounted) {
  EXPECT_EQ(allocations_of([] {
              void* volatile p = std::malloc(10);
              std::free(p);
              delete new attn::Workspace;
            }),
            2);
}

TEST(Allocation, NoneAfterTheFirstCall) {
  fake::Call call({.batch = 2, .query = 40, .key = 50});
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  const std::vector<float> mask(40 * 50, 1.0f);
  attn::Workspace scratch;
  const attn::NamedTensor in[] = {
      {"query", call.q()}, {"value", call.v()}, {"attention_mask", {mask, {40, 50}}}};
  const attn::NamedMutableTensor out[] = {{"output", call.o()}, {"attention_scores", call.s()}};
  auto run = [&] {
    const bool ok = layer
                        .run(std::span<const attn::NamedTensor>(in),
                             std::span<const attn::NamedMutableTensor>(out), scratch)
                        .ok();
    ASSERT_TRUE(ok);
  };
  EXPECT_GT(allocations_of(run), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(allocations_of(run), 0);

  // Shorter shapes fit too.
  fake::Call small({.batch = 1, .query = 3, .key = 4});
  EXPECT_EQ(allocations_of([&] {
              const bool ok = layer
                                  .run({{"query", small.q()}, {"value", small.v()}},
                                       {{"output", small.o()}}, scratch)
                                  .ok();
              ASSERT_TRUE(ok);
            }),
            0);
}

TEST(Allocation, NoneAtAllOverLentMemory) {
  fake::Call call;
  const attn::AnyLayer layer = call.load({.executor = &attn::serial_executor()});
  alignas(128) static std::byte memory[1 << 16];
  EXPECT_EQ(
      allocations_of([&] {
        attn::Workspace scratch{std::span(memory)};
        const bool ok =
            layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch)
                .ok();
        ASSERT_TRUE(ok);
      }),
      0);
}

TEST(Allocation, NoneFromC) {
  fake::Call call;
  const attn_layer_table* const tables[] = {&fake::table};
  attn_library* library = nullptr;
  attn_layer* layer = nullptr;
  ASSERT_EQ(attn_library_of(tables, 1, &library), ATTN_OK);
  auto view = [](const char* name, const auto& t) {
    attn_tensor out = {};
    out.name = name, out.data = t.data(), out.dtype = ATTN_FLOAT32, out.rank = t.rank();
    std::copy(t.shape().begin(), t.shape().end(), out.shape);
    return out;
  };
  std::vector<attn_tensor> weights;
  for (const auto& w : call.weights()) weights.push_back(view(w.name.data(), w.tensor));
  ASSERT_EQ(attn_layer_load_arrays(library, fake::table.name, weights.data(), 3, nullptr, &layer),
            ATTN_OK)
      << attn_message();
  attn_executor* threads = attn_executor_new(2);
  attn_workspace* scratch = attn_workspace_new();
  const attn_tensor in[] = {view("query", call.q()), view("value", call.v())};
  const attn_tensor o = view("output", call.o());
  attn_mutable_tensor out = {o.name, call.output.data(), o.dtype, o.rank, {}, nullptr};
  std::copy(o.shape, o.shape + o.rank, out.shape);
  auto run = [&] {
    const attn_status s = attn_layer_run(layer, in, 2, &out, 1, scratch, threads);
    ASSERT_EQ(s, ATTN_OK);
  };
  EXPECT_GT(allocations_of(run), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(allocations_of(run), 0);
  attn_workspace_free(scratch);
  attn_executor_free(threads);
  attn_layer_free(layer);
  attn_close(library);
}

/// A step of a decode loop, with a kernel that only counts.
std::atomic<int> steps{0};
int count_step(void**) { return ++steps, 0; }
int no_workspace(void**) { return 0; }

TEST(Allocation, NoneInAStepOfADecodeLoop) {
  // clang-format off
  constexpr attn_axis batch{ATTN_AXIS_BATCH, 0, -1, 0, 0}, feature{ATTN_AXIS_FEATURE, 0, -1, 0, 0};
  const attn_axis query[] = {batch, {ATTN_AXIS_QUERY, 0, -1, 0, 0}, feature}, value[] = {batch, {ATTN_AXIS_UPDATE, 0, -1, 0, 0}, feature};
  const attn_axis cache[] = {batch, {ATTN_AXIS_SLOT, 0, -1, 2, 0}, {ATTN_AXIS_KEY, 0, -1, 0, 0}, {ATTN_AXIS_HEAD, 0, -1, 2, 0}, {ATTN_AXIS_SIZE, 0, -1, 4, 0}};
  const attn_tensor_info inputs[] = {{"query", query, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
                                     {"value", value, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
                                     {"cache", cache, 5, ATTN_VALUE_REAL, ATTN_FLOAT32, 1, -1, -1, 0},
                                     {"at", query, 1, ATTN_VALUE_INDEX, ATTN_INT32, 1, -1, -1, 0}};
  const attn_tensor_info outputs[] = {{"output", query, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
                                      {"cache", cache, 5, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, 2, 0}};
  const attn_argument arguments[] = {{ATTN_ARGUMENT_INPUT, ATTN_FORM_ROWS, 0}, {ATTN_ARGUMENT_INPUT, ATTN_FORM_ROWS, 1},
                                     {ATTN_ARGUMENT_INPUT, ATTN_FORM_LIST, 3}, {ATTN_ARGUMENT_OUTPUT, ATTN_FORM_ROWS, 0},
                                     {ATTN_ARGUMENT_OUTPUT, ATTN_FORM_CACHE, 1}};
  const attn_path path{"decode", 3, 12, 0, 0, 5, arguments, count_step, no_workspace};
  const attn_variant variant{"plain", 0, 0, 0, 1, nullptr, &path};
  const attn_layer_table table{ATTN_ABI_VERSION, 4, 0, 2, 1, ATTN_FLOAT32, 1, "model::cached", "test_layers", inputs, nullptr, outputs, &variant};
  // clang-format on
  auto layer = attn::AnyLayer::load(table, std::span<const attn::NamedTensor>());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  auto kept = attn::KeyValueCache::make({.batch = 2, .capacity = 64, .heads = 2, .size = 4});
  ASSERT_TRUE(kept.ok());
  std::vector<float> x(2 * 2 * 8), y(2 * 8);
  attn::Workspace scratch;
  const attn::Shape shape{2, 1, 8};
  auto step = [&] {  // an input and an output that have to be copied
    const bool ok = attn::append(*layer, *kept,
                                 {{"query", {x.data(), shape, {16, 16, 2}}}, {"value", {x, shape}}},
                                 {{"output", {y.data(), shape, {1, 2, 2}}}}, scratch)
                        .ok();
    ASSERT_TRUE(ok);
  };
  EXPECT_GT(allocations_of(step), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(allocations_of(step), 0);
  EXPECT_EQ(steps, 21);
  EXPECT_EQ(kept->length(1), 21);
}

}  // namespace
