// mask.h - which keys a query may see, what happens to a score, and what joins a row's sum.
//
//   attn::causal & attn::sliding_window(4096)
//   inline constexpr attn::Mask diagonal = [](auto at) { return at.key == at.query; };
//   inline constexpr attn::ScoreMod half = [](auto score, auto) { return score / 2; };
//   attn::softcap(50)      attn::alibi("slopes")      attn::t5_bias("relative_attention_bias")
//
//   inline constexpr attn::SinkLogit zero = [](auto) { return 0.0f; };
//
// Masks compose with `&`, `|` and `!`. All are formulas (formula.h) and nothing else, so a mask of
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

// ---- score functions with a name
//
// Each is one lambda, to be copied and changed. Tables are named, or given as a value: an
// `attn::Table`, or numbers of evaluate.h.

constexpr Table table_of(Name name) { return {name}; }
template <class T>
requires(!std::convertible_to<const T&, Name>) constexpr T table_of(const T& table) {
  return table;
}

/// Scores between -cap and cap (Gemma 2).
constexpr auto softcap(float cap) {
  return [cap](auto score, auto) { return cap * tanh(score / cap); };
}
/// Each head its own penalty of the distance (Press et al. 2021): `slopes` is [head].
constexpr auto alibi(const auto& slopes) {
  return [slopes = table_of(slopes)](auto score, auto at) {
    return score + slopes[at.head] * (at.key - at.query);
  };
}
/// Each head its own temperature: `temperature` is [head].
constexpr auto temperature_per_head(const auto& temperature) {
  return [temperature = table_of(temperature)](auto score, auto at) {
    return score / temperature[at.head];
  };
}
/// Each head a number for every distance up to `most`, farther ones as `most` (after Shaw et al.
/// 2018): `bias` is [head, 2 * most + 1], keys that lie `most` before the query first.
constexpr auto relative_bias(const auto& bias, int most) {
  return [bias = table_of(bias), most](auto score, auto at) {
    return score + bias[at.head][clamp(at.key - at.query, -most, most) + most];
  };
}

/// Each head a logit that no key has (gpt-oss): `sinks` is [head].
constexpr auto sink(const auto& sinks) {
  return [sinks = table_of(sinks)](auto at) { return sinks[at.head]; };
}

/// ln(x) of a plain number of at least 1, for constants of formulas: <cmath> is not constexpr in
/// C++20. ln(x) = n ln(2) + 2 artanh((y - 1) / (y + 1)), y between 1 and 2.
constexpr double natural_logarithm(double x) {
  double result = 0;
  for (; x >= 2; x /= 2) result += 0.693147180559945309417;
  const double s = (x - 1) / (x + 1);
  double power = s;
  for (int k = 1; k < 40; k += 2, power *= s * s) result += 2 * power / k;
  return result;
}
/// The bucket that T5 (Raffel et al. 2019) puts a key into that lies `before` the query: half of
/// the buckets for a distance each, the others for distances that grow like powers, the last one
/// for all from `most` on. Where keys behind the query count, they have buckets of their own, as
/// many again; else they are in bucket 0.
constexpr auto t5_bucket(const auto& before, bool bidirectional, int buckets, int most) {
  const int own = bidirectional ? buckets / 2 : buckets, single = own / 2;
  const double growth = (own - single) / natural_logarithm(double(most) / single);
  const auto distance = bidirectional ? abs(before) : max(before, 0);
  // Where a bucket begins at a whole distance, rounding must not decide: far less than the step to
  // the next distance, far more than an error.
  const auto far = single + truncate(log(max(distance, single) / double(single)) * growth + 1e-5);
  const auto bucket = where(distance < single, distance, min(far, own - 1));
  return bidirectional ? where(before < 0, bucket + own, bucket) : bucket;
}
/// T5's: each head a number for every bucket. `bias` is [buckets, head], as T5's weights are.
constexpr auto t5_bias(const auto& bias, bool bidirectional = true, int buckets = 32,
                       int most = 128) {
  return [bias = table_of(bias), bidirectional, buckets, most](auto score, auto at) {
    return score + bias[t5_bucket(at.query - at.key, bidirectional, buckets, most)][at.head];
  };
}

}  // namespace attn
