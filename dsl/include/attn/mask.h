// mask.h - which keys a query may see, and what happens to a score.
//
//   attn::causal & attn::sliding_window(4096)
//   inline constexpr attn::Mask diagonal = [](auto at) { return at.key == at.query; };
//   inline constexpr attn::ScoreMod half = [](auto score, auto) { return score / 2; };
//
// Masks compose with `&`, `|` and `!`. Both are formulas (formula.h) and nothing else, so a mask of
// one's own is as good as these.
// Not here: masks that come with a call; those are inputs (Graph::mask, Graph::flag).
#pragma once
#include "attn/symbols.h"

namespace attn {

/// What may be meant as a mask or a score function: anything with a call, which is asked more
/// closely inside, where a wrong one can be told so in a sentence.
template <class F, class Made>
concept Callable = std::is_class_v<F> && !std::same_as<F, Made> && !std::convertible_to<F, int>;
template <class F>
concept MaskFunction = requires(const F& f, Position at) {
  { f(at) } -> std::convertible_to<Truth>;
};
template <class F>
concept ScoreFunction = requires(const F& f, Number x, Position at) {
  { f(x, at) } -> std::convertible_to<Number>;
};

/// Which keys a query may see. Masks compose with `&`, `|` and `!`; a default mask lets everything
/// through.
struct Mask {
  Formula formula{};
  constexpr Mask() = default;
  /// A table of the graph's, read on its own axes.
  static constexpr Mask own(const TableName& table) {
    Mask m;
    m.formula.add(Step{Fn::own, Type::truth, {-1, -1, -1, -1}, m.formula.add(table)});
    return m;
  }
  template <Callable<Mask> F>
  constexpr Mask(const F& f) {
    static_assert(
        MaskFunction<F>,
        "a mask is a condition on a position: [](auto at) { return at.key <= at.query; }");
    if constexpr (MaskFunction<F>) formula = trace<Truth, 0>(f);
  }

  // Found only beside a mask: operators for all of the namespace would take every type that might
  // be a lambda.
  friend constexpr Mask operator&(const Mask& a, const Mask& b) {
    return a.formula.empty() ? b : b.formula.empty() ? a : joined(Fn::both, a, b);
  }
  friend constexpr Mask operator|(const Mask& a, const Mask& b) {
    return a.formula.empty() ? a : b.formula.empty() ? b : joined(Fn::either, a, b);
  }
  friend constexpr Mask operator!(Mask a) {
    const auto all = static_cast<std::int8_t>(a.formula.size - 1);
    a.formula.finish(a.formula.add({Fn::negate, Type::truth, {all, -1, -1, -1}}));
    return a;
  }

 private:
  static constexpr Mask joined(Fn fn, Mask a, const Mask& b) {
    const auto left = static_cast<std::int8_t>(a.formula.size - 1),
               right = a.formula.append(b.formula);
    a.formula.finish(a.formula.add({fn, Type::truth, {left, right, -1, -1}}));
    return a;
  }
};
inline constexpr Mask causal = [](auto at) { return at.key <= at.query; };
inline constexpr Mask causal_from_the_end = [](auto at) {
  return at.key <= at.query + (at.key_length - at.query_length);
};
constexpr Mask sliding_window(int width) {
  return [width](auto at) { return abs(at.query - at.key) < width; };
}

/// What happens to a scaled score before the softmax.
struct ScoreMod {
  Formula formula{};
  constexpr ScoreMod() = default;
  template <Callable<ScoreMod> F>
  constexpr ScoreMod(const F& f) {
    static_assert(ScoreFunction<F>,
                  "a score function makes a number of a score and a position: [](auto score, auto "
                  "at) { return score / 2; }");
    if constexpr (ScoreFunction<F>) formula = trace<Number, 1>(f);
  }
};
constexpr ScoreMod softcap(float cap) {
  return [cap](auto score, auto) { return cap * tanh(score / cap); };
}

}  // namespace attn
