// loops.h - the two inner loops that limits.h measures with, on the widest vectors of this CPU.
//
// loops.cpp is compiled with optimisation in every build type, since the loops measure the machine.
#pragma once
#include <cstddef>
#include <cstdint>

namespace attnc {

struct Loops {
  int vector_bits;
  double operations_a_round;  // floating-point operations per round of multiply_add
  /// Independent multiply-adds on registers. The result only keeps them from being optimised away.
  float (*multiply_add)(int64_t rounds);
  /// The sum of `count` floats; `count` is a multiple of 64, `from` is aligned to a cache line.
  float (*read)(const float* from, size_t count);
};

Loops widest_loops();

}  // namespace attnc
