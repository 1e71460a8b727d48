// What is known of descriptions while they compile: compiling this file is passing.
#include "attn/deserialise.h"
#include "attn/evaluate.h"
#include "models.h"

using namespace std::string_view_literals;
using attn::Description;
using attn::DotProductAttention;
using attn::fingerprint;
using attn::FullyMasked;
using attn::GroupQueryAttention;
using attn::MultiHeadAttention;
using attn::try_layer;

// ---- names

static_assert(attn::name_of<model::decoder>() == "decoder");
static_assert(attn::qualified_name_of<model::decoder>() == "model::decoder");
static_assert(attn::qualified_name_of<model::talking>() == "model::talking");
static_assert(attn::is_qualified_name("a::b_1::c") && attn::is_qualified_name("c"));
static_assert(!attn::is_qualified_name("") && !attn::is_qualified_name("a:b"));
static_assert(!attn::is_qualified_name("::a") && !attn::is_qualified_name("a::"));
static_assert(!attn::is_qualified_name("a:::b") && !attn::is_qualified_name("a::1"));
static_assert(!attn::is_qualified_name("(anonymous namespace)::a"));
static_assert(model::encoder.line == model::line_of_encoder &&
              std::string_view(model::encoder.file).ends_with("models.h"));

// ---- inputs, weights, outputs of MultiHeadAttention, in the order of the original

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
static_assert(weights_are(model::encoder,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                           "value/bias", "attention_output/kernel", "attention_output/bias"}));
static_assert(weights_are(model::decoder, {"query/kernel", "key/kernel", "value/kernel",
                                           "attention_output/kernel"}));
static_assert(inputs_are(model::encoder,
                         {"query", "value", "key", "attention_mask", "use_causal_mask"}));
static_assert(inputs_are(model::packed, {"query", "value", "key", "document", "attention_mask",
                                         "use_causal_mask"}));

constexpr const attn::Node& input(const Description& d, std::string_view name) {
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == attn::Op::input && n.name.view() == name) return n;
  }
  return d.graph.nodes[47];
}
static_assert(input(model::encoder, "use_causal_mask").flag);
static_assert(input(model::encoder, "use_causal_mask").optional);
static_assert(input(model::encoder, "use_causal_mask").axes.size == 0);
static_assert(!input(model::encoder, "attention_mask").flag);
static_assert(input(model::encoder, "attention_mask").optional);
static_assert(input(model::encoder, "attention_mask").operand[0] == -1);
static_assert(input(model::encoder, "attention_mask").axes ==
              attn::Axes{{attn::Kind::batch},
                         {attn::Kind::head, 0, -1, 12},
                         {attn::Kind::query},
                         {attn::Kind::key}});
static_assert(input(model::encoder, "key").optional &&
              input(model::encoder, "key").operand[0] == 1);
static_assert(!input(model::encoder, "query").optional);
static_assert(input(model::packed, "document").type == attn::Type::index);

static_assert(model::encoder.graph.outputs.size == 2);
static_assert(model::encoder.graph.outputs[0].name == "output" &&
              !model::encoder.graph.outputs[0].optional);
static_assert(model::encoder.graph.outputs[1].name == "attention_scores" &&
              model::encoder.graph.outputs[1].optional);

// ---- of GroupQueryAttention and DotProductAttention

static_assert(weights_are(model::grouped,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                           "value/bias", "attention_output/kernel", "attention_output/bias"}));
static_assert(inputs_are(model::grouped,
                         {"query", "value", "key", "attention_mask", "use_causal_mask"}));
static_assert(input(model::grouped, "attention_mask").axes.extent(attn::Kind::head) == 6);
constexpr attn::Axes kernel_of_grouped(int weight) {
  return model::grouped.graph.weights[weight].axes;
}
static_assert(kernel_of_grouped(0) == attn::Axes{{attn::Kind::feature, 0, 0, 0},
                                                 {attn::Kind::head, 0, -1, 6},
                                                 {attn::Kind::size, 0, -1, 16}});
static_assert(kernel_of_grouped(2) == attn::Axes{{attn::Kind::feature, 0, 2, 0},
                                                 {attn::Kind::head, 0, -1, 2},
                                                 {attn::Kind::size, 0, -1, 16}});
static_assert(kernel_of_grouped(4) == attn::Axes{{attn::Kind::feature, 0, 1, 0},
                                                 {attn::Kind::head, 0, -1, 2},
                                                 {attn::Kind::size, 0, -1, 16}});
static_assert(kernel_of_grouped(6) == attn::Axes{{attn::Kind::head, 0, -1, 6},
                                                 {attn::Kind::size, 0, -1, 16},
                                                 {attn::Kind::feature, 0, 0, 0}});
constexpr int count_of(const Description& d, attn::Op op) {
  int count = 0;
  for (const attn::Node& n : d.graph.nodes) count += n.op == op;
  return count;
}
static_assert(count_of(model::grouped, attn::Op::share_heads) == 2);
static_assert(count_of(attn::layer(GroupQueryAttention{
                           .head_dim = 4, .num_query_heads = 3, .num_key_value_heads = 3}),
                       attn::Op::share_heads) == 0);

static_assert(model::plain.graph.weights.size == 0);
static_assert(inputs_are(model::plain, {"query", "key", "value", "attention_mask"}));
static_assert(input(model::plain, "value").axes == attn::Axes{{attn::Kind::batch},
                                                              {attn::Kind::key},
                                                              {attn::Kind::head, 0, -1, 2},
                                                              {attn::Kind::size, 0, -1, 24}});
