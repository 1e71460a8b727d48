// Valid files.
#include "attn/runtime/safetensors.h"

#include <cstring>
#include <filesystem>
#include <thread>

#include "other_files.h"
#include "safetensors_files.h"

namespace {

using attn::DType;
using attn::SafeTensors;
using attn::Shape;
using attn::Tensor;

template <class T>
std::vector<T> values(const Tensor& t) {
  const T* data = static_cast<const T*>(t.data());
  return {data, data + t.shape().elements()};
}

TEST(SafeTensors, ReadsAFile) {
  const std::string data("\0\0\x80\x3f\0\0\0\x40\x01\0", 10);  // 1.0f, 2.0f, true, false
  auto file = files::open(files::file(
      R"({"__metadata__":{"format":"pt"},"a/b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"( "mask" : { "shape" : [ 2 ] , "data_offsets":[8, 10],"dtype":"BOOL"}, )"
      R"("empty":{"dtype":"I64","shape":[3,0],"data_offsets":[10,10]},)"
      R"("\u00e9\ud83d\ude00\n":{"dtype":"F32","shape":[0],"data_offsets":[0,0]} }   )",
      data));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->names().size(), 4u);
  EXPECT_TRUE(file->contains("\u00e9\U0001F600\n"));
  auto a = file->find("a/b");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->describe(), "float32 [2, 1]");
  EXPECT_EQ(values<float>(*a), (std::vector<float>{1, 2}));
  EXPECT_EQ(values<uint8_t>(*file->find("mask")), (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(file->find("empty")->describe(), "int64 [3, 0]");
  ASSERT_EQ(file->metadata().size(), 1u);
  EXPECT_EQ(file->metadata()[0].second, "pt");
  EXPECT_FALSE(file->contains("b"));
  EXPECT_EQ(file->find("b").status().code(), attn::StatusCode::not_found);
  EXPECT_EQ(file->find("b").status().message(),
            "`" + file->path() + "`: there is no tensor `b` among its 4");
}

TEST(SafeTensors, ScalarsAndNothing) {
  auto file = files::open(files::file(R"({"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]}})",
                                      std::string(8, '\0')));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->find("x")->describe(), "float64 []");
  EXPECT_TRUE(files::open(files::file("{}", "")).ok());
  EXPECT_TRUE(files::open(files::file("{ }  ", "")).ok());
}

TEST(SafeTensors, UnalignedDataIsAligned) {
  std::string data(1, '\x01');
  const double x = 1.5;
  data.append(reinterpret_cast<const char*>(&x), 8);
  for (int spaces = 0; spaces < 8; ++spaces) {
    auto file = files::open(files::file(
        R"({"m":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F64","shape":[1],"data_offsets":[1,9]}})" +
            std::string(static_cast<size_t>(spaces), ' '),
        data));
    ASSERT_TRUE(file.ok()) << file.status().message();
    auto view = file->find("x");
    EXPECT_EQ(reinterpret_cast<uintptr_t>(view->data()) % 8, 0u);
    EXPECT_EQ(values<double>(*view), std::vector<double>{1.5});
  }
}

TEST(SafeTensors, TypesThatTensorsDoNotHave) {
  auto file = files::open(files::file(
      R"({"u":{"dtype":"U32","shape":[1],"data_offsets":[0,4]},"f":{"dtype":"F4","shape":[2,3],"data_offsets":[4,7]},)"
      R"("r":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[7,8]}})",
      std::string(8, 'x')));
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->names().size(), 3u);
  EXPECT_EQ(file->find("u").status().code(), attn::StatusCode::unsupported);
  EXPECT_EQ(file->find("u").status().message(),
            "`" + file->path() + "`: tensor `u` has dtype U32, which this runtime does not read");
  EXPECT_EQ(file->find("r").status().message(),
            "`" + file->path() + "`: tensor `r` has 9 axes, more than 8");
}

