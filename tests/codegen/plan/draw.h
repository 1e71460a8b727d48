// draw.h - random masks, layers that have them, and calls to evaluate them in.
//
//   Draw draw(seed);
//   const attn::Mask mask = draw.mask();
//   auto plan = planned(layer_with(mask, draw.axes));
//   Call call = draw.call();
//   call.visible(mask, 3, 5);   call.place(*plan);
#pragma once
#include <random>

#include "attn/evaluate.h"
#include "harness.h"
#include "plan/evaluate.h"

namespace attnc::test {

/// A call: its lengths and the contents of its tables. There are two axes of queries and two of
/// keys; the second ones may have length 1.
struct Call {
  int64_t queries[2] = {1, 1}, keys[2] = {1, 1};
  int64_t start = 0;
  unsigned truths = 0;  // one bit each: the values of flag0 and flag1; whether mask, query_mask
                        // and value_mask are true everywhere
  uint32_t seed = 0;

  int64_t query_length() const { return queries[0] * queries[1]; }
  int64_t key_length() const { return keys[0] * keys[1]; }

  static int bit(std::string_view name) {
    constexpr std::string_view names[] = {"flag0", "flag1", "mask", "query_mask", "value_mask"};
    for (int i = 0; i < 5; ++i)
      if (names[i] == name) return i;
    return -1;
  }
  /// A pseudo-random number, which is usually the same for neighbouring indices.
  uint32_t mixed(std::string_view name, std::span<const int64_t> indices) const {
    uint32_t h = seed * 2654435761u;
    for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
    for (int64_t i : indices)
      h = (h ^ static_cast<uint32_t>(std::clamp<int64_t>(i, 0, 15) / 3)) * 16777619u;
    return (h ^ h >> 15) * 2246822519u >> 9;
  }
  /// The element of a table at some indices, or of a mask at a pair.
  int64_t read(std::string_view name, std::span<const int64_t> indices) const {
    if (name == "start") return start;
    if (name == "document")
      return std::clamp<int64_t>(indices[0], 0, 31) / 4;  // consecutive documents
    if (const int b = bit(name); b >= 0) {
      if (b < 2 || truths >> b & 1) return truths >> b & 1;
      return mixed(name, indices) % 4 != 0;
    }
    if (name.starts_with("seen")) return mixed(name, indices) % 3 != 0;
    return static_cast<int64_t>(mixed(name, indices) % 9) - 1;
  }
  /// The element for a pair; query_mask and value_mask have one of its two axes.
  int64_t read_at(std::string_view name, int64_t query, int64_t key) const {
    const int64_t pair[] = {query, key};
    if (name == "query_mask") return read(name, std::span(pair, 1));
    return name == "value_mask" ? read(name, std::span(pair + 1, 1)) : read(name, pair);
  }

  /// The value of the mask, by the language's own evaluation.
  bool visible(const attn::Mask& mask, int64_t query, int64_t key) const {
    if (mask.formula.empty()) return true;
    attn::PlainPosition at{.batch = 0,
                           .head = 0,
                           .query = query / queries[1],
                           .key = key / keys[1],
                           .query_length = queries[0],
                           .key_length = keys[0]};
    at.queries = {query / queries[1], query % queries[1], 0};
    at.keys = {key / keys[1], key % keys[1], 0};
    const auto table = [&](std::string_view name, std::span<const int64_t> indices) -> attn::Plain {
      const int64_t v = indices.empty() ? read_at(name, query, key) : read(name, indices);
      for (const attn::TableName& t : mask.formula.tables)
        if (t.name.view() == name && t.type == attn::Type::truth) return v != 0;
      return v;
    };
    return attn::evaluate(mask.formula, at, {}, table).truth();
  }

