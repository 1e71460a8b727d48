#include "files/keras/hdf5.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <set>

#include "text.h"
#include "threads/at_fork.h"

namespace attn::hdf5 {
namespace {

/// Far more than any model has; bounds the time that a forged file takes.
constexpr size_t most_objects = 1'000'000;
constexpr int deepest_group = 64;
/// Compressed data grows to at most 1032 times its size (deflate). Datasets in chunks may have
/// `small_dataset` bytes more than that.
constexpr uint64_t deflate_ratio = 1032, small_dataset = 1 << 20;

/// fork waits for a session to end, so that a child never inherits HDF5 in the middle of one.
constinit AtFork sessions;
[[maybe_unused]] const bool sessions_added = (add_at_fork(sessions), true);

/// The fields of a float type of HDF5, as H5Tget_fields and H5Tget_ebias give them.
struct FloatFormat {
  DType dtype;
  size_t bytes, sign, exponent, exponent_bits, mantissa, mantissa_bits, bias;
  bool operator==(const FloatFormat&) const = default;
};
constexpr FloatFormat float_formats[] = {
    {DType::float32, 4, 31, 23, 8, 0, 23, 127},
    {DType::float64, 8, 63, 52, 11, 0, 52, 1023},
    {DType::float16, 2, 15, 10, 5, 0, 10, 15},
    {DType::bfloat16, 2, 15, 7, 8, 0, 7, 127},
};

/// Little endian, like the types in Keras's files and like memory.
Id make_float_type(DType dtype) {
  if (dtype == DType::float32) return {H5Tcopy(H5T_IEEE_F32LE), H5Tclose};
  if (dtype == DType::float64) return {H5Tcopy(H5T_IEEE_F64LE), H5Tclose};
  for (const FloatFormat& f : float_formats) {
    if (f.dtype != dtype) continue;
    Id type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
    // Shrink the fields first: a type must never be smaller than its fields.
    if (type.ok() &&
        H5Tset_fields(type.get(), f.sign, f.exponent, f.exponent_bits, f.mantissa,
                      f.mantissa_bits) >= 0 &&
        H5Tset_size(type.get(), f.bytes) >= 0 && H5Tset_ebias(type.get(), f.bias) >= 0) {
      return type;
    }
  }
  return {};
}

/// How Keras stores bfloat16, which h5py does not know: two opaque bytes, and an attribute.
Id make_opaque_bfloat16() {
  Id type(H5Tcreate(H5T_OPAQUE, 2), H5Tclose);
  if (type.ok()) H5Tset_tag(type.get(), "");
  return type;
}

/// The type of a dataset's elements in memory.
struct ElementType {
  DType dtype;
  Id memory;
};
Result<ElementType> element_type(hid_t file, const std::string& path, hid_t type,
                                 uint64_t file_bytes) {
  const size_t size = H5Tget_size(type);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_FLOAT) {
    FloatFormat f{DType::float32, size, 0, 0, 0, 0, 0, H5Tget_ebias(type)};
    H5Tget_fields(type, &f.sign, &f.exponent, &f.exponent_bits, &f.mantissa, &f.mantissa_bits);
    for (const FloatFormat& known : float_formats) {
      f.dtype = known.dtype;
      if (f != known) continue;
      Id memory = make_float_type(f.dtype);
      if (memory.ok()) return ElementType{f.dtype, std::move(memory)};
    }
  }
  if (kind == H5T_OPAQUE && size == 2) {
    const std::vector<std::string> dtype = strings(file, path, "dtype", file_bytes);
    if (dtype.size() == 1 && dtype[0] == "bfloat16") {
      Id memory(H5Tcopy(type), H5Tclose);  // the tag has to be the same
      if (memory.ok()) return ElementType{DType::bfloat16, std::move(memory)};
    }
  }
  const char* word = kind == H5T_FLOAT ? "floats" : kind == H5T_INTEGER ? "integers" : "elements";
  return Status(StatusCode::unsupported,
                text(quoted(path), " holds ", word, " of ", size,
                     " bytes; expected float16, bfloat16, float32 or float64"));
}

Status damaged(const std::string& path, const std::string& what) {
  return {StatusCode::invalid_file, text(quoted(path), " ", what, reason())};
}

/// An opened dataset with everything about it but its data.
struct Dataset {
  Id id;
  ElementType type;
  Array array;
};
Result<Dataset> open_dataset(hid_t file, const std::string& path, uint64_t file_bytes) {
  Id id(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!id.ok()) return damaged(path, "cannot be opened");
  const Id type(H5Dget_type(id.get()), H5Tclose);
  const Id space(H5Dget_space(id.get()), H5Sclose);
  const Id creation(H5Dget_create_plist(id.get()), H5Pclose);
  if (!type.ok() || !space.ok() || !creation.ok()) return damaged(path, "cannot be read");

  const int rank = H5Sget_simple_extent_ndims(space.get());
  const H5S_class_t extent = H5Sget_simple_extent_type(space.get());
  if (rank < 0 || (extent != H5S_SCALAR && extent != H5S_SIMPLE)) {
    return damaged(path, "has no shape");
  }
  if (rank > max_rank) {
    return Status(StatusCode::unsupported,
                  text(quoted(path), " has ", rank, " axes, expected at most ", max_rank));
  }
  std::array<hsize_t, max_rank> extents{};
  H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
  std::vector<int64_t> shape;
  for (int axis = 0; axis < rank; ++axis) {
    const hsize_t n = extents[static_cast<size_t>(axis)];
    shape.push_back(n > INT64_MAX ? INT64_MAX : static_cast<int64_t>(n));
  }
  Result<ElementType> element = element_type(file, path, type.get(), file_bytes);
  if (!element.ok()) return element.status();

  Dataset result{std::move(id), std::move(*element), {}};
  result.array.dtype = result.type.dtype;
  result.array.shape = Shape(shape);
  const auto elements = static_cast<uint64_t>(result.array.shape.elements());
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_VIRTUAL ||
      (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) != 0)) {
    return Status(StatusCode::unsupported,
                  text(quoted(path), " has its data in another file, which is not followed"));
  }
  // Checked before memory is allocated: a file of a few bytes does not hold gigabytes.
  const hsize_t stored = H5Dget_storage_size(result.id.get());
  const uint64_t held = std::min<uint64_t>(stored, file_bytes);
  const uint64_t most =
      layout == H5D_CHUNKED
          ? held * std::min(deflate_ratio, UINT64_MAX / (held + 1)) + small_dataset
          : held;
  const size_t size = size_of(result.array.dtype);
  if (elements > most / size || (elements > 0 && stored == 0)) {
    return Status(StatusCode::invalid_file,
                  text(quoted(path), " says that it is ", result.array.tensor().describe(),
                       ", and ", held, " bytes are there: the file is cut or damaged"));
  }
  result.array.bytes = static_cast<size_t>(elements) * size;
  return result;
}

