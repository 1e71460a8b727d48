// Compile-time facts about names, fingerprints, lines and bytes: if this file compiles, the test
// has passed.
#include "attn/deserialise.h"
#include "attn/evaluate.h"
#include "facts.h"

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

// ---- fingerprints: equal for equal graphs and for no others; source locations do not count

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

// ---- masks are formulas: equal ones compare equal, and the empty mask hides nothing

static_assert(attn::Mask{}.formula.empty());
static_assert((attn::Mask{} & attn::causal).formula.size == attn::causal.formula.size);
static_assert((attn::causal | attn::Mask{}).formula.empty());
static_assert((attn::causal & attn::causal).formula.size == attn::causal.formula.size + 1);
static_assert(attn::evaluate((!attn::causal).formula, {.query = 1, .key = 2}).truth());

// ---- lines: those of calls in the description's own file

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
static_assert(softmax_of(model::encoder).line == 0);  // the call is in layers.h

// ---- nothing is a value

constexpr auto without_gate = try_layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto p = softmax(scores(query, key));
  const auto gate = project(query, "gate", attn::heads(0, 4));
  return combine(p, value) * sigmoid(gate) + combine(attn::nothing, value);
});
static_assert(!without_gate.error() && without_gate.graph.weights.size == 0);
static_assert(without_gate.graph.nodes.size == 6);

// ---- every model is a valid graph, and can be serialised in the compiler

constexpr bool all_are_valid() {
  bool valid = true;
  model::layers::for_each(
      [&](std::string_view, const Description& d) { valid = valid && !attn::validate(d.graph); });
  return valid;
}
static_assert(all_are_valid());
static_assert(model::layers::size == 17);
constexpr auto bytes = attn::serialise<model::encoder>();
static_assert(bytes[0] == 'a' && bytes[7] == 0 && bytes[10] == attn::section_version >> 16);
static_assert(bytes[12] + 256 * bytes[13] == bytes.size() && bytes[16] == 1);
