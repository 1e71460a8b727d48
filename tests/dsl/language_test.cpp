// The same descriptions at run time, lambdas on plain numbers, and the fields of a description by
// name.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "attn/evaluate.h"
#include "attn/print.h"
#include "attn/reflect.h"
#include "attn/validate.h"
#include "models.h"

namespace {

using attn::fingerprint;
using attn::MultiHeadAttention;
using attn::Plain;
using attn::PlainPosition;

TEST(Language, run_time_equals_compile_time) {
  volatile int heads = 12;
  EXPECT_EQ(fingerprint(attn::try_layer(MultiHeadAttention{.num_heads = heads, .key_dim = 64})),
            fingerprint(model::encoder));
  EXPECT_EQ(
      fingerprint(attn::try_layer(model::RotaryAttention{.num_heads = heads + 20, .size = 128})),
      fingerprint(model::rotary));
  volatile float rate = 0.1f;
  EXPECT_EQ(fingerprint(attn::try_layer(MultiHeadAttention{
                .num_heads = heads - 4,
                .key_dim = 16,
                .value_dim = 24,
                .dropout = rate,
                .use_bias = false,
                .output_shape = {heads / 2, 8},
                .mask = attn::causal & attn::sliding_window(heads + 52),
            })),
            fingerprint(model::decoder));
}

TEST(Language, a_mistake_is_a_sentence_with_its_numbers) {
  EXPECT_EQ(attn::try_layer(MultiHeadAttention{.num_heads = -2}).error().text(),
            "`num_heads` must be positive, not -2");
  const auto twice = attn::try_layer([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(8, 64));
    return scores(q, project(key, "query", attn::heads(8, 64)));
  });
  EXPECT_EQ(twice.error().text(), "the layer has two weights with the name `query/kernel`");
}

// At run time, a mistake in a formula yields the same sentence that stops a compiler.
TEST(Language, a_mistake_in_a_formula_is_a_sentence) {
  const auto says = [](const attn::Mask& mask) {
    MultiHeadAttention d{.num_heads = 2, .key_dim = 4};
    d.mask = attn::causal & mask;
    return attn::try_layer(d).error().text();
  };
  EXPECT_EQ(says([](auto) { return attn::Table("x") < 3; }),
            "a formula needs a symbol: this operation has only literals or tables without an "
            "index");
  EXPECT_EQ(
      says([](auto at) { return attn::Table("x")[at.batch][at.head][at.query][at.key][0] < 3; }),
      "the table `x` has at most 4 indices");
  EXPECT_EQ(says([](auto at) { return attn::Table("x")[0] < at.key; }),
            "the table `x` is read at literals alone: an index needs a symbol, as in "
            "[0 * at.head]");
}

TEST(Language, fields_by_name) {
  MultiHeadAttention d;
  std::string names;
  for_each_field(d, [&](std::string_view name, auto& field) {
    names += std::string(name) + " ";
    if constexpr (std::same_as<decltype(field), int&>) {
      if (name != "input_rank") field = name == "num_heads" ? 12 : 64;
    }
  });
  EXPECT_EQ(names,
            "num_heads key_dim value_dim dropout use_bias output_shape attention_axes "
            "sliding_window flash_attention use_gate dtype input_rank fully_masked mask score_mod "
            "sink probability ");
  EXPECT_EQ(fingerprint(attn::try_layer(d)), fingerprint(model::encoder));
}

TEST(Language, text_of_a_graph) {
  const std::string s = text(model::encoder.graph, "encoder");
  for (const char* part :
       {"attn.layer @encoder {", "weight query/kernel (D_query, 12, 64)",
        "%key = input or %value : [batch B, key S, feature D_key]",
        "%attention_mask = input optional i1 : [batch B, head 12, query T, key S]",
        "%use_causal_mask = input flag i1 : []", "constant 0.125 : f32",
        "softmax %11 fully masked uniform, with scores zero",
        "return attention_scores on request = %12"}) {
    EXPECT_NE(s.find(part), s.npos) << part << "\nin\n" << s;
  }
}

TEST(Language, text_of_sinks_and_sigmoids) {
  const std::string sinks = text(model::streaming.graph, "streaming");
  EXPECT_NE(
      sinks.find("    sink\n    %0 = position head : index\n    %1 = element @sinks[%0] : f32"),
      sinks.npos)
      << sinks;
  const std::string sigmoids = text(model::sigmoids.graph, "sigmoids");
  EXPECT_NE(sigmoids.find("sigmoid : [batch B, head 4, query T, key S]"), sigmoids.npos)
      << sigmoids;
}

