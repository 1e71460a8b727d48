// subject.h - a layer under test: its description and the table generated from it.
//
//   std::vector<Subject> all = subjects_of(five::layers{});
#pragma once
#include <string>
#include <vector>

#include "attn/layer.h"
#include "attn/runtime/typed.h"

namespace attn_test {

struct Subject {
  std::string name;
  const attn::Description* description;
  const attn_layer_table* table;
};

/// The subjects of lists of layers whose generated headers are included.
template <const attn::Description&... D>
std::vector<Subject> subjects_of(attn::Layers<D...>) {
  return {Subject{std::string(attn::qualified_name_of<D>()), &D, &attn::Binding<D>::table()}...};
}
template <class... Lists>
std::vector<Subject> subjects_of(const Lists&... lists) {
  std::vector<Subject> all;
  for (const std::vector<Subject>& some : {subjects_of(lists)...})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace attn_test
