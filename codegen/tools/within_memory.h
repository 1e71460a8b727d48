// within_memory.h - too little memory as an error.
//
//   Status s = attnc::within_memory("there is not enough memory for its tensors", [&] { return call(); });
#pragma once
#include <new>
#include <stdexcept>

#include "attn/runtime/status.h"

namespace attnc {

/// What `body` returns, a Status or a Result; `unsupported` with this sentence if it needs more
/// memory than there is or than a container may have.
template <class Body>
auto within_memory(const char* sentence, const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return attn::Status(attn::StatusCode::unsupported, sentence);
}

}  // namespace attnc
