// workspace.h - the scratch memory of calls, owned by the caller.
//
//   attn::Workspace scratch;                  // empty; the first call makes it as large as it
//   needs layer.run({...}, {...}, scratch);         // later calls of these shapes allocate nothing
//
//   alignas(128) static std::byte pool[1 << 20];
//   attn::Workspace lent{std::span(pool)};    // never grows: a call that needs more is a Status
//
// A workspace serves one call at a time; a concurrent second call is refused (invalid_argument).
// Any number of layers may use it one after another: no data in it survives a call.
// AnyLayer::workspace_bytes computes how much a call needs.
#pragma once
#include <atomic>
#include <cstddef>
#include <span>

#include "attn/runtime/status.h"

namespace attn {

class Workspace {
 public:
  /// The alignment, in bytes, of its memory and of every block in it.
  static constexpr size_t alignment = 128;

  Workspace() = default;
  /// A workspace in the caller's memory, which must outlive it. If that memory is not aligned to
  /// 128 bytes, the bytes before the first multiple of 128 are not used.
  explicit Workspace(std::span<std::byte> lent);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&& other) noexcept;
  ~Workspace();

  /// Makes it at least `bytes` large; growing discards its contents. Fails if the memory is lent
  /// and too small (invalid_argument), or if the system has no memory (unsupported); the workspace
  /// is then unchanged.
  Status reserve(size_t bytes);
  size_t bytes() const { return bytes_; }
  std::byte* data() const { return data_; }

  /// Marks it as in use by a call; false if it already is. AnyLayer::run does this itself.
  bool begin_use() { return !in_use_.exchange(true, std::memory_order_acquire); }
  void end_use() { in_use_.store(false, std::memory_order_release); }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  bool lent_ = false;
  std::atomic<bool> in_use_{false};
};

}  // namespace attn
