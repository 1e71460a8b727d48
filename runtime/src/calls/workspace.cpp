#include "attn/runtime/workspace.h"

#include <new>
#include <string>
#include <utility>

namespace attn {

Workspace::Workspace(std::span<std::byte> lent) : lent_(true) {
  const size_t past = reinterpret_cast<uintptr_t>(lent.data()) % alignment;
  const size_t skipped = past == 0 ? 0 : alignment - past;
  if (lent.size() > skipped) {
    data_ = lent.data() + skipped;
    bytes_ = lent.size() - skipped;
  }
}

Workspace::Workspace(Workspace&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)),
      lent_(other.lent_) {}

Workspace& Workspace::operator=(Workspace&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(lent_, other.lent_);
  return *this;
}

Workspace::~Workspace() {
  if (!lent_) ::operator delete (data_, std::align_val_t{alignment});
}

Status Workspace::reserve(size_t bytes) {
  if (bytes <= bytes_) return {};
  if (lent_) {
    return {StatusCode::invalid_argument,
            "the workspace has " + std::to_string(bytes_) +
                " bytes of lent memory and the call needs " + std::to_string(bytes) +
                ": lend more, or use a Workspace that owns its memory"};
  }
  // No process has 2^47 bytes. Do not ask the allocator for as many, since debugging allocators
  // would abort.
  void* memory = nullptr;
  if (bytes >> 47 == 0) {
    memory = ::operator new (bytes, std::align_val_t{alignment}, std::nothrow);
  }
  if (memory == nullptr) {
    return {StatusCode::unsupported, "the system has no memory for a workspace of " +
                                         std::to_string(bytes) +
                                         " bytes: use fewer threads or a smaller batch"};
  }
  ::operator delete (data_, std::align_val_t{alignment});
  data_ = static_cast<std::byte*>(memory);
  bytes_ = bytes;
  return {};
}

}  // namespace attn
