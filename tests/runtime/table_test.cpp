// Tables that attnc would never generate.
#include <gtest/gtest.h>

#include "cached_layer.h"
#include "fake_layer.h"

namespace {

std::string message(const attn_layer_table& table,
                    attn::StatusCode code = attn::StatusCode::internal) {
  const fake::Call call;
  const std::vector<attn::NamedTensor> weights = call.weights();
  const auto layer = attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(weights));
  EXPECT_EQ(layer.status().code(), code);
  const std::string start = "layer `model::fake`: its table is malformed: ";
  const std::string end = "; build the library again, and if that does not help please report it";
  std::string m = layer.status().message();
  if (m.substr(0, start.size()) != start || m.size() < start.size() + end.size()) return m;
  m = m.substr(start.size());
  EXPECT_EQ(m.substr(m.size() - end.size()), end);
  return m.substr(0, m.size() - end.size());
}

TEST(Table, AnotherVersion) {
  attn_layer_table other = fake::table;
  other.abi_version = 9;
  other.name = reinterpret_cast<const char*>(8);  // nothing after the version may be read
  EXPECT_EQ(
      message(other, attn::StatusCode::unsupported),
      "the layer's table has ABI version 9, expected 6: build its library again with the attnc "
      "that belongs to this runtime");
}

TEST(Table, Counts) {
  EXPECT_EQ(message(fake::changed([](auto& t) { t.input_count = 33; })),
            "it has 33 inputs, 3 weights, 2 outputs and 4 variants");
  EXPECT_EQ(message(fake::changed([](auto& t) { t.variant_count = 0; })),
            "it has 5 inputs, 3 weights, 2 outputs and 0 variants");
  EXPECT_EQ(message(fake::changed([](auto& t) { t.inputs = nullptr; })),
            "one of its lists is null");
  EXPECT_EQ(message(fake::changed([](auto& t) { t.library = nullptr; })), "it has no library");
  EXPECT_EQ(message(fake::changed([](auto& t) { t.name = nullptr; })),
            "a layer: its table is malformed: it has no name; build the library again, and if that "
            "does not help please report it");
}

TEST(Table, Tensors) {
  auto with = [](size_t index, auto change) {
    std::vector<attn_tensor_info> inputs(fake::table.inputs, fake::table.inputs + 5);
    change(inputs[index]);
    return message(fake::changed([&](auto& t) { t.inputs = inputs.data(); }));
  };
  EXPECT_EQ(with(0, [](auto& i) { i.name = nullptr; }), "input 0 has no name");
  EXPECT_EQ(with(1, [](auto& i) { i.name = "query"; }), "input `query` is there twice");
  EXPECT_EQ(with(0, [](auto& i) { i.rank = 9; }), "input `query` has 9 axes");
  EXPECT_EQ(with(0, [](auto& i) { i.axes = nullptr; }), "input `query` has no axes");
  EXPECT_EQ(with(0, [](auto& i) { i.value = 7; }), "input `query` has value 7");
  EXPECT_EQ(with(0, [](auto& i) { i.dtype = 10; }), "input `query` has type 10");
  EXPECT_EQ(with(0, [](auto& i) { i.or_input = 5; }), "input `query` has no such stand-in");
  EXPECT_EQ(with(0, [](auto& i) { i.or_input = 2; }), "input `query` cannot be replaced by `key`");
  EXPECT_EQ(with(0, [](auto& i) { i.optional = 1; }),
            "variant `future` path `output` takes input `query`, which may be left out");
  EXPECT_EQ(with(3, [](auto& i) { i.or_input = 0; }),
            "input `attention_mask` is a mask or flag with a stand-in");
  const attn_axis bad[] = {{9, 0, -1, 0, 0}, {0, 0, -1, -1, 0}, {ATTN_AXIS_FEATURE, 0, 5, 0, 0}};
  EXPECT_EQ(with(0, [&](auto& i) { i.axes = bad, i.rank = 1; }),
            "input `query` has a malformed axis 0");
  EXPECT_EQ(with(0, [&](auto& i) { i.axes = bad + 1, i.rank = 1; }),
            "input `query` has a malformed axis 0");
  EXPECT_EQ(with(0, [&](auto& i) { i.axes = bad + 2, i.rank = 1; }),
            "input `query` has an axis of input 5");
}

TEST(Table, ReadingAndStandIns) {
  auto with = [](size_t index, auto change) {
    std::vector<attn_tensor_info> inputs(fake::table.inputs, fake::table.inputs + 5);
    change(inputs[index]);
    return message(fake::changed([&](auto& t) { t.inputs = inputs.data(); }));
  };
  EXPECT_EQ(with(3, [](auto& i) { i.reading = 32; }), "input `attention_mask` is read in way 32");
  EXPECT_EQ(with(0, [](auto& i) { i.reading = 1; }), "input `query` is read in way 1");
  EXPECT_EQ(with(2, [](auto& i) { i.value = ATTN_VALUE_SOFT; }),
            "input `key` is an index or soft mask with a stand-in");
  EXPECT_EQ(with(3, [](auto& i) { i.value = ATTN_VALUE_INDEX; }),
            "variant `future` path `output` takes input `attention_mask` in the wrong form");
  EXPECT_EQ(message(fake::changed([](auto& t) { t.compute_dtype = ATTN_BFLOAT16; })),
            "it computes with type 3");
}

