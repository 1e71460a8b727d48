// loops.h - the two inner loops behind limits.h, with the widest vectors that this CPU has.
//
// loops.cpp is compiled optimised whatever the build type, as they measure the machine.
#pragma once
#include <cstddef>
#include <cstdint>

namespace attnc {

struct Loops {
  int vector_bits;
  double operations_a_round;  // of multiply_add
  /// Independent multiply-adds on registers. The result only keeps them from being left out.
  float (*multiply_add)(int64_t rounds);
  /// The sum of `count` floats, a multiple of 64 of them on a cache line's boundary.
  float (*read)(const float* from, size_t count);
};

Loops widest_loops();

}  // namespace attnc
