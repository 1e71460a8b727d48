// Files that Keras would not write: other storage, truncated, changed, forged. Each yields an
// error, never a crash. Run under AddressSanitizer to find invalid reads.
#include <gtest/gtest.h>

#include <filesystem>
#define H5_USE_110_API
#include <hdf5.h>

#include "keras_file_tools.h"
#include "other_files.h"

namespace {

using attn::KerasFile;
using attn::StatusCode;
using keras_files::fixture;

/// Opens these bytes as a file and reads all of its layers.
bool readable(const std::string& bytes, const std::string& name) {
  const std::string path = scratch(name);
  keras_files::write(path, bytes);
  auto file = KerasFile::open(path);
  std::filesystem::remove(path);
  if (!file.ok()) {
    EXPECT_EQ(file.status().code(), StatusCode::invalid_file);
    EXPECT_TRUE(file.status().message().starts_with("`" + path + "`: ")) << file.status().message();
    return false;
  }
  bool all = true;
  for (const attn::KerasLayerInfo& info : file->layers()) {
    auto layer = file->layer(info.path);
    all &= layer.ok();
    if (!layer.ok()) continue;
    for (const attn::NamedTensor& one : layer->named()) keras_files::bits(one.tensor);
  }
  return all && !file->layers().empty();
}

/// Every prefix of files of other kinds, and each file with bits flipped.
TEST(KerasFileForged, OtherKinds) {
  for (const other_files::Sample& sample : other_files::samples()) {
    for (size_t n = 0; n < sample.bytes.size(); n += 3) {
      EXPECT_FALSE(readable(sample.bytes.substr(0, n), "other")) << sample.bytes;
      std::string changed = sample.bytes;
      changed[n] = static_cast<char>(changed[n] ^ 1 << n % 8);
      EXPECT_FALSE(readable(changed, "other")) << sample.bytes;
    }
  }
}

/// This file is never readable as it is: see KerasFile.LoraBesideItsKernelIsRefused.
TEST(KerasFileForged, LoraWithBitsFlipped) {
  const std::string bytes = keras_files::read(fixture("lora.legacy.h5"));
  ASSERT_FALSE(bytes.empty());
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 197) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    readable(changed, "lora");
  }
}

class Forged : public testing::TestWithParam<const char*> {};

TEST_P(Forged, CutAnywhere) {
  const std::string bytes = keras_files::read(fixture(GetParam()));
  ASSERT_TRUE(readable(bytes, GetParam()));
  for (size_t n = 0; n < bytes.size(); n += n < 256 || n + 256 > bytes.size() ? 1 : 97) {
    // The last bytes of an HDF5 file may be unused, but the superblock contains its size.
    EXPECT_FALSE(readable(bytes.substr(0, n), GetParam())) << n;
  }
}

TEST_P(Forged, BitsFlipped) {
  const std::string bytes = keras_files::read(fixture(GetParam()));
  for (size_t bit = 0; bit < bytes.size() * 8; bit += 97) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    readable(changed, GetParam());
  }
}