TEST(Table, Outputs) {
  std::vector<attn_tensor_info> outputs(fake::table.outputs, fake::table.outputs + 2);
  auto with = [&](auto change) {
    std::vector<attn_tensor_info> changed = outputs;
    change(changed[0]);
    return message(fake::changed([&](auto& t) { t.outputs = changed.data(); }));
  };
  EXPECT_EQ(with([](auto& o) { o.value = ATTN_VALUE_TRUTH; }), "output `output` has value 2");
  EXPECT_EQ(with([](auto& o) { o.starts_as = 5; }), "output `output` starts as input 5");
  EXPECT_EQ(with([](auto& o) { o.starts_as = 3; }),
            "output `output` starts as input `attention_mask`, which is of another kind");
  EXPECT_EQ(with([](auto& o) { o.starts_as = 1; }),
            "output `output` starts as input `value`, which is of another kind");
  EXPECT_EQ(with([](auto& o) { o.dtype = ATTN_FLOAT16, o.starts_as = 0; }),
            "output `output` starts as input `query`, which is of another kind");
}

TEST(Table, FreeAxes) {
  std::vector<attn_axis> axes;
  std::vector<attn_tensor_info> inputs;
  for (uint8_t i = 0; i < 72; ++i) axes.push_back({ATTN_AXIS_OTHER, i, -1, 0, 0});
  std::vector<std::string> names;
  for (int i = 0; i < 9; ++i) names.push_back("x" + std::to_string(i));
  for (size_t i = 0; i < 9; ++i) {
    inputs.push_back(
        {names[i].c_str(), &axes[8 * i], 8, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0});
  }
  EXPECT_EQ(message(fake::changed([&](auto& t) { t.inputs = inputs.data(), t.input_count = 9; })),
            "there are over 64 free axes");
}

TEST(Table, Variants) {
  attn_variant variant = fake::table.variants[1];
  auto with = [&] {
    return message(fake::changed([&](auto& t) { t.variants = &variant, t.variant_count = 1; }));
  };
  auto packed = [&](auto change) {
    attn_packing packing = fake::table.variants[1].packings[0];
    change(packing);
    variant.packings = &packing;
    variant.packing_count = 1;
    return with();
  };
  EXPECT_EQ(packed([](auto& p) { p.weight = 3; }), "variant `plain` packs no weight");
  EXPECT_EQ(packed([](auto& p) { p.kind = 2; }),
            "variant `plain` packs weight `query/kernel` as kind 2");
  EXPECT_EQ(packed([](auto& p) { p.contracted = 4; }),
            "variant `plain` packs weight `query/kernel` with too many contracted axes");
  EXPECT_EQ(packed([](auto& p) { p.kind = ATTN_PACK_VECTOR; }),
            "variant `plain` packs weight `query/kernel` with rows");
  EXPECT_EQ(packed([](auto& p) { p.panel_width = 0; }),
            "variant `plain` packs weight `query/kernel` in panels of 0");
  EXPECT_EQ(packed([](auto& p) { p.column_block_padded = 4; }),
            "variant `plain` packs weight `query/kernel` in blocks that shrink");
  variant = fake::table.variants[1];
  auto path = [&](auto change) {
    attn_path one = fake::table.variants[1].paths[0];
    std::vector<attn_argument> arguments(one.arguments, one.arguments + one.argument_count);
    one.arguments = arguments.data();
    change(one, arguments);
    variant.paths = &one;
    variant.path_count = 1;
    return with();
  };
  EXPECT_EQ(path([](auto& p, auto&) { p.run = nullptr; }),
            "variant `plain` has a path without name or kernel");
  EXPECT_EQ(path([](auto& p, auto&) { p.argument_count = 97; }),
            "variant `plain` path `output` has 97 arguments");
  EXPECT_EQ(path([](auto& p, auto&) { p.outputs = 4; }),
            "variant `plain` path `output` makes outputs that there are not");
  EXPECT_EQ(path([](auto& p, auto&) { p.most_queries = -1; }),
            "variant `plain` path `output` serves at most -1 queries");
  EXPECT_EQ(path([](auto&, auto& a) { a[5].index = 2; }),
            "variant `plain` path `output` takes an argument that there is not");
  EXPECT_EQ(path([](auto&, auto& a) { a[4].kind = ATTN_ARGUMENT_LENGTH + 1; }),
            "variant `plain` path `output` takes an argument that there is not");
  EXPECT_EQ(path([](auto&, auto& a) { a[6].index = 1; }),
            "variant `plain` path `output` takes an output that it does not make");
  EXPECT_EQ(path([](auto&, auto& a) { a[0].index = 4; }),
            "variant `plain` path `output` takes input `use_causal_mask` in the wrong form");
  for (int form : {1, 2, 3, 4, 5, 255}) {
    EXPECT_EQ(path([&](auto&, auto& a) { a[0].form = static_cast<uint8_t>(form); }),
              "variant `plain` path `output` takes input `query` in the wrong form");
  }
  EXPECT_EQ(path([](auto&, auto& a) { a[3].form = ATTN_FORM_LIST; }),
            "variant `plain` path `output` takes input `attention_mask` in the wrong form");
  EXPECT_EQ(path([](auto&, auto& a) { a[6].form = ATTN_FORM_HEADS; }),
            "variant `plain` path `output` takes output `output` in the wrong form");
  EXPECT_EQ(path([](auto&, auto& a) { a[0] = a[6]; }),
            "variant `plain` path `output` takes output `output` twice");
  EXPECT_EQ(path([](auto&, auto& a) { a[6] = a[0]; }),
            "variant `plain` path `output` makes an output that it does not take");
  EXPECT_EQ(path([](auto& p, auto&) { p.given = 32; }),
            "variant `plain` path `output` serves calls with inputs that there are not");
  EXPECT_EQ(path([](auto& p, auto&) { p.absent = 1u << 31; }),
            "variant `plain` path `output` serves calls with inputs that there are not");
  EXPECT_EQ(path([](auto& p, auto&) { p.given = p.absent = 4; }),
            "variant `plain` path `output` serves calls with and without the same input");
  variant.path_count = 0;
  EXPECT_EQ(with(), "variant `plain` has no paths, or impossibly many parts");
  variant.target = nullptr;
  EXPECT_EQ(with(), "a variant has no target");
}

