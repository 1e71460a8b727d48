// place.h - a number for each of a few axes: an element's place, or lengths.
//
//   Place place;
//   place[{attn::Kind::query, 0}] = 3;
//
// As std::map has it, but without memory of its own: references copy a place for every element, and
// took most of the time of random tests with a map.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "attn/axes.h"

namespace attn_test {

class Place {
 public:
  using Key = std::pair<attn::Kind, int>;  // an axis: its kind and number
  using Entry = std::pair<Key, int64_t>;

  const Entry* begin() const { return entries_.data(); }
  const Entry* end() const { return entries_.data() + size_; }
  /// end() if the axis has no number.
  const Entry* find(const Key& key) const {
    return std::find_if(begin(), end(), [&](const Entry& e) { return e.first == key; });
  }
  int64_t at(const Key& key) const {
    const Entry* entry = find(key);
    if (entry == end()) throw std::out_of_range("a place has no such axis");
    return entry->second;
  }
  /// The axis's number; 0 if it had none.
  int64_t& operator[](const Key& key) {
    const auto at = static_cast<size_t>(find(key) - begin());
    if (at == size_) {
      if (size_ == entries_.size()) throw std::length_error("a place has too many axes");
      entries_[size_++] = {key, 0};
    }
    return entries_[at].second;
  }

 private:
  // As many as the axes of a value, and of one that it is combined with.
  std::array<Entry, 2 * attn::Axes::capacity> entries_{};
  size_t size_ = 0;
};

}  // namespace attn_test
