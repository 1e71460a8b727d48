// mask.h - which keys a query may see, what happens to a score, and what joins a row's sum.
//
//   inline constexpr attn::Mask diagonal = [](auto at) { return at.key == at.query; };
//   inline constexpr attn::ScoreMod half = [](auto score, auto) { return score / 2; };
//   attn::softcap(50)      attn::alibi("slopes")      attn::t5_bias("relative_attention_bias")
//
//   inline constexpr attn::SinkLogit zero = [](auto) { return 0.0f; };
//
// Masks compose with `&`, `|` and `!`. All are formulas (formula.h) and nothing else, so one of
// your own is as good as those with a name. Not here: those with a name (named_masks.h,
// named_scores.h); masks that come with a call, which are inputs (Graph::mask, Graph::flag).
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
template <class F>
concept SinkFunction = requires(const F& f, Position at) {
  { f(at) } -> std::convertible_to<Number>;
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
    if (a.formula.empty() || b.formula.empty()) return alone(a.formula.empty() ? b : a, a, b);
    return joined(Fn::both, a, b);
  }
  friend constexpr Mask operator|(const Mask& a, const Mask& b) {
    if (a.formula.empty() || b.formula.empty()) return alone({}, a, b);
    return joined(Fn::either, a, b);
  }
  friend constexpr Mask operator!(Mask a) {
    if (a.formula.empty()) return a.formula.error ? a : none();
    const auto all = static_cast<std::int8_t>(a.formula.size - 1);
    a.formula.finish(a.formula.add({Fn::negate, Type::truth, {all, -1, -1, -1}}));
    return a;
  }

 private:
  static constexpr Mask none() {
    return [](auto at) { return at.key < 0; };
  }
  /// One that comes of `a` and `b`, with what is wrong with either.
  static constexpr Mask alone(Mask one, const Mask& a, const Mask& b) {
    one.formula.note(a.formula.error), one.formula.note(b.formula.error);
    return one;
  }
  static constexpr Mask joined(Fn fn, Mask a, const Mask& b) {
    const auto left = static_cast<std::int8_t>(a.formula.size - 1),
               right = a.formula.append(b.formula);
    a.formula.finish(a.formula.add({fn, Type::truth, {left, right, -1, -1}}));
    return a;
  }
};

/// A function with a name: one lambda, which is a Mask, a ScoreMod or a SinkLogit wherever one is
/// wanted, and computes on plain numbers. What was wrong with its arguments it tells the formula
/// that it is traced into. `Becomes` stands among the parameters so that `&`, `|` and `!` are found
/// beside a mask.
template <class Becomes, class F>
struct Named {
  F function;
  Error error{};
  template <class... X>
  requires std::invocable<const F&, const X&...>
  constexpr auto operator()(const X&... x) const {
    (note(error, x), ...);
    return function(x...);
  }
};
template <class Becomes, class F>
constexpr Named<Becomes, F> named(const F& function, const Error& error = {}) {
  return {function, error};
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

/// One more logit of every row: it joins the sum under the softmax and has no value, so that a row
/// may pay attention to nothing. p_ij = exp(s_ij) / (exp(sink) + sum over j of exp(s_ij)).
/// A row without any key is zero, whatever the layer's rule. Where the sink is -inf (or at most
/// -0.9e30) there is none, and the rule holds.
struct SinkLogit {
  Formula formula{};
  constexpr SinkLogit() = default;
  template <Callable<SinkLogit> F>
  constexpr SinkLogit(const F& f) {
    static_assert(SinkFunction<F>,
                  "a sink is a number for every row of scores: [](auto at) { return "
                  "sinks[at.head]; }");
    if constexpr (SinkFunction<F>) formula = trace<Number, 0>(f);
  }
};

/// What becomes of scores: a softmax over the visible keys, or of each its own sigmoid,
/// 1 / (1 + exp(-s)) where the key is visible and else 0, which nothing makes sum to one
/// (Ramapuram et al. 2024). Rows without any key are then zero, whatever the layer's rule.
enum class Probability : std::uint8_t { softmax, sigmoid };
inline constexpr std::array<const char*, 2> probability_names{"softmax", "sigmoid"};

// ---- tables of formulas with a name
//
// They are named, or given as a value: an `attn::Table`, or numbers of evaluate.h.

constexpr Table table_of(Name name) { return {name}; }
template <class T>
requires(!std::convertible_to<const T&, Name>) constexpr T table_of(const T& table) {
  return table;
}
/// The same for a table that holds positions or numbers of things.
constexpr Table index_table_of(Name name) { return {name, Type::index}; }
template <class T>
requires(!std::convertible_to<const T&, Name>) constexpr T index_table_of(const T& table) {
  return table;
}
/// What is wrong with tables that are given where indices are wanted: the first that holds others.
constexpr Error unless_indices(const auto&... tables) {
  Diagnostics diagnostics(OnError::stop);
  const auto ask = [&diagnostics]<class T>(const T& table) {
    if constexpr (std::derived_from<T, TableName>) {
      diagnostics.require<
          "the table `[]` holds indices here: declare it with attn::Type::index, or give "
          "its name alone">(table.type == Type::index, table.name);
    }
  };
  (ask(tables), ...);
  return diagnostics.error();
}

}  // namespace attn
