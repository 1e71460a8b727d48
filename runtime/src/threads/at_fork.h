// at_fork.h - mutexes that fork leaves usable in the child.
//
// A child of fork has one thread, the one that forked, and a copy of all memory: of mutexes that
// other threads held at that moment, too, and nobody would ever unlock those. So fork waits for the
// mutexes that were added here, which holds up nobody for long, and the child begins with what they
// guard as it was between two changes. vfork and posix_spawn do none of this, and need none.
//
// The handlers are registered as the program, or the shared library that this is linked into, is
// loaded. So they run last before a fork and first after it, and handlers that a program registers
// later may call layers.
#pragma once
#include <mutex>

namespace attn {

struct AtFork {
  std::mutex mutex;
  /// In the child, its only thread, with every mutex here held. Null: there is nothing to do. It
  /// neither adds nor removes.
  void (*in_child)(AtFork&) = nullptr;
  AtFork* before = nullptr;
  AtFork* after = nullptr;
};

/// From now on until it is removed. Not while a mutex that was added is held.
void add_at_fork(AtFork& at_fork);
void remove_at_fork(AtFork& at_fork);

}  // namespace attn
