// Compile-time facts about the named layers: if this file compiles, the test has passed.
#include "facts.h"

// ---- MultiHeadAttention: inputs, weights and outputs, in the order of the original

static_assert(weights_are(model::encoder,
                          {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                           "value/bias", "attention_output/kernel", "attention_output/bias"}));
static_assert(weights_are(model::decoder, {"query/kernel", "key/kernel", "value/kernel",
                                           "attention_output/kernel"}));
static_assert(inputs_are(model::encoder, {"query", "value", "key", "attention_mask", "query_mask",
                                          "value_mask", "key_mask", "use_causal_mask"}));
static_assert(inputs_are(model::packed, {"query", "value", "key", "attention_mask", "query_mask",
                                         "value_mask", "key_mask", "use_causal_mask", "document"}));

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

// ---- GroupQueryAttention and DotProductAttention

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

// ---- CachedMultiHeadAttention: three modes, depending on the inputs of a call

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
// Without a cache: the projected keys. With a cache: the cache's keys, before or after the update.
static_assert(count_of(cached, Op::as_keys) == 2 && count_of(cached, Op::splice) == 1);
static_assert(count_of(cached, Op::given) == 4 && count_of(cached, Op::slot) == 2);
static_assert(output(cached, "cache").op == Op::given && output(cached, "cache").operand[2] == -1);
static_assert(operand(cached, output(cached, "cache"), 0).name == "cache_update_index");
static_assert(operand(cached, output(cached, "cache"), 1).op == Op::splice);
static_assert(cached.graph.outputs.size == 3 && !cached.graph.outputs[2].optional);
static_assert(cached.graph.nodes[cached.graph.outputs[2].starts_as].name == "cache");
static_assert(cached.graph.outputs[0].starts_as == -1);
static_assert(input(cached, "attention_mask").reading == attn::above_half_with_scores);
// A gate has weights, as in KerasHub, but nothing reads them.
constexpr auto cached_gate =
    attn::layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .use_gate = true});
static_assert(weights_are(cached_gate, {"query/kernel", "query/bias", "key/kernel", "key/bias",
                                        "gate/kernel", "gate/bias", "value/kernel", "value/bias",
                                        "attention_output/kernel", "attention_output/bias"}));
static_assert(cached_gate.graph.nodes.size == cached.graph.nodes.size);
// Values with another size than keys do not fit into a cache: one mode is left.
constexpr auto uncached =
    attn::layer(CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .value_dim = 3});
static_assert(inputs_are(uncached, {"query", "value", "key", "attention_mask", "use_causal_mask"}));
static_assert(uncached.graph.outputs.size == 2 && count_of(uncached, Op::given) == 0);

// ---- ReuseMultiHeadAttention: reuses no heads, some, all

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
static_assert(fingerprint(reuse(-1, true)) == fingerprint(reuse(-1)));  // no heads of its own
static_assert(input(reuse_two, "attention_mask").soft &&
              input(reuse_two, "attention_mask").type == attn::Type::real);

// ---- Attention

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
// Attention takes any number as a truth, as Keras does; the masks of other layers refuse some.
static_assert(input(luong, "value_mask").reading == (attn::any_number | attn::from_right));
static_assert(input(luong, "query_mask").reading == (attn::any_number | attn::from_right));

// ---- attention_axes: positions in the given order, other axes as batch axes

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
// The output has the query's order of axes, whatever order the scores have.
static_assert(input(over({2, 1}), "query").axes ==
              Axes{{Kind::batch}, {Kind::query, 1}, {Kind::query, 0}, {Kind::feature, 0, 0}});
static_assert(output(over({2, 1}), "output").axes == input(over({2, 1}), "query").axes);
static_assert(fingerprint(over(-2, 4)) == fingerprint(over(2)));
static_assert(fingerprint(over({}, 4)) == fingerprint(over({1, 2})));
static_assert(fingerprint(over({}, 3)) == fingerprint(over({})));
static_assert(fingerprint(over(1)) == fingerprint(over({})));
static_assert(inputs_are(over({1, 2}), {"query", "value", "key", "attention_mask"}));

// ---- rows without a key: the rule follows Keras's two paths

constexpr bool rules_are(const Description& d, FullyMasked alone, FullyMasked with_scores) {
  const attn::Node& n = softmax_of(d);
  return n.rules.alone == alone && n.rules.with_scores == with_scores;
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
static_assert(softmax_of(model::sigmoids).rules.sigmoid &&
              softmax_of(model::sigmoids).sink.empty());
static_assert(!softmax_of(model::streaming).rules.sigmoid &&
              !softmax_of(model::streaming).sink.empty());
static_assert(rules_are(model::talking, FullyMasked::uniform, FullyMasked::uniform));