TEST_P(Forged, StretchesOverwritten) {
  const std::string bytes = keras_files::read(fixture(GetParam()));
  for (const char fill : {'\0', '\xff'}) {
    for (size_t at = 0; at < bytes.size(); at += 56) {
      std::string changed = bytes;
      for (size_t i = at; i < std::min(at + 16, bytes.size()); ++i) changed[i] = fill;
      readable(changed, GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Keras, Forged,
                         testing::Values("mha.weights.h5", "attention.keras", "reuse.legacy.h5",
                                         "bfloat16.weights.h5"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '.' ? '_' : c;
                           return name;
                         });

// ---- files made with HDF5 itself
// -------------------------------------------------------------------

/// The path of the scale in these files.
const char* const scale = "layers/attention/vars/0";

/// A file with the objects that `make(file, links)` creates; `links` creates missing groups.
template <class Make>
std::string made(const Make& make) {
  const std::string path = scratch("made.h5");
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  make(file, links);
  H5Pclose(links);
  H5Fclose(file);
  return path;
}

void make_dataset(hid_t file, hid_t links, const std::string& path, hid_t type,
                  std::vector<hsize_t> shape, hid_t creation, const void* data, hid_t memory) {
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t id = H5Dcreate2(file, path.c_str(), type, space, links, creation, H5P_DEFAULT);
  EXPECT_GE(id, 0);
  if (data != nullptr) {
    EXPECT_GE(H5Dwrite(id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
  }
  H5Dclose(id);
  H5Sclose(space);
}

const char* const dense_parts[] = {"query", "key", "value", "output"};

/// A layer whose kernels are all stored in the same way. Returns the error of reading it, or the
/// kernels' description.
std::string with_kernels(hid_t type, const std::vector<hsize_t>& shape, hid_t creation,
                         const void* data, hid_t memory) {
  const std::string path = made([&](hid_t file, hid_t links) {
    for (const char* part : dense_parts) {
      make_dataset(file, links, "l/" + std::string(part) + "_dense/vars/0", type, shape, creation,
                   data, memory);
    }
  });
  auto file = KerasFile::open(path);
  EXPECT_TRUE(file.ok()) << file.status().message();
  if (!file.ok()) return "";
  auto layer = file->layer("l");
  if (!layer.ok()) return layer.status().message().substr(path.size() + 4);
  const attn::Tensor kernel = *layer->find("query/kernel");
  if (kernel.dtype() == attn::DType::float32 && memory == H5T_NATIVE_FLOAT) {
    EXPECT_EQ(std::memcmp(kernel.data(), data, keras_files::bits(kernel).size()), 0);
  }
  if (kernel.dtype() == attn::DType::float64) {
    EXPECT_EQ(static_cast<const double*>(kernel.data())[1], 1.5);
  }
  return kernel.describe();
}

TEST(KerasFileStorage, EveryKind) {
  const float numbers[6] = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f};
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE), compact = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {1, 2};
  H5Pset_chunk(chunked, 2, chunk);
  H5Pset_shuffle(chunked);
  H5Pset_deflate(chunked, 6);
  H5Pset_fletcher32(chunked);
  H5Pset_layout(compact, H5D_COMPACT);
  for (const hid_t creation : {hid_t{H5P_DEFAULT}, chunked, compact}) {
    EXPECT_EQ(with_kernels(H5T_IEEE_F32LE, {2, 3}, creation, numbers, H5T_NATIVE_FLOAT),
              "float32 [2, 3]");
    EXPECT_EQ(with_kernels(H5T_IEEE_F32BE, {2, 3}, creation, numbers, H5T_NATIVE_FLOAT),
              "float32 [2, 3]");
    EXPECT_EQ(with_kernels(H5T_IEEE_F64BE, {2, 3}, creation, numbers, H5T_NATIVE_FLOAT),
              "float64 [2, 3]");
  }
  EXPECT_EQ(with_kernels(H5T_STD_I8LE, {2, 3}, H5P_DEFAULT, numbers, H5T_NATIVE_FLOAT),
            "`l/query_dense/vars/0` holds integers of 1 bytes; expected float16, bfloat16, float32 "
            "or float64");
  EXPECT_EQ(with_kernels(H5T_IEEE_F32LE, {1, 1, 1, 1, 1, 1, 1, 1, 6}, H5P_DEFAULT, numbers,
                         H5T_NATIVE_FLOAT),
            "`l/query_dense/vars/0` has 9 axes, expected at most 8");
  H5Pclose(chunked);
  H5Pclose(compact);
}

TEST(KerasFileStorage, SizesThatAreOnlyClaimed) {
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {1, 1024};
  H5Pset_chunk(chunked, 2, chunk);
  const hsize_t large = hsize_t{1} << 40;
  EXPECT_EQ(with_kernels(H5T_IEEE_F32LE, {large, 1024}, chunked, nullptr, 0),
            "`l/query_dense/vars/0` says that it is float32 [1099511627776, 1024], and 0 bytes are "
            "there: the file is cut or damaged");
  EXPECT_NE(with_kernels(H5T_IEEE_F32LE, {large, 1 << 20}, H5P_DEFAULT, nullptr, 0).find("0 bytes"),
            std::string::npos);
  H5Pclose(chunked);
}

TEST(KerasFileStorage, NothingOutsideOfTheFile) {
  const std::string outside = scratch("outside.bin");
  keras_files::write(outside, std::string(64, 'x'));
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, outside.c_str(), 0, 64);
  EXPECT_EQ(with_kernels(H5T_IEEE_F32LE, {2, 3}, external, nullptr, 0),
            "`l/query_dense/vars/0` has its data in another file, which is not followed");
  H5Pclose(external);
  const std::string path = made([&](hid_t file, hid_t links) {
    H5Lcreate_external(fixture("attention.weights.h5").c_str(), scale, file, scale, links,
                       H5P_DEFAULT);
  });
  EXPECT_EQ(KerasFile::open(path)->layers().size(), 0u);
}

TEST(KerasFileStorage, GroupsWithinThemselves) {
  const float number = 1;
  const std::string path = made([&](hid_t file, hid_t links) {
    make_dataset(file, links, scale, H5T_IEEE_F32LE, {1}, H5P_DEFAULT, &number, H5T_NATIVE_FLOAT);
    for (const char* loop : {"layers/again", "layers/attention/up", "layers/attention/vars/root"}) {
      H5Lcreate_hard(file, "/", file, loop, links, H5P_DEFAULT);
    }
  });
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->layers().size(), 0u);  // [1] is not a number of rank 0
}

TEST(KerasFileStorage, LostWeights) {
  const float numbers[6] = {};
  const std::string path = made([&](hid_t file, hid_t links) {
    for (const char* part : {"query", "value", "output"}) {
      make_dataset(file, links, "l/" + std::string(part) + "_dense/vars/0", H5T_IEEE_F32LE, {6},
                   H5P_DEFAULT, numbers, H5T_NATIVE_FLOAT);
    }
  });
  EXPECT_EQ(KerasFile::open(path)->layer().status().message(),
            "`" + path + "`: `l/key_dense/vars/0`, the layer's key/kernel, is missing");
}

TEST(KerasFileStorage, PrintsOfOthersStay) {
  H5E_auto2_t before = nullptr, after = nullptr;
  void* data = nullptr;
  H5Eget_auto2(H5E_DEFAULT, &before, &data);
  EXPECT_FALSE(readable(keras_files::read(fixture("mha.weights.h5")).substr(0, 5000), "cut"));
  H5Eget_auto2(H5E_DEFAULT, &after, &data);
  EXPECT_EQ(before, after);
  EXPECT_NE(after, nullptr);
}

}  // namespace
