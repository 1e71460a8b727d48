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
static_assert(inputs_are(model::encoder, {"query", "value", "key", "attention_mask", "query_mask",
                                          "value_mask", "key_mask", "use_causal_mask"}));
static_assert(inputs_are(model::packed,
                         {"query", "value", "key", "attention_mask", "query_mask", "value_mask",
                          "key_mask", "use_causal_mask", "document"}));

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
static_assert(inputs_are(model::grouped, {"query", "value", "key", "attention_mask", "query_mask",
                                          "value_mask", "key_mask", "use_causal_mask"}));
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

// ---- of CachedMultiHeadAttention: three modes, by what a call brings

using attn::Axes;
using attn::CachedMultiHeadAttention;
using attn::Kind;
using attn::Op;
using attn::ReuseMultiHeadAttention;
constexpr auto cached = attn::layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4});
static_assert(weights_are(cached,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                           "value/bias", "attention_output/kernel", "attention_output/bias"}));
static_assert(inputs_are(cached, {"query", "value", "key", "cache", "cache_update_index",
                                  "attention_mask", "use_causal_mask"}));
constexpr Axes cache_axes{{Kind::batch},
                          {Kind::slot, 0, -1, 2},
                          {Kind::key},
                          {Kind::head, 0, -1, 2},
                          {Kind::size, 0, -1, 4}};
static_assert(input(cached, "cache").axes == cache_axes && input(cached, "cache").optional);
static_assert(input(cached, "cache").operand[0] == -1);
static_assert(input(cached, "value").axes ==
              Axes{{Kind::batch}, {Kind::update}, {Kind::feature, 0, 1}});
static_assert(input(cached, "cache_update_index").type == attn::Type::index &&
              input(cached, "cache_update_index").optional &&
              input(cached, "cache_update_index").axes == Axes{{Kind::batch}});
constexpr const attn::Node& output(const Description& d, std::string_view name) {
  for (const attn::Output& o : d.graph.outputs) {
    if (o.name.view() == name) return d.graph.nodes[o.value];
  }
  return d.graph.nodes[47];
}
constexpr const attn::Node& operand(const Description& d, const attn::Node& n, std::size_t i) {
  return d.graph.nodes[n.operand[i]];
}
// No cache: the projected keys as they are. A cache: its own, or those after the update.
static_assert(count_of(cached, Op::as_keys) == 2 && count_of(cached, Op::splice) == 1);
static_assert(count_of(cached, Op::given) == 4 && count_of(cached, Op::slot) == 2);
static_assert(output(cached, "cache").op == Op::given && output(cached, "cache").operand[2] == -1);
static_assert(operand(cached, output(cached, "cache"), 0).name == "cache_update_index");
static_assert(operand(cached, output(cached, "cache"), 1).op == Op::splice);
static_assert(cached.graph.outputs.size == 3 && !cached.graph.outputs[2].optional);
static_assert(cached.graph.nodes[cached.graph.outputs[2].starts_as].name == "cache");
static_assert(cached.graph.outputs[0].starts_as == -1);
static_assert(input(cached, "attention_mask").reading == attn::above_half_with_scores);
// A gate makes weights, as in KerasHub, and nothing reads them.
constexpr auto cached_gate =
    attn::layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .use_gate = true});
static_assert(weights_are(cached_gate, {"query/kernel", "query/bias", "key/kernel", "key/bias",
                                        "gate/kernel", "gate/bias", "value/kernel", "value/bias",
                                        "attention_output/kernel", "attention_output/bias"}));
static_assert(cached_gate.graph.nodes.size == cached.graph.nodes.size);
// Values of another size than keys fit no cache: one mode is left.
constexpr auto uncached =
    attn::layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .value_dim = 3});
static_assert(inputs_are(uncached, {"query", "value", "key", "attention_mask", "use_causal_mask"}));
static_assert(uncached.graph.outputs.size == 2 && count_of(uncached, Op::given) == 0);

// ---- of ReuseMultiHeadAttention: no heads, some, all of them

