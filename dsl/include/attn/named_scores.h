// named_scores.h - score functions and sinks with a name.
//
//   .score_mod = attn::softcap(50)
//   .score_mod = attn::alibi("slopes")
//   .score_mod = attn::t5_bias("relative_attention_bias")
//   .sink = attn::sink("sinks")
//
// Each is one lambda, to be copied and changed. Where it reads a table, the table is named, or
// given as a value. Not here: masks (named_masks.h).
#pragma once
#include <limits>

#include "attn/mask.h"

namespace attn {

/// Keeps scores between -cap and cap: cap * tanh(score / cap) (Gemma 2).
constexpr auto softcap(float cap) {
  return named<ScoreMod>([cap](auto score, auto) { return cap * tanh(score / cap); },
                         error_unless<"`softcap` bends scores below a positive number">(cap > 0));
}
/// A penalty per head that grows with the distance (Press et al. 2021): `slopes` is [head].
constexpr auto alibi(const auto& slopes) {
  return [slopes = table_of(slopes)](auto score, auto at) {
    return score + slopes[at.head] * (at.key - at.query);
  };
}
/// A temperature per head: `temperature` is [head].
constexpr auto temperature_per_head(const auto& temperature) {
  return [temperature = table_of(temperature)](auto score, auto at) {
    return score / temperature[at.head];
  };
}
/// A bias per head and distance (after Shaw et al. 2018). Distances beyond `most` count as `most`.
/// `bias` is [head, 2 * most + 1] and begins with the keys that are `most` before the query.
constexpr auto relative_bias(const auto& bias, int most) {
  const Error e =
      error_unless<"`relative_bias` counts distances up to {}, which is negative">(most >= 0, most);
  return named<ScoreMod>(
      [bias = table_of(bias), most = e ? 0 : most](auto score, auto at) {
        return score + bias[at.head][clamp(at.key - at.query, -most, most) + most];
      },
      e);
}

/// ln(x) of a plain number of at least 1 (infinity and NaN stay), for constants of formulas:
/// <cmath> is not constexpr in C++20. ln(x) = n ln(2) + 2 artanh((y - 1) / (y + 1)), y between 1
/// and 2.
constexpr double natural_logarithm(double x) {
  if (!(x < std::numeric_limits<double>::infinity())) return x;
  double result = 0;
  for (; x >= 2; x /= 2) result += 0.693147180559945309417;
  const double s = (x - 1) / (x + 1);
  double power = s;
  for (int k = 1; k < 40; k += 2, power *= s * s) result += 2 * power / k;
  return result;
}
constexpr Error unless_t5_buckets(bool bidirectional, int buckets, int most) {
  const int least = bidirectional ? 4 : 2, single = buckets / least;
  Diagnostics diagnostics(OnError::stop);
  diagnostics.require<"`t5_bias` needs at least {} buckets, not {}">(buckets >= least, least,
                                                                     buckets);
  diagnostics.require<
      "`t5_bias` has {} buckets of one distance each; its farthest distance must be more "
      "than that, not {}">(most > single, single, most);
  return diagnostics.error();
}
/// The bucket that T5 (Raffel et al. 2019) puts a key into that lies `before` the query: half of
/// the buckets for a distance each, the others for distances that grow like powers, the last one
/// for all from `most` on. Where keys behind the query count, they have buckets of their own, as
/// many again; else they are in bucket 0.
constexpr auto t5_bucket(const auto& before, bool bidirectional, int buckets, int most) {
  if (const Error e = unless_t5_buckets(bidirectional, buckets, most)) {
    note(e, before);
    buckets = 32, most = 128;  // T5's own: plain numbers cannot be told
  }
  const int own = bidirectional ? buckets / 2 : buckets, single = own / 2;
  const double growth = (own - single) / natural_logarithm(double(most) / single);
  const auto distance = bidirectional ? abs(before) : max(before, 0);
  // Added so that rounding does not decide where a bucket begins at a whole distance: far less than
  // the step to the next distance, far more than a rounding error.
  const auto far = single + truncate(log(max(distance, single) / double(single)) * growth + 1e-5);
  const auto bucket = where(distance < single, distance, min(far, own - 1));
  return bidirectional ? where(before < 0, bucket + own, bucket) : bucket;
}
/// T5's bias, per head and bucket. `bias` is [buckets, head], as T5's weights are.
constexpr auto t5_bias(const auto& bias, bool bidirectional = true, int buckets = 32,
                       int most = 128) {
  return named<ScoreMod>(
      [bias = table_of(bias), bidirectional, buckets, most](auto score, auto at) {
        return score + bias[t5_bucket(at.query - at.key, bidirectional, buckets, most)][at.head];
      },
      unless_t5_buckets(bidirectional, buckets, most));
}

/// A sink logit per head (gpt-oss): `sinks` is [head].
constexpr auto sink(const auto& sinks) {
  return [sinks = table_of(sinks)](auto at) { return sinks[at.head]; };
}

}  // namespace attn
