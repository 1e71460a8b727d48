// Written by attnc from layers.h; never edit it: build minilm again.
//
//   auto layer = attn::Layer<model::encoder>::load(weights);   // attn/runtime/typed.h
#pragma once
#include <array>

#include "attn/layer.h"
#include "attn/runtime/typed.h"
#include "layers.h"

static_assert(attn::fingerprint(model::encoder) == 0x78d1702a80c43113u,
              "minilm/encoder.attn.h is older than layers.h: build minilm again");

extern "C" const attn_layer_table attn_minilm_model_encoder;

template <>
struct attn::Binding<model::encoder> {
  /// In the order of the original's get_weights.
  struct Weights {
    attn::Tensor query_kernel{};  // query/kernel [feature of query, head 12, size 32]
    attn::Tensor query_bias{};  // query/bias [head 12, size 32]
    attn::Tensor key_kernel{};  // key/kernel [feature of key, head 12, size 32]
    attn::Tensor key_bias{};  // key/bias [head 12, size 32]
    attn::Tensor value_kernel{};  // value/kernel [feature of value, head 12, size 32]
    attn::Tensor value_bias{};  // value/bias [head 12, size 32]
    attn::Tensor attention_output_kernel{};  // attention_output/kernel [head 12, size 32, feature of query]
    attn::Tensor attention_output_bias{};  // attention_output/bias [feature of query]
  };
  struct Inputs {
    attn::Tensor query{};  // [batch, query, feature]
    attn::Tensor value{};  // [batch, key, feature]
    attn::Tensor key{};  // [batch, key, feature]; left out: value
    attn::Tensor attention_mask{};  // [batch, head 12, query, key]; left out: all true
    attn::Tensor query_mask{};  // [batch, query]; left out: all true
    attn::Tensor value_mask{};  // [batch, key]; left out: all true
    attn::Tensor key_mask{};  // [batch, key]; left out: all true
    bool use_causal_mask = false;
  };
  struct Outputs {
    attn::MutableTensor output{};  // [batch, query, feature of query]
    attn::MutableTensor attention_scores{};  // [batch, head 12, query, key]; only if asked for
  };
  static const attn_layer_table& table() { return attn_minilm_model_encoder; }
  static std::array<attn::Tensor, 8> list(const Weights& w) {
    return {
        w.query_kernel,
        w.query_bias,
        w.key_kernel,
        w.key_bias,
        w.value_kernel,
        w.value_bias,
        w.attention_output_kernel,
        w.attention_output_bias,
    };
  }
  static std::array<attn::Tensor, 8> list(const Inputs& i) {
    return {
        i.query,
        i.value,
        i.key,
        i.attention_mask,
        i.query_mask,
        i.value_mask,
        i.key_mask,
        attn::Tensor::flag(i.use_causal_mask),
    };
  }
  static std::array<attn::MutableTensor, 2> list(const Outputs& o) {
    return {
        o.output,
        o.attention_scores,
    };
  }
};
