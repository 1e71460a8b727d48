// layers/attention.h - keras.layers.Attention (Luong, and Bahdanau's additive scores as "concat").
//
//   inline constexpr auto luong = attn::layer(attn::Attention{
//       .use_scale = true,
//       .size = 64,
//   });
//
// Inputs: query, value, key (or value, where they have one size), query_mask ([batch.., query]),
// value_mask ([batch.., key] or [batch.., query, key]), use_causal_mask (or false). Masks may be
// left out. A mask may lack batch axes at its left and may have length 1 on any, as in NumPy.
//
// No projections: dot scores are query . key, times the weight `scale`; concat scores are
// concat_score_weight * sum over the features of tanh(scale * (query + key)), computed on the way
// and never stored as [query, key, feature]. `causal` sets use_causal_mask for every call. In masks
// every number but 0 is visible, negative ones too, as in Keras. Masked scores get -1e9 added in
// float32 and rounding decides about rows without any key, as in Keras; query_mask sets rows of the
// output to zero and leaves the scores alone.
//
// Keras reads sizes and the number of axes from its first call; kernels are made for them, so they
// are fields here. Two calls differ from Keras's, which surprises there: a value_mask with one axis
// less than the scores is padding, for every number of axes (of three axes without use_causal_mask,
// Keras takes its last two for pairs), and with two axes use_causal_mask adds no batch axis to the
// outputs (nor does Keras's compute_output_shape).
#pragma once
#include "attn/layers/common.h"

namespace attn {

enum class ScoreMode : std::uint8_t { dot, concat };
inline constexpr std::array<const char*, 2> score_mode_names{"dot", "concat"};

struct Attention {
  bool use_scale = false;
  ScoreMode score_mode = ScoreMode::dot;
  float dropout = 0;
  bool causal = false;  // as if every call had use_causal_mask: tf_keras's older argument
  DTypePolicy dtype{};
  // what Keras reads from its inputs
  int size = 0;                     // features of query and key
  std::optional<int> value_size{};  // features of value; as many as `size` where it is left out
  int input_rank = 3;               // axes of every input: 2 without a batch axis, or more
};

constexpr void check(Diagnostics& diagnostics, const Attention& d) {
  diagnostics.require<"`size` must be positive, not {}">(d.size > 0, d.size);
  diagnostics.require<"`value_size` must be positive, not {}">(d.value_size.value_or(1) > 0,
                                                               d.value_size.value_or(1));
  check_dropout(diagnostics, d.dropout);
  diagnostics.require<"`input_rank` must be between 2 and 6 axes, not {}">(
      d.input_rank >= 2 && d.input_rank <= 6, d.input_rank);
}

constexpr Outputs build(Graph& g, const Attention& d) {
  Axes batch;
  for (int axis = 0; axis < d.input_rank - 2; ++axis) {
    batch.add({Kind::batch, static_cast<std::uint8_t>(axis)});
  }
  const auto rows = [&](Name name, Kind positions, int size) {
    Axes axes = batch;
    axes += {{positions}, {Kind::size, 0, -1, size}};
    return g.input(name, axes);
  };
  const int value_size = d.value_size.value_or(d.size);
  const Value query = rows("query", Kind::query, d.size);
  const Value value = rows("value", Kind::key, value_size);
  Value key = rows("key", Kind::key, d.size);
  if (value_size == d.size) key = key.or_else(value);

  const Table scale = g.weight("scale", d.use_scale ? Numbers{} : Numbers{0});
  const bool concat = d.score_mode == ScoreMode::concat;
  const Table weight = g.weight("concat_score_weight", concat ? Numbers{} : Numbers{0});
  const auto scaled = [&](auto x, auto at) { return d.use_scale ? x * at.own(scale) : x; };
  Value s = nothing;
  if (concat) {
    s = scores(query, key, [&](auto q, auto k, auto at) { return tanh(scaled(q + k, at)); });
    s = map(s, [&](auto x, auto at) { return x * at.own(weight); });
  } else {
    s = scores(query, key);
    if (d.use_scale) s = map(s, scaled);
  }
  const Mask query_mask = g.mask("query_mask", query, any_number | from_right);
  const Mask value_mask = g.mask("value_mask", s, any_number | from_right);
  const Mask any_order = !g.flag("use_causal_mask");
  const Mask in_order = d.causal ? Mask{causal} : any_order | causal;
  const Value p = softmax(s, value_mask & in_order, FullyMasked::additive);
  return {.output = keep(combine(dropout(p, d.dropout), value), query_mask), .attention_scores = p};
}

}  // namespace attn