  /// The same call for evaluating the formulas of a plan.
  PlanPlace place(const Plan& plan) const {
    PlanPlace at{.query_length = query_length(), .key_length = key_length()};
    at.length = [this](attn::Kind kind, int number) {
      return kind == attn::Kind::query ? queries[number] : keys[number];
    };
    at.read = [this, &plan](const PlanStep& s, std::span<const int64_t> indices) {
      const std::string& name = plan.inputs[static_cast<size_t>(read_index(s))].name;
      if (s.fn == attn::Fn::own) return static_cast<double>(read_at(name, indices[2], indices[3]));
      return static_cast<double>(read(name, indices));
    };
    return at;
  }
};

/// Draws formulas: index arithmetic on positions, lengths and small numbers; comparisons; tables.
class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}
  int axes = 1;        // of queries, and the same number of keys
  bool large = false;  // use numbers and lengths up to 2^31

  attn::Mask mask() {
    attn::Mask m;
    const int8_t result = truth(m.formula, 3);
    m.formula.finish(result);
    return m;
  }
  /// A length for a call with one axis: near 0, near a power of two, near 2^31 or anywhere.
  int64_t large_length() {
    constexpr int64_t most = 2147483647;
    switch (number(4)) {
      case 0:
        return 1 + number(40);
      case 1:
        return std::min(most, (int64_t{1} << (1 + number(31))) + number(9));
      case 2:
        return most - number(40);
      default:
        return 1 + static_cast<int64_t>(random_() % most);
    }
  }
  /// A position within such a length: near either end, or anywhere.
  int64_t large_place(int64_t length) {
    const int64_t near = std::min<int64_t>(length, 40);
    switch (number(3)) {
      case 0:
        return number(static_cast<int>(near));
      case 1:
        return length - 1 - number(static_cast<int>(near));
      default:
        return static_cast<int64_t>(random_()) % length;
    }
  }
  /// Lengths of up to 14 queries and 15 keys with one axis, and of up to 4 by 5 with two.
  Call call() {
    Call c{.start = number(16) - 5,
           .truths = static_cast<unsigned>(number(32)),
           .seed = static_cast<uint32_t>(random_())};
    c.queries[1] = axes == 1 ? 1 : 1 + number(5);
    c.keys[1] = axes == 1 ? 1 : 1 + number(5);
    c.queries[0] = axes == 1 ? 1 + number(14) : 1 + number(4);
    c.keys[0] = axes == 1 ? number(16) : number(5);
    return c;
  }
  int number(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  using Fn = attn::Fn;
  using Type = attn::Type;
  std::mt19937 random_;

  static int8_t add(attn::Formula& f, Fn fn, Type t, std::initializer_list<int8_t> operands,
                    uint32_t bits = 0) {
    attn::Step s{.fn = fn, .type = t, .bits = bits};
    std::copy(operands.begin(), operands.end(), s.operand.begin());
    return f.add(s);
  }
  int8_t constant(attn::Formula& f, int n) {
    if (large && number(3) == 0) {  // the factor of a hash, a power of two, an end of the range
      constexpr uint32_t some[] = {1000003,    7919,        2654435761u, 65536, 65537,    1u << 30,
                                   0x7fffffff, 0x80000000u, 0x80000001u, 46341, 715827883};
      return add(f, Fn::number, Type::index, {}, number(2) ? some[number(11)] : random_());
    }
    return add(f, Fn::number, Type::index, {}, static_cast<uint32_t>(n));
  }
  /// A nonzero constant: the language refuses a zero divisor.
  int8_t divisor(attn::Formula& f) {
    const int8_t n = constant(f, 1 + number(5));
    return f.steps[static_cast<size_t>(n)].bits == 0 ? constant(f, 3) : n;
  }
  int8_t position(attn::Formula& f, attn::Kind k) {
    return add(f, Fn::position, Type::index, {},
               static_cast<uint32_t>(k) * 16 + static_cast<uint32_t>(number(axes)));
  }
  int8_t element(attn::Formula& f, Type type, const char* name,
                 std::initializer_list<int8_t> indices) {
    return add(f, Fn::element, type, indices, f.add(attn::TableName{name, type}));
  }
  /// A table over sequences, queries, keys or pairs, or a table indexed by another table.
  int8_t table(attn::Formula& f, Type type) {
    const bool index = type == Type::index;
    switch (number(5)) {
      case 0:
        return element(f, type, index ? "of_batch" : "seen_batch",
                       {add(f, Fn::position, Type::index, {}, 0)});
      case 1:
        return element(f, type, index ? "of_query" : "seen_query",
                       {position(f, attn::Kind::query)});
      case 2:
        return element(f, type, index ? "of_key" : "seen_key", {position(f, attn::Kind::key)});
      case 3: {
        const int8_t q = position(f, attn::Kind::query), k = position(f, attn::Kind::key);
        return element(f, type, index ? "of_pair" : "seen_pair", {q, k});
      }
      default: {
        const attn::Kind kind = number(2) ? attn::Kind::query : attn::Kind::key;
        const int8_t at = position(f, kind);
        const int8_t inner =
            element(f, Type::index, kind == attn::Kind::query ? "of_query" : "of_key", {at});
        return element(f, type, index ? "nested" : "seen_nested", {inner});
      }
    }
  }
  int8_t term(attn::Formula& f, int depth) {
    if (depth == 0 || number(4) == 0) {
      switch (number(8)) {
        case 0:
        case 1:
          return position(f, attn::Kind::query);
        case 2:
        case 3:
          return position(f, attn::Kind::key);
        case 4:
          return add(f, Fn::length, Type::index, {},
                     static_cast<uint32_t>(number(2) ? attn::Kind::key : attn::Kind::query) * 16);
        case 5:
          return add(f, Fn::own, Type::index, {},
                     f.add(attn::TableName{"start", Type::index, true}));
        case 6:
          return number(2) ? table(f, Type::index) : constant(f, number(12) - 4);
        default:
          return constant(f, number(12) - 4);
      }
    }
    const int8_t a = term(f, depth - 1);
    switch (number(9)) {
      case 0:
        return add(f, Fn::add, Type::index, {a, term(f, depth - 1)});
      case 1:
      case 2:
        return add(f, Fn::sub, Type::index, {a, term(f, depth - 1)});
      case 3:
        return add(f, Fn::mul, Type::index,
                   {a, number(4) ? constant(f, number(7) - 3) : term(f, depth - 1)});
      case 4:
        return add(f, Fn::div, Type::index, {a, divisor(f)});
      case 5:
        return add(f, Fn::rem, Type::index, {a, divisor(f)});
      case 6:
        return add(f, number(2) ? Fn::min : Fn::max, Type::index, {a, term(f, depth - 1)});
      case 7:
        return add(f, Fn::abs, Type::index, {a});
      default: {
        const int8_t c = truth(f, depth - 1), b = term(f, depth - 1);
        return add(f, Fn::where, Type::index, {c, a, b});
      }
    }
  }
  int8_t truth(attn::Formula& f, int depth) {
    if (depth > 0 && number(3) > 0) {
      const int8_t a = truth(f, depth - 1);
      if (number(5) == 0) return add(f, Fn::negate, Type::truth, {a});
      return add(f, number(2) ? Fn::both : Fn::either, Type::truth, {a, truth(f, depth - 1)});
    }
    if (number(5) == 0) {
      if (number(2)) return table(f, Type::truth);
      static constexpr const char* tables[] = {"flag0", "flag1", "mask", "query_mask",
                                               "value_mask"};
      const uint32_t which = f.add(attn::TableName{tables[number(5)], Type::truth, true});
      return add(f, Fn::own, Type::truth, {}, which);
    }
    static constexpr Fn comparisons[] = {Fn::less, Fn::less_equal, Fn::less_equal, Fn::equal};
    // Occasionally compare real numbers, for which interval analysis knows nothing.
    const int8_t a = term(f, 2), b = term(f, 2);
    if (number(12) == 0) {
      const int8_t half = add(f, Fn::mul, Type::real, {a, real(f, 0.5)});
      return add(f, comparisons[number(4)], Type::truth, {half, b});
    }
    return add(f, comparisons[number(4)], Type::truth, {a, b});
  }
  int8_t real(attn::Formula& f, double v) {
    return f.add({.fn = Fn::number, .type = Type::real, .bits = attn::bits_of(v)});
  }
};