struct Walk {
  Index* index;
  std::set<haddr_t> seen;
  std::string path;
  int depth = 0;
  Status status;
};

herr_t visit(hid_t group, const char* name, const H5L_info_t* link, void* data);

void walk_group(hid_t group, Walk& walk) {
  if (H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, visit, &walk) < 0 &&
      walk.status.ok()) {
    walk.status = damaged(walk.path.empty() ? "/" : walk.path, "cannot be listed");
  }
}

herr_t visit(hid_t group, const char* name, const H5L_info_t* link, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  // Skip soft links and links to other files: Keras makes neither.
  if (link->type != H5L_TYPE_HARD) return 0;
  const std::string path = walk.path.empty() ? std::string(name) : walk.path + "/" + name;
  auto stop = [&](Status status) {
    walk.status = std::move(status);
    return herr_t{-1};
  };
  if (name[0] == '\0' || std::strchr(name, '/') != nullptr || std::strcmp(name, ".") == 0) {
    return stop({StatusCode::invalid_file, text(quoted(path), " is no name that a file can hold")});
  }
  if (walk.index->objects.size() >= most_objects || walk.depth >= deepest_group) {
    return stop({StatusCode::invalid_file,
                 text("has more groups or deeper ones than any model, at ", quoted(path))});
  }
  const Id object(H5Oopen(group, name, H5P_DEFAULT), H5Oclose);
  if (!object.ok()) return stop(damaged(path, "cannot be opened"));
  const H5I_type_t kind = H5Iget_type(object.get());
  if (kind != H5I_GROUP && kind != H5I_DATASET) return 0;
  H5O_info_t info;
  if (H5Oget_info2(object.get(), &info, H5O_INFO_BASIC) < 0) {
    return stop(damaged(path, "cannot be opened"));
  }
  // A group that contains itself would never end.
  if (kind == H5I_GROUP && !walk.seen.insert(info.addr).second) return 0;
  if (!walk.index->by_path.emplace(path, kind == H5I_DATASET).second) return 0;
  walk.index->objects.emplace_back(path, kind == H5I_DATASET);
  if (kind != H5I_GROUP) return 0;
  const std::string above = std::exchange(walk.path, path);
  ++walk.depth;
  walk_group(object.get(), walk);
  --walk.depth;
  walk.path = above;
  return walk.status.ok() ? 0 : -1;
}

