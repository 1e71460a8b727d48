// Mistakes at run time, which no compiler can stop: each becomes the error of the layer that it
// ends up in. tests/compile_fail checks the same sentences in a compiler.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <string>

#include "attn/attn.h"
#include "attn/evaluate.h"

namespace {

using attn::Mask;
using attn::Plain;
using attn::PlainPosition;
using attn::ScoreMod;
using attn::Table;
using attn::Type;

attn::MultiHeadAttention some_layer() { return {.num_heads = 2, .key_dim = 4}; }
std::string says(const Mask& mask) {
  attn::MultiHeadAttention d = some_layer();
  d.mask = mask;
  return attn::layer(d).error().text();
}
std::string scores_say(const ScoreMod& mod) {
  attn::MultiHeadAttention d = some_layer();
  d.score_mod = mod;
  return attn::layer(d).error().text();
}

TEST(Mistakes, OfALayerAreItsError) {
  volatile int heads = -2;
  const attn::Description d = attn::layer(attn::MultiHeadAttention{.num_heads = heads});
  EXPECT_EQ(d.error().text(), "`num_heads` must be positive, not -2");
  EXPECT_FALSE(attn::layer(some_layer()).error());
}

TEST(Mistakes, OfMasksWithAName) {
  const std::pair<Mask, const char*> wrong[] = {
      {attn::sliding_window(0), "`sliding_window` must be positive, not 0"},
      {attn::sliding_window(-1, 2),
       "`sliding_window` needs 0 keys or more on either side, not -1 before and 2 after"},
      {attn::prefix_lm(-3), "`prefix_lm` needs a prefix of 0 keys or more, not -3"},
      {attn::dilated(0), "`dilated` needs a positive step, not 0"},
      {attn::same_block(0), "`same_block` needs a positive size, not 0"},
      {attn::neighbourhood(-1, 1),
       "`neighbourhood` needs distances of 0 or more, not -1 rows and 1 columns"},
      {attn::first_keys(0), "`first_keys` needs a positive number, not 0"},
  };
  for (const auto& [mask, sentence] : wrong) {
    EXPECT_EQ(says(mask), sentence);
    EXPECT_EQ(says(attn::causal & mask), sentence);
    EXPECT_EQ(says((!mask) | attn::causal), sentence);
    EXPECT_EQ(says(Mask{} | mask), sentence);
    EXPECT_EQ(says(mask | Mask{}), sentence);
    EXPECT_EQ(says(!(Mask{} | mask)), sentence);
  }
  EXPECT_EQ(says(Mask([](auto at) { return (at.key < 3) | attn::dilated(-1)(at); })),
            "`dilated` needs a positive step, not -1");
}

TEST(Mistakes, OfTablesThatHoldSomethingElse) {
  const std::string holds =
      "the table `t` holds indices here: declare it with attn::Type::index, or give its name alone";
  const Table t("t"), good("good", Type::index);
  EXPECT_EQ(says(attn::prefix_lm(t)), holds);
  EXPECT_EQ(says(attn::padding(t)), holds);
  EXPECT_EQ(says(attn::same_document(t)), holds);
  EXPECT_EQ(says(attn::tree(t, good)), holds);
  EXPECT_EQ(says(attn::tree(good, t)), holds);
  EXPECT_EQ(says(attn::tree(good, "leave")), "");
  const std::string truths =
      "the table `x` holds truths: declare it as attn::TruthTable, not attn::Table";
  EXPECT_EQ(says(Mask([](auto at) { return Table("x", Type::truth)[at.key] < 3; })), truths);
  EXPECT_EQ(says(Mask([](auto at) { return at.key < Table("x", Type::truth); })), truths);
  EXPECT_EQ(scores_say(ScoreMod([](auto s, auto at) {
              return s + at.own(attn::TableName{"x", Type::truth});
            })),
            "the table `x` holds truths, and at.own reads numbers");
}

TEST(Mistakes, OfScoreFunctionsWithAName) {
  const std::pair<ScoreMod, const char*> wrong[] = {
      {attn::softcap(0), "`softcap` bends scores below a positive number"},
      {attn::softcap(std::nanf("")), "`softcap` bends scores below a positive number"},
      {attn::relative_bias("bias", -4),
       "`relative_bias` counts distances up to -4, which is negative"},
      {attn::relative_bias("bias", std::numeric_limits<int>::min()),
       "`relative_bias` counts distances up to -2147483648, which is negative"},
      {attn::t5_bias("bias", true, 3), "`t5_bias` needs at least 4 buckets, not 3"},
      {attn::t5_bias("bias", false, 1), "`t5_bias` needs at least 2 buckets, not 1"},
      {attn::t5_bias("bias", true, 32, 8),
       "`t5_bias` has 8 buckets of one distance each; its farthest distance must be more than "
       "that, not 8"},
      {[](auto s, auto at) { return s + attn::t5_bucket(at.query - at.key, true, 0, 128); },
       "`t5_bias` needs at least 4 buckets, not 0"},
  };
  for (const auto& [mod, sentence] : wrong) EXPECT_EQ(scores_say(mod), sentence);
  for (int buckets = -5; buckets < 9; ++buckets) {
    for (bool both : {false, true}) {
      EXPECT_EQ(scores_say(attn::t5_bias("bias", both, buckets)).empty(),
                buckets >= (both ? 4 : 2));
    }
  }
}

TEST(Mistakes, OfPositionsThatAreNotThere) {
  EXPECT_EQ(says(Mask([](auto at) { return at.queries[3] < at.key; })),
            "attention is over at most 3 axes: at.queries and at.keys have no [3]");
  EXPECT_EQ(says(Mask([](auto at) { return at.keys[std::size_t{1} << 40] < at.key; })),
            "attention is over at most 3 axes: at.queries and at.keys have no [1099511627776]");
  EXPECT_NE(says(Mask([](auto at) { return at.queries[1] < at.key; })).find("along axis 1"),
            std::string::npos);
}

// A symbol that outlives its call: its formula may be gone, or another formula may be at its
// address.
TEST(Mistakes, OfSymbolsOfAnotherFormula) {
  const std::string another =
      "a symbol of another formula: a number or position is good in the call that it was given to, "
      "and not outside of it or in a function inside of it";
  attn::Number kept;
  const auto keep = [&](auto at) {
    kept = at.query * 7;
    return kept < at.key;
  };
  EXPECT_EQ(says(Mask(keep)), "");
  EXPECT_EQ(says(Mask([&](auto at) { return kept < at.key; })), another);
  EXPECT_EQ(says(Mask([&](auto at) { return at.key < kept; })), another);
  EXPECT_EQ(says(Mask([&](auto) { return kept < kept; })), another);
  EXPECT_EQ(says(Mask([&](auto) { return Table("t", Type::index)[kept] < 3; })), another);
  EXPECT_EQ(scores_say(ScoreMod([&](auto, auto) { return kept; })), another);
  // Used outside any call, and then inside one.
  const attn::Number outside = kept + 1;
  EXPECT_EQ(says(Mask([&](auto at) { return at.key < outside; })), another);
  // The same steps at the same address, with other numbers.
  EXPECT_EQ(says(Mask([&](auto at) { return (at.query * 3 < at.key) & (kept < at.key); })),
            another);
  // Used in a nested function, and after it.
  const auto nested = attn::layer([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto s = map(scores(query, key), [&](auto x) {
      static_cast<void>(map(value, [&](auto y) { return y * x; }));
      return x;
    });
    return combine(softmax(s), value);
  });
  EXPECT_EQ(nested.error().text(), another);
  const auto good = attn::layer([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto s = map(scores(query, key), [&](auto x) {
      static_cast<void>(map(value, [](auto y) { return y * 2; }));
      return x * 3;
    });
    return combine(softmax(s), value);
  });
  EXPECT_EQ(good.error().text(), "");
}

TEST(Mistakes, NothingAtAllIsTheOppositeOfEverything) {
  const Mask none = !Mask{};
  for (int key : {0, 1, 1000}) EXPECT_FALSE(evaluate(none.formula, {.key = key}).truth());
  EXPECT_TRUE(evaluate((!none).formula, {.key = 3}).truth());
  EXPECT_EQ(says(none), "");
  EXPECT_EQ(says(none | attn::causal), "");
}

// On plain numbers there is nothing to report an error to; they compute what they can.
TEST(Mistakes, OnPlainNumbersEndNothing) {
  struct {
    int query = 3, key = 1;
  } at;
  EXPECT_TRUE(attn::dilated(0)(at));
  EXPECT_FALSE(attn::same_block(0)(at));
  EXPECT_EQ(attn::t5_bucket(Plain(3), true, 0, 0).index(), 3);
  EXPECT_EQ(PlainPosition{}.queries[7].index(), 0);
  EXPECT_EQ(attn::natural_logarithm(std::numeric_limits<double>::infinity()),
            std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(attn::natural_logarithm(std::nan(""))));
  EXPECT_NEAR(attn::natural_logarithm(1e308), std::log(1e308), 1e-9);

  const double numbers[] = {1, 2, 3, 4, 5, 6};
  const attn::PlainTable table{numbers, {2, 3}};
  const auto is_nan = [](Plain x) { return std::isnan(x.real()); };
  EXPECT_EQ(Plain(table[1][2]).real(), 6);
  EXPECT_EQ(Plain(table[9][-9]).real(), 4);
  EXPECT_TRUE(is_nan(table[1][2][0]));
  EXPECT_TRUE(is_nan(table[0][0][0][0][0]));
  EXPECT_TRUE(is_nan((attn::PlainTable{numbers, {6, 1, 1, 1}}[0][0][0][0][0])));
  EXPECT_TRUE(is_nan((attn::PlainTable{numbers, {0, 3}}[0][1])));
  EXPECT_TRUE(is_nan((attn::PlainTable{numbers, {3, 3}}[2][2])));
  EXPECT_TRUE(is_nan((attn::PlainTable{{}, {1}}[0])));
  const std::int64_t far = 2147483647;  // 2^62 times this number overflows 64 bits
  EXPECT_TRUE(is_nan((attn::PlainTable{numbers, {1ll << 62, 1ll << 62}}[far][far])));
}

// No header of the language and no source of the runtime ends the process.
TEST(Mistakes, NothingEndsAProcess) {
  const std::filesystem::path root = SOURCE_ROOT;
  const std::regex ends(
      R"(\b(abort|exit|_exit|_Exit|quick_exit|terminate|raise|kill|assert|__builtin_trap|__builtin_unreachable|throw)\b *[(;])");
  int files = 0;
  for (const char* folder : {"dsl/include", "runtime/include", "runtime/src"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!file.is_regular_file()) continue;
      ++files;
      std::ifstream text(file.path());
      int number = 0;
      for (std::string line; std::getline(text, line);) {
        ++number;
        EXPECT_FALSE(std::regex_search(line.substr(0, line.find("//")), ends))
            << file.path() << ":" << number << ": " << line;
      }
    }
  }
  EXPECT_GT(files, 60);
}

}  // namespace
