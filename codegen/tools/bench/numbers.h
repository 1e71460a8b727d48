// numbers.h - memory and random numbers for calls that are timed.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numbers>
#include <random>

namespace attnc {

/// Floats aligned to a cache line, as the libraries that attnc is compared with allocate them.
class Floats {
 public:
  explicit Floats(size_t size)
      : data_(static_cast<float*>(::operator new(size * sizeof(float), alignment))), size_(size) {}
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(float* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_;
};

/// Normally distributed numbers by Box-Muller: the same with every standard library, unlike
/// std::normal_distribution.
class Normal {
 public:
  void fill(Floats& out, double scale) {
    for (size_t i = 0; i < out.size(); i += 2) {
      const double r = scale * std::sqrt(-2 * std::log(uniform()));
      const double angle = 2 * std::numbers::pi * uniform();
      out.data()[i] = static_cast<float>(r * std::cos(angle));
      if (i + 1 < out.size()) out.data()[i + 1] = static_cast<float>(r * std::sin(angle));
    }
  }

 private:
  double uniform() { return (static_cast<double>(bits_() >> 11) + 0.5) * 0x1p-53; }  // in (0, 1)
  std::mt19937_64 bits_{20261121};
};

}  // namespace attnc