constexpr Description reuse(int heads, bool positions = false) {
  return try_layer(ReuseMultiHeadAttention{.num_heads = 3,
                                           .key_dim = 4,
                                           .reuse_attention = heads,
                                           .use_relative_pe = positions,
                                           .max_sequence_length = 5});
}
constexpr auto reuse_none = reuse(0), reuse_two = reuse(2), reuse_all = reuse(-1);
static_assert(weights_are(reuse_none,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias",
                           "value_new/kernel", "value_new/bias", "attention_output_new/kernel",
                           "attention_output_new/bias"}));
static_assert(inputs_are(reuse_none, {"query", "value", "key", "attention_mask"}));
static_assert(weights_are(reuse_two,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias",
                           "value_reuse/kernel", "value_reuse/bias", "value_new/kernel",
                           "value_new/bias", "attention_output_reuse/kernel",
                           "attention_output_reuse/bias", "attention_output_new/kernel"}));
static_assert(inputs_are(reuse_two,
                         {"query", "value", "key", "attention_mask", "reuse_attention_scores"}));
static_assert(input(reuse_two, "reuse_attention_scores").axes.free_heads());
static_assert(input(reuse_all, "reuse_attention_scores").axes.extent(Kind::head) == 3);
static_assert(output(reuse_two, "attention_scores").op == Op::concat_heads);
static_assert(weights_are(reuse_all,
                          {"value_reuse/kernel", "value_reuse/bias",
                           "attention_output_reuse/kernel", "attention_output_reuse/bias"}));
static_assert(output(reuse_all, "attention_scores").name == "reuse_attention_scores");
static_assert(count_of(reuse_all, Op::softmax) == 0);
static_assert(fingerprint(reuse(-1)) == fingerprint(reuse(3)));
static_assert(reuse(1, true).graph.weights[0].name == "relative_position_embeddings");
static_assert(reuse(1, true).graph.weights[0].axes ==
              Axes{{Kind::other, 0, -1, 1}, {Kind::other, 1, -1, 2}, {Kind::other, 2, -1, 9}});
static_assert(fingerprint(reuse(-1, true)) == fingerprint(reuse(-1)));  // no head of its own
static_assert(input(reuse_two, "attention_mask").soft &&
              input(reuse_two, "attention_mask").type == attn::Type::real);

// ---- of Attention

constexpr auto luong = attn::layer(attn::Attention{.size = 8});
static_assert(weights_are(luong, {}));
static_assert(inputs_are(luong,
                         {"query", "value", "key", "query_mask", "value_mask", "use_causal_mask"}));
static_assert(weights_are(attn::layer(attn::Attention{.use_scale = true, .size = 8}), {"scale"}));
constexpr auto additive_scores = attn::layer(attn::Attention{
    .use_scale = true, .score_mode = attn::ScoreMode::concat, .size = 8, .value_size = 3});
static_assert(weights_are(additive_scores, {"scale", "concat_score_weight"}));
static_assert(!input(additive_scores, "key").optional);  // value has another size
static_assert(input(luong, "key").operand[0] == 1);
static_assert(input(attn::layer(attn::Attention{.size = 8, .input_rank = 2}), "query").axes ==
              Axes{{Kind::query}, {Kind::size, 0, -1, 8}});
static_assert(input(attn::layer(attn::Attention{.size = 8, .input_rank = 4}), "value_mask").axes ==
              Axes{{Kind::batch}, {Kind::batch, 1}, {Kind::query}, {Kind::key}});

// ---- gates and windows

constexpr auto gate_window = attn::layer(MultiHeadAttention{
    .num_heads = 2, .key_dim = 4, .value_dim = 5, .sliding_window = 3, .use_gate = true});
static_assert(weights_are(gate_window, {"query/kernel", "query/bias", "key/kernel", "key/bias",
                                        "gate/kernel", "gate/bias", "value/kernel", "value/bias",
                                        "attention_output/kernel", "attention_output/bias"}));
static_assert(weights_are(attn::layer(GroupQueryAttention{.head_dim = 4,
                                                          .num_query_heads = 4,
                                                          .num_key_value_heads = 2,
                                                          .use_bias = false,
                                                          .use_gate = true}),
                          {"query/kernel", "key/kernel", "gate/kernel", "value/kernel",
                           "attention_output/kernel"}));
static_assert(attn::layer(MultiHeadAttention{.num_heads = 2, .key_dim = 4, .flash_attention = true})
                  .graph.outputs.size == 1);
