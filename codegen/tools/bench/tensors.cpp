#include "tools/bench/tensors.h"

#include <cmath>
#include <cstring>

#include "tools/fixture.h"

namespace attnc {
namespace {

BenchTensor empty(std::string name, const attn::Shape& shape) {
  return {std::move(name), shape, Floats(static_cast<size_t>(shape.elements()))};
}

void copy_bytes(const attn::Tensor& from, attn::DType to, Floats& out) {
  const std::vector<std::byte> bytes = converted(from, to);
  std::memcpy(out.data(), bytes.data(), bytes.size());
}

/// Makes a tensor one of 16-bit numbers.
void store_as(BenchTensor& t, attn::DType type) {
  t.type = type;
  t.stored = Floats((t.memory.size() + 1) / 2);
  copy_bytes(attn::Tensor(t.memory.data(), t.shape), type, t.stored);
  copy_bytes(attn::Tensor(t.data(), type, t.shape), attn::DType::float32, t.memory);
}

/// The shape and strides that view memory (batch, head, position, size) as [batch, position, head,
/// size].
std::pair<attn::Shape, attn::Shape> by_position(const attn::Shape& s) {
  return {{s[0], s[2], s[1], s[3]}, {s[1] * s[2] * s[3], s[3], s[2] * s[3], 1}};
}

}  // namespace

const BenchTensor& BenchTensors::at(std::string_view name) const {
  size_t i = 0;
  while (i + 1 < given.size() && given[i].name != name) ++i;
  return given[i];
}

std::vector<attn::NamedTensor> BenchTensors::all() const {
  std::vector<attn::NamedTensor> out;
  for (const auto* list : {&given, &results}) {
    for (const BenchTensor& t : *list)
      out.push_back({t.name, attn::Tensor(t.memory.data(), t.shape)});
  }
  return out;
}

namespace {

BenchTensors float_tensors(const BenchCase& c) {
  Normal normal;
  BenchTensors out;
  auto add = [&](const char* name, const attn::Shape& shape, double scale) {
    out.given.push_back(empty(name, shape));
    normal.fill(out.given.back().memory, scale);
  };
  const int64_t b = c.batch, h = c.query_heads, kv = c.key_heads, d = c.size, dv = c.value_size,
                e = c.hidden;
  const auto add_slopes = [&] {
    if (!c.alibi) return;
    out.given.push_back(empty("slopes", {h}));
    for (int64_t i = 0; i < h; ++i) {
      out.given.back().memory.data()[i] =
          static_cast<float>(std::exp2(-8.0 * static_cast<double>(i + 1) / static_cast<double>(h)));
    }
  };
  if (!c.whole_layer) {
    add("q", {b, h, c.queries, d}, 1);
    const auto of_keys = [&](int64_t size) {
      return c.by_position ? attn::Shape{b, c.keys, kv, size} : attn::Shape{b, kv, c.keys, size};
    };
    add("k", of_keys(d), 1);
    add("v", of_keys(dv), 1);
    add_slopes();
    out.results.push_back(empty("output", {b, h, c.queries, dv}));
    return out;
  }
  const double in = 1 / std::sqrt(c.hidden), back = 1 / std::sqrt(static_cast<double>(h * dv));
  add("x", {b, c.queries, e}, 1);
  if (c.cross()) add("y", {b, c.keys, e}, 1);
  add_slopes();
  add("query/kernel", {e, h, d}, in), add("query/bias", {h, d}, 1);
  add("key/kernel", {e, kv, d}, in), add("key/bias", {kv, d}, 1);
  add("value/kernel", {e, kv, dv}, in), add("value/bias", {kv, dv}, 1);
  add("attention_output/kernel", {h, dv, e}, back), add("attention_output/bias", {e}, 1);
  out.results.push_back(empty("output", {b, c.queries, e}));
  return out;
}

}  // namespace

BenchTensors make_tensors(const BenchCase& c) {
  BenchTensors out = float_tensors(c);
  if (c.scores)
    out.results.push_back(empty("attention_scores", {c.batch, c.query_heads, c.queries, c.keys}));
  if (c.dtype == attn::DTypePolicy::float32) return out;
  const attn::DType type =
      c.dtype == attn::DTypePolicy::float16 ? attn::DType::float16 : attn::DType::bfloat16;
  for (auto* list : {&out.given, &out.results}) {
    for (BenchTensor& t : *list) store_as(t, type);
  }
  return out;
}

void widen_results(BenchTensors& t) {
  for (BenchTensor& r : t.results) {
    if (r.type != attn::DType::float32)
      copy_bytes(attn::Tensor(r.data(), r.type, r.shape), attn::DType::float32, r.memory);
  }
}

std::vector<attn::NamedTensor> inputs_of(const BenchCase& c, const BenchTensors& t) {
  std::vector<attn::NamedTensor> tables;
  const auto whole = [&](const char* name) {
    const BenchTensor& own = t.at(name);
    return attn::Tensor(own.data(), own.type, own.shape);
  };
  if (c.alibi) tables.push_back({"slopes", whole("slopes")});
  if (c.whole_layer) {
    tables.insert(tables.begin(), {{"query", whole("x")}, {"value", whole(c.cross() ? "y" : "x")}});
    return tables;
  }
  auto heads = [&](const char* name) {
    const BenchTensor& own = t.at(name);
    const auto [shape, strides] = by_position(own.shape);
    return attn::Tensor(own.data(), own.type, shape, strides);
  };
  tables.insert(tables.begin(), {{"query", heads("q")},
                                 {"key", c.by_position ? whole("k") : heads("k")},
                                 {"value", c.by_position ? whole("v") : heads("v")}});
  return tables;
}

std::vector<attn::NamedMutableTensor> outputs_of(const BenchCase& c, BenchTensors& t) {
  std::vector<attn::NamedMutableTensor> outputs;
  for (BenchTensor& out : t.results) {
    if (c.whole_layer || &out != &t.results.front()) {
      outputs.push_back({out.name, attn::MutableTensor(out.data(), out.type, out.shape)});
      continue;
    }
    const auto [shape, strides] = by_position(out.shape);
    outputs.push_back({out.name, attn::MutableTensor(out.data(), out.type, shape, strides)});
  }
  return outputs;
}

}  // namespace attnc
