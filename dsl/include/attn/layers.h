// layers.h - layers known by name, written on the graph level. Field names and defaults are the
// Python layers' own.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//
// A layer is a plain struct with two functions: `check` says what its fields may be, `build` what
// it computes. A struct of your own with a `build` is as good as these, and so is a lambda from a
// graph to its outputs. Weights exist in the order in which `build` mentions them: that of
// `get_weights`.
#pragma once
#include "attn/layers/attention.h"
#include "attn/layers/cached_multi_head_attention.h"
#include "attn/layers/dot_product_attention.h"
#include "attn/layers/group_query_attention.h"
#include "attn/layers/multi_head_attention.h"
#include "attn/layers/reuse_multi_head_attention.h"
