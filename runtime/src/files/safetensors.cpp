#include "attn/runtime/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <map>
#include <new>
#include <tuple>

#include "files/file_kind.h"
#include "files/safetensors_header.h"
#include "text.h"

static_assert(std::endian::native == std::endian::little, "safetensors files are little endian");

namespace attn {
namespace {

struct Mapping {
  const std::byte* data = nullptr;
  size_t size = 0;
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (data != nullptr) ::munmap(const_cast<std::byte*>(data), size);
  }
};

Status map_file(const std::string& path, Mapping& mapping) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return {absent ? StatusCode::not_found : StatusCode::invalid_file,
            text("cannot be opened: ", std::strerror(errno))};
  }
  struct stat info {};
  Status status;
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = {StatusCode::invalid_file, "is no regular file"};
  } else if (info.st_size > 0) {
    mapping.size = static_cast<size_t>(info.st_size);
    void* memory = ::mmap(nullptr, mapping.size, PROT_READ, MAP_PRIVATE, file, 0);
    if (memory == MAP_FAILED) {
      status = {StatusCode::invalid_file, text("cannot be mapped: ", std::strerror(errno))};
    } else {
      mapping.data = static_cast<const std::byte*>(memory);
    }
  }
  ::close(file);
  return status;
}

/// Converts a safetensors dtype to a DType; false if there is none for it.
bool to_dtype(std::string_view name, DType& dtype) {
  struct Type {
    std::string_view name;
    DType dtype;
  };
  static constexpr Type types[] = {{"F32", DType::float32},  {"F64", DType::float64},
                                   {"F16", DType::float16},  {"I8", DType::int8},
                                   {"BOOL", DType::boolean}, {"BF16", DType::bfloat16},
                                   {"U8", DType::uint8},     {"I16", DType::int16},
                                   {"I32", DType::int32},    {"I64", DType::int64}};
  for (const Type& type : types) {
    if (type.name != name) continue;
    dtype = type.dtype;
    return true;
  }
  return false;
}

/// Checks that an entry's type, shape and offsets agree; State::read checks the offsets against the
/// file.
Status check_entry(const SafeTensorsEntry& entry) {
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_file, text("tensor ", quoted(entry.name), ": ", what));
  };
  const int bits = safetensors_bits(entry.dtype);
  if (bits == 0) return wrong(text("unknown dtype ", quoted(entry.dtype)));
  int64_t size = bits;
  for (int64_t extent : entry.shape) {
    if (__builtin_mul_overflow(size, extent, &size)) {
      return wrong("the product of its shape is 2^63 bits or more");
    }
  }
  if (size % 8 != 0) return wrong("its shape does not fill whole bytes");
  if (entry.begin > entry.end) {
    return wrong(text("its data_offsets run backwards, from ", entry.begin, " to ", entry.end));
  }
  if (entry.end - entry.begin != size / 8) {
    return wrong(text("its data_offsets span ", entry.end - entry.begin, " bytes, its shape needs ",
                      size / 8));
  }
  return {};
}

}  // namespace

struct SafeTensors::State {
  struct Entry {
    std::string dtype;
    Shape shape;
    const std::byte* data = nullptr;
    std::unique_ptr<uint64_t[]> copy;  // of data that is not aligned in the file
  };

  std::string path;
  Mapping mapping;
  std::vector<std::string> names;  // in the order of the file, as `entries`
  std::vector<Entry> entries;
  std::map<std::string, size_t, std::less<>> index;
  std::vector<std::pair<std::string, std::string>> metadata;

  Status read();
  Status add(const SafeTensorsEntry& entry, const std::byte* data);
};

