// case_layer.cpp - the layer that computes a case of `attnc bench`.
#include <optional>
#include <utility>
#include <variant>

#include "attn/named_scores.h"
#include "import/config_json.h"
#include "tools/bench/cases.h"

namespace attnc {
namespace {

/// A query's position among the keys. With as many keys as queries that is the query itself, a form
/// in which masks can be solved for the key.
auto place_of(const BenchCase& c) {
  return [behind = c.cross()](auto at) {
    return behind ? at.query + (at.key_length - at.query_length) : at.query;
  };
}

attn::Mask mask_of(const BenchCase& c) {
  attn::Mask mask;
  if (c.causal) mask = attn::causal_from_the_end;
  const auto place_of = attnc::place_of(c);
  if (const int width = c.window) {
    mask = mask & attn::Mask([=](auto at) { return abs(place_of(at) - at.key) < width; });
  }
  if (const int length = c.document) {
    mask = mask & attn::Mask([=](auto at) {
             const auto place = place_of(at);
             return (place >= 0) & (place / length == at.key / length);
           });
  }
  return mask;
}

attn::ScoreMod score_mod_of(const BenchCase& c) {
  if (c.softcap == 0 && !c.alibi) return {};
  const auto cap = static_cast<float>(c.softcap);
  const attn::Table slopes("slopes");
  return [=, alibi = c.alibi, place_of = place_of(c)](auto score, auto at) {
    const auto capped = cap > 0 ? attn::softcap(cap)(score, at) : score;
    return alibi ? capped + slopes[at.head] * (at.key - place_of(at)) : capped;
  };
}

NamedLayer float_layer_of(const BenchCase& c) {
  const attn::Mask mask = mask_of(c);
  const attn::ScoreMod score_mod = score_mod_of(c);
  const std::optional<int> value_size =
      c.value_size == c.size ? std::nullopt : std::optional(c.value_size);
  if (!c.whole_layer) {
    return attn::DotProductAttention{.num_query_heads = c.query_heads,
                                     .num_key_value_heads = c.key_heads,
                                     .head_dim = c.size,
                                     .value_dim = value_size,
                                     .mask = mask,
                                     .score_mod = score_mod};
  }
  if (c.query_heads == c.key_heads) {
    return attn::MultiHeadAttention{.num_heads = c.query_heads,
                                    .key_dim = c.size,
                                    .value_dim = value_size,
                                    .mask = mask,
                                    .score_mod = score_mod};
  }
  return attn::GroupQueryAttention{.head_dim = c.size,
                                   .num_query_heads = c.query_heads,
                                   .num_key_value_heads = c.key_heads,
                                   .mask = mask,
                                   .score_mod = score_mod};
}

NamedLayer layer_of(const BenchCase& c) {
  NamedLayer layer = float_layer_of(c);
  std::visit(
      [&](auto& l) {
        if constexpr (requires { l.dtype = c.dtype; }) l.dtype = c.dtype;
      },
      layer);
  return layer;
}

attn::Description describe(const NamedLayer& layer) {
  return std::visit([](const auto& l) { return attn::try_layer(l); }, layer);
}

}  // namespace

attn::Description description_of(const BenchCase& c) { return describe(layer_of(c)); }

SourceLayer source_of(const BenchCase& c) {
  const NamedLayer layer = layer_of(c);
  const attn::Description d = describe(layer);
  ExpectedCall call{.inputs = {"query", "value"}, .outputs = {"output"}, .queries = c.queries};
  if (!c.whole_layer) call.inputs.insert("key");
  if (c.alibi) call.inputs.insert("slopes");
  if (c.scores) call.outputs.insert("attention_scores");
  return {.graph = {.name = "layer", .fingerprint = attn::fingerprint(d), .graph = d.graph},
          .definition = as_source(layer),
          .machine = "",
          .calls = Calls{std::move(call)}};
}

}  // namespace attnc