/// A layer with one head of size 1. Its attention is the stage after three projections.
inline attn::Graph layer_with(const attn::Mask& mask, int axes = 1) {
  return attn::layer([&](attn::Graph& g) {
           const auto [query, value, key] =
               axes == 1 ? g.query_value_key() : g.query_value_key({1, 2});
           const auto q = project(query, "query", attn::heads(1, 1), false);
           const auto k = project(key, "key", attn::heads(1, 1), false);
           const auto v = project(value, "value", attn::heads(1, 1), false);
           const auto s = scores(q, k);
           g.flag("flag0"), g.flag("flag1"), g.mask("mask", s), g.index("start");
           g.mask("query_mask", query), g.mask("value_mask", key);
           return project(combine(softmax(s, mask), v), "output", attn::features_of(query), false);
         })
      .graph;
}
inline const Attention& attention_of(const Plan& plan) {
  return std::get<Attention>(plan.paths.at(0).stages.at(3));
}

/// The seed of a test's draws: random, or ATTN_TEST_SEED.
inline uint32_t drawn_seed() {
  const char* given = std::getenv("ATTN_TEST_SEED");
  const uint32_t seed = given ? static_cast<uint32_t>(std::atoi(given)) : std::random_device{}();
  std::printf("seed %u (ATTN_TEST_SEED=%u repeats it)\n", seed, seed);
  return seed;
}

}  // namespace attnc::test