// Descriptions of every kind: correct ones yield valid graphs, the others an error sentence.
TEST(Language, random_descriptions) {
  std::mt19937 random(1);
  auto from = [&](int a, int b) { return std::uniform_int_distribution<int>(a, b)(random); };
  std::set<std::string> sentences;
  int right = 0;
  for (int i = 0; i < 3000; ++i) {
    MultiHeadAttention d{.num_heads = from(0, 8), .key_dim = from(0, 9)};
    if (from(0, 1)) d.value_dim = from(0, 5);
    d.dropout = static_cast<float>(from(0, 5)) * 0.25f;
    for (int n = from(-2, 5); n > 0; --n) d.output_shape.add(from(0, 90));
    if (from(0, 1)) d.mask = attn::causal & !attn::sliding_window(from(1, 9));
    if (from(0, 1)) d.fully_masked = attn::FullyMasked(from(0, 2));
    const auto layer = attn::try_layer(d);
    if (layer.error()) {
      sentences.insert(layer.error().sentence);
    } else {
      ++right;
      ASSERT_FALSE(validate(layer.graph)) << validate(layer.graph).text();
      ASSERT_FALSE(text(layer.graph, "x").empty());
    }
  }
  EXPECT_GT(right, 300);
  EXPECT_EQ(sentences.size(), 7u);
}

// ---- lambdas on plain numbers, and the formulas recorded from them

constexpr auto near_or_first = [](auto at) {
  return (abs(at.query - at.key) < 3) | (at.key == 0) | (at.query % 4 != at.key / 3);
};
constexpr auto bend = [](auto score, auto at) {
  const auto x = clamp(score * (at.key - at.query) / (at.head + 1), -4.5f, 4.5f);
  return where(at.key <= at.query, tanh(x) + sqrt(abs(score)), max(sigmoid(x), -exp2(x)));
};
constexpr auto everything = [](auto x, auto y, auto at) {
  return sin(x) * cos(y) + log(exp(min(x, y))) - rsqrt(abs(x) + 1) +
         pow(abs(y) + 1, at.query % 3) / (at.batch + 2);
};

TEST(Evaluate, a_mask_and_its_formula_agree) {
  const attn::Mask mask = near_or_first;
  for (int q = 0; q < 9; ++q) {
    for (int k = 0; k < 9; ++k) {
      const PlainPosition at{.query = q, .key = k};
      const bool expected = std::abs(q - k) < 3 || k == 0 || q % 4 != k / 3;
      EXPECT_EQ(near_or_first(at).truth(), expected) << q << " " << k;
      EXPECT_EQ(evaluate(mask.formula, at).truth(), expected) << q << " " << k;
    }
  }
}

TEST(Evaluate, the_masks_of_the_language) {
  for (int q = 0; q < 6; ++q) {
    for (int k = 0; k < 8; ++k) {
      const PlainPosition at{.query = q, .key = k, .query_length = 6, .key_length = 8};
      auto allows = [&](const attn::Mask& m) { return evaluate(m.formula, at).truth(); };
      EXPECT_EQ(allows({}), true);
      EXPECT_EQ(allows(attn::causal), k <= q);
      EXPECT_EQ(allows(attn::causal_from_the_end), k <= q + 2);
      EXPECT_EQ(allows(attn::sliding_window(3)), std::abs(q - k) < 3);
      EXPECT_EQ(allows(attn::causal & attn::sliding_window(3)), k <= q && q - k < 3);
      EXPECT_EQ(allows(attn::causal | !attn::sliding_window(3)), k <= q || k - q >= 3);
    }
  }
}

TEST(Evaluate, a_mask_on_the_numbers_of_cpp) {
  struct {
    int query = 3, key = 1;
  } at;
  constexpr auto mask = [](auto at) { return at.key <= at.query; };
  EXPECT_TRUE(mask(at));
}

TEST(Evaluate, score_functions_and_their_formulas_agree) {
  const attn::ScoreMod traced = bend;
  const attn::Formula pair = attn::trace<attn::Number, 2>(everything);
  for (int i = 0; i < 500; ++i) {
    const double x = i * 0.37 - 90, y = 40 - i * 0.21;
    const PlainPosition at{.batch = i % 3, .head = i % 5, .query = i % 7, .key = i % 11};
    EXPECT_DOUBLE_EQ(evaluate(traced.formula, at, {x}).real(), bend(Plain(x), at).real());
    EXPECT_DOUBLE_EQ(evaluate(pair, at, {x, y}).real(), everything(Plain(x), Plain(y), at).real());
  }
  const attn::ScoreMod cap = attn::softcap(50);
  EXPECT_DOUBLE_EQ(evaluate(cap.formula, {}, {30}).real(), 50 * std::tanh(30.0 / 50));
}

TEST(Evaluate, tables) {
  const attn::ScoreMod traced = model::alibi;
  const double slopes[] = {0.5, 0.25, 0.125};
  const auto read = [&](std::string_view table, std::span<const std::int64_t> index) {
    EXPECT_EQ(table, "slopes");
    EXPECT_EQ(index.size(), 1u);
    return Plain(slopes[index[0]]);
  };
  const PlainPosition at{.head = 2, .query = 9, .key = 5};
  EXPECT_DOUBLE_EQ(evaluate(traced.formula, at, {1.5}, read).real(), 1.5 + 0.125 * -4);
}

