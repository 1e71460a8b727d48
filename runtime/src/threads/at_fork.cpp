#include "threads/at_fork.h"

#include <pthread.h>

namespace attn {
namespace {

// Constant-initialised, hence usable before and after every other static object.
constinit std::mutex list_mutex;
constinit AtFork* added = nullptr;
constinit bool registered = false;

void before_fork() {
  list_mutex.lock();
  for (AtFork* a = added; a != nullptr; a = a->after) a->mutex.lock();
}
void after_fork() {
  for (AtFork* a = added; a != nullptr; a = a->after) a->mutex.unlock();
  list_mutex.unlock();
}
void in_child() {
  for (AtFork* a = added; a != nullptr; a = a->after) {
    if (a->in_child != nullptr) a->in_child(*a);
  }
  after_fork();
}

/// Called with list_mutex held. The handlers are unregistered when the shared library that this is
/// linked into is unloaded.
void register_handlers() {
  if (!registered) registered = pthread_atfork(before_fork, after_fork, in_child) == 0;
}

/// Registers the handlers before anything is added: a fork that begins while another thread
/// registers them would run none of them, and the child might inherit locked mutexes.
[[gnu::constructor]] void at_start() {
  std::lock_guard lock(list_mutex);
  register_handlers();
}

}  // namespace

void add_at_fork(AtFork& at_fork) {
  std::lock_guard lock(list_mutex);
  register_handlers();  // if this runs before at_start, or registering failed there
  at_fork.after = added;
  if (added != nullptr) added->before = &at_fork;
  added = &at_fork;
}

void remove_at_fork(AtFork& at_fork) {
  std::lock_guard lock(list_mutex);
  (at_fork.before != nullptr ? at_fork.before->after : added) = at_fork.after;
  if (at_fork.after != nullptr) at_fork.after->before = at_fork.before;
}

}  // namespace attn
