#include "tools/bench/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <set>

namespace attnc {
namespace {

/// x (rows by depth) times `kernel` (depth by columns) plus `bias`, in double. Works on a strip of
/// 8 rows and four steps of depth at a time, so the kernel is read once per strip.
std::vector<double> dense(const float* x, int64_t rows, int64_t depth, const float* kernel,
                          const float* bias, int64_t columns, attn::Executor& executor) {
  constexpr int64_t strip = 8;
  std::vector<double> y(static_cast<size_t>(rows * columns));
  const auto strips = static_cast<int>((rows + strip - 1) / strip);
  attn::parallel_for(executor, strips, [&](int s, int) {
    const int64_t begin = s * strip, end = std::min(rows, begin + strip);
    for (int64_t r = begin; r < end; ++r) std::copy_n(bias, columns, y.data() + r * columns);
    for (int64_t k = 0; k < depth; k += 4) {
      const int64_t deep = std::min<int64_t>(4, depth - k);
      for (int64_t r = begin; r < end; ++r) {
        double a[4] = {};
        const float* w[4];
        for (int64_t i = 0; i < 4; ++i) {
          if (i < deep) a[i] = x[r * depth + k + i];
          w[i] = kernel + (k + (i < deep ? i : 0)) * columns;
        }
        double* out = y.data() + r * columns;
        for (int64_t c = 0; c < columns; ++c) {
          out[c] += (a[0] * w[0][c] + a[1] * w[1][c]) + (a[2] * w[2][c] + a[3] * w[3][c]);
        }
      }
    }
  });
  return y;
}

/// Whether a query at `place` sees key `s`.
bool sees(const BenchCase& c, int64_t place, int64_t s) {
  if (c.causal && s > place) return false;
  if (c.window != 0 && std::abs(place - s) >= c.window) return false;
  return c.document == 0 || (place >= 0 && place / c.document == s / c.document);
}

/// One head of one query: softmax(f(q k / sqrt(size))) v, where f is softcap and ALiBi. Keys are
/// `stride` elements apart, values `value_stride`.
template <class Number>
void attend(const BenchCase& c, int64_t query, double slope, const double* q, const Number* k,
            int64_t stride, const Number* v, int64_t value_stride, double* out) {
  std::fill_n(out, c.value_size, 0.0);
  constexpr double hidden = -std::numeric_limits<double>::infinity();
  const int64_t place = c.keys - c.queries + query;
  std::vector<double> p(static_cast<size_t>(c.keys), hidden);
  double most = hidden, sum = 0;
  for (int64_t s = 0; s < c.keys; ++s) {
    if (!sees(c, place, s)) continue;
    double dot = 0;
    for (int64_t i = 0; i < c.size; ++i) dot += q[i] * double{k[s * stride + i]};
    double score = dot / std::sqrt(c.size);
    if (c.softcap > 0) score = c.softcap * std::tanh(score / c.softcap);
    score += slope * static_cast<double>(s - place);
    p[static_cast<size_t>(s)] = score;
    most = std::max(most, score);
  }
  // A query that sees no key gets zeros from attention alone, the mean of all values from Keras's
  // layers.
  const bool none = most == hidden;
  if (none && !c.whole_layer) return;
  for (double& one : p) sum += one = none ? 1 : std::exp(one - most);
  for (int64_t s = 0; s < c.keys; ++s) {
    const double share = p[static_cast<size_t>(s)] / sum;
    if (share == 0) continue;
    for (int64_t i = 0; i < c.value_size; ++i) out[i] += share * double{v[s * value_stride + i]};
  }
}

double slope_of(const BenchCase& c, const BenchTensors& t, int64_t head) {
  return c.alibi ? double{t.at("slopes").memory.data()[head]} : 0;
}

using Compare = std::function<void(size_t at, const double* want)>;  // `at`: index into rows

void heads_alone(const BenchCase& c, const BenchTensors& t, std::span<const int64_t> rows,
                 attn::Executor& executor, const Compare& compare) {
  const float* q = t.at("q").memory.data();
  const float* k = t.at("k").memory.data();
  const float* v = t.at("v").memory.data();
  attn::parallel_for(executor, static_cast<int>(rows.size()), [&](int i, int) {
    const int64_t row = rows[static_cast<size_t>(i)], query = row % c.queries;
    const int64_t head = row / c.queries % c.query_heads, batch = row / c.queries / c.query_heads;
    const int64_t key_head = head / (c.query_heads / c.key_heads);
    // Of the head's first key, and from one to the next, in numbers of heads.
    const int64_t keys = c.by_position ? batch * c.keys * c.key_heads + key_head
                                       : (batch * c.key_heads + key_head) * c.keys;
    const int64_t step = c.by_position ? c.key_heads : 1;
    const std::vector<double> own(q + row * c.size, q + (row + 1) * c.size);
    std::vector<double> out(static_cast<size_t>(c.value_size));
    attend(c, query, slope_of(c, t, head), own.data(), k + keys * c.size, step * c.size,
           v + keys * c.value_size, step * c.value_size, out.data());
    compare(static_cast<size_t>(i), out.data());
  });
}

void whole_layers(const BenchCase& c, const BenchTensors& t, std::span<const int64_t> rows,
                  attn::Executor& executor, const Compare& compare) {
  const auto of = [&](const char* name) { return t.at(name).memory.data(); };
  const int64_t kd = int64_t{c.key_heads} * c.size, vd = int64_t{c.key_heads} * c.value_size;
  const int64_t qd = int64_t{c.query_heads} * c.size, od = int64_t{c.query_heads} * c.value_size;
  attn::Executor& alone = attn::serial_executor();
  for (size_t begin = 0, end; begin < rows.size(); begin = end) {
    const int64_t batch = rows[begin] / c.queries;
    for (end = begin; end < rows.size() && rows[end] / c.queries == batch;) ++end;
    const float* y = of(c.cross() ? "y" : "x") + batch * c.keys * c.hidden;
    const auto k = dense(y, c.keys, c.hidden, of("key/kernel"), of("key/bias"), kd, executor);
    const auto v = dense(y, c.keys, c.hidden, of("value/kernel"), of("value/bias"), vd, executor);
    attn::parallel_for(executor, static_cast<int>(end - begin), [&](int i, int) {
      const size_t at = begin + static_cast<size_t>(i);
      const auto q = dense(of("x") + rows[at] * c.hidden, 1, c.hidden, of("query/kernel"),
                           of("query/bias"), qd, alone);
      std::vector<double> mixed(static_cast<size_t>(od));
      for (int64_t h = 0; h < c.query_heads; ++h) {
        const int64_t own = h / (c.query_heads / c.key_heads);
        attend(c, rows[at] % c.queries, slope_of(c, t, h), q.data() + h * c.size,
               k.data() + own * c.size, kd, v.data() + own * c.value_size, vd,
               mixed.data() + h * c.value_size);
      }
      const float* kernel = of("attention_output/kernel");
      const float* bias = of("attention_output/bias");
      std::vector<double> out(bias, bias + c.hidden);
      for (int64_t d = 0; d < od; ++d) {
        for (int64_t e = 0; e < c.hidden; ++e)
          out[static_cast<size_t>(e)] += mixed[static_cast<size_t>(d)] * kernel[d * c.hidden + e];
      }
      compare(at, out.data());
    });
  }
}

}  // namespace

std::vector<int64_t> sampled_rows(const BenchCase& c, int64_t count) {
  const int64_t all = c.rows();
  std::set<int64_t> rows;
  if (all <= count) {
    for (int64_t r = 0; r < all; ++r) rows.insert(r);
  } else {
    rows = {0, all - 1};
    std::mt19937_64 random(1);
    while (static_cast<int64_t>(rows.size()) < count)
      rows.insert(static_cast<int64_t>(random() % static_cast<uint64_t>(all)));
  }
  return {rows.begin(), rows.end()};
}

RowError largest_error(const BenchCase& c, const BenchTensors& t, std::span<const int64_t> rows,
                       attn::Executor& executor) {
  const float* got = t.results[0].memory.data();
  std::vector<double> errors(rows.size(), std::numeric_limits<double>::infinity());
  const Compare compare = [&](size_t at, const double* want) {
    double worst = 0;
    for (int64_t i = 0; i < c.row_size(); ++i) {
      const double error = std::abs(double{got[rows[at] * c.row_size() + i]} - want[i]);
      worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
    }
    errors[at] = worst;
  };
  (c.whole_layer ? whole_layers : heads_alone)(c, t, rows, executor, compare);
  const auto largest = std::max_element(errors.begin(), errors.end());
  if (largest == errors.end()) return {};
  const int64_t row = rows[static_cast<size_t>(largest - errors.begin())], query = row % c.queries;
  const int64_t rest = row / c.queries;
  return {*largest, row,
          c.whole_layer ? fmt::format("[batch {}, query {}]", rest, query)
                        : fmt::format("[batch {}, head {}, query {}]", rest / c.query_heads,
                                      rest % c.query_heads, query)};
}

}  // namespace attnc
