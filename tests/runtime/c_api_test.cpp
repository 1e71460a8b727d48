// The C interface: the same layer, the same numbers, and the errors for invalid arguments.
#include "attn/runtime/c_api.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "../common/scratch.h"
#include "attn/runtime/safetensors.h"
#include "cached_layer.h"
#include "fake_layer.h"

namespace {

attn_tensor c_view(const char* name, const attn::Tensor& t) {
  attn_tensor out = {};
  out.name = name, out.data = t.data(), out.dtype = static_cast<int32_t>(t.dtype()),
  out.rank = t.rank();
  std::copy(t.shape().begin(), t.shape().end(), out.shape);
  return out;
}

attn_mutable_tensor c_view(const char* name, const attn::MutableTensor& t) {
  attn_mutable_tensor out = {};
  out.name = name, out.data = t.data(), out.dtype = static_cast<int32_t>(t.dtype()),
  out.rank = t.rank();
  std::copy(t.shape().begin(), t.shape().end(), out.shape);
  return out;
}

class CApi : public testing::Test {
 protected:
  void SetUp() override {
    const attn_layer_table* const tables[] = {&fake::table};
    ASSERT_EQ(attn_library_of(tables, 1, &library), ATTN_OK) << attn_message();
    for (const attn::NamedTensor& w : call.weights())
      weights.push_back(c_view(w.name.data(), w.tensor));
    options.target = "plain";
    ASSERT_EQ(load(), ATTN_OK) << attn_message();
  }
  void TearDown() override {
    attn_layer_free(layer);
    attn_close(library);
    attn_workspace_free(scratch);
  }
  attn_status load() {
    return attn_layer_load_arrays(library, fake::table.name, weights.data(),
                                  static_cast<int32_t>(weights.size()), &options, &layer);
  }
  fake::Call call;
  std::vector<attn_tensor> weights;
  attn_load_options options = {};
  attn_library* library = nullptr;
  attn_layer* layer = nullptr;
  attn_workspace* scratch = attn_workspace_new();
};

TEST_F(CApi, RunsALayer) {
  EXPECT_STREQ(attn_layer_name(layer), fake::table.name);
  EXPECT_STREQ(attn_layer_target(layer), "plain");
  EXPECT_GT(attn_layer_packed_bytes(layer), 0u);
  EXPECT_EQ(attn_library_layer_count(library), 1);
  EXPECT_EQ(attn_library_layer(library, 0), &fake::table);
  EXPECT_EQ(attn_library_layer(library, 1), nullptr);

  const attn_tensor in[] = {c_view("value", call.v()), c_view("query", call.q())};
  const attn_mutable_tensor out[] = {c_view("output", call.o())};
  int32_t rank = 0;
  int64_t shape[ATTN_MAX_RANK] = {};
  ASSERT_EQ(attn_layer_output_shape(layer, "output", in, 2, &rank, shape), ATTN_OK)
      << attn_message();
  EXPECT_EQ(rank, 3);
  EXPECT_EQ(shape[2], call.shapes.query_features);
  size_t bytes = 0;
  ASSERT_EQ(attn_layer_workspace_bytes(layer, in, 2, out, 1, 2, &bytes), ATTN_OK) << attn_message();
  EXPECT_GT(bytes, 0u);

  attn_executor* two = attn_executor_new(2);
  ASSERT_EQ(attn_layer_run(layer, in, 2, out, 1, scratch, two), ATTN_OK) << attn_message();
  attn_executor_free(two);
  const auto want = fake::reference(call, false, false, {});
  for (size_t i = 0; i < want.output.size(); ++i)
    ASSERT_NEAR(call.output[i], want.output[i], 1e-3f);

  // The caller's memory: enough, and then one byte too little after alignment.
  std::vector<char> memory(bytes + 128);
  attn_workspace* lent = attn_workspace_over(memory.data(), memory.size());
  attn_executor* pool = attn_executor_new(2);
  EXPECT_EQ(attn_layer_run(layer, in, 2, out, 1, lent, pool), ATTN_OK) << attn_message();
  attn_workspace_free(lent);
  lent = attn_workspace_over(memory.data(), bytes / 2);
  EXPECT_EQ(attn_layer_run(layer, in, 2, out, 1, lent, pool), ATTN_INVALID_ARGUMENT);
  attn_workspace_free(lent);
  attn_executor_free(pool);
}

TEST_F(CApi, RefusesNumbersThatAreNoTruths) {
  const int16_t mask[6] = {0, 0, 0, 0, 0, -10000};
  const attn_tensor in[] = {c_view("value", call.v()),
                            c_view("query", call.q()),
                            {"attention_mask", mask, ATTN_INT16, 2, {1, 6}, nullptr}};
  const attn_mutable_tensor out[] = {c_view("output", call.o())};
  const std::vector<float> before = call.output;
  EXPECT_EQ(attn_layer_run(layer, in, 3, out, 1, scratch, nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_NE(std::string(attn_message()).find("`attention_mask` holds -10000 (int16)"),
            std::string::npos)
      << attn_message();
  EXPECT_EQ(call.output, before);
}

TEST(CApiCache, InPlaceAndLeftOut) {
  CachedLayer cached;
  const attn_layer_table* const tables[] = {&cached.table()};
  attn_library* library = nullptr;
  attn_layer* layer = nullptr;
  ASSERT_EQ(attn_library_of(tables, 1, &library), ATTN_OK) << attn_message();
  ASSERT_EQ(attn_layer_load_arrays(library, "recorder", nullptr, 0, nullptr, &layer), ATTN_OK)
      << attn_message();
  float x[4] = {1, 2, 3, 4}, y[2] = {}, cache[2 * 2 * 3 * 2] = {};
  const int32_t at[2] = {0, 2};
  const attn_tensor in[] = {{"query", x, ATTN_FLOAT32, 3, {2, 1, 1}, nullptr},
                            {"value", x, ATTN_FLOAT32, 3, {2, 1, 2}, nullptr},
                            {"cache", cache, ATTN_FLOAT32, 5, {2, 2, 3, 2, 1}, nullptr},
                            {"cache_update_index", at, ATTN_INT32, 1, {2}, nullptr}};
  const attn_mutable_tensor out[] = {{"output", y, ATTN_FLOAT32, 3, {2, 1, 1}, nullptr},
                                     {"cache", cache, ATTN_FLOAT32, 5, {2, 2, 3, 2, 1}, nullptr}};
  attn_workspace* scratch = attn_workspace_new();
  ASSERT_EQ(attn_layer_run(layer, in, 4, out, 2, scratch, nullptr), ATTN_OK) << attn_message();
  EXPECT_EQ(cached.ran, "decode");
  EXPECT_EQ(cached.arguments.back().host, cache);
  EXPECT_EQ(cache[0], 1);
  EXPECT_EQ(cache[12 + 4], 3);
  EXPECT_EQ(y[1], 2);
  ASSERT_EQ(attn_layer_run(layer, in, 2, out, 1, scratch, nullptr), ATTN_OK) << attn_message();
  EXPECT_EQ(cached.ran, "plain");
  EXPECT_EQ(attn_layer_run(layer, in, 3, out, 2, scratch, nullptr), ATTN_UNSUPPORTED);
  EXPECT_NE(std::string(attn_message()).find("without `cache_update_index`"), std::string::npos);
  attn_workspace_free(scratch);
  attn_layer_free(layer);
  attn_close(library);
}

TEST_F(CApi, ReadsFiles) {
  const std::string path = ::scratch("c_api_weights.safetensors");
  ASSERT_TRUE(attn::save_safetensors(path, call.weights()).ok());
  attn_file* file = nullptr;
  ASSERT_EQ(attn_file_open(path.c_str(), &file), ATTN_OK) << attn_message();
  attn_tensor found;
  ASSERT_EQ(attn_file_find(file, "query/kernel", &found), ATTN_OK) << attn_message();
  EXPECT_EQ(found.dtype, ATTN_FLOAT32);
  EXPECT_EQ(found.strides, nullptr);
  EXPECT_EQ(attn_file_find(file, "nothing", &found), ATTN_NOT_FOUND);
  attn_layer* other = nullptr;
  EXPECT_EQ(attn_layer_load(library, fake::table.name, file, &options, &other), ATTN_OK)
      << attn_message();
  attn_layer_free(other);
  options.prefix = "encoder/";
  EXPECT_EQ(attn_layer_load(library, fake::table.name, file, &options, &other), ATTN_NOT_FOUND);
  EXPECT_EQ(other, nullptr);
  attn_file_close(file);
  std::filesystem::remove(path);
  EXPECT_EQ(attn_file_open(path.c_str(), &file), ATTN_NOT_FOUND);
  EXPECT_NE(std::string(attn_message()).find("c_api_weights"), std::string::npos);
}

TEST_F(CApi, SaysWhatMakesNoSense) {
  attn_tensor in[] = {c_view("query", call.q()), c_view("value", call.v())};
  attn_mutable_tensor out[] = {c_view("output", call.o())};
  auto run = [&] { return attn_layer_run(layer, in, 2, out, 1, scratch, nullptr); };
  in[0].name = "querry";
  EXPECT_EQ(run(), ATTN_NOT_FOUND);
  EXPECT_NE(std::string(attn_message()).find("there is no input `querry`"), std::string::npos);
  in[0].name = nullptr;
  EXPECT_EQ(run(), ATTN_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_message(), "one of the inputs has no name");
  in[0].name = "query", in[0].rank = 9;
  EXPECT_EQ(run(), ATTN_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_message(), "input `query` has rank 9, expected 0 to 8");
  in[0].rank = 3, in[0].dtype = -1;
  EXPECT_EQ(run(), ATTN_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_message(),
               "input `query` has type -1, expected one of ATTN_FLOAT32 to ATTN_INT64");
  EXPECT_EQ(attn_layer_run(layer, nullptr, 2, out, 1, scratch, nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_EQ(attn_layer_run(layer, in, 33, out, 1, scratch, nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_EQ(attn_layer_run(layer, in, -1, out, 1, scratch, nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_EQ(attn_layer_run(nullptr, in, 2, out, 1, scratch, nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_STREQ(attn_message(), "`layer` is NULL");
  EXPECT_EQ(attn_layer_run(layer, in, 2, out, 1, nullptr, nullptr), ATTN_INVALID_ARGUMENT);

  attn_library* none = nullptr;
  EXPECT_EQ(attn_open("/nowhere/lib.so", &none), ATTN_NOT_FOUND);
  EXPECT_STREQ(attn_message(), "/nowhere/lib.so: there is no such file");
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(attn_open(nullptr, &none), ATTN_INVALID_ARGUMENT);
  EXPECT_EQ(attn_open("x", nullptr), ATTN_INVALID_ARGUMENT);
  EXPECT_EQ(attn_library_of(nullptr, 1, &none), ATTN_INVALID_ARGUMENT);
  attn_layer* missing = nullptr;
  EXPECT_EQ(attn_layer_load_arrays(library, "decoder", weights.data(), 3, &options, &missing),
            ATTN_NOT_FOUND);
  EXPECT_EQ(attn_layer_load(library, "decoder", nullptr, &options, &missing),
            ATTN_INVALID_ARGUMENT);
  attn_close(nullptr), attn_layer_free(nullptr), attn_file_close(nullptr),
      attn_executor_free(nullptr);
  attn_workspace_free(nullptr);
  EXPECT_EQ(attn_library_layer_count(nullptr), 0);
}

}  // namespace