static_assert(model::plain.graph.nodes[model::plain.graph.outputs[0].value].axes ==
              attn::Axes{{attn::Kind::batch},
                         {attn::Kind::query},
                         {attn::Kind::head, 0, -1, 8},
                         {attn::Kind::size, 0, -1, 24}});
static_assert(model::plain.graph.outputs[1].name == "attention_scores" &&
              model::plain.graph.outputs[1].optional);

// ---- rows without a key: the rule follows Keras's two paths

constexpr const attn::Node& softmax_of(const Description& d) {
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == attn::Op::softmax) return n;
  }
  return d.graph.nodes[47];
}
constexpr bool rules_are(const Description& d, FullyMasked alone, FullyMasked with_scores) {
  const attn::Node& n = softmax_of(d);
  return n.fully_masked == alone && n.fully_masked_with_scores == with_scores;
}
static_assert(rules_are(model::encoder, FullyMasked::uniform, FullyMasked::zero));
static_assert(rules_are(model::decoder, FullyMasked::zero, FullyMasked::zero));
static_assert(rules_are(model::packed, FullyMasked::zero, FullyMasked::zero));
static_assert(rules_are(model::grouped, FullyMasked::uniform, FullyMasked::zero));
static_assert(rules_are(model::plain, FullyMasked::zero, FullyMasked::zero));
static_assert(rules_are(model::additive, FullyMasked::additive, FullyMasked::zero));
static_assert(rules_are(model::talking, FullyMasked::uniform, FullyMasked::uniform));

// ---- fingerprints: equal for equal graphs, and for no others; places do not count

constexpr MultiHeadAttention small{.num_heads = 2, .key_dim = 4};
constexpr auto print_of(auto change) {
  MultiHeadAttention d = small;
  change(d);
  return fingerprint(try_layer(d));
}
static_assert(fingerprint(try_layer(small)) == fingerprint(try_layer(small, "elsewhere.h", 99)));
static_assert(fingerprint(attn::layer(small)) == fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.value_dim = 4; }) == fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.num_heads = 3; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.value_dim = 5; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.use_bias = false; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.dropout = 0.5f; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.dropout = 0.5f; }) !=
              print_of([](auto& d) { d.dropout = 0.25f; }));
static_assert(print_of([](auto& d) { d.output_shape = 8; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) {
                d.output_shape = {2, 4};
              }) != print_of([](auto& d) {
                d.output_shape = {4, 2};
              }));
static_assert(print_of([](auto& d) { d.mask = attn::causal; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.mask = attn::sliding_window(3); }) !=
              print_of([](auto& d) { d.mask = attn::sliding_window(4); }));
static_assert(print_of([](auto& d) { d.fully_masked = FullyMasked::zero; }) !=
              fingerprint(try_layer(small)));

// ---- masks are formulas: the same ones are equal, and the empty one lets everything through

static_assert(attn::Mask{}.formula.empty());
static_assert((attn::Mask{} & attn::causal).formula.size == attn::causal.formula.size);
static_assert((attn::causal | attn::Mask{}).formula.empty());
static_assert((attn::causal & attn::causal).formula.size == attn::causal.formula.size + 1);
static_assert(attn::evaluate((!attn::causal).formula, {.query = 1, .key = 2}).truth());

// ---- lines: of the calls in the description's own file

// clang-format off
constexpr auto own_layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto s = scores(query, key)
      * 2.0f;
  return combine(softmax(s),
                 value);
});
// clang-format on
constexpr int line_of(const Description& d, attn::Op op) {
  for (const attn::Node& n : d.graph.nodes) {
    if (n.op == op) return n.line - d.line;
  }
  return -1;
}
static_assert(line_of(own_layer, attn::Op::input) == 1);
static_assert(line_of(own_layer, attn::Op::scores) == 2);
static_assert(softmax_of(own_layer).line == own_layer.line + 4);
static_assert(softmax_of(model::encoder).line == 0);  // the call stands in layers.h

// ---- mistakes as values, still in the compiler

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
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .dropout = 1}),
                   "`dropout` must be in [0, 1)"));
static_assert(says(try_layer(MultiHeadAttention{.num_heads = 4, .key_dim = 4, .output_shape = 0}),
                   "`output_shape` must be positive, not {}"));
static_assert(says(try_layer(MultiHeadAttention{
                       .num_heads = 4, .key_dim = 4, .output_shape = {1, 2, 3, 4, 5}}),
                   "`output_shape` has at most {} numbers, not {}"));
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

// ---- nothing is a value

constexpr auto without_gate = try_layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto p = softmax(scores(query, key));
  const auto gate = project(query, "gate", attn::heads(0, 4));
  return combine(p, value) * sigmoid(gate) + combine(attn::nothing, value);
});
static_assert(!without_gate.error() && without_gate.graph.weights.size == 0);
static_assert(without_gate.graph.nodes.size == 6);

// ---- every model is a proper graph, and becomes bytes in the compiler

constexpr bool all_are_valid() {
  bool valid = true;
  model::layers::for_each(
      [&](std::string_view, const Description& d) { valid = valid && !attn::validate(d.graph); });
  return valid;
}
static_assert(all_are_valid());
static_assert(model::layers::size == 12);
constexpr auto bytes = attn::serialise<model::encoder>();
static_assert(bytes[0] == 'a' && bytes[7] == 0 && bytes[8] == attn::section_version);
static_assert(bytes[12] + 256 * bytes[13] == bytes.size() && bytes[16] == 1);