static_assert(input(model::grouped, "attention_mask").reading ==
              (attn::above_half_with_scores | attn::only_mask));
static_assert(input(model::encoder, "attention_mask").reading == 0);
// Attention takes any number for a truth, as Keras; the masks of the others refuse some.
static_assert(input(luong, "value_mask").reading == (attn::any_number | attn::from_right));
static_assert(input(luong, "query_mask").reading == (attn::any_number | attn::from_right));

// ---- attention_axes: positions in the order given, other axes as batch axes

constexpr Description over(attn::Numbers axes, int rank = 0) {
  return try_layer(
      MultiHeadAttention{.num_heads = 2, .key_dim = 4, .attention_axes = axes, .input_rank = rank});
}
constexpr Axes scores_over(attn::Numbers axes, int rank = 0) {
  return output(over(axes, rank), "attention_scores").axes;
}
constexpr attn::Axis heads_axis{Kind::head, 0, -1, 2};
static_assert(input(over({2, 3}), "query").axes == Axes{{Kind::batch},
                                                        {Kind::batch, 1},
                                                        {Kind::query, 0},
                                                        {Kind::query, 1},
                                                        {Kind::feature, 0, 0}});
static_assert(scores_over({2, 3}) == Axes{{Kind::batch},
                                          {Kind::batch, 1},
                                          heads_axis,
                                          {Kind::query, 0},
                                          {Kind::query, 1},
                                          {Kind::key, 0},
                                          {Kind::key, 1}});
static_assert(input(over({1}, 4), "query").axes ==
              Axes{{Kind::batch}, {Kind::query}, {Kind::batch, 1}, {Kind::feature, 0, 0}});
static_assert(scores_over({1}, 4) ==
              Axes{{Kind::batch}, {Kind::batch, 1}, heads_axis, {Kind::query}, {Kind::key}});
// The output comes in the query's order, whatever the scores'.
static_assert(input(over({2, 1}), "query").axes ==
              Axes{{Kind::batch}, {Kind::query, 1}, {Kind::query, 0}, {Kind::feature, 0, 0}});
static_assert(output(over({2, 1}), "output").axes == input(over({2, 1}), "query").axes);
static_assert(fingerprint(over(-2, 4)) == fingerprint(over(2)));
static_assert(fingerprint(over({}, 4)) == fingerprint(over({1, 2})));
static_assert(fingerprint(over({}, 3)) == fingerprint(over({})));
static_assert(fingerprint(over(1)) == fingerprint(over({})));
static_assert(inputs_are(over({1, 2}), {"query", "value", "key", "attention_mask"}));

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
static_assert(rules_are(cached, FullyMasked::uniform, FullyMasked::zero));
static_assert(rules_are(luong, FullyMasked::additive, FullyMasked::additive));
static_assert(rules_are(model::sigmoids, FullyMasked::zero, FullyMasked::zero));
static_assert(softmax_of(model::sigmoids).sigmoid && softmax_of(model::sigmoids).sink.empty());
static_assert(!softmax_of(model::streaming).sigmoid && !softmax_of(model::streaming).sink.empty());
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
static_assert(print_of([](auto& d) { d.sink = attn::sink("sinks"); }) !=
              fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.sink = [](auto) { return 0.0f; }; }) !=
              print_of([](auto& d) { d.sink = [](auto) { return 1.0f; }; }));
static_assert(print_of([](auto& d) { d.probability = attn::Probability::sigmoid; }) !=
              fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.probability = attn::Probability::sigmoid; }) !=
              print_of([](auto& d) { d.fully_masked = FullyMasked::zero; }));
static_assert(print_of([](auto& d) { d.dtype = attn::DTypePolicy::float16; }) !=
              fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.sliding_window = 3; }) != fingerprint(try_layer(small)));
static_assert(print_of([](auto& d) { d.use_gate = true; }) != fingerprint(try_layer(small)));
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
static_assert(model::layers::size == 17);
constexpr auto bytes = attn::serialise<model::encoder>();
static_assert(bytes[0] == 'a' && bytes[7] == 0 && bytes[8] == attn::section_version);
static_assert(bytes[12] + 256 * bytes[13] == bytes.size() && bytes[16] == 1);
