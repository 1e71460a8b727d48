#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/safetensors.h"
#include "files/safetensors_header.h"
#include "tensors/elements.h"
#include "tensors/shapes.h"
#include "text.h"

namespace attn {
namespace {

const char* format_name(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "F32";
    case DType::float64:
      return "F64";
    case DType::float16:
      return "F16";
    case DType::bfloat16:
      return "BF16";
    case DType::boolean:
      return "BOOL";
    case DType::int8:
      return "I8";
    case DType::uint8:
      return "U8";
    case DType::int16:
      return "I16";
    case DType::int32:
      return "I32";
    case DType::int64:
      return "I64";
  }
  return "";
}

std::string json_string(std::string_view s) {
  std::string result = "\"";
  for (char c : s) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

Status check(const NamedTensor& one) {
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_argument, text("tensor ", quoted(one.name), " ", what));
  };
  const Tensor& tensor = one.tensor;
  if (one.name == "__metadata__") return wrong("has a name that the format keeps for itself");
  if (!tensor.present()) return wrong("is absent");
  if (tensor.rank() > max_rank || tensor.strides().rank() != tensor.rank()) {
    return wrong(text("has ", tensor.rank(), " axes and ", tensor.strides().rank(),
                      " strides, expected as many, and at most ", max_rank));
  }
  if (size_of(tensor.dtype()) == 0) return wrong("has an unknown type");
  for (int64_t extent : tensor.shape()) {
    if (extent < 0) return wrong("has a negative length; got " + tensor.describe());
  }
  if (tensor.shape().elements() > INT64_MAX / 16) return wrong("is too large for any file");
  const std::string name(one.name);
  return check_memory({"tensor", name.c_str()}, tensor);
}

/// A temporary file next to the final one, deleted unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path) {
    static std::atomic<unsigned> count{0};
    name_ = text(path, ".", ::getpid(), ".", count.fetch_add(1), ".part");
    file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ < 0) {
      fail("cannot be created");
      name_.clear();
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_ >= 0) ::close(file_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  void write(const void* data, size_t bytes) {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0 && status_.ok()) {
      const ssize_t n = ::write(file_, at, bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail("cannot be written");
      at += n;
      bytes -= static_cast<size_t>(n);
    }
  }

  /// Writes the file to disk before giving it the final name, so that even after a crash a file of
  /// that name is whole.
  Status keep() {
    if (status_.ok() && ::fsync(file_) != 0) fail("cannot be written");
    if (status_.ok() && ::close(std::exchange(file_, -1)) != 0) fail("cannot be written");
    if (status_.ok() && ::rename(name_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
    if (status_.ok()) name_.clear();
    return status_;
  }

 private:
  void fail(const char* what) {
    status_ = {StatusCode::invalid_file,
               text(quoted(path_), " ", what, ": ", std::strerror(errno))};
  }

  std::string path_, name_;
  int file_ = -1;
  Status status_;
};

void write_tensor(const Tensor& tensor, TemporaryFile& file) {
  const auto* data = static_cast<const std::byte*>(tensor.data());
  const size_t size = size_of(tensor.dtype());
  const int64_t elements = tensor.shape().elements();
  if (elements == 0) return;
  // The strides of axes of length 1 do not matter.
  bool contiguous = true;
  const Shape dense = tensor.shape().contiguous_strides();
  for (int axis = 0; axis < tensor.rank(); ++axis) {
    contiguous &= tensor.shape()[axis] == 1 || tensor.strides()[axis] == dense[axis];
  }
  if (contiguous) return file.write(data, static_cast<size_t>(elements) * size);

  constexpr size_t chunk = 1 << 16;
  std::vector<std::byte> buffer;
  buffer.reserve(chunk + size);
  for_each_element(tensor, [&](const std::byte* element) {
    buffer.insert(buffer.end(), element, element + size);
    if (buffer.size() < chunk) return;
    file.write(buffer.data(), buffer.size());
    buffer.clear();
  });
  if (!buffer.empty()) file.write(buffer.data(), buffer.size());
}

}  // namespace

Status save_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                        std::span<const std::pair<std::string, std::string>> metadata) {
  for (const NamedTensor& one : tensors) {
    if (Status s = check(one); !s.ok()) return s.with_context(quoted(path));
  }
  std::vector<NamedTensor> order;
  for (size_t size : {size_t{8}, size_t{4}, size_t{2}, size_t{1}}) {
    for (const NamedTensor& one : tensors) {
      if (size_of(one.tensor.dtype()) == size) order.push_back(one);
    }
  }

  std::string header = "{";
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      if (header.back() != '{') header += ',';
      header += json_string(key) + ":" + json_string(value);
    }
    header += '}';
  }
  int64_t end = 0;
  for (const NamedTensor& one : order) {
    int64_t begin = end;
    const int64_t bytes =
        one.tensor.shape().elements() * static_cast<int64_t>(size_of(one.tensor.dtype()));
    if (__builtin_add_overflow(begin, bytes, &end)) {
      return {StatusCode::invalid_argument, text(quoted(path), ": too large for any file")};
    }
    if (header.size() > 1) header += ',';
    header += json_string(one.name) + ":{\"dtype\":\"" + format_name(one.tensor.dtype()) +
              "\",\"shape\":[";
    for (int axis = 0; axis < one.tensor.rank(); ++axis) {
      header += text(axis == 0 ? "" : ",", one.tensor.shape()[axis]);
    }
    header += text("],\"data_offsets\":[", begin, ",", end, "]}");
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');  // so that data begins on a multiple of 8
  // Names that are duplicates or not UTF-8 would make a file that nobody can read.
  if (Result<SafeTensorsHeader> read = parse_safetensors_header(header); !read.ok()) {
    return {StatusCode::invalid_argument, text(quoted(path), ": ", read.status().message())};
  }

  TemporaryFile file(path);
  const uint64_t length = header.size();
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const NamedTensor& one : order) write_tensor(one.tensor, file);
  return file.keep();
}

}  // namespace attn
