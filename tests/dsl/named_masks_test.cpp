// Named masks and sinks: the meaning of each, on plain numbers and through the formula it records.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "attn/attn.h"
#include "attn/evaluate.h"

namespace {

using attn::Plain;
using attn::PlainPosition;
using attn::PlainTable;

using Numbers = std::vector<double>;
struct Data {
  Numbers numbers;
  std::array<std::int64_t, 4> shape{};
};
using Tables = std::map<std::string, Data, std::less<>>;

Plain read(const Tables& tables, std::string_view name, std::span<const std::int64_t> index) {
  const Data& data = tables.find(name)->second;
  const PlainTable table{data.numbers, data.shape};
  PlainTable::Element e{&table};
  for (std::int64_t i : index) e = e[i];
  return e;
}
int draw(std::mt19937& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}
constexpr int batches = 2, longest = 40;
PlainPosition position(std::mt19937& random) {
  const int queries = draw(random, 1, longest), keys = draw(random, 1, longest);
  PlainPosition at{.batch = draw(random, 0, batches - 1),
                   .head = draw(random, 0, 2),
                   .query = draw(random, 0, queries - 1),
                   .key = draw(random, 0, keys - 1),
                   .query_length = queries,
                   .key_length = keys};
  at.queries = {at.query, draw(random, 0, 9), 0}, at.keys = {at.key, draw(random, 0, 9), 0};
  return at;
}

/// Compares `function` on plain numbers and its formula with the expected result, at random
/// positions.
void agrees(const auto& function, const attn::Mask& mask, const Tables& tables,
            const std::function<bool(int q, int k, const PlainPosition&)>& meant) {
  std::mt19937 random(1);
  const auto reads = [&](std::string_view name, std::span<const std::int64_t> index) {
    return read(tables, name, index);
  };
  for (int i = 0; i < 3000; ++i) {
    const PlainPosition at = position(random);
    const auto q = static_cast<int>(at.query.index()), k = static_cast<int>(at.key.index());
    const bool expected = meant(q, k, at);
    ASSERT_EQ(function(at).truth(), expected) << q << " " << k;
    ASSERT_EQ(evaluate(mask.formula, at, {}, reads).truth(), expected) << q << " " << k;
  }
}
void agrees(const auto& named, const std::function<bool(int q, int k)>& meant) {
  agrees(named, named, {}, [&](int q, int k, const PlainPosition&) { return meant(q, k); });
}

TEST(NamedMasks, of_distances_and_single_keys) {
  agrees(attn::sliding_window(5), [](int q, int k) { return q - k < 5 && k - q < 5; });
  agrees(attn::sliding_window(4, 2), [](int q, int k) { return k >= q - 4 && k <= q + 2; });
  agrees(attn::sliding_window(0, 0), [](int q, int k) { return k == q; });
  agrees(attn::prefix_lm(7), [](int q, int k) { return k <= q || k < 7; });
  agrees(attn::prefix_lm(0), [](int q, int k) { return k <= q; });
  agrees(attn::dilated(3), [](int q, int k) { return (q + 300 - k) % 3 == 0; });
  agrees(attn::dilated(1), [](int, int) { return true; });
  agrees(attn::same_block(4), [](int q, int k) { return q / 4 == k / 4; });
  agrees(attn::first_keys(3), [](int, int k) { return k < 3; });
}
TEST(NamedMasks, of_neighbourhoods) {
  const auto named = attn::neighbourhood(2, 1);
  agrees(named, named, {}, [](int q, int k, const PlainPosition& at) {
    return std::abs(q - k) <= 2 && std::abs(at.queries[1].index() - at.keys[1].index()) <= 1;
  });
}
TEST(NamedMasks, compose) {
  const attn::Mask mask =
      attn::causal & (attn::first_keys(3) | attn::dilated(4) | !attn::same_block(5));
  const attn::Mask swapped = attn::first_keys(3) & attn::causal;
  agrees(
      [](const PlainPosition& at) {
        return (at.key <= at.query) &
               (attn::first_keys(3)(at) | attn::dilated(4)(at) | !attn::same_block(5)(at));
      },
      mask, {},
      [](int q, int k, const PlainPosition&) {
        return k <= q && (k < 3 || (q - k) % 4 == 0 || q / 5 != k / 5);
      });
  EXPECT_FALSE(evaluate(swapped.formula, {.query = 1, .key = 2}).truth());
}

TEST(NamedMasks, of_tables) {
  std::mt19937 random(3);
  Tables tables{{"prefix", {{5, 0}, {batches}}},
                {"lengths", {{17, 40}, {batches}}},
                {"document", {Numbers(batches * longest), {batches, longest}}}};
  for (double& d : tables["document"].numbers) d = draw(random, 0, 3);
  const auto plain = [&](const char* name) {
    return PlainTable{tables[name].numbers, tables[name].shape};
  };
  const auto number = [&](const char* name, const PlainPosition& at, int position = -1) {
    const auto row = static_cast<std::size_t>(at.batch.index());
    return static_cast<int>(
        position < 0 ? tables[name].numbers[row]
                     : tables[name].numbers[row * longest + static_cast<std::size_t>(position)]);
  };
  agrees(attn::prefix_lm(plain("prefix")), attn::prefix_lm("prefix"), tables,
         [&](int q, int k, const PlainPosition& at) { return k <= q || k < number("prefix", at); });
  agrees(attn::padding(plain("lengths")), attn::padding("lengths"), tables,
         [&](int, int k, const PlainPosition& at) { return k < number("lengths", at); });
  agrees(attn::same_document(plain("document")), attn::same_document("document"), tables,
         [&](int q, int k, const PlainPosition& at) {
           return number("document", at, q) == number("document", at, k);
         });
}

// Tokens 0 to 3 are committed. Token 4 is their draft, 5 and 6 are its children, 7 is the child of
// 5, and 8 is another draft, beside 4.
TEST(NamedMasks, of_a_tree) {
  const int parent[] = {-1, -1, -1, -1, 3, 4, 4, 5, 3};
  const Numbers enter{0, 0, 0, 0, 1, 2, 6, 3, 9}, leave{99, 99, 99, 99, 8, 5, 7, 4, 10};
  const Tables tables{{"enter", {enter, {1, 9}}}, {"leave", {leave, {1, 9}}}};
  const attn::Mask traced = attn::tree("enter", "leave");
  const auto plain = attn::tree(PlainTable{enter, {1, 9}}, PlainTable{leave, {1, 9}});
  for (int query = 4; query < 9; ++query) {
    for (int key = 0; key < 9; ++key) {
      bool expected = key < 4;
      for (int token = query; token >= 4; token = parent[token]) expected |= token == key;
      const PlainPosition at{.query = query - 4, .key = key, .query_length = 5, .key_length = 9};
      EXPECT_EQ(plain(at).truth(), expected) << query << " " << key;
      EXPECT_EQ(evaluate(traced.formula, at, {},
                         [&](std::string_view name, std::span<const std::int64_t> index) {
                           return read(tables, name, index);
                         })
                    .truth(),
                expected)
          << query << " " << key;
    }
  }
}

TEST(NamedSinks, are_numbers_of_heads) {
  const Numbers numbers{0.5, -2, 7};
  const Tables tables{{"sinks", {numbers, {3}}}};
  const attn::SinkLogit traced = attn::sink("sinks");
  const auto plain = attn::sink(PlainTable{numbers, {3}});
  for (int head = 0; head < 3; ++head) {
    const PlainPosition at{.head = head};
    EXPECT_EQ(Plain(plain(at)).real(), numbers[static_cast<std::size_t>(head)]);
    EXPECT_EQ(evaluate(traced.formula, at, {},
                       [&](std::string_view name, std::span<const std::int64_t> index) {
                         return read(tables, name, index);
                       })
                  .real(),
              numbers[static_cast<std::size_t>(head)]);
  }
}

}  // namespace
