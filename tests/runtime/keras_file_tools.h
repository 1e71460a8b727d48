// keras_file_tools.h - helpers for the tests of Keras's files: fixtures, bytes, tensors.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "../common/scratch.h"
#include "attn/runtime/keras_file.h"

namespace keras_files {

inline std::string fixture(const std::string& name) { return std::string(FIXTURES) + "/" + name; }

inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string message(const attn::Status& status) { return status.message(); }

/// The bytes of a contiguous tensor.
inline std::string bits(const attn::Tensor& t) {
  return {static_cast<const char*>(t.data()),
          static_cast<size_t>(t.shape().elements()) * attn::size_of(t.dtype())};
}

inline void expect_same(std::span<const attn::NamedTensor> got,
                        std::span<const attn::NamedTensor> want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].name, want[i].name);
    EXPECT_EQ(got[i].tensor.describe(), want[i].tensor.describe()) << got[i].name;
    EXPECT_EQ(bits(got[i].tensor), bits(want[i].tensor)) << got[i].name;
  }
}

/// Tensors that own their memory.
struct Owned {
  std::vector<std::string> names, data;
  std::vector<attn::NamedTensor> tensors;
};

/// The same tensors with every bit of their elements inverted.
inline Owned changed(std::span<const attn::NamedTensor> tensors) {
  Owned result;
  for (const attn::NamedTensor& one : tensors) {
    result.names.emplace_back(one.name);
    result.data.push_back(bits(one.tensor));
    for (char& c : result.data.back()) c = static_cast<char>(~c);
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const attn::Tensor& t = tensors[i].tensor;
    result.tensors.push_back({result.names[i], {result.data[i].data(), t.dtype(), t.shape()}});
  }
  return result;
}

/// Float32 tensors with these names and shapes, whose elements are 0.5, 1.5, ...
inline Owned numbers(const std::vector<std::pair<std::string, attn::Shape>>& which) {
  Owned result;
  float next = 0.5f;
  for (const auto& [name, shape] : which) {
    std::vector<float> values(static_cast<size_t>(shape.elements()));
    for (float& v : values) v = next++;
    result.names.push_back(name);
    result.data.emplace_back(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  }
  for (size_t i = 0; i < which.size(); ++i) {
    result.tensors.push_back(
        {result.names[i], {result.data[i].data(), attn::DType::float32, which[i].second}});
  }
  return result;
}

}  // namespace keras_files
