// Formulas as Halide expressions agree with the same formulas on plain integers.
#include "halide/formula.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "attn/evaluate.h"

namespace {

using namespace Halide;
using attn::Fn;
using attn::Kind;
using attnc::PlanStep;
using Type = attnc::PlanType;

PlanStep step(Fn fn, Type type, std::initializer_list<int> operands, uint64_t bits = 0) {
  PlanStep s{.fn = fn, .type = type};
  size_t i = 0;
  for (int o : operands) s.operand[i++] = static_cast<int16_t>(o);
  s.bits = bits;
  return s;
}
uint32_t axis(Kind kind) { return static_cast<unsigned>(kind) * 16; }

/// The values of the formula at every (query, key) of a grid, from a compiled pipeline.
template <class T>
Buffer<T> on_grid(const attnc::PlanFormula& formula, int queries, int keys) {
  Var q("q"), k("k");
  Func f("f");
  attnc::Site site{.batch = 0,
                   .head = 3,
                   .query = q,
                   .key = k,
                   .last_query = q + 7,
                   .query_length = queries,
                   .key_length = keys,
                   .read = {},
                   .arguments = {}};
  site.read = [](const PlanStep& s, const std::vector<Expr>&) -> Expr {
    return attnc::read_index(s) == 5 ? Internal::const_true() : Internal::const_false();
  };
  f(q, k) = cast<T>(attnc::evaluate(formula, site).at(0));
  return f.realize({queries, keys});
}

TEST(Formula, SlidingWindowBehindTheDiagonal) {
  // key <= query & query - key < 4
  attnc::PlanFormula f;
  f.steps = {step(Fn::position, Type::index, {}, axis(Kind::key)),
             step(Fn::position, Type::index, {}, axis(Kind::query)),
             step(Fn::less_equal, Type::truth, {0, 1}),
             step(Fn::sub, Type::index, {1, 0}),
             step(Fn::number, Type::index, {}, 4),
             step(Fn::less, Type::truth, {3, 4}),
             step(Fn::both, Type::truth, {2, 5})};
  f.results = {6};
  const auto got = on_grid<uint8_t>(f, 19, 23);
  for (int q = 0; q < 19; ++q) {
    for (int k = 0; k < 23; ++k) EXPECT_EQ(got(q, k), k <= q && q - k < 4) << q << ", " << k;
  }
}

TEST(Formula, IntegerDivisionAndRemainderTruncateAsInTheLanguage) {
  for (Fn fn : {Fn::div, Fn::rem}) {
    for (int divisor : {3, -3, 1, -7}) {
      attnc::PlanFormula f;
      f.steps = {
          step(Fn::position, Type::index, {}, axis(Kind::query)),
          step(Fn::position, Type::index, {}, axis(Kind::key)), step(Fn::sub, Type::index, {0, 1}),
          step(Fn::number, Type::index, {}, attn::bits_of(divisor)), step(fn, Type::index, {2, 3})};
      f.results = {4};
      const auto got = on_grid<int32_t>(f, 12, 17);
      for (int q = 0; q < 12; ++q) {
        for (int k = 0; k < 17; ++k) {
          const int want = fn == Fn::div ? (q - k) / divisor : (q - k) % divisor;
          EXPECT_EQ(got(q, k), want) << q - k << " by " << divisor;
        }
      }
    }
  }
}

/// Sums, products, negatives, absolute values and divisions wrap around as on plain numbers.
TEST(Formula, IndicesWrapAroundAsInTheLanguage) {
  constexpr int32_t least = std::numeric_limits<int32_t>::min();
  for (Fn fn : {Fn::add, Fn::sub, Fn::mul, Fn::div, Fn::rem, Fn::min, Fn::max, Fn::neg, Fn::abs}) {
    // (query * 715827883 + least) fn (1 - key): the divisors are 1, 0, -1, ...
    attnc::PlanFormula f;
    f.steps = {step(Fn::position, Type::index, {}, axis(Kind::query)),
               step(Fn::number, Type::index, {}, 715827883),
               step(Fn::mul, Type::index, {0, 1}),
               step(Fn::number, Type::index, {}, attn::bits_of(least)),
               step(Fn::add, Type::index, {2, 3}),
               step(Fn::position, Type::index, {}, axis(Kind::key)),
               step(Fn::number, Type::index, {}, 1),
               step(Fn::sub, Type::index, {6, 5})};
    f.steps.push_back(attn::arity(fn) == 1 ? step(fn, Type::index, {4})
                                           : step(fn, Type::index, {4, 7}));
    f.results = {8};
    const auto got = on_grid<int32_t>(f, 9, 5);
    for (int q = 0; q < 9; ++q) {
      for (int k = 0; k < 5; ++k) {
        const attn::Plain a = attn::Plain(q) * attn::Plain(715827883) + attn::Plain(least);
        const attn::Plain want = attn::plain::apply(fn, a, attn::Plain(1 - k));
        EXPECT_EQ(got(q, k), want.index())
            << a.index() << " " << attn::fn_names[static_cast<size_t>(fn)] << " " << 1 - k;
      }
    }
  }
}

TEST(Formula, IndexAndRealMixAsInTheLanguage) {
  // where(own(5), query * 0.5, key): all operands become real
  attnc::PlanFormula f;
  f.steps = {step(Fn::own, Type::truth, {}, 5),
             step(Fn::position, Type::index, {}, axis(Kind::query)),
             step(Fn::number, Type::real, {}, attn::bits_of(0.5)),
             step(Fn::convert, Type::real, {1}),
             step(Fn::mul, Type::real, {3, 2}),
             step(Fn::position, Type::index, {}, axis(Kind::key)),
             step(Fn::convert, Type::real, {5}),
             step(Fn::where, Type::real, {0, 4, 6})};
  f.results = {7};
  const auto got = on_grid<float>(f, 5, 3);
  for (int q = 0; q < 5; ++q) EXPECT_EQ(got(q, 2), static_cast<float>(q) * 0.5f);
}

TEST(Formula, LengthsAndTheTilesLastQuery) {
  // min(key_length, last query + 1): the end of causal keys
  attnc::PlanFormula f;
  f.steps = {step(Fn::edge, Type::index, {}, static_cast<uint64_t>(attnc::PlanEdge::last_query)),
             step(Fn::number, Type::index, {}, 1), step(Fn::add, Type::index, {0, 1}),
             step(Fn::length, Type::index, {}, axis(Kind::key)),
             step(Fn::min, Type::index, {2, 3})};
  f.results = {4};
  const auto got = on_grid<int32_t>(f, 20, 11);
  for (int q = 0; q < 20; ++q) EXPECT_EQ(got(q, 0), std::min(q + 8, 11));
}

}  // namespace
