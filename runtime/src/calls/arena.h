// arena.h - the memory of one kernel or worker during a call: a part of the workspace.
//
// Blocks are stacked. A block's header (128 bytes, which kernels count for it) stores where the
// block below begins. Kernels release blocks mostly in reverse order; a block that is released
// below others is marked, and removed once it is on top. A block that does not fit, which a
// kernel's own account rules out, comes from the system and is remembered, so that the call can
// report it instead of crashing. Under AddressSanitizer only blocks may be touched: everything
// between and above them is poisoned.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define ATTN_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ATTN_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef ATTN_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace attn {

/// For AddressSanitizer; without it these do nothing.
inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] uint64_t bytes) {
#ifdef ATTN_ADDRESS_SANITIZER
  __asan_poison_memory_region(memory, bytes);
#endif
}
inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] uint64_t bytes) {
#ifdef ATTN_ADDRESS_SANITIZER
  __asan_unpoison_memory_region(memory, bytes);
#endif
}

class Arena {
 public:
  static constexpr uint64_t unit = 128;
  static uint64_t round_up(uint64_t bytes) { return (bytes + unit - 1) / unit * unit; }

  Arena() = default;
  /// `memory` is aligned to 128 bytes; `bytes` is a multiple of 128.
  Arena(std::byte* memory, uint64_t bytes) : memory_(memory), bytes_(bytes) {
    poison(memory, bytes);
  }

  void* allocate(uint64_t bytes) {
    const uint64_t block = round_up(bytes) + unit;
    if (bytes > UINT64_MAX / 2 || block > bytes_ - top_) {
      overflowed_ = true;
      return from_system(bytes > UINT64_MAX / 2 ? bytes : block);
    }
    write(top_, {last_, 0});
    last_ = top_;
    top_ += block;
    unpoison(memory_ + last_ + unit, bytes);
    return memory_ + last_ + unit;
  }

  void release(void* block) {
    std::byte* address = static_cast<std::byte*>(block);
    if (address == nullptr) return;
    // Compared as integers, because pointers into different objects have no order.
    const uintptr_t place = reinterpret_cast<uintptr_t>(address);
    const uintptr_t begin = reinterpret_cast<uintptr_t>(memory_);
    // A block of 0 bytes may lie at the very end.
    const bool at_end = place == begin + bytes_ && last_ + unit == bytes_;
    if ((place <= begin || place >= begin + bytes_) && !at_end) {
      return to_system(block);
    }
    const uint64_t released = place - begin - unit;
    write(released, {read(released).before, 1});
    // A block's length is not stored, so one that is released below others is poisoned only when it
    // is removed.
    while (last_ != none && read(last_).released != 0) {
      const uint64_t before = read(last_).before;
      poison(memory_ + last_, top_ - last_);
      top_ = last_;
      last_ = before;
    }
  }

  bool overflowed() const { return overflowed_; }

 private:
  static constexpr uint64_t none = UINT64_MAX;
  struct Header {
    uint64_t before;    // where the block below begins
    uint64_t released;  // 1: removed once it is on top
  };
  // Not inlined: g++ would warn, as it cannot know that what is freed here never lies in the arena.
  [[gnu::noinline]] static void* from_system(uint64_t bytes) {
    return std::aligned_alloc(unit, bytes);
  }
  [[gnu::noinline]] static void to_system(void* block) { std::free(block); }
  // Headers are poisoned except within these two functions.
  Header read(uint64_t offset) const {
    const Header* at = reinterpret_cast<const Header*>(memory_ + offset);
    unpoison(at, sizeof(Header));
    const Header header = *at;
    poison(at, sizeof(Header));
    return header;
  }
  void write(uint64_t offset, const Header& header) {
    Header* at = reinterpret_cast<Header*>(memory_ + offset);
    unpoison(at, sizeof(Header));
    *at = header;
    poison(at, sizeof(Header));
  }

  std::byte* memory_ = nullptr;
  uint64_t bytes_ = 0;
  uint64_t top_ = 0;      // where the next block begins
  uint64_t last_ = none;  // where the topmost block begins
  bool overflowed_ = false;
};

}  // namespace attn
