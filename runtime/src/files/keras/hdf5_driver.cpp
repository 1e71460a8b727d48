// The driver through which HDF5 reads a file here; it checks every read. With its own drivers, HDF5
// buffers what it reads of groups, and in a damaged file its sums of addresses overflow (1.10.8
// then copies from beyond the buffer). A driver without such features is asked for each piece. The
// heaps of groups' names are checked as they are read, since HDF5 writes beyond its memory if one
// is damaged.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "files/keras/hdf5.h"
#include "text.h"

namespace attn::hdf5 {
namespace {

/// HDF5 requires an H5FD_t as the first member.
struct OpenSource {
  H5FD_t base;
  Source source;
  haddr_t end_of_space;
};

OpenSource& of(const H5FD_t* file) {
  return *const_cast<OpenSource*>(reinterpret_cast<const OpenSource*>(file));
}

H5FD_t* open_source(const char*, unsigned, hid_t access, haddr_t) {
  const void* source = H5Pget_driver_info(access);
  auto* file = source == nullptr ? nullptr : new (std::nothrow) OpenSource{};
  if (file == nullptr) return nullptr;
  file->source = *static_cast<const Source*>(source);
  return &file->base;
}

herr_t close_source(H5FD_t* file) {
  delete &of(file);
  return 0;
}

herr_t no_features(const H5FD_t*, unsigned long* features) {
  *features = 0;
  return 0;
}

haddr_t get_end_of_space(const H5FD_t* file, H5FD_mem_t) { return of(file).end_of_space; }

herr_t set_end_of_space(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  of(file).end_of_space = end;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) { return of(file).source.size; }

herr_t get_source(H5FD_t* file, hid_t, void** handle) {
  *handle = &of(file).source;
  return 0;
}

/// Checks a local heap: "HEAP", 4 bytes, then in 8 bytes each the size of its data, the offset of
/// the first free block in the data (1: none), and where in the file the data lies. A free block
/// begins with the offset of the next one and its own size.
bool is_sound_heap(const Source& source, const void* prefix) {
  struct {
    uint64_t size, free, at;
  } heap;
  std::memcpy(&heap, static_cast<const char*>(prefix) + 8, sizeof heap);
  if (heap.at > source.size || heap.size > source.size - heap.at) return false;
  struct {
    uint64_t next, size;
  } block;
  // Free blocks do not overlap, so there are at most this many; more means a cycle.
  uint64_t most = heap.size / sizeof block;
  for (uint64_t free = heap.free; free != 1; free = block.next) {
    if (heap.size < sizeof block || free > heap.size - sizeof block || most-- == 0) return false;
    if (!source.read(heap.at + free, &block, sizeof block)) return false;
    if (block.size > heap.size - free) return false;
  }
  return true;
}

herr_t read_source(H5FD_t* file, H5FD_mem_t kind, hid_t, haddr_t at, size_t bytes, void* to) {
  const Source& source = of(file).source;
  if (!source.read(at, to, bytes)) return -1;
  const bool heap = kind == H5FD_MEM_LHEAP && bytes >= 32 && std::memcmp(to, "HEAP", 4) == 0;
  return !heap || is_sound_heap(source, to) ? 0 : -1;
}

herr_t refuse_to_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, size_t, const void*) { return -1; }

/// Members are set by name, since later versions have more of them.
H5FD_class_t driver_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 2)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(512);  // one that nobody has reserved
#endif
  driver.name = "attn";
  driver.maxaddr = INT64_MAX;
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(Source);
  driver.open = open_source;
  driver.close = close_source;
  driver.query = no_features;
  driver.get_eoa = get_end_of_space;
  driver.set_eoa = set_end_of_space;
  driver.get_eof = end_of_file;
  driver.get_handle = get_source;
  driver.read = read_source;
  driver.write = refuse_to_write;
  return driver;
}

}  // namespace

bool Source::read(uint64_t at, void* to, size_t bytes) const {
  if (at > size || bytes > size - at) return false;
  if (memory != nullptr) return std::memcpy(to, memory + at, bytes), true;
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = ::pread(file, next, bytes, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    next += n;
    at += static_cast<uint64_t>(n);
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

const Source* source_of(hid_t file) {
  void* handle = nullptr;
  if (H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) < 0) return nullptr;
  return static_cast<const Source*>(handle);
}

Result<Id> open(const Source& source) {
  // The superblock says how many bytes addresses and sizes have. In practice that is 8, and the
  // code here that reads heaps relies on it.
  unsigned char start[16] = {};
  const bool old = source.read(0, start, sizeof start) && start[8] < 2;
  if (start[old ? 13 : 9] != 8 || start[old ? 14 : 10] != 8) {
    return Status(StatusCode::invalid_file,
                  "cannot be opened as HDF5: its addresses and sizes have not 8 bytes each");
  }
  static const H5FD_class_t driver = driver_class();
  // The opened file keeps the driver alive.
  const Id registered(H5FDregister(&driver), H5FDunregister);
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (!registered.ok() || !access.ok() ||
      H5Pset_driver(access.get(), registered.get(), &source) < 0) {
    return Status(StatusCode::internal, text("HDF5 takes no driver", reason()));
  }
  Id file(H5Fopen("attn keras file", H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!file.ok()) {
    return Status(StatusCode::invalid_file, text("cannot be opened as HDF5", reason()));
  }
  return file;
}

}  // namespace attn::hdf5
