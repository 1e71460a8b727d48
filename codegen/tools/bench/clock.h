// clock.h - the time, for measuring.
#pragma once
#include <chrono>

namespace attnc {

/// Seconds since some moment in the past; it never goes back.
inline double seconds_now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace attnc
