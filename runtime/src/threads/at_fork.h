// at_fork.h - mutexes that fork leaves usable in the child.
//
// A child of fork has one thread, the one that forked, and a copy of all memory, including mutexes
// that other threads held at that moment and that nobody in the child would ever unlock. So fork
// first locks the mutexes that were added here, none of which is held for long, and the child
// starts with the data they guard in a consistent state. vfork and posix_spawn do none of this, and
// need none.
//
// The handlers are registered when the program, or the shared library that this is linked into, is
// loaded. So they run last before a fork and first after it, and fork handlers that a program
// registers later may call layers.
#pragma once
#include <mutex>

namespace attn {

struct AtFork {
  std::mutex mutex;
  /// Called in the child, on its only thread, with every added mutex held. It must not add or
  /// remove entries. Null: nothing to do.
  void (*in_child)(AtFork&) = nullptr;
  AtFork* before = nullptr;
  AtFork* after = nullptr;
};

/// Adds `at_fork` until it is removed. Must not be called while holding a mutex that was added.
void add_at_fork(AtFork& at_fork);
void remove_at_fork(AtFork& at_fork);

}  // namespace attn
