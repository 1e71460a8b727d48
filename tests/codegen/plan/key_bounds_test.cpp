// Key bounds against every pair: masks drawn at random go through import, passes and plan, and no
// visible key may lie outside the bounds of a tile that holds its query.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "harness.h"

namespace attnc::test {
namespace {

using attn::Fn;
using attn::Step;
using attn::Type;

/// Where a formula is evaluated. `own` is a bit a table: flags 0 and 1, then masks of the call;
/// `start` an index that it brings.
struct At {
  int64_t query = 0, key = 0, last = 0, queries = 0, keys = 0, start = 0;
  unsigned own = 0;
};

/// The steps' values, as C++ has them: division truncates; by zero gives zero.
std::vector<int64_t> values_of(const std::vector<Step>& steps, const At& at,
                               const std::function<int64_t(uint64_t)>& own) {
  std::vector<int64_t> v;
  for (const Step& s : steps) {
    const auto x = [&](size_t i) { return v[static_cast<size_t>(s.operand[i])]; };
    const auto kind = static_cast<attn::Kind>(s.bits / 16);
    const auto value = [&]() -> int64_t {
      switch (s.fn) {
        case Fn::number:
          return s.index();
        case Fn::position:
          return kind == attn::Kind::key ? at.key : s.bits % 16 ? at.last : at.query;
        case Fn::length:
          return kind == attn::Kind::key ? at.keys : at.queries;
        case Fn::own:
          return own(s.bits);
        case Fn::add:
          return x(0) + x(1);
        case Fn::sub:
          return x(0) - x(1);
        case Fn::mul:
          return x(0) * x(1);
        case Fn::div:
          return x(1) ? x(0) / x(1) : 0;
        case Fn::rem:
          return x(1) ? x(0) % x(1) : 0;
        case Fn::neg:
          return -x(0);
        case Fn::abs:
          return std::abs(x(0));
        case Fn::min:
          return std::min(x(0), x(1));
        case Fn::max:
          return std::max(x(0), x(1));
        case Fn::less:
          return x(0) < x(1);
        case Fn::less_equal:
          return x(0) <= x(1);
        case Fn::equal:
          return x(0) == x(1);
        case Fn::both:
          return x(0) && x(1);
        case Fn::either:
          return x(0) || x(1);
        case Fn::negate:
          return !x(0);
        case Fn::where:
          return x(0) ? x(1) : x(2);
        default:
          ADD_FAILURE() << "no other function in these masks";
          return 0;
      }
    };
    v.push_back(value());
  }
  return v;
}

/// Draws formulas: integers of positions, lengths and small numbers; comparisons; tables.
class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}
  attn::Mask mask() {
    attn::Mask m;
    const int8_t result = truth(m.formula, 3);
    m.formula.finish(result);
    return m;
  }
  int number(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

 private:
  std::mt19937 random_;

  static int8_t add(attn::Formula& f, Fn fn, Type t, std::initializer_list<int8_t> operands,
                    uint32_t bits = 0) {
    Step s{.fn = fn, .type = t, .bits = bits};
    std::copy(operands.begin(), operands.end(), s.operand.begin());
    return f.add(s);
  }
  int8_t constant(attn::Formula& f, int n) {
    return add(f, Fn::number, Type::index, {}, static_cast<uint32_t>(n));
  }
  int8_t term(attn::Formula& f, int depth) {
    const auto kind = [](attn::Kind k) { return static_cast<uint32_t>(k) * 16; };
    if (depth == 0 || number(4) == 0) {
      switch (number(7)) {
        case 0:
        case 1:
          return add(f, Fn::position, Type::index, {}, kind(attn::Kind::query));
        case 2:
        case 3:
          return add(f, Fn::position, Type::index, {}, kind(attn::Kind::key));
        case 4:
          return add(f, Fn::length, Type::index, {},
                     kind(number(2) ? attn::Kind::key : attn::Kind::query));
        case 5:
          return add(f, Fn::own, Type::index, {},
                     f.add(attn::TableName{"start", Type::index, true}));
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
        return add(f, Fn::mul, Type::index, {a, constant(f, number(7) - 3)});
      case 4:
        return add(f, Fn::div, Type::index, {a, constant(f, 1 + number(5))});
      case 5:
        return add(f, Fn::rem, Type::index, {a, constant(f, 1 + number(5))});
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
    if (number(6) == 0) {
      static constexpr const char* tables[] = {"flag0", "flag1", "mask"};
      const uint32_t table = f.add(attn::TableName{tables[number(3)], Type::truth, true});
      return add(f, Fn::own, Type::truth, {}, table);
    }
    static constexpr Fn comparisons[] = {Fn::less, Fn::less_equal, Fn::less_equal, Fn::equal};
    const int8_t a = term(f, 2), b = term(f, 2);
    return add(f, comparisons[number(4)], Type::truth, {a, b});
  }
};

attn::Graph layer_with(const attn::Mask& mask) {
  return attn::layer([&](attn::Graph& g) {
           const auto [query, value, key] = g.query_value_key();
           const auto q = project(query, "query", attn::heads(1, 1), false);
           const auto k = project(key, "key", attn::heads(1, 1), false);
           const auto v = project(value, "value", attn::heads(1, 1), false);
           const auto s = scores(q, k);
           g.flag("flag0"), g.flag("flag1"), g.mask("mask", s), g.index("start");
           return project(combine(softmax(s, mask), v), "output", attn::features_of(query), false);
         })
      .graph;
}

/// A table's bit in At::own, by its name.
int bit(std::string_view name) { return name == "flag0" ? 0 : name == "flag1" ? 1 : 2; }

struct Counted {
  int64_t kept = 0, visible = 0, pairs = 0;
};

/// Checks one mask on some sizes; adds up how tight its bounds are.
void check(const attn::Mask& mask, Draw& draw, Counted& counted) {
  auto plan = planned(layer_with(mask));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const auto& attention = std::get<Attention>(plan->paths[0].stages[3]);
  const attn::Formula& f = mask.formula;
  const std::vector<Step> steps(f.steps.begin(), f.steps.begin() + f.size);

  for (int size = 0; size < 4; ++size) {
    At at{.queries = 1 + draw.number(14),
          .keys = draw.number(16),
          .start = draw.number(16) - 5,
          .own = static_cast<unsigned>(draw.number(8))};
    const int64_t tile = 1 + draw.number(5);
    const auto named = [&](std::string_view name) -> int64_t {
      return name == "start" ? at.start : at.own >> bit(name) & 1;
    };
    const auto of_mask = [&](uint64_t table) { return named(f.tables[table].name.view()); };
    const auto of_plan = [&](uint64_t input) { return named(plan->inputs[input].name); };
    for (int64_t first = 0; first < at.queries; first += tile) {
      At bounds_at = at;
      bounds_at.query = first;
      bounds_at.last = std::min(first + tile, at.queries) - 1;
      int64_t begin = 0, end = at.keys;
      if (!attention.keys.empty()) {
        const auto v = values_of(attention.keys.steps, bounds_at, of_plan);
        begin = v[static_cast<size_t>(attention.keys.results[0])];
        end = v[static_cast<size_t>(attention.keys.results[1])];
      }
      ASSERT_LE(0, begin) << print(*plan);
      ASSERT_LE(begin, end) << print(*plan) << " T " << at.queries << " S " << at.keys << " first "
                            << first;
      ASSERT_LE(end, at.keys) << print(*plan);
      for (at.query = first; at.query <= bounds_at.last; ++at.query) {
        for (at.key = 0; at.key < at.keys; ++at.key) {
          const bool visible = values_of(steps, at, of_mask).back() != 0;
          const bool kept = begin <= at.key && at.key < end;
          ASSERT_TRUE(kept || !visible)
              << print(*plan) << " T " << at.queries << " S " << at.keys << " query " << at.query
              << " key " << at.key << " tile from " << first << " to " << bounds_at.last
              << ": bounds " << begin << ", " << end;
          // The mask in the plan says what the user's lambda said.
          if (!attention.mask.empty()) {
            const auto v = values_of(attention.mask.steps, at, of_plan);
            ASSERT_EQ(v[static_cast<size_t>(attention.mask.results[0])] != 0, visible)
                << print(*plan);
          } else {
            ASSERT_TRUE(visible);
          }
          counted.kept += kept, counted.visible += visible, ++counted.pairs;
        }
      }
    }
  }
}

TEST(KeyBounds, LeaveOutNoVisibleKey) {
  const char* given = std::getenv("ATTN_TEST_SEED");
  const uint32_t seed = given ? static_cast<uint32_t>(std::atoi(given)) : std::random_device{}();
  std::printf("seed %u (ATTN_TEST_SEED=%u repeats it)\n", seed, seed);
  Draw draw(seed);
  Counted counted;
  int drawn = 0;
  for (int i = 0; i < 1500; ++i) {
    const attn::Mask mask = draw.mask();
    if (mask.formula.too_long || mask.formula.size > attn::Formula::capacity) continue;
    ++drawn;
    check(mask, draw, counted);
    ASSERT_FALSE(HasFatalFailure()) << "mask " << i << " of seed " << seed;
  }
  std::printf("%d masks: %ld pairs, %ld visible, %ld inside the bounds\n", drawn,
              long(counted.pairs), long(counted.visible), long(counted.kept));
  EXPECT_GT(drawn, 1000);
  EXPECT_LT(counted.kept, counted.pairs * 95 / 100) << "bounds that bound nothing";
}

/// "begin .. end" as the plan's last two results, for masks whose bounds are known.
TEST(KeyBounds, AreExactForTheUsualMasks) {
  struct Case {
    const char* name;
    attn::Mask mask;
    int64_t slack;  // keys of a tile that are kept needlessly: none
  };
  const Case cases[] = {
      {"causal", attn::causal, 0},
      {"causal from the end", attn::causal_from_the_end, 0},
      {"window", attn::sliding_window(3), 0},
      {"causal window", attn::causal & attn::sliding_window(4), 0},
      {"prefix", attn::Mask([](auto at) { return at.key < 5; }) | attn::causal, 0},
      {"documents", [](auto at) { return at.key / 4 == at.query / 4; }, 0},
      {"chunk before", [](auto at) { return at.key / 3 == at.query / 3 - 1; }, 0},
      {"not causal", !attn::causal, 0},
      {"written so far",
       [](auto at) {
         return at.key <= at.query + at.own({"start", Type::index, true});
       },
       0},
  };
  for (const Case& c : cases) {
    auto plan = planned(layer_with(c.mask));
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    const auto& attention = std::get<Attention>(plan->paths[0].stages[3]);
    ASSERT_FALSE(attention.keys.empty()) << c.name;
    int64_t start = 0;
    const auto never = [&](uint64_t input) {
      return plan->inputs[input].name == "start" ? start : int64_t{0};
    };
    for (int64_t queries : {1, 7, 16}) {
      for (int64_t keys : {1, 5, 16, 30}) {
        for (int64_t first = 0; first < queries; first += 4) {
          start = keys / 2 - first;  // of any sign
          At at{.query = first,
                .last = std::min(first + 4, queries) - 1,
                .queries = queries,
                .keys = keys};
          const auto v = values_of(attention.keys.steps, at, never);
          const int64_t begin = v[static_cast<size_t>(attention.keys.results[0])];
          const int64_t end = v[static_cast<size_t>(attention.keys.results[1])];
          int64_t low = keys, high = 0;
          for (at.query = first; at.query <= at.last; ++at.query) {
            for (at.key = 0; at.key < keys; ++at.key) {
              const auto m = values_of(attention.mask.steps, at, never);
              if (!m[static_cast<size_t>(attention.mask.results[0])]) continue;
              low = std::min(low, at.key), high = std::max(high, at.key + 1);
            }
          }
          const int64_t needed = std::max(high - low, int64_t{0});
          EXPECT_EQ(end - begin - needed, c.slack)
              << c.name << " T " << queries << " S " << keys << " first " << first << ": [" << begin
              << ", " << end << ") and needed are [" << low << ", " << high << ")";
        }
      }
    }
  }
}

}  // namespace
}  // namespace attnc::test
