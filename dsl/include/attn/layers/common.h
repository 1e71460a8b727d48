// layers/common.h - what the named layers share: rules, masks by position, checks of their fields.
//
// Not here: the layers themselves, one header each; layers.h includes all.
#pragma once
#include <optional>

#include "attn/heads.h"
#include "attn/named_masks.h"
#include "attn/operations.h"

namespace attn {

/// Keras takes a fused path where nothing is dropped, the inputs have three axes and no scores are
/// asked for; elsewhere it makes the probabilities itself.
constexpr bool keras_fuses(float dropout, const Value& query) {
  return dropout == 0 && query.axes().size == 3;
}
/// The two paths treat rows without any key differently.
constexpr Rules keras_rules(const std::optional<FullyMasked>& own, bool fuses) {
  if (own) return *own;
  return {fuses ? FullyMasked::uniform : FullyMasked::zero, FullyMasked::zero};
}
/// Where Keras makes the probabilities itself, a key is visible where a mask of numbers is above
/// 0.5.
constexpr std::uint8_t keras_reading(bool fuses) {
  return above_half_with_scores | (fuses ? 0 : above_half);
}

/// For layers with the arguments `probability` and `sink`.
constexpr void check_probability(Diagnostics& diagnostics, const auto& d) {
  const bool sigmoid = d.probability == Probability::sigmoid;
  diagnostics.require<
      "`sink` joins the sum of a softmax, and sigmoids have no sum: leave out `sink`, or "
      "`probability`">(!sigmoid || d.sink.formula.empty());
  diagnostics.require<
      "`fully_masked` is additive, which is a rule of softmax: sigmoids of rows without any "
      "key are zero">(!sigmoid || d.fully_masked != FullyMasked::additive);
}
constexpr Value probabilities(const auto& d, Value s, const Mask& mask, Rules rules) {
  return d.probability == Probability::sigmoid ? sigmoid_probabilities(s, mask)
                                               : softmax(s, mask, rules, d.sink);
}

/// |query - key| < width; everything where there is no window.
constexpr Mask window_of(const std::optional<int>& width) {
  return width ? sliding_window(*width) : Mask{};
}
/// The axes between batch and features that attention is over: those given, or all.
constexpr Numbers attended(const Numbers& attention_axes, int input_rank) {
  if (!attention_axes.empty() || input_rank <= 3) return attention_axes;
  Numbers all;
  for (int axis = 1; axis < input_rank - 1; ++axis) all.add(axis);
  return all;
}
/// 1 / sqrt(size). Keras rounds it to float32, in float64 layers too.
constexpr double keras_scale(int size) { return static_cast<float>(rsqrt(size)); }

/// Checks of masks that only have a meaning along one sequence axis.
constexpr bool one_sequence(const Value& query) {
  return query && query.axes().only(Kind::query).size == 1;
}

constexpr void check_dropout(Diagnostics& diagnostics, float rate) {
  diagnostics.require<"`dropout` must be in [0, 1]">(rate >= 0 && rate <= 1);
}
/// Fields that MultiHeadAttention and GroupQueryAttention have in common.
constexpr void check_options(Diagnostics& diagnostics, const auto& d) {
  check_dropout(diagnostics, d.dropout);
  diagnostics.require<"`sliding_window` must be positive where it is given, not {}">(
      !d.sliding_window || *d.sliding_window > 0, d.sliding_window.value_or(0));
  diagnostics.require<"`dropout` is not supported with `flash_attention`: set it to 0">(
      !d.flash_attention.value_or(false) || d.dropout == 0);
}
constexpr void check_shape(Diagnostics& diagnostics, const Numbers& output_shape) {
  diagnostics.require<"`output_shape` has at most {} numbers, not {}">(output_shape.size <= 4, 4,
                                                                       output_shape.size);
  for (int n : output_shape)
    diagnostics.require<"`output_shape` must be positive, not {}">(n > 0, n);
}
/// For layers whose rank follows from `attention_axes` where it is not given.
constexpr void check_rank(Diagnostics& diagnostics, int input_rank) {
  diagnostics.require<"`input_rank` must be between 3 and 6 axes where it is given, not {}">(
      input_rank == 0 || (input_rank >= 3 && input_rank <= 6), input_rank);
}
/// For every layer whose query heads share key and value heads.
constexpr void check_shared_heads(Diagnostics& diagnostics, const auto& d) {
  diagnostics.require<"`head_dim` must be positive, not {}">(d.head_dim > 0, d.head_dim);
  diagnostics.require<"`num_query_heads` must be positive, not {}">(d.num_query_heads > 0,
                                                                    d.num_query_heads);
  diagnostics.require<"`num_key_value_heads` must be positive, not {}">(d.num_key_value_heads > 0,
                                                                        d.num_key_value_heads);
  diagnostics
      .require<"`num_query_heads` must be divisible by `num_key_value_heads`, and {} is not by {}">(
          d.num_key_value_heads <= 0 || d.num_query_heads % d.num_key_value_heads == 0,
          d.num_query_heads, d.num_key_value_heads);
}

/// The conjunction of attention_mask, the padding masks of the three inputs, use_causal_mask and
/// the window. All but attention_mask need positions along one axis; with several axes it is the
/// only one.
constexpr Mask keras_masks(Graph& g, Value query, Value key, Value s, std::uint8_t reading,
                           const std::optional<int>& window) {
  const Mask given = g.mask("attention_mask", s, reading);
  if (!one_sequence(query)) {
    g.require<"`sliding_window` needs attention over one axis">(!window);
    return given;
  }
  auto padding = [&](Name name, Value of, Kind positions) {
    Axes axes = of.axes().only(Kind::batch);
    axes += of.axes().only(positions);
    return g.mask(name, axes);
  };
  const Mask query_mask = padding("query_mask", query, Kind::query);
  const Mask value_mask = padding("value_mask", key, Kind::key);
  const Mask key_mask = padding("key_mask", key, Kind::key);
  const Mask any_order = !g.flag("use_causal_mask");
  return given & query_mask & value_mask & key_mask & (any_order | causal) & window_of(window);
}

/// A gate: sigmoid(gate) times the weighted values.
constexpr Value gated(Value mixed, Value gate) {
  if (!gate) return mixed;
  return map(mixed, gate, [](auto x, auto y) { return x * sigmoid(y); });
}

}  // namespace attn
