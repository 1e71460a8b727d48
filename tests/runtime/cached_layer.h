// cached_layer.h - a layer with a cache like CachedMultiHeadAttention's, on the recorder: paths
// with and without the cache, and a kernel that extends it.
//
//   cache[b, slot, at[b] + u, h, d] = value[b, u, 0] + slot
//   output[b, t, f] = how many positions were in the cache before
#pragma once
#include <algorithm>
#include <vector>

#include "recorder.h"

struct CachedLayer : recorder::Recorder {
  explicit CachedLayer(uint8_t dtype = ATTN_FLOAT32) {
    using namespace recorder;
    const std::vector<attn_axis> cache{B, Slot, K, H, D};
    input("query", {B, Q, F}).input("value", {B, U, F1});
    input("cache", cache, {.dtype = dtype, .optional = true});
    input("cache_update_index", {B}, {.value = ATTN_VALUE_INDEX, .optional = true});
    input("attention_mask", {B, H, Q, K},
          {.value = ATTN_VALUE_TRUTH, .dtype = ATTN_BOOL, .optional = true});
    output("output", {B, Q, F}).output("attention_scores", {B, H, Q, K}, {.optional = true});
    output("cache", cache, {.dtype = dtype, .starts_as = 2});
    path("decode").takes("value", ATTN_FORM_ROWS).takes("cache_update_index", ATTN_FORM_LIST);
    takes("attention_mask", ATTN_FORM_PAIRS).makes("output", ATTN_FORM_ROWS);
    makes("cache", ATTN_FORM_CACHE).serves({"cache", "cache_update_index"});
    const std::vector<const char*> neither{"cache", "cache_update_index"};
    path("plain").takes("attention_mask", ATTN_FORM_PAIRS).makes("output", ATTN_FORM_ROWS);
    serves({}, neither);
    path("scores").takes("attention_mask", ATTN_FORM_PAIRS).makes("output", ATTN_FORM_ROWS);
    makes("attention_scores", ATTN_FORM_PAIRS).serves({}, neither);
    kernel = [this](const std::vector<attn_buffer*>& b) {
      if (ran == "decode") write(*b[0], *b[1], *b[3], *b[4]);
    };
  }

  static void write(const attn_buffer& value, const attn_buffer& at, const attn_buffer& output,
                    const attn_buffer& cache) {
    using recorder::get;
    using recorder::set;
    const attn_dimension* n = cache.dim;
    for (int b = 0; b < n[4].extent; ++b) {
      const int updates = value.dim[1].extent;
      const int from =
          std::clamp(static_cast<int>(get(at, {b})), 0, std::max(0, n[2].extent - updates));
      for (int u = 0; u < updates; ++u) {
        for (int s = 0; s < n[3].extent; ++s) {
          for (int h = 0; h < n[1].extent; ++h) {
            for (int d = 0; d < n[0].extent; ++d) {
              set(cache, {d, h, from + u, s, b}, get(value, {0, u, b}) + s);
            }
          }
        }
      }
      for (int t = 0; t < output.dim[1].extent; ++t) {
        for (int f = 0; f < output.dim[0].extent; ++f) set(output, {f, t, b}, from);
      }
    }
  }
};
