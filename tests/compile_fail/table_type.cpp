// expect: `[]` is of type [] and is read as []
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const attn::Table t{"document", attn::Type::index};
#else
  const attn::TruthTable t{"document"};
#endif
  const auto first = [](auto at) {
    return attn::Table("document", attn::Type::index)[at.key] == 1;
  };
  const auto second = [=](auto at) {
    if constexpr (std::same_as<decltype(t), const attn::Table>)
      return t[at.key] == 2;
    else
      return static_cast<attn::Truth>(t[at.key]);
  };
  return combine(softmax(softmax(scores(query, key), first), second), value);
});
