// attn.h - the whole language.
//
//   #include <attn/attn.h>
//
//   namespace model {
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//   using layers = attn::Layers<encoder>;
//   }  // namespace model
//
// A header like this is compiled twice: by the build, for the generator (section.h), and by the
// application, for a typed handle. Not here: running layers (the runtime), and what only tools use:
// print.h, reflect.h, evaluate.h, section.h, deserialise.h, validate.h.
#pragma once
#include "attn/error.h"
#include "attn/formula.h"
#include "attn/graph.h"
#include "attn/heads.h"
#include "attn/layer.h"
#include "attn/layers.h"
#include "attn/mask.h"
#include "attn/named_masks.h"
#include "attn/named_scores.h"
#include "attn/operations.h"
#include "attn/symbols.h"
