// Reads the strings of attributes. Strings of variable length lie in HDF5's global heap, and HDF5
// reads a damaged heap endlessly or beyond its memory (in 1.10.8, most bit flips in a heap crash
// it). So HDF5 is only asked for the references to the strings, through a conversion of our own
// from such strings to bytes, and the code here reads the heap.
#include <algorithm>
#include <cstring>

#include "files/keras/hdf5.h"

namespace attn::hdf5 {
namespace {

constexpr hssize_t most_strings = 1'000'000;
/// The most that an attribute holds in all; the weight names of a large model take some 100 KiB.
constexpr size_t most_bytes = size_t{1} << 26;
constexpr size_t longest_string = 1 << 16;

/// How a file refers to a string in the heap.
struct Reference {
  uint32_t length;
  uint32_t collection_low, collection_high;
  uint32_t index;
  uint64_t collection() const { return uint64_t{collection_high} << 32 | collection_low; }
};
static_assert(sizeof(Reference) == 16);

/// The conversion, which leaves the bytes as they are.
herr_t keep_bytes(hid_t, hid_t, H5T_cdata_t* data, size_t, size_t, size_t, void*, void*, hid_t) {
  data->need_bkg = H5T_BKG_NO;
  return 0;
}

/// Reads the string that a reference points to. A collection is "GCOL", version and zeros in 4
/// bytes, and its size in 8, followed by objects: an index in 2 bytes, 6 bytes that do not matter,
/// the size of the data in 8, and the data, padded to a multiple of 8.
bool read_string(const Source& source, const Reference& reference, std::string& to) {
  char head[16];
  uint64_t end = 0, at = reference.collection();
  if (!source.read(at, head, sizeof head) || std::memcmp(head, "GCOL\1", 5) != 0) return false;
  std::memcpy(&end, head + 8, sizeof end);
  if (__builtin_add_overflow(at, end, &end)) return false;
  for (at += sizeof head; at < end && end - at >= sizeof head;) {
    uint16_t index = 0;
    uint64_t bytes = 0;
    if (!source.read(at, head, sizeof head)) return false;
    std::memcpy(&index, head, sizeof index);
    std::memcpy(&bytes, head + 8, sizeof bytes);
    if (index == 0 || bytes > end - at - sizeof head) return false;  // 0: free space, the last
    at += sizeof head;
    if (index == reference.index) {
      if (reference.length > bytes || reference.length > longest_string) return false;
      to.resize(reference.length);
      return source.read(at, to.data(), to.size());
    }
    at += (bytes + 7) / 8 * 8;
  }
  return false;
}

/// Strings of variable length; empty if one is damaged.
std::vector<std::string> read_heap_strings(hid_t file, hid_t attribute, hid_t type, size_t count) {
  const Id bytes(H5Tcreate(H5T_OPAQUE, sizeof(Reference)), H5Tclose);
  const Source* source = source_of(file);
  if (!bytes.ok() || source == nullptr) return {};
  std::vector<Reference> references(count);
  const char* const name = "attn: strings as references";
  if (H5Tregister(H5T_PERS_SOFT, name, type, bytes.get(), keep_bytes) < 0) return {};
  const bool read = H5Aread(attribute, bytes.get(), references.data()) >= 0;
  H5Tunregister(H5T_PERS_SOFT, name, type, bytes.get(), keep_bytes);
  if (!read) return {};
  std::vector<std::string> result;
  size_t total = 0;
  for (const Reference& reference : references) {
    std::string s;
    if (reference.length > 0 && !read_string(*source, reference, s)) return {};
    if ((total += s.size()) > most_bytes) return {};
    s.resize(std::strlen(s.c_str()));
    result.push_back(std::move(s));
  }
  return result;
}

}  // namespace

std::vector<std::string> strings(hid_t file, const std::string& path, const char* attribute,
                                 uint64_t file_bytes) {
  std::vector<std::string> result;
  if (H5Aexists_by_name(file, path.c_str(), attribute, H5P_DEFAULT) <= 0) return result;
  const Id id(H5Aopen_by_name(file, path.c_str(), attribute, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!id.ok()) return result;
  const Id type(H5Aget_type(id.get()), H5Tclose);
  const Id space(H5Aget_space(id.get()), H5Sclose);
  if (!type.ok() || !space.ok() || H5Tget_class(type.get()) != H5T_STRING) return result;
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count <= 0 || count > most_strings) return result;
  const auto n = static_cast<size_t>(count);
  const bool any_length = H5Tis_variable_str(type.get()) > 0;
  const size_t size = any_length ? sizeof(Reference) : H5Tget_size(type.get());
  // No attribute is larger than its file.
  if (size == 0 || size > longest_string || n > std::min<uint64_t>(most_bytes, file_bytes) / size) {
    return result;
  }
  if (any_length) return read_heap_strings(file, id.get(), type.get(), n);
  std::string bytes(size * n, '\0');
  if (H5Aread(id.get(), type.get(), bytes.data()) < 0) return result;
  for (size_t i = 0; i < n; ++i) {
    result.push_back(bytes.substr(i * size, size));
    result.back().resize(std::strlen(result.back().c_str()));
  }
  return result;
}

}  // namespace attn::hdf5
