#include "files/keras/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>

#include "files/file_kind.h"
#include "text.h"

namespace attn {
namespace {

constexpr size_t chunk = 1 << 16;
/// The most bytes that deflate can make from one; bounds the memory that a forged entry takes.
constexpr uint64_t deflate_ratio = 1032;

Status failed(const char* what) {
  return {StatusCode::invalid_file, text(what, ": ", std::strerror(errno))};
}

bool write_all(int fd, const char* at, size_t bytes) {
  while (bytes > 0) {
    const ssize_t n = ::write(fd, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<size_t>(n);
  }
  return true;
}

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Zip = std::unique_ptr<zip_t, CloseZip>;
using ZipEntry = std::unique_ptr<zip_file_t, CloseZip>;

Status zip_failed(std::string_view what, zip_error_t* error) {
  return {StatusCode::invalid_file, text(what, ": ", zip_error_strerror(error))};
}

Result<Zip> open_zip(const std::string& name, int flags) {
  int code = 0;
  Zip zip(zip_open(name.c_str(), flags, &code));
  if (zip) return zip;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const Status status = zip_failed("cannot be read as a zip archive", &error);
  zip_error_fini(&error);
  return status;
}

/// Finds the entry with the weights in an archive, and its size.
Result<zip_stat_t> find_weights(zip_t* zip) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat(zip, zip_weights, 0, &info) != 0) {
    return Status(StatusCode::invalid_file, text("is a zip archive without ", quoted(zip_weights),
                                                 ": expected one that Keras wrote (.keras)"));
  }
  const auto needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX | ZIP_STAT_MTIME;
  if ((info.valid & needed) != needed) {
    return Status(StatusCode::invalid_file, text(quoted(zip_weights), " has no size"));
  }
  return info;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Descriptor::name() const { return text("/proc/self/fd/", fd_); }

bool Bytes::resize(uint64_t bytes) {
  size = static_cast<size_t>(bytes);
  data.reset(new (std::nothrow) std::byte[size + 1]);
  return data != nullptr;
}

uint64_t size_of_file(const Descriptor& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

Status copy_bytes(const Descriptor& from, const Descriptor& to) {
  const std::unique_ptr<char[]> buffer(new char[chunk]);
  off_t at = 0;
  for (;;) {
    const ssize_t n = ::pread(from.get(), buffer.get(), chunk, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot be read");
    if (n == 0) return {};
    if (!write_all(to.get(), buffer.get(), static_cast<size_t>(n))) {
      return failed("cannot be written");
    }
    at += n;
  }
}

Result<Bytes> read_bytes(const Descriptor& file) {
  Bytes bytes;
  if (!bytes.resize(size_of_file(file))) {
    return Status(StatusCode::unsupported, "the system has no memory for it");
  }
  for (size_t done = 0; done < bytes.size;) {
    const ssize_t n =
        ::pread(file.get(), bytes.data.get() + done, bytes.size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("cannot be read");
    if (n == 0) return Status(StatusCode::invalid_file, "became shorter while it was read");
    done += static_cast<size_t>(n);
  }
  return bytes;
}

Status write_bytes(const Descriptor& file, const Bytes& bytes) {
  if (write_all(file.get(), reinterpret_cast<const char*>(bytes.data.get()), bytes.size)) return {};
  return failed("cannot be written");
}

Result<OpenedFile> open_any(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    const bool absent = errno == ENOENT || errno == ENOTDIR;
    return Status(absent ? StatusCode::not_found : StatusCode::invalid_file,
                  text("cannot be opened: ", std::strerror(errno)));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Status(StatusCode::invalid_file, "is no regular file");
  }
  char bytes[telling_bytes];
  ssize_t n = 0;
  do {
    n = ::pread(file.get(), bytes, sizeof bytes, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed("cannot be read");
  const std::string_view start(bytes, static_cast<size_t>(n));
  const FileDescription what = describe_file(start);
  if (what.kind == FileKind::hdf5) return OpenedFile{std::move(file), Container::hdf5};
  if (what.kind == FileKind::zip) return OpenedFile{std::move(file), Container::zip};
  if (what.kind != FileKind::unknown) return Status(StatusCode::invalid_file, what.sentence);
  return Status(StatusCode::invalid_file,
                text("is neither HDF5 (.weights.h5, .h5) nor a zip archive (.keras): it has ",
                     info.st_size, " bytes and begins with ", quoted(start.substr(0, 8))));
}

Result<Bytes> extract_weights(const Descriptor& archive) {
  const Result<Zip> zip = open_zip(archive.name(), ZIP_RDONLY);
  if (!zip.ok()) return zip.status();
  const Result<zip_stat_t> info = find_weights(zip->get());
  if (!info.ok()) return info.status();
  const uint64_t most = std::min(info->comp_size, size_of_file(archive));
  if (info->size > most && (info->size - most) / deflate_ratio > most) {
    return Status(StatusCode::invalid_file,
                  text(quoted(zip_weights), " says that it has ", info->size, " bytes, and ", most,
                       " compressed ones are there: the file is cut or damaged"));
  }
  const ZipEntry entry(zip_fopen_index(zip->get(), info->index, 0));
  if (!entry) return zip_failed(quoted(zip_weights), zip_get_error(zip->get()));
  Bytes bytes;
  if (!bytes.resize(info->size)) {
    return Status(
        StatusCode::unsupported,
        text(quoted(zip_weights), ": the system has no memory for its ", info->size, " bytes"));
  }
  uint64_t done = 0;
  // Read up to one byte more than there should be, so that libzip reaches the end and checks the
  // checksum.
  while (done <= info->size) {
    const zip_int64_t n =
        zip_fread(entry.get(), bytes.data.get() + done, bytes.size + 1 - static_cast<size_t>(done));
    if (n < 0) return zip_failed(quoted(zip_weights), zip_file_get_error(entry.get()));
    if (n == 0) break;
    done += static_cast<uint64_t>(n);
  }
  if (done != info->size) {
    return Status(StatusCode::invalid_file,
                  text(quoted(zip_weights), " has ", done, " bytes, expected ", info->size));
  }
  return bytes;
}

Status replace_weights(const std::string& name, const Bytes& weights) {
  Result<Zip> opened = open_zip(name, 0);
  if (!opened.ok()) return opened.status();
  zip_t* zip = opened->get();
  const Result<zip_stat_t> info = find_weights(zip);
  if (!info.ok()) return info.status();
  auto wrong = [&] { return zip_failed(quoted(zip_weights), zip_get_error(zip)); };
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  zip_file_get_external_attributes(zip, info->index, 0, &system, &attributes);
  zip_source_t* source = zip_source_buffer(zip, weights.data.get(), weights.size, 0);
  if (source == nullptr) return wrong();
  if (zip_file_replace(zip, info->index, source, 0) != 0) {
    zip_source_free(source);
    return wrong();
  }
  // Uncompressed, as Keras writes it.
  if (zip_set_file_compression(zip, info->index, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_mtime(zip, info->index, info->mtime, 0) != 0 ||
      zip_file_set_external_attributes(zip, info->index, 0, system, attributes) != 0 ||
      zip_close(zip) != 0) {
    return wrong();
  }
  (void)opened->release();  // zip_close freed it
  return {};
}

FileBeside::FileBeside(const std::string& path) : path_(path) {
  static std::atomic<unsigned> count{0};
  name_ = text(path, ".", ::getpid(), ".", count.fetch_add(1), ".keras.part");
  file_ = Descriptor(::open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file_.get() < 0) {
    status_ = failed("cannot be created");
    name_.clear();
  }
}

FileBeside::~FileBeside() {
  if (!name_.empty()) ::unlink(name_.c_str());
}

Status FileBeside::keep() {
  // Opened by name: after a change to the archive, a new file has that name.
  Descriptor file(::open(name_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 || ::fsync(file.get()) != 0) return failed("cannot be written");
  if (::rename(name_.c_str(), path_.c_str()) != 0) return failed("cannot be replaced");
  name_.clear();
  return {};
}

}  // namespace attn