herr_t innermost(unsigned n, const H5E_error2_t* error, void* data) {
  auto& words = *static_cast<std::string*>(data);
  if (n == 0 && error->desc != nullptr) words = error->desc;
  return 0;
}

}  // namespace

Session::Session() : lock_(sessions.mutex) {
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() { H5Eset_auto2(H5E_DEFAULT, print_, print_data_); }

std::string reason() {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &words);
  if (words.empty()) return {};
  const std::string printable = quoted(words);
  return text(" (HDF5: ", printable.substr(1, printable.size() - 2), ")");
}

namespace {

Result<Id> opened(Id file) {
  if (file.ok()) return file;
  return Status(StatusCode::invalid_file, text("cannot be opened as HDF5", reason()));
}

/// A unique name: HDF5 takes two files in memory with the same name for one file.
std::string name_in_memory() {
  static uint64_t count = 0;  // guarded by the session's lock
  return text("attn keras file ", ++count);
}

/// File access for a file in memory that is never written to disk.
Id memory_access() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (access.ok()) H5Pset_fapl_core(access.get(), 1 << 20, false);
  return access;
}

}  // namespace

Result<Id> open_image(const Bytes& bytes) {
  const Id access = memory_access();
  if (access.ok()) H5Pset_file_image(access.get(), bytes.data.get(), bytes.size);
  return opened({H5Fopen(name_in_memory().c_str(), H5F_ACC_RDWR, access.get()), H5Fclose});
}

Result<Id> make_image() {
  const Id access = memory_access();
  return opened(
      {H5Fcreate(name_in_memory().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose});
}

Result<Bytes> image(hid_t file) {
  Bytes bytes;
  const bool flushed = H5Fflush(file, H5F_SCOPE_LOCAL) >= 0;
  const ssize_t size = flushed ? H5Fget_file_image(file, nullptr, 0) : -1;
  if (size < 0 || !bytes.resize(static_cast<uint64_t>(size)) ||
      H5Fget_file_image(file, bytes.data.get(), bytes.size) < 0) {
    return Status(StatusCode::invalid_file, text("cannot be written", reason()));
  }
  return bytes;
}

bool Index::has_dataset(std::string_view path) const {
  const auto found = by_path.find(path);
  return found != by_path.end() && found->second;
}

bool Index::has_group(std::string_view path) const {
  const auto found = by_path.find(path);
  return found != by_path.end() && !found->second;
}

Result<Index> list(hid_t file) {
  Index index;
  Walk walk{&index, {}, {}, 0, {}};
  const Id root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose);
  if (!root.ok()) return damaged("/", "cannot be opened");
  H5O_info_t info;
  if (H5Oget_info2(root.get(), &info, H5O_INFO_BASIC) >= 0) walk.seen.insert(info.addr);
  walk_group(root.get(), walk);
  if (!walk.status.ok()) return walk.status;
  return index;
}