TEST(SafeTensors, WritesWhatItReads) {
  const std::string path = files::path("roundtrip");
  std::vector<float> x{1, 2, 3, 4, 5, 6};
  std::vector<int64_t> n{-1, 7};
  std::vector<uint8_t> u{1, 2, 3};
  const bool flag = true;
  const std::vector<attn::NamedTensor> tensors{
      {"mask", {u, {3, 1}}},
      {"x", {x, {2, 3}}},
      {"turned", {x.data(), {3, 2}, {1, 3}}},
      {"backwards", {x.data() + 5, {6}, {-1}}},
      {"\"quoted\"\\\n\x01\u00e9", {n, {2}}},
      {"half", {x.data(), DType::bfloat16, {2}}},
      {"none", {static_cast<const float*>(nullptr), {4, 0}}},
      {"flag", Tensor::flag(flag)}};
  const std::pair<std::string, std::string> metadata[] = {{"made by", "a test"}, {"k", ""}};
  const attn::Status s =
      attn::save_safetensors(path, std::span<const attn::NamedTensor>(tensors), metadata);
  ASSERT_TRUE(s.ok()) << s.message();
  auto file = SafeTensors::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->names().size(), tensors.size());
  EXPECT_EQ(values<float>(*file->find("x")), x);
  EXPECT_EQ(values<float>(*file->find("turned")), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values<float>(*file->find("backwards")), (std::vector<float>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(values<int64_t>(*file->find("\"quoted\"\\\n\x01\u00e9")), n);
  EXPECT_EQ(values<uint8_t>(*file->find("mask")), u);
  EXPECT_EQ(file->find("half")->describe(), "bfloat16 [2]");
  EXPECT_EQ(file->find("none")->describe(), "float32 [4, 0]");
  EXPECT_EQ(file->find("flag")->describe(), "bool []");
  EXPECT_EQ(file->metadata()[0].second, "a test");
  // Everything is aligned, so nothing had to be copied: each tensor begins where the previous one
  // ends, and the data begins at a multiple of 8.
  const std::string bytes = files::read(path);
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  EXPECT_EQ(header % 8, 0u);
  // Overwrites a file that is open; the open one keeps its mapped contents.
  auto view = *file->find("x");
  ASSERT_TRUE(attn::save_safetensors(path, {{"x", {n, {2}}}}).ok());
  EXPECT_EQ(values<float>(view), x);
  EXPECT_EQ(SafeTensors::open(path)->find("x")->describe(), "int64 [2]");
  // No temporary file is left.
  int left = 0;
  for (const auto& entry : std::filesystem::directory_iterator(scratch_folder())) {
    left += entry.path().string().find(path + ".") == 0 ? 1 : 0;
  }
  EXPECT_EQ(left, 0);
  std::remove(path.c_str());
}

TEST(SafeTensors, WritesLargeStridedTensors) {
  const std::string path = files::path("strided");
  std::vector<int32_t> x(300 * 400);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int32_t>(i);
  ASSERT_TRUE(attn::save_safetensors(path, {{"x", {x.data(), {400, 300}, {1, 400}}}}).ok());
  auto file = SafeTensors::open(path);
  ASSERT_TRUE(file.ok());
  const std::vector<int32_t> got = values<int32_t>(*file->find("x"));
  for (size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i], static_cast<int32_t>(i % 300 * 400 + i / 300));
  std::remove(path.c_str());
}