/// Evaluates a score function directly on plain numbers, and through its formula.
template <class Make>
void agrees(const Make& make, std::span<const double> numbers, std::array<std::int64_t, 4> shape) {
  const attn::PlainTable plain{numbers, shape};
  const auto function = make(plain);
  const attn::ScoreMod traced = make("table");
  const auto read = [&](std::string_view table, std::span<const std::int64_t> index) {
    EXPECT_EQ(table, "table");
    attn::PlainTable::Element e{&plain};
    for (std::int64_t i : index) e = e[i];
    return Plain(e);
  };
  for (int head = 0; head < 3; ++head) {
    for (int query = 0; query < 300; query += 7) {
      for (int key = 0; key < 300; key += 5) {
        const PlainPosition at{.head = head, .query = query, .key = key};
        const double score = 0.01 * (query - 2 * key);
        ASSERT_DOUBLE_EQ(function(Plain(score), at).real(),
                         evaluate(traced.formula, at, {score}, read).real())
            << head << " " << query << " " << key;
      }
    }
  }
}

TEST(Evaluate, score_functions_with_a_name) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> numbers(3 * 64);
  for (double& x : numbers) x = std::abs(normal(random)) + 0.1;
  agrees([](const auto&) { return attn::softcap(3); }, numbers, {});
  agrees([](const auto& t) { return attn::alibi(t); }, numbers, {3});
  agrees([](const auto& t) { return attn::temperature_per_head(t); }, numbers, {3});
  agrees([](const auto& t) { return attn::relative_bias(t, 20); }, numbers, {3, 41});
  agrees([](const auto& t) { return attn::t5_bias(t); }, numbers, {32, 3});
  agrees([](const auto& t) { return attn::t5_bias(t, false, 20, 50); }, numbers, {20, 3});
}

TEST(Evaluate, the_buckets_of_t5) {
  // From a published implementation with 32 buckets up to 128: the first distance in each bucket.
  const int two_ways[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
  const int one_way[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                         16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
  for (int distance = 0; distance < 400; ++distance) {
    auto bucket = [&](int before, bool both) {
      return attn::t5_bucket(Plain(before), both, 32, 128).index();
    };
    auto first = [&](std::span<const int> begins) {
      return std::upper_bound(begins.begin(), begins.end(), distance) - begins.begin() - 1;
    };
    EXPECT_EQ(bucket(distance, true), first(two_ways)) << distance;
    EXPECT_EQ(bucket(-distance, true), first(two_ways) + (distance > 0 ? 16 : 0)) << distance;
    EXPECT_EQ(bucket(distance, false), first(one_way)) << distance;
    EXPECT_EQ(bucket(-distance, false), 0) << distance;
  }
  EXPECT_DOUBLE_EQ(attn::natural_logarithm(16), std::log(16.0));
  EXPECT_NEAR(attn::natural_logarithm(7.3), std::log(7.3), 1e-15);
}

TEST(Evaluate, masks_of_a_graph_ask_for_their_inputs) {
  const attn::Graph& g = model::encoder.graph;
  const attn::Node* softmax = nullptr;
  for (const attn::Node& n : g.nodes) {
    if (n.op == attn::Op::softmax) softmax = &n;
  }
  ASSERT_NE(softmax, nullptr);
  for (bool given : {false, true}) {
    for (bool causal : {false, true}) {
      const auto read = [&](std::string_view name, std::span<const std::int64_t> index) {
        EXPECT_TRUE(index.empty());
        return Plain(name == "use_causal_mask" ? causal : name == "attention_mask" ? given : true);
      };
      for (int k : {1, 2, 3}) {
        const PlainPosition at{.query = 2, .key = k};
        EXPECT_EQ(evaluate(g, softmax->mask, at, {}, read).truth(), given && (!causal || k <= 2));
      }
    }
  }
}

TEST(Evaluate, division_goes_towards_zero_and_by_zero_is_zero) {
  const auto f = [](auto at) { return at.query / at.key; };
  const auto r = [](auto at) { return at.query % at.key; };
  const attn::Formula divided = attn::trace<attn::Number, 0>(f);
  const attn::Formula rest = attn::trace<attn::Number, 0>(r);
  EXPECT_EQ(evaluate(divided, {.query = -7, .key = 2}).index(), -3);
  EXPECT_EQ(evaluate(rest, {.query = -7, .key = 2}).index(), -1);
  EXPECT_EQ(evaluate(divided, {.query = 7, .key = 0}).index(), 0);
  EXPECT_EQ(evaluate(rest, {.query = 7, .key = 0}).index(), 0);
  const PlainPosition least{.query = std::numeric_limits<std::int32_t>::min(), .key = -1};
  EXPECT_EQ(evaluate(divided, least).index(), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(evaluate(rest, least).index(), 0);
}

/// 2147 * 1000003 is below 2^31, 2148 * 1000003 is not.
TEST(Evaluate, indices_have_32_bits_and_wrap_around) {
  const attn::Formula product =
      attn::trace<attn::Number, 0>([](auto at) { return at.query * 1000003; });
  EXPECT_EQ(evaluate(product, {.query = 2147}).index(), 2147006441);
  EXPECT_EQ(evaluate(product, {.query = 2148}).index(), 2148006444 - (std::int64_t{1} << 32));
}

}  // namespace
