// layers.h - layers with a name, written on the graph level. Names and defaults of their fields are
// those of the Python layers.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//
// A layer is a plain struct with two functions: `check` says which values its fields may have,
// `build` what it computes. Your own struct with a `build` is treated the same, and so is a lambda
// from a graph to its outputs. Weights exist in the order in which `build` mentions them, which is
// that of `get_weights`.
#pragma once
#include "attn/layers/attention.h"
#include "attn/layers/cached_multi_head_attention.h"
#include "attn/layers/dot_product_attention.h"
#include "attn/layers/group_query_attention.h"
#include "attn/layers/multi_head_attention.h"
#include "attn/layers/reuse_multi_head_attention.h"
