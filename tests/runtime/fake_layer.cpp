#include "fake_layer.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <memory>

namespace fake {
namespace {

// clang-format off
const attn_axis query_axes[] = {{ATTN_AXIS_BATCH, 0, -1, 0, 0}, {ATTN_AXIS_QUERY, 0, -1, 0, 0}, {ATTN_AXIS_FEATURE, 0, 0, 0, 0}};
const attn_axis value_axes[] = {{ATTN_AXIS_BATCH, 0, -1, 0, 0}, {ATTN_AXIS_KEY, 0, -1, 0, 0}, {ATTN_AXIS_FEATURE, 0, 1, 0, 0}};
const attn_axis key_axes[] = {{ATTN_AXIS_BATCH, 0, -1, 0, 0}, {ATTN_AXIS_KEY, 0, -1, 0, 0}, {ATTN_AXIS_FEATURE, 0, 2, 0, 0}};
const attn_axis score_axes[] = {{ATTN_AXIS_BATCH, 0, -1, 0, 0}, {ATTN_AXIS_HEAD, 0, -1, heads, 0},
                                {ATTN_AXIS_QUERY, 0, -1, 0, 0}, {ATTN_AXIS_KEY, 0, -1, 0, 0}};
const attn_axis query_kernel_axes[] = {{ATTN_AXIS_FEATURE, 0, 0, 0, 0}, {ATTN_AXIS_HEAD, 0, -1, heads, 0}, {ATTN_AXIS_SIZE, 0, -1, size, 0}};
const attn_axis bias_axes[] = {{ATTN_AXIS_HEAD, 0, -1, heads, 0}, {ATTN_AXIS_SIZE, 0, -1, size, 0}};
const attn_axis key_kernel_axes[] = {{ATTN_AXIS_FEATURE, 0, 2, 0, 0}, {ATTN_AXIS_HEAD, 0, -1, heads, 0}, {ATTN_AXIS_SIZE, 0, -1, size, 0}};

const attn_tensor_info inputs[] = {
    {"query", query_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
    {"value", value_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
    {"key", key_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 1, 1, -1, 0},
    {"attention_mask", score_axes, 4, ATTN_VALUE_TRUTH, ATTN_BOOL, 1, -1, -1, 0},
    {"use_causal_mask", nullptr, 0, ATTN_VALUE_TRUTH, ATTN_BOOL, 1, -1, -1, 0}};
const attn_tensor_info weights[] = {
    {"query/kernel", query_kernel_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
    {"query/bias", bias_axes, 2, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
    {"key/kernel", key_kernel_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0}};
const attn_tensor_info outputs[] = {
    {"output", query_axes, 3, ATTN_VALUE_REAL, ATTN_FLOAT32, 0, -1, -1, 0},
    {"attention_scores", score_axes, 4, ATTN_VALUE_REAL, ATTN_FLOAT32, 1, -1, -1, 0}};
const attn_packing packings[] = {
    {0, ATTN_PACK_PANELS, 1, 0, 0, size, 8, 4, 1.0},
    {1, ATTN_PACK_VECTOR, 0, 0, 0, size, 8, 4, 1.0}};
const attn_argument arguments[] = {
    {ATTN_ARGUMENT_INPUT, ATTN_FORM_ROWS, 0}, {ATTN_ARGUMENT_INPUT, ATTN_FORM_ROWS, 1},
    {ATTN_ARGUMENT_INPUT, ATTN_FORM_ROWS, 2}, {ATTN_ARGUMENT_INPUT, ATTN_FORM_PAIRS, 3},
    {ATTN_ARGUMENT_FLAG, 0, 4}, {ATTN_ARGUMENT_PACKED, 0, 0},
    {ATTN_ARGUMENT_OUTPUT, ATTN_FORM_ROWS, 0}, {ATTN_ARGUMENT_OUTPUT, ATTN_FORM_PAIRS, 1}};
// clang-format on

std::atomic<int> runs{0};

// The bytes that a kernel counts for one allocation.
int64_t counted(int64_t bytes) { return (bytes + 127) / 128 * 128 + 128; }

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fake kernel: %s\n", what);
  std::abort();
}

const attn_buffer& buffer(void* argument) { return *static_cast<const attn_buffer*>(argument); }

template <class T>
T& at(const attn_buffer& b, std::initializer_list<int64_t> index) {  // innermost first
  int64_t offset = 0;
  int d = 0;
  for (int64_t i : index) {
    check(i >= 0 && i < b.dim[d].extent, "index out of bounds");
    offset += i * b.dim[d++].stride;
  }
  check(d == b.dimensions, "another rank");
  return reinterpret_cast<T*>(b.host)[offset];
}

struct Closure {
  const attn_buffer *query, *value, *key, *mask, *kernel, *output, *scores;
  bool causal;
  float* sums;  // per call: value[b, s, 0] + 2 * key[b, s, last]
};

struct Row {
  const Closure* c;
  int batch, query;
  float* scores;  // [head][key], per worker
};

int one_head(attn_call* call, int head, uint8_t* closure) {
  const Row& row = *reinterpret_cast<Row*>(closure);
  const Closure& c = *row.c;
  const int keys = c.value->dim[1].extent;
  // Memory is not released in the order of a stack.
  auto* first = static_cast<float*>(call->allocate(call, 4));
  auto* second = static_cast<float*>(call->allocate(call, 4));
  check(reinterpret_cast<uintptr_t>(second) % 128 == 0 && second != first, "alignment");
  *first = 1;
  *second = 0;
  for (int s = 0; s < keys; ++s) {
    const uint8_t mask = at<uint8_t>(*c.mask, {s, row.query, head, row.batch});
    const bool seen = mask != 0 && (!c.causal || s <= row.query);
    row.scores[head * keys + s] = seen ? *first + static_cast<float>(s) + *second : 0.0f;
  }
  call->release(call, first);
  call->release(call, second);
  return 0;
}

int one_row(attn_call* call, int index, uint8_t* closure) {
  const Closure& c = *reinterpret_cast<Closure*>(closure);
  const int queries = c.query->dim[1].extent, keys = c.value->dim[1].extent;
  Row row{&c, index / queries, index % queries, nullptr};
  row.scores = static_cast<float*>(call->allocate(call, 4u * heads * static_cast<uint64_t>(keys)));
  if (int failed = call->parallel_for(call, one_head, 0, heads, reinterpret_cast<uint8_t*>(&row))) {
    return failed;
  }
  float sum = 0;
  for (int h = 0; h < heads; ++h) {
    for (int s = 0; s < keys; ++s) {
      sum += row.scores[h * keys + s] * c.sums[row.batch * keys + s];
      if (c.scores != nullptr) {
        at<float>(*c.scores, {s, row.query, h, row.batch}) = row.scores[h * keys + s];
      }
    }
  }
  const float w = *reinterpret_cast<const float*>(c.kernel->host);
  for (int f = 0; f < c.query->dim[0].extent; ++f) {
    at<float>(*c.output, {f, row.query, row.batch}) =
        at<float>(*c.query, {f, row.query, row.batch}) + w + sum;
  }
  call->release(call, row.scores);
  return 0;
}

template <bool with_scores>
int run(void** a) {
  ++runs;
  attn_call* call = *static_cast<attn_call**>(a[0]);
  Closure c{&buffer(a[1]),
            &buffer(a[2]),
            &buffer(a[3]),
            &buffer(a[4]),
            &buffer(a[6]),
            &buffer(a[7]),
            with_scores ? &buffer(a[8]) : nullptr,
            *static_cast<uint8_t*>(a[5]) != 0,
            nullptr};
  check(c.query->dim[0].stride == 1 && c.query->type_code == 2 && c.query->type_bits == 32,
        "query");
  check(c.mask->type_code == 1 && c.mask->type_bits == 8 && c.mask->dimensions == 4, "mask");
  check(c.mask->dim[0].stride == 0 || c.mask->dim[0].stride == 1, "mask's keys");
  check(c.kernel->dimensions == 3 && c.kernel->dim[0].extent == 4, "panels");
  const int batch = c.query->dim[2].extent, keys = c.value->dim[1].extent;
  c.sums = static_cast<float*>(call->allocate(call, 4u * static_cast<uint64_t>(batch * keys)));
  check(reinterpret_cast<uintptr_t>(c.sums) % 128 == 0, "alignment");
  for (int b = 0; b < batch; ++b) {
    for (int s = 0; s < keys; ++s) {
      const int last = c.key->dim[0].extent - 1;
      c.sums[b * keys + s] = at<float>(*c.value, {0, s, b}) + 2 * at<float>(*c.key, {last, s, b});
    }
  }
  const int failed = call->parallel_for(call, one_row, 0, batch * c.query->dim[1].extent,
                                        reinterpret_cast<uint8_t*>(&c));
  call->release(call, c.sums);
  return failed;
}

template <int outputs_made>
int workspace(void** a) {
  const attn_buffer &query = buffer(a[1]), &value = buffer(a[2]),
                    &result = buffer(a[7 + outputs_made]);
  check(result.type_bits == 64 && result.dim[0].extent == 2, "result");
  auto* bytes = reinterpret_cast<int64_t*>(result.host);
  const int64_t keys = value.dim[1].extent;
  bytes[0] = counted(4 * keys * query.dim[2].extent);
  bytes[1] = counted(4 * heads * keys) + 2 * counted(4);
  return 0;
}

template <int outputs_made>
int no_workspace(void** a) {
  auto* bytes = reinterpret_cast<int64_t*>(buffer(a[7 + outputs_made]).host);
  bytes[0] = bytes[1] = 0;
  return 0;
}

int failing(void**) { return 7; }

// clang-format off
const attn_path plain[] = {{"output", 1, 0, 0, 0, 7, arguments, run<false>, workspace<1>},
                           {"output_attention_scores", 3, 0, 0, 0, 8, arguments, run<true>, workspace<2>}};
const attn_path greedy[] = {{"output", 1, 0, 0, 0, 7, arguments, run<false>, no_workspace<1>}};
const attn_path fails[] = {{"output", 1, 0, 0, 0, 7, arguments, failing, workspace<1>}};
const attn_variant variants[] = {
    {"future", uint64_t{1} << 40, 0, 2, 2, packings, plain},
    {"plain", 0, 0, 2, 2, packings, plain},
    {"greedy", 0, 0, 2, 1, packings, greedy},
    {"failing", 0, 0, 2, 1, packings, fails}};
// clang-format on

}  // namespace

const attn_layer_table table = {ATTN_ABI_VERSION,
                                5,
                                3,
                                2,
                                4,
                                ATTN_FLOAT32,
                                0x1122334455667788u,
                                "model::fake",
                                "test_layers",
                                inputs,
                                weights,
                                outputs,
                                variants};

attn_layer_table changed(const std::function<void(attn_layer_table&)>& change) {
  attn_layer_table copy = table;
  change(copy);
  return copy;
}

Call::Call(const Shapes& s) : shapes(s) {
  float next = 0;
  auto fill = [&](std::vector<float>& to, int64_t n) {
    to.resize(static_cast<size_t>(n));
    for (float& x : to) x = (next += 0.125f);
  };
  fill(query, s.batch * s.query * s.query_features);
  fill(value, s.batch * s.key * s.value_features);
  fill(key, s.batch * s.key * s.key_features);
  fill(query_kernel, s.query_features * heads * size);
  fill(query_bias, heads * size);
  fill(key_kernel, s.key_features * heads * size);
  output.assign(query.size(), -1);
  scores.assign(static_cast<size_t>(s.batch * heads * s.query * s.key), -1);
}

std::vector<attn::NamedTensor> Call::weights() const {
  return {{"query/kernel", {query_kernel, {shapes.query_features, heads, size}}},
          {"query/bias", {query_bias, {heads, size}}},
          {"key/kernel", {key_kernel, {shapes.key_features, heads, size}}}};
}

attn::AnyLayer Call::load(const attn::LoadOptions& options) const {
  const std::vector<attn::NamedTensor> named = weights();
  auto layer = attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(named), options);
  check(layer.ok(), layer.status().message().c_str());
  return *layer;
}

Reference reference(const Call& call, bool key_given, bool causal, const Mask& mask) {
  const Shapes& n = call.shapes;
  const std::vector<float>& keys = key_given ? call.key : call.value;
  const int64_t width = key_given ? n.key_features : n.value_features;
  Reference r{call.query, std::vector<float>(call.scores.size())};
  auto score = r.scores.begin();
  std::vector<float> sums(static_cast<size_t>(n.batch * n.query));
  for (int64_t b = 0; b < n.batch; ++b) {
    for (int64_t h = 0; h < heads; ++h) {
      for (int64_t t = 0; t < n.query; ++t) {
        for (int64_t s = 0; s < n.key; ++s) {
          const bool seen = (!mask || mask(b, h, t, s)) && (!causal || s <= t);
          const float x = seen ? 1 + static_cast<float>(s) : 0;
          *score++ = x;
          sums[static_cast<size_t>(b * n.query + t)] +=
              x * (call.value[static_cast<size_t>((b * n.key + s) * n.value_features)] +
                   2 * keys[static_cast<size_t>((b * n.key + s) * width + width - 1)]);
        }
      }
    }
  }
  for (size_t i = 0; i < r.output.size(); ++i) {
    r.output[i] += call.query_kernel[0] + sums[i / static_cast<size_t>(n.query_features)];
  }
  return r;
}

int kernel_runs() { return runs; }

}  // namespace fake