Status SafeTensors::State::read() {
  const FileDescription file = describe_file(
      {reinterpret_cast<const char*>(mapping.data), std::min(mapping.size, telling_bytes)});
  if (file.kind != FileKind::safetensors && file.kind != FileKind::unknown) {
    return {StatusCode::invalid_file, file.sentence};
  }
  uint64_t length = 0;
  if (mapping.size < sizeof length) {
    return {StatusCode::invalid_file,
            text("has ", mapping.size, " bytes: too few for a safetensors file")};
  }
  std::memcpy(&length, mapping.data, sizeof length);
  if (length > longest_safetensors_header) {
    return {StatusCode::invalid_file, text("says that its header has ", length,
                                           " bytes, more than the ", longest_safetensors_header,
                                           " that the format allows: this is no safetensors file")};
  }
  if (length > mapping.size - 8) {
    return {StatusCode::invalid_file, text("says that its header has ", length, " bytes, and only ",
                                           mapping.size - 8, " follow: it is cut")};
  }
  const std::string_view json(reinterpret_cast<const char*>(mapping.data) + 8, length);
  if (json.empty() || json[0] != '{') {
    return {StatusCode::invalid_file, "has a header that does not begin with '{'"};
  }
  Result<SafeTensorsHeader> header = parse_safetensors_header(json);
  if (!header.ok()) return header.status();
  metadata = std::move(header->metadata);

  const std::byte* data = mapping.data + 8 + length;
  const auto size = static_cast<int64_t>(mapping.size - 8 - length);
  std::vector<SafeTensorsEntry>& all = header->entries;
  for (const SafeTensorsEntry& entry : all) {
    if (Status s = check_entry(entry); !s.ok()) return s;
  }
  std::sort(all.begin(), all.end(), [](const SafeTensorsEntry& a, const SafeTensorsEntry& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  int64_t reached = 0;
  for (const SafeTensorsEntry& entry : all) {
    auto wrong = [&](const std::string& what) {
      return Status(StatusCode::invalid_file, text("tensor ", quoted(entry.name), ": ", what));
    };
    if (entry.end > size) {
      return wrong(text("its data ends at byte ", entry.end, " of ", size, ": the file is cut"));
    }
    if (entry.begin != reached) {
      return wrong(text(
          "its data begins at byte ", entry.begin, ", expected ", reached,
          entry.begin < reached ? ": it overlaps the one before" : ": there is a hole before it"));
    }
    reached = entry.end;
    if (Status s = add(entry, data + entry.begin); !s.ok()) return s;
  }
  if (reached != size) {
    return {StatusCode::invalid_file,
            text("has ", size, " bytes of data, its tensors take ", reached)};
  }
  return {};
}

Status SafeTensors::State::add(const SafeTensorsEntry& from, const std::byte* data) {
  Entry entry;
  entry.dtype = from.dtype;
  entry.shape = Shape(from.shape);
  entry.data = data;
  DType dtype{};
  const auto bytes = static_cast<size_t>(from.end - from.begin);
  if (to_dtype(from.dtype, dtype) && bytes > 0 &&
      reinterpret_cast<uintptr_t>(data) % size_of(dtype) != 0) {
    entry.copy.reset(new (std::nothrow) uint64_t[bytes / sizeof(uint64_t) + 1]);
    if (entry.copy == nullptr) {
      return {StatusCode::unsupported,
              text("tensor ", quoted(from.name), ": the system has no memory to align its ", bytes,
                   " bytes")};
    }
    std::memcpy(entry.copy.get(), data, bytes);
    entry.data = reinterpret_cast<const std::byte*>(entry.copy.get());
  }
  index.emplace(from.name, entries.size());
  names.push_back(from.name);
  entries.push_back(std::move(entry));
  return {};
}

Result<SafeTensors> SafeTensors::open(const std::string& path) {
  auto state = std::make_shared<State>();
  state->path = path;
  Status status = map_file(path, state->mapping);
  if (status.ok()) status = state->read();
  if (!status.ok()) return status.with_context(quoted(path));
  return SafeTensors(std::move(state));
}

const std::string& SafeTensors::path() const { return state_->path; }
std::span<const std::string> SafeTensors::names() const { return state_->names; }
bool SafeTensors::contains(std::string_view name) const {
  return state_->index.find(name) != state_->index.end();
}
std::span<const std::pair<std::string, std::string>> SafeTensors::metadata() const {
  return state_->metadata;
}

Result<Tensor> SafeTensors::find(std::string_view name) const {
  const auto found = state_->index.find(name);
  if (found == state_->index.end()) {
    return Status(StatusCode::not_found,
                  text(quoted(state_->path), ": there is no tensor ", quoted(name), " among its ",
                       state_->names.size(), shard_note(state_->path)));
  }
  const State::Entry& entry = state_->entries[found->second];
  DType dtype{};
  if (!to_dtype(entry.dtype, dtype)) {
    return Status(StatusCode::unsupported,
                  text(quoted(state_->path), ": tensor ", quoted(name), " has dtype ", entry.dtype,
                       ", which this runtime does not read"));
  }
  if (entry.shape.rank() > max_rank) {
    return Status(StatusCode::unsupported,
                  text(quoted(state_->path), ": tensor ", quoted(name), " has ", entry.shape.rank(),
                       " axes, more than ", max_rank));
  }
  return Tensor(entry.data, dtype, entry.shape);
}

}  // namespace attn
