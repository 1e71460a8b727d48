// bindings.h - the layers of layers.h with their tables.
#pragma once
#include <string>
#include <vector>

#include "five_layers/additive.attn.h"
#include "five_layers/additive_twice.attn.h"
#include "five_layers/brain.attn.h"
#include "five_layers/cached.attn.h"
#include "five_layers/cached_odd.attn.h"
#include "five_layers/flash.attn.h"
#include "five_layers/gated_window.attn.h"
#include "five_layers/grouped_gate.attn.h"
#include "five_layers/half.attn.h"
#include "five_layers/luong.attn.h"
#include "five_layers/luong_flat.attn.h"
#include "five_layers/over_both.attn.h"
#include "five_layers/over_rows.attn.h"
#include "five_layers/reuse_all.attn.h"
#include "five_layers/reuse_none.attn.h"
#include "five_layers/reuse_some.attn.h"
#include "five_layers/twice.attn.h"

namespace attn_test {

struct Subject {
  std::string name;
  const attn::Description* description;
  const attn_layer_table* table;
};

template <const attn::Description& D>
Subject subject() {
  return {std::string(attn::qualified_name_of<D>()), &D, &attn::Binding<D>::table()};
}

inline const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> list;
    [&]<const attn::Description&... D>(attn::Layers<D...>) {
      (list.push_back(subject<D>()), ...);
    }(five::layers{});
    return list;
  }();
  return all;
}

}  // namespace attn_test
