// workspace.h - the memory that calls work in, owned by the caller.
//
//   attn::Workspace scratch;                  // empty; the first call makes it as large as it needs
//   layer.run({...}, {...}, scratch);         // later calls of these shapes allocate nothing
//
//   alignas(128) static std::byte pool[1 << 20];
//   attn::Workspace lent{std::span(pool)};    // never grows: a call that needs more is a Status
//
// One workspace serves one call at a time (a second one at the same time is refused), any number of
// layers one after another. Nothing in it lives from one call to the next. For how much a call
// needs see AnyLayer::workspace_bytes.
#pragma once
#include <atomic>
#include <cstddef>
#include <span>

#include "attn/runtime/status.h"

namespace attn {

class Workspace {
 public:
  /// What its memory and every block in it are aligned to.
  static constexpr size_t alignment = 128;

  Workspace() = default;
  /// Over memory of the caller's, which has to outlive it. Where that does not begin on a multiple
  /// of 128 bytes, the bytes before the first such multiple are not used.
  explicit Workspace(std::span<std::byte> lent);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  Workspace(Workspace&& other) noexcept;
  Workspace& operator=(Workspace&& other) noexcept;
  ~Workspace();

  /// At least `bytes`; what it held is lost. Fails where the memory is lent and too small
  /// (invalid_argument), or where the system has none (unsupported); it is as it was, then.
  Status reserve(size_t bytes);
  size_t bytes() const { return bytes_; }
  std::byte* data() const { return data_; }

  /// Marks it as used by a call, as AnyLayer does; false when it already is.
  bool begin_use() { return !in_use_.exchange(true, std::memory_order_acquire); }
  void end_use() { in_use_.store(false, std::memory_order_release); }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  bool lent_ = false;
  std::atomic<bool> in_use_{false};
};

}  // namespace attn