TEST(Table, Lengths) {
  auto with = [](uint8_t kind, int16_t number) {
    attn_variant variant = fake::table.variants[1];
    attn_path one = variant.paths[0];
    std::vector<attn_argument> arguments(one.arguments, one.arguments + one.argument_count);
    arguments.push_back({ATTN_ARGUMENT_LENGTH, kind, number});
    one.arguments = arguments.data();
    ++one.argument_count;
    variant.paths = &one;
    variant.path_count = 1;
    return message(fake::changed([&](auto& t) { t.variants = &variant, t.variant_count = 1; }));
  };
  EXPECT_EQ(with(9, 0), "variant `plain` path `output` takes the length of axis 0 of kind 9");
  EXPECT_EQ(with(ATTN_AXIS_QUERY, -1),
            "variant `plain` path `output` takes the length of axis -1 of kind 1");
  EXPECT_EQ(with(ATTN_AXIS_QUERY, 256),
            "variant `plain` path `output` takes the length of axis 256 of kind 1");
  EXPECT_EQ(with(ATTN_AXIS_KEY, 1),
            "variant `plain` path `output` takes the length of axis key.1, which no input of it "
            "tells");
  // The layer's own sizes, and the feature sizes of inputs, are not lengths of a call.
  EXPECT_EQ(with(ATTN_AXIS_HEAD, 0),
            "variant `plain` path `output` takes the length of axis head, which no input of it "
            "tells");
  EXPECT_EQ(with(ATTN_AXIS_FEATURE, 0),
            "variant `plain` path `output` takes the length of axis feature, which no input of it "
            "tells");
}

TEST(Table, InputsThatMayBeLeftOut) {
  using namespace recorder;
  auto wrong = [](Recorder& r) {
    const auto layer = attn::AnyLayer::load(r.table(), std::span<const attn::NamedTensor>());
    const std::string& m = layer.status().message();
    const std::string start = "layer `model::recorder`: its table is malformed: ";
    return m.substr(start.size(), m.find(';') - start.size());
  };
  Recorder taken;
  taken.input("x", {B, Q, F}, {.optional = true}).output("y", {B, Q, F});
  taken.path("path").takes("x", ATTN_FORM_ROWS).makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(taken), "variant `plain` path `path` takes input `x`, which may be left out");
  Recorder started;
  started.input("x", {B, Q, F}, {.optional = true}).output("y", {B, Q, F}, {.starts_as = 0});
  started.path("path").makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(started),
            "variant `plain` path `path` makes output `y` of an input that may be left out");
  Recorder length;  // only a mask has this axis, and a call may leave the mask out
  length.input("x", {B, Q, F}).output("y", {B, Q, F});
  length.input("mask", {B, Q, K}, {.value = ATTN_VALUE_TRUTH, .optional = true});
  length.path("path").takes("x", ATTN_FORM_ROWS).makes("y", ATTN_FORM_ROWS).takes_length(K);
  EXPECT_EQ(wrong(length),
            "variant `plain` path `path` takes the length of axis key, which no input of it tells");
  Recorder positions;
  positions.input("x", {B, Q, K, F}).output("y", {B, Q, F});
  positions.path("path").takes("x", ATTN_FORM_ROWS).makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(positions), "variant `plain` path `path` takes input `x` in the wrong form");
}

}  // namespace
