// Helpers with which facts_*.cpp examine a description.
#pragma once
#include "models.h"

using attn::Axes;
using attn::CachedMultiHeadAttention;
using attn::Description;
using attn::DotProductAttention;
using attn::fingerprint;
using attn::FullyMasked;
using attn::GroupQueryAttention;
using attn::Kind;
using attn::MultiHeadAttention;
using attn::Op;
using attn::ReuseMultiHeadAttention;
using attn::try_layer;

// ---- descriptions that several files examine

inline constexpr MultiHeadAttention small{.num_heads = 2, .key_dim = 4};
constexpr Description reuse(int heads, bool positions = false) {
  return try_layer(ReuseMultiHeadAttention{.num_heads = 3,
                                           .key_dim = 4,
                                           .reuse_attention = heads,
                                           .use_relative_pe = positions,
                                           .max_sequence_length = 5});
}
constexpr Description over(attn::Numbers axes, int rank = 0) {
  return try_layer(
      MultiHeadAttention{.num_heads = 2, .key_dim = 4, .attention_axes = axes, .input_rank = rank});
}

// ---- parts of descriptions

constexpr bool weights_are(const Description& d, std::initializer_list<const char*> names) {
  int i = 0;
  for (const char* n : names) {
    if (i == d.graph.weights.size || d.graph.weights[i++].name != attn::Name(n)) return false;
  }
  return i == d.graph.weights.size;
}
constexpr bool inputs_are(const Description& d, std::initializer_list<const char*> names) {
  int i = 0;
  for (const char* n : names) {
    const attn::Node& node = d.graph.nodes[i++];
    if (node.op != attn::Op::input || node.name != attn::Name(n)) return false;
  }
  return d.graph.nodes[i].op != attn::Op::input;
}
constexpr const attn::Node& input(const Description& d, std::string_view name) {
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == attn::Op::input && n.name.view() == name) return n;
  }
  return d.graph.nodes[47];
}
constexpr const attn::Node& output(const Description& d, std::string_view name) {
  for (const attn::Output& o : d.graph.outputs) {
    if (o.name.view() == name) return d.graph.nodes[o.value];
  }
  return d.graph.nodes[47];
}
constexpr const attn::Node& operand(const Description& d, const attn::Node& n, std::size_t i) {
  return d.graph.nodes[n.operand[i]];
}
constexpr int count_of(const Description& d, attn::Op op) {
  int count = 0;
  for (const attn::Node& n : d.graph.nodes) count += n.op == op;
  return count;
}
constexpr const attn::Node& softmax_of(const Description& d) {
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == attn::Op::softmax) return n;
  }
  return d.graph.nodes[47];
}
