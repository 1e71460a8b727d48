// reference_attention.h - Keras's MultiHeadAttention in double, written as plainly as possible.
//
//   Reference r = reference_attention(config, weights, call);   // r.output, r.scores
//
// Follows the sources of keras 3.15.1: projections, scores divided by sqrt(key_dim), masks combined
// with "and", softmax, weighted sum, output projection. The configuration determines the rule for
// rows without a key.
#pragma once
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

namespace attn_test {

struct Config {
  int num_heads = 1, key_dim = 1, value_dim = 1;
  bool use_bias = true;
  bool uniform_without_scores = true;  // rows without a key: the mean of all values, or zero
  bool uniform_with_scores = false;
  /// The description's own mask as a function of (query, key, queries, keys).
  std::function<bool(int, int, int, int)> own_mask;
  /// The number of key and value heads: query head h reads h / (num_heads / key_heads). 0: as many
  /// as query heads.
  int key_heads = 0;
};

/// In the order of get_weights; a bias is empty if there is none.
struct Weights {
  std::vector<float> query_kernel, query_bias, key_kernel, key_bias, value_kernel, value_bias,
      output_kernel, output_bias;
};

struct Call {
  int batch = 1, queries = 1, keys = 1;
  int query_features = 1, key_features = 1, value_features = 1, output_features = 1;
  std::vector<float> query, key, value;  // [batch, position, feature], contiguous
  bool causal = false, with_scores = false;
  /// (batch, head, query, key)
  std::function<bool(int, int, int, int)> mask;
};

struct Reference {
  std::vector<double> output, scores;  // [batch, query, feature], [batch, head, query, key]
};

/// x * kernel + bias, [rows, columns].
inline std::vector<double> dense(const double* x, int rows, int depth,
                                 const std::vector<float>& kernel, const std::vector<float>& bias,
                                 int columns) {
  std::vector<double> y(static_cast<size_t>(rows) * static_cast<size_t>(columns), 0.0);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      double sum = bias.empty() ? 0.0 : bias[static_cast<size_t>(c)];
      for (int k = 0; k < depth; ++k) {
        sum +=
            x[static_cast<size_t>(r) * static_cast<size_t>(depth) + static_cast<size_t>(k)] *
            kernel[static_cast<size_t>(k) * static_cast<size_t>(columns) + static_cast<size_t>(c)];
      }
      y[static_cast<size_t>(r) * static_cast<size_t>(columns) + static_cast<size_t>(c)] = sum;
    }
  }
  return y;
}

inline Reference reference_attention(const Config& f, const Weights& w, const Call& c) {
  const auto at = [](auto a, int b, int n) {
    return static_cast<size_t>(a) * static_cast<size_t>(n) + static_cast<size_t>(b);
  };
  const std::vector<double> xq(c.query.begin(), c.query.end()), xk(c.key.begin(), c.key.end()),
      xv(c.value.begin(), c.value.end());
  const int N = f.num_heads, K = f.key_heads ? f.key_heads : N, D = f.key_dim, V = f.value_dim,
            T = c.queries, S = c.keys;
  const auto q =
      dense(xq.data(), c.batch * T, c.query_features, w.query_kernel, w.query_bias, N * D);
  const auto k = dense(xk.data(), c.batch * S, c.key_features, w.key_kernel, w.key_bias, K * D);
  const auto v =
      dense(xv.data(), c.batch * S, c.value_features, w.value_kernel, w.value_bias, K * V);
  const bool uniform = c.with_scores ? f.uniform_with_scores : f.uniform_without_scores;
  std::vector<double> mixed(static_cast<size_t>(c.batch) * static_cast<size_t>(T * N * V), 0.0);
  Reference result;
  result.scores.assign(
      static_cast<size_t>(c.batch * N) * static_cast<size_t>(T) * static_cast<size_t>(S), 0.0);
  std::vector<double> p(static_cast<size_t>(S));
  std::vector<char> seen(static_cast<size_t>(S));
  for (int b = 0; b < c.batch; ++b) {
    for (int h = 0; h < N; ++h) {
      for (int t = 0; t < T; ++t) {
        double maximum = -INFINITY, sum = 0;
        bool any = false;
        for (int s = 0; s < S; ++s) {
          seen[static_cast<size_t>(s)] = (!c.causal || s <= t) && (!c.mask || c.mask(b, h, t, s)) &&
                                         (!f.own_mask || f.own_mask(t, s, T, S));
          if (!seen[static_cast<size_t>(s)]) continue;
          any = true;
          double dot = 0;
          for (int d = 0; d < D; ++d)
            dot +=
                q[at(b * T + t, h * D + d, N * D)] * k[at(b * S + s, h / (N / K) * D + d, K * D)];
          p[static_cast<size_t>(s)] = dot / std::sqrt(static_cast<double>(D));
          maximum = std::fmax(maximum, p[static_cast<size_t>(s)]);
        }
        for (int s = 0; s < S; ++s) {
          double& e = p[static_cast<size_t>(s)];
          e = seen[static_cast<size_t>(s)] ? std::exp(e - maximum) : 0.0;
          sum += e;
        }
        for (int s = 0; s < S; ++s) {
          const double share = any ? p[static_cast<size_t>(s)] / sum : uniform ? 1.0 / S : 0.0;
          result.scores[at(at(b * N + h, t, T), s, S)] = share;
          for (int x = 0; x < V; ++x) {
            mixed[at(b * T + t, h * V + x, N * V)] +=
                share * v[at(b * S + s, h / (N / K) * V + x, K * V)];
          }
        }
      }
    }
  }
  result.output =
      dense(mixed.data(), c.batch * T, N * V, w.output_kernel, w.output_bias, c.output_features);
  return result;
}

}  // namespace attn_test
