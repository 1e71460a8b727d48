// mask.h - which keys a query may see, what happens to a score, and what joins the sum of a row.
//
//   inline constexpr attn::Mask diagonal = [](auto at) { return at.key == at.query; };
//   inline constexpr attn::ScoreMod half = [](auto score, auto) { return score / 2; };
//   inline constexpr attn::SinkLogit zero = [](auto) { return 0.0f; };
//
// Masks compose with `&`, `|` and `!`. All of these are formulas (formula.h), so your own can do
// whatever the named ones do. Not here: named ones (named_masks.h, named_scores.h); masks that come
// with a call, which are inputs (Graph::mask, Graph::flag).
#pragma once
#include "attn/symbols.h"

namespace attn {

/// A class that may be meant as a mask or a score function. It is checked inside of the
/// constructor, where a wrong one gets an error in words.
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

  // Friends, so that they are found for masks only: operators of the namespace would match every
  // type that might be a lambda.
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
  /// `one`, made of `a` and `b`, with the errors of both.
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

/// A named function: one lambda, which converts to a Mask, a ScoreMod or a SinkLogit, and computes
/// on plain numbers. It records errors of its arguments in the formula that it is traced into.
/// `Becomes` is a parameter so that argument-dependent lookup finds the `&`, `|` and `!` of masks.
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

// ---- tables of named formulas
//
// Given by name or as a value: an `attn::Table`, or numbers of evaluate.h.

constexpr Table table_of(Name name) { return {name}; }
template <class T>
requires(!std::convertible_to<const T&, Name>) constexpr T table_of(const T& table) {
  return table;
}
/// The same for a table of indices.
constexpr Table index_table_of(Name name) { return {name, Type::index}; }
template <class T>
requires(!std::convertible_to<const T&, Name>) constexpr T index_table_of(const T& table) {
  return table;
}
/// The error of the first table that does not hold indices, where indices are needed.
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
