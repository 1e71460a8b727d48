// Errors as compile-time values: if this file compiles, the test has passed.
#include "facts.h"

constexpr bool says(const Description& d, std::string_view sentence) {
  return d.error() == sentence;
}
static_assert(!try_layer(small).error());
static_assert(says(try_layer(MultiHeadAttention{.key_dim = 4}),
                   "`num_heads` must be positive, not {}"));
static_assert(try_layer(MultiHeadAttention{.num_heads = -3, .key_dim = 4}).error().number[0] == -3);
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4}),
                   "`key_dim` must be positive, not {}"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .value_dim = 0}),
                   "`value_dim` must be positive, not {}"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .dropout = 1.5f}),
                   "`dropout` must be in [0, 1]"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .output_shape = 0}),
                   "`output_shape` must be positive, not {}"));
static_assert(says(try_layer(MultiHeadAttention{
                       .num_heads = 4, .key_dim = 4, .output_shape = {1, 2, 3, 4, 5}}),
                   "`output_shape` has at most {} numbers, not {}"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .sliding_window = 0}),
                   "`sliding_window` must be positive where it is given, not {}"));
static_assert(says(try_layer(MultiHeadAttention{
                       .num_heads = 4, .key_dim = 4, .dropout = 0.5f, .flash_attention = true}),
                   "`dropout` is not supported with `flash_attention`: set it to 0"));
static_assert(
    says(try_layer(MultiHeadAttention{
             .num_heads = 4, .key_dim = 4, .attention_axes = {1, 2}, .sliding_window = 3}),
         "`sliding_window` needs attention over one axis"));
static_assert(says(over({1, 2, 3, 4}), "`attention_axes` names at most {} axes, not {}"));
static_assert(says(over(1, 2),
                   "`input_rank` must be between 3 and 6 axes where it is given, not {}"));
static_assert(says(try_layer(ReuseMultiHeadAttention{
                       .num_heads = 3, .key_dim = 4, .input_rank = 1 << 30}),
                   "`input_rank` must be between 3 and 6 axes where it is given, not {}"));
static_assert(over({1, 1}).error() && over({3}, 4).error() && over({0}).error() &&
              over(-2).error());
static_assert(
    says(try_layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .attention_axes = -2}),
         "`attention_axes` names an axis twice, or one that is not between the batch and the "
         "feature axis (counting from the back needs `input_rank`)"));
static_assert(says(reuse(4),
                   "`reuse_attention` must be between -1 and the number of heads ({}), not {}"));
static_assert(reuse(-2).error().number[0] == 3 && reuse(-2).error().number[1] == -2);
static_assert(
    says(try_layer(ReuseMultiHeadAttention{
             .num_heads = 3, .key_dim = 4, .use_relative_pe = true, .max_sequence_length = 0}),
         "`max_sequence_length` must be positive, not {}"));
static_assert(
    says(try_layer(ReuseMultiHeadAttention{
             .num_heads = 3, .key_dim = 4, .use_relative_pe = true, .attention_axes = {1, 2}}),
         "`use_relative_pe` needs attention over one axis"));
static_assert(says(try_layer(ReuseMultiHeadAttention{
                       .num_heads = 3, .key_dim = 4, .attention_axes = -2, .input_rank = 4}),
                   "`attention_axes` counts from the front here, not {}"));
static_assert(says(try_layer(attn::Attention{}), "`size` must be positive, not {}"));
static_assert(says(try_layer(attn::Attention{.size = 4, .value_size = 0}),
                   "`value_size` must be positive, not {}"));
static_assert(says(try_layer(attn::Attention{.size = 4, .input_rank = 7}),
                   "`input_rank` must be between 2 and 6 axes, not {}"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 65536, .key_dim = 65536}),
                   "`[]` makes more than {} numbers a position"));
static_assert(says(try_layer(GroupQueryAttention{.num_query_heads = 4, .num_key_value_heads = 2}),
                   "`head_dim` must be positive, not {}"));
static_assert(says(try_layer(GroupQueryAttention{.head_dim = 4, .num_key_value_heads = 2}),
                   "`num_query_heads` must be positive, not {}"));
static_assert(says(try_layer(GroupQueryAttention{.head_dim = 4, .num_query_heads = 2}),
                   "`num_key_value_heads` must be positive, not {}"));
static_assert(says(
    try_layer(GroupQueryAttention{.head_dim = 4, .num_query_heads = 8, .num_key_value_heads = 3}),
    "`num_query_heads` must be divisible by `num_key_value_heads`, and {} is not by {}"));
static_assert(says(
    try_layer(DotProductAttention{.num_query_heads = 2, .num_key_value_heads = 4, .head_dim = 8}),
    "`num_query_heads` must be divisible by `num_key_value_heads`, and {} is not by {}"));
static_assert(
    says(try_layer(DotProductAttention{
             .num_query_heads = 4, .num_key_value_heads = 4, .head_dim = 8, .value_dim = -1}),
         "`value_dim` must be positive, not {}"));
static_assert(says(try_layer(DotProductAttention{.num_query_heads = 1 << 16,
                                                 .num_key_value_heads = 1 << 16,
                                                 .head_dim = 1 << 16}),
                   "{} heads of size {} are more than {} numbers a position"));
static_assert(says(try_layer([](attn::Graph&) { return attn::nothing; }),
                   "the layer has no output"));
static_assert(says(try_layer(model::RotaryAttention{.num_heads = 2, .size = 7}),
                   "rotary positions need an even `size`, not {}"));
