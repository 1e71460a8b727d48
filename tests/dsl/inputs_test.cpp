// The inputs of every named layer have the same order in the header's comment, in the README's
// table and in the graph, which is also the order of tensors by position.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "attn/attn.h"

namespace {

using attn::Graph;
using attn::Value;
using Names = std::vector<std::string>;

const std::filesystem::path dsl = SOURCE_ROOT "/dsl";

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}
Names inputs_of(const attn::Description& d) {
  EXPECT_FALSE(d.error()) << d.error().text();
  Names out;
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == attn::Op::input) out.emplace_back(n.name.view());
  }
  return out;
}
/// The words of a list without its parentheses: "query, key (or value), attention_mask".
Names words_of(std::string_view list) {
  Names out;
  std::string word;
  int depth = 0;
  for (char c : std::string(list) + ' ') {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    if (letter && depth == 0) {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::exchange(word, ""));
    }
  }
  return out;
}
/// The list in the sentence "Inputs: query, value." of a header's first comment.
Names inputs_in_header(const std::string& header) {
  std::istringstream lines(text_of(dsl / "include/attn/layers" / header));
  std::string comment;
  for (std::string line; std::getline(lines, line) && line.starts_with("//");) {
    comment += line.substr(2);
  }
  const std::string begin = " Inputs: ";
  const size_t at = comment.find(begin);
  EXPECT_NE(at, comment.npos) << header;
  if (at == comment.npos) return {};
  std::string list = comment.substr(at + begin.size());
  // A period inside parentheses does not end the sentence.
  int depth = 0;
  size_t end = 0;
  for (; end < list.size() && (list[end] != '.' || depth > 0); ++end) {
    depth += list[end] == '(' ? 1 : list[end] == ')' ? -1 : 0;
  }
  return words_of(list.substr(0, end));
}
/// The list in the README's row "| `Layer` | original | inputs |".
Names inputs_in_readme(const std::string& layer) {
  std::istringstream lines(text_of(dsl / "README.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `" + layer + "` |")) continue;
    const size_t original = line.find('|', 1), inputs = line.find('|', original + 1);
    return words_of(line.substr(inputs));
  }
  ADD_FAILURE() << "no row of " << layer;
  return {};
}

const Names masks{"attention_mask", "query_mask", "value_mask", "key_mask", "use_causal_mask"};
Names with(Names a, const Names& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Documented {
  const char *layer, *header;
  attn::Description description;
  Names inputs;
};
const Documented documented[] = {
    {"MultiHeadAttention", "multi_head_attention.h",
     attn::try_layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4}),
     with({"query", "value", "key"}, masks)},
    {"GroupQueryAttention", "group_query_attention.h",
     attn::try_layer(
         attn::GroupQueryAttention{.head_dim = 4, .num_query_heads = 4, .num_key_value_heads = 2}),
     with({"query", "value", "key"}, masks)},
    {"CachedMultiHeadAttention",
     "cached_multi_head_attention.h",
     attn::try_layer(attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4}),
     {"query", "value", "key", "cache", "cache_update_index", "attention_mask", "use_causal_mask"}},
    {"ReuseMultiHeadAttention",
     "reuse_multi_head_attention.h",
     attn::try_layer(
         attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4, .reuse_attention = 2}),
     {"query", "value", "key", "attention_mask", "reuse_attention_scores"}},
    {"Attention",
     "attention.h",
     attn::try_layer(attn::Attention{.size = 4}),
     {"query", "value", "key", "query_mask", "value_mask", "use_causal_mask"}},
    {"DotProductAttention",
     "dot_product_attention.h",
     attn::try_layer(
         attn::DotProductAttention{.num_query_heads = 2, .num_key_value_heads = 2, .head_dim = 4}),
     {"query", "key", "value", "attention_mask"}},
};

TEST(Inputs, AreInTheDocumentedOrder) {
  for (const Documented& d : documented) {
    EXPECT_EQ(inputs_of(d.description), d.inputs) << d.layer;
    EXPECT_EQ(inputs_in_header(d.header), d.inputs) << d.header;
    EXPECT_EQ(inputs_in_readme(d.layer), d.inputs) << d.layer;
  }
  size_t headers = 0;
  for (const auto& file : std::filesystem::directory_iterator(dsl / "include/attn/layers")) {
    headers += file.path().filename() != "common.h";
  }
  EXPECT_EQ(headers, std::size(documented)) << "a layer is not tested";
}

TEST(Inputs, OptionsOfALayerDoNotMoveThem) {
  const Names all = with({"query", "value", "key"}, masks);
  const attn::MultiHeadAttention rich{
      .num_heads = 2,
      .key_dim = 4,
      .dropout = 0.5f,
      .sliding_window = 3,
      .use_gate = true,
      .mask = attn::causal & attn::same_document("document"),
      .score_mod = attn::alibi("slopes"),
      .sink = attn::sink("sinks"),
  };
  // Tables that formulas mention follow the inputs that the layer declares.
  EXPECT_EQ(inputs_of(attn::try_layer(rich)), with(all, {"slopes", "document", "sinks"}));
  for (int reused : {-1, 0, 1, 2, 3}) {
    Names inputs{"query", "value", "key", "attention_mask"};
    if (reused != 0) inputs.emplace_back("reuse_attention_scores");
    EXPECT_EQ(inputs_of(attn::try_layer(attn::ReuseMultiHeadAttention{
                  .num_heads = 3, .key_dim = 4, .reuse_attention = reused})),
              inputs)
        << reused;
  }
  for (auto mode : {attn::ScoreMode::dot, attn::ScoreMode::concat}) {
    EXPECT_EQ(inputs_of(attn::try_layer(attn::Attention{
                  .use_scale = true, .score_mode = mode, .size = 4, .value_size = 3})),
              documented[4].inputs);
  }
}

TEST(Inputs, OfALayerOfOnesOwnAreInTheOrderOfItsDeclarations) {
  const attn::Axes keys{{attn::Kind::batch}, {attn::Kind::key}, {attn::Kind::size, 0, -1, 4}};
  const auto d = attn::try_layer([&](Graph& g) {
    const attn::Mask late = g.flag("late");
    const Value values = g.input("values", keys);
    const Value unused = g.optional_input("unused", keys);
    const Value keys_of_it = g.input("keys", keys);
    const Value query =
        g.input("query", {{attn::Kind::batch}, {attn::Kind::query}, {attn::Kind::size, 0, -1, 4}});
    static_cast<void>(unused);
    const Value s = map(scores(query, keys_of_it),
                        [](auto x, auto at) { return x + attn::Table("bias")[at.key]; });
    const attn::Mask mask = g.mask("visible", s);
    return combine(softmax(s, mask & late), values);
  });
  EXPECT_EQ(inputs_of(d), Names({"late", "values", "unused", "keys", "query", "visible", "bias"}));
}

}  // namespace