Result<Array> describe(hid_t file, const std::string& path, uint64_t file_bytes) {
  Result<Dataset> dataset = open_dataset(file, path, file_bytes);
  if (!dataset.ok()) return dataset.status();
  return std::move(dataset->array);
}

Result<Array> read(hid_t file, const std::string& path, uint64_t file_bytes) {
  Result<Dataset> dataset = open_dataset(file, path, file_bytes);
  if (!dataset.ok()) return dataset.status();
  Array& array = dataset->array;
  array.data.reset(new (std::nothrow) std::byte[std::max<size_t>(array.bytes, 1)]{});
  if (array.data == nullptr) {
    return Status(StatusCode::invalid_file,
                  text(quoted(path), ": there is no memory for its ", array.bytes, " bytes"));
  }
  if (array.bytes > 0 && H5Dread(dataset->id.get(), dataset->type.memory.get(), H5S_ALL, H5S_ALL,
                                 H5P_DEFAULT, array.data.get()) < 0) {
    return damaged(path, "cannot be read");
  }
  return std::move(array);
}

Status overwrite(hid_t file, const std::string& path, const void* data, DType dtype) {
  const Id id(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Id type(id.ok() ? H5Dget_type(id.get()) : H5I_INVALID_HID, H5Tclose);
  if (!type.ok()) return damaged(path, "cannot be opened");
  const bool opaque = H5Tget_class(type.get()) == H5T_OPAQUE;
  const Id memory = opaque ? Id(H5Tcopy(type.get()), H5Tclose) : make_float_type(dtype);
  if (H5Tget_size(type.get()) != size_of(dtype) ||
      H5Dwrite(id.get(), memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
    return damaged(path, "cannot be written");
  }
  return {};
}

namespace {

Id with_parents() {
  Id links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  if (links.ok()) H5Pset_create_intermediate_group(links.get(), 1);
  return links;
}

/// Adds a scalar string as h5py writes it: of variable length, UTF-8.
bool add_string(hid_t object, const char* attribute, const std::string& value) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  const Id space(H5Screate(H5S_SCALAR), H5Sclose);
  if (!type.ok() || !space.ok() || H5Tset_size(type.get(), H5T_VARIABLE) < 0 ||
      H5Tset_cset(type.get(), H5T_CSET_UTF8) < 0) {
    return false;
  }
  const Id id(H5Acreate2(object, attribute, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
              H5Aclose);
  const char* text = value.c_str();
  return id.ok() && H5Awrite(id.get(), type.get(), &text) >= 0;
}

}  // namespace

Status make_group(hid_t file, const std::string& path, const std::string& name) {
  const Id links = with_parents();
  const Id group(H5Gcreate2(file, path.c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!group.ok() || (!name.empty() && !add_string(group.get(), "name", name))) {
    return damaged(path, "cannot be made");
  }
  return {};
}

Status make_dataset(hid_t file, const std::string& path, const void* data, DType dtype,
                    const Shape& shape) {
  std::array<hsize_t, max_rank> extents{};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    extents[static_cast<size_t>(axis)] = static_cast<hsize_t>(shape[axis]);
  }
  const bool opaque = dtype == DType::bfloat16;
  const Id type = opaque ? make_opaque_bfloat16() : make_float_type(dtype);
  const Id space(shape.rank() == 0 ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(shape.rank(), extents.data(), nullptr),
                 H5Sclose);
  const Id links = with_parents();
  // No times, so that the same weights give the same file.
  const Id creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (creation.ok()) H5Pset_obj_track_times(creation.get(), false);
  const Id id(H5Dcreate2(file, path.c_str(), type.get(), space.get(), links.get(), creation.get(),
                         H5P_DEFAULT),
              H5Dclose);
  if (!id.ok() || (opaque && !add_string(id.get(), "dtype", "bfloat16")) ||
      (shape.elements() > 0 &&
       H5Dwrite(id.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)) {
    return damaged(path, "cannot be made");
  }
  return {};
}

}  // namespace attn::hdf5