TEST(SafeTensors, RefusesToWrite) {
  const std::string path = files::path("refused");
  std::vector<float> x(4);
  auto message = [&](std::string_view name, const Tensor& t, const std::string& to) {
    const attn::Status s = attn::save_safetensors(to, {{"x", {x, {4}}}, {name, t}});
    EXPECT_FALSE(s.ok());
    const std::string start = "`" + to + "`";
    EXPECT_EQ(s.message().substr(0, start.size()), start);
    return s.message().substr(start.size());
  };
  EXPECT_EQ(message("x", {x, {4}}, path), ": tensor `x` comes twice in the header");
  EXPECT_EQ(message("y", Tensor(), path), ": tensor `y` is absent");
  EXPECT_EQ(message("__metadata__", {x, {4}}, path),
            ": tensor `__metadata__` has a name that the format keeps for itself");
  EXPECT_EQ(message("y", {x, {5}}, path),
            ": tensor `y` reaches element 4 of memory that holds 4; got float32 [5]");
  EXPECT_EQ(message("y", {x.data(), {-5}}, path),
            ": tensor `y` has a negative length; got float32 [-5]");
  EXPECT_EQ(message("\xff", {x, {4}}, path), ": header byte 56: bytes that are not UTF-8");
  EXPECT_EQ(message("y", {x, {4}}, "/nowhere/at/all.safetensors"),
            " cannot be created: No such file or directory");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SafeTensors, FilesThatAreNone) {
  auto absent = SafeTensors::open("/nowhere/at/all.safetensors");
  EXPECT_EQ(absent.status().code(), attn::StatusCode::not_found);
  EXPECT_EQ(absent.status().message(),
            "`/nowhere/at/all.safetensors`: cannot be opened: No such file or directory");
  auto folder = SafeTensors::open("/");
  EXPECT_EQ(folder.status().code(), attn::StatusCode::invalid_file);
  EXPECT_EQ(folder.status().message(), "`/`: is no regular file");
  EXPECT_EQ(SafeTensors::open("/dev/null").status().message(), "`/dev/null`: is no regular file");
}

TEST(SafeTensors, SaysWhatAnotherFileIs) {
  for (const other_files::Sample& sample : other_files::samples()) {
    EXPECT_EQ(files::message(sample.bytes), sample.sentence);
  }
  EXPECT_EQ(files::message("\x89HDF\r\n\x1a\n" + std::string(88, '\0')),
            "is an HDF5 file (Keras's .weights.h5 and .h5 are): open it with attn::KerasFile, or "
            "save its weights as safetensors");
  EXPECT_EQ(files::message(other_files::zip("metadata.json")),
            "is a Keras model (.keras): open it with attn::KerasFile, or save its weights as "
            "safetensors");
  EXPECT_EQ(files::message(other_files::zip("a/b.txt")),
            "is a zip archive: open it with attn::KerasFile if it is a .keras model, else unpack "
            "it");
}

TEST(SafeTensors, WhatAShardMissesIsInAnother) {
  const std::vector<float> x{1, 2};
  auto missed = [&](const std::string& name) {
    const std::string path = scratch(name);
    EXPECT_TRUE(attn::save_safetensors(path, {{"x", {x, {2}}}}).ok());
    const std::string message = SafeTensors::open(path)->find("y").status().message();
    std::remove(path.c_str());
    const std::string start = "`" + path + "`: there is no tensor `y` among its 1";
    EXPECT_TRUE(message.starts_with(start)) << message;
    return message.substr(start.size());
  };
  EXPECT_EQ(missed("model-00001-of-00002.safetensors"),
            "; by its name the file is shard 00001 of 00002: open all shards and load from their "
            "tensors by name, or merge them into one file");
  EXPECT_EQ(missed("model.bf16-00012-of-00163.safetensors").substr(0, 49),
            "; by its name the file is shard 00012 of 00163: o");
  for (const char* name :
       {"model-00001-of-00001.safetensors", "model.safetensors", "one-of-two.safetensors",
        "-of-00002.safetensors", "model-0001-of-00002.safetensors", "model-00001-of-0002",
        "model_00001.safetensors"}) {
    EXPECT_EQ(missed(name), "") << name;
  }
}

TEST(SafeTensors, ViewsOutliveTheHandle) {
  const std::string path = files::path("outlive");
  std::vector<float> x{1, 2};
  ASSERT_TRUE(attn::save_safetensors(path, {{"x", {x, {2}}}}).ok());
  auto copy = [&] { return *SafeTensors::open(path); }();
  std::remove(path.c_str());
  const SafeTensors other = copy;
  std::thread reader([&] { EXPECT_EQ(values<float>(*other.find("x")), x); });
  EXPECT_EQ(values<float>(*copy.find("x")), x);
  reader.join();
}

}  // namespace
