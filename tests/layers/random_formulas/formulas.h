// formulas.h - layers with random masks, score functions and sinks.
//
//   attn::Description d = DrawnLayer(random).run();
//
// Whatever a formula compares is exact, in float32 as in double: indices, and their halves and
// quarters. Scores stay within some units and lose little in any step: no quotient by a number that
// may be near zero, no exponential of a large number. A correct kernel therefore agrees with the
// reference on every draw.
#pragma once
#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "attn/attn.h"
#include "attn/print.h"
#include "layers/random_call.h"

namespace drawn {

using attn::Number;
using attn::Truth;
using attn_test::draw;
using attn_test::Random;

/// Tables of a call. Each always has the same kind of axes, or is read at arbitrary indices.
inline const attn::TruthTable seen{"seen"}, open{"open"}, pair{"pair"}, near{"near"};
inline const attn::Table document{"document", attn::Type::index}, group{"group", attn::Type::index},
    window{"window", attn::Type::index}, reach{"reach", attn::Type::index},
    lengths{"lengths", attn::Type::index};
inline const attn::Table bias{"bias"}, slopes{"slopes"}, relative{"relative"}, gain{"gain"},
    sinks{"sinks"};

/// Draws expressions at a position. Literals are second operands, because an operation needs a
/// symbol. Every draw is a statement or an operand of its own, so that all compilers draw in the
/// same order.
template <class At>
class Expressions {
 public:
  Expressions(Random& r, const At& at, int axes) : r_(r), at_(at), axes_(axes) {}

  Truth truth(int depth) {
    if (depth > 0 && chance(3)) return both_sides(depth);
    switch (draw(r_, 0, depth > 0 ? 13 : 10)) {
      case 0:
        return at_.key <= at_.query;
      case 1:
        return abs(at_.query - at_.key) < small();
      case 2:
        return at_.key <= at_.query + (at_.key_length - at_.query_length);
      case 3:
        return at_.key < small();
      case 4:
        return document[at_.batch][at_.query] == document[at_.batch][at_.key];
      case 5:
        return table_truth();
      case 6:
        return compared(at_.query - at_.key, window);
      case 7:
        return at_.key < lengths[at_.batch];
      case 8:
        return abs(at_.query - at_.key) < reach[at_.head];
      case 9:
        return in_blocks();
      case 10:
        return hashed();
      case 11: {
        const Number a = exact(depth - 1);
        return compared(a, exact(depth - 1));
      }
      default: {
        const Number a = index(depth);
        return compared(a, index(depth - 1));
      }
    }
  }

  /// A random function of a score.
  Number score(Number s, int depth) {
    for (int i = 0; i < depth; ++i) s = step(s);
    return s;
  }

  Number sink() {
    switch (draw(r_, 0, 3)) {
      case 0:
        return sinks[at_.head];
      case 1:
        return sinks[at_.head] + (at_.query % 3) * 0.5f;
      case 2:
        return sinks[at_.batch + at_.head];
      default:
        return (at_.head - 1) * 0.75f;
    }
  }

 private:
  Random& r_;
  const At& at_;
  int axes_;

  bool chance(int of) { return draw(r_, 1, of) == 1; }
  int small() { return draw(r_, 0, 3) ? draw(r_, 1, 20) : draw(r_, 20, 90); }

  /// A factor for hashes: products with it overflow 32 bits sooner or later, or at once.
  int large() {
    constexpr int some[] = {1000003, 7919,    -1640531535, 65536,
                            46341,   1 << 30, 715827883,   -2147483647};
    return chance(2) ? some[draw(r_, 0, 7)] : draw(r_, -2147483647, 2147483647);
  }
  /// A sparse mask: a hash of the position.
  Truth hashed() {
    const Number a = at_.query * large();
    const Number b = at_.key * large();
    const int of = draw(r_, 2, 64);
    return (a + b) % of < draw(r_, 1, of);
  }
  Truth in_blocks() {
    if (axes_ > 1) return abs(at_.queries[1] - at_.keys[1]) <= draw(r_, 0, 3);
    const int size = draw(r_, 2, 40);
    return at_.query / size == at_.key / (chance(2) ? size : draw(r_, 2, 40));
  }
  Truth both_sides(int depth) {
    const Truth a = truth(depth - 1);
    const Truth b = truth(depth - 1);
    switch (draw(r_, 0, 5)) {
      case 0:
      case 1:
        return a & b;
      case 2:
      case 3:
        return a | b;
      case 4:
        return a & !b;
      default:
        return !a | b;
    }
  }
  Truth table_truth() {
    switch (draw(r_, 0, 5)) {
      case 0:
        return seen[at_.batch][at_.key];
      case 1:
        return open[at_.head][at_.query];
      case 2:
        return pair[at_.query][at_.key];
      case 3:
        return near[at_.query - at_.key + draw(r_, 0, 9)];
      case 4:
        return seen[group[at_.query]][group[at_.key]];
      default:
        return seen[at_.batch][at_.key / 2];
    }
  }
  Truth compared(const Number& a, const Number& b) {
    switch (draw(r_, 0, 5)) {
      case 0:
        return a < b;
      case 1:
        return a <= b;
      case 2:
        return a > b;
      case 3:
        return a >= b;
      case 4:
        return a == b;
      default:
        return a != b;
    }
  }

  /// An index of at most some hundreds.
  Number position() {
    switch (draw(r_, 0, axes_ > 1 ? 9 : 7)) {
      case 0:
      case 1:
        return at_.query;
      case 2:
      case 3:
        return at_.key;
      case 4:
        return at_.query - at_.key;
      case 5:
        return at_.head;
      case 6:
        return at_.key_length - at_.query;
      case 7:
        return at_.key + (at_.query_length - at_.key_length);
      case 8:
        return at_.queries[1];
      default:
        return at_.keys[1];
    }
  }
  Number index(int depth) {
    if (depth <= 0) return position();
    const Number a = index(depth - 1);
    switch (draw(r_, 0, 16)) {
      case 15:
        return a * large();
      case 16:
        return a + large();
      case 0:
        return a + index(depth - 1);
      case 1:
        return a - index(depth - 1);
      case 2:
        return a + draw(r_, -30, 30);
      case 3:
        return a * draw(r_, -3, 4);
      case 4:
        return a / draw(r_, 2, 17);
      case 5:
        return a % draw(r_, 2, 17);
      case 6:
        return abs(a);
      case 7:
        return min(a, index(depth - 1));
      case 8:
        return max(a, draw(r_, -5, 40));
      case 9:
        return chosen(a, index(depth - 1));
      case 10:
        return -a;
      case 11:
        return document[at_.batch][chance(2) ? at_.query : at_.key];
      case 12:
        return group[a];
      case 13:
        return depth > 1 ? a : Number(at_.query * at_.key);
      default:
        return truncate(exact(depth - 1));
    }
  }
  Number chosen(const Number& a, const Number& b) { return where(truth(0), a, b); }
  /// A real number, computed without any rounding.
  Number exact(int depth) {
    const Number a = depth > 0 && chance(2) ? clamp(index(depth), -4000, 4000) : position();
    constexpr float factors[] = {0.5f, 0.25f, 1.5f, -0.75f, 2.0f};
    const Number x = a * factors[draw(r_, 0, 4)];
    switch (draw(r_, 0, 4)) {
      case 0:
        return x + 0.25f * static_cast<float>(draw(r_, -20, 20));
      case 1:
        return abs(x);
      case 2:
        return x - position();
      case 3:
        return min(x, position() * 0.5f);
      default:
        return x;
    }
  }

  /// A number of at most some units.
  Number bounded(const Number& s) {
    switch (draw(r_, 0, 6)) {
      case 0:
        return (at_.query - at_.key) * 0.015625f;
      case 1:
        return s + bias[at_.batch][at_.key];
      case 2:
        return relative[at_.head][at_.key - at_.query + 16];
      case 3:
        return s * 0.5f;
      case 4:
        return gain * s;
      case 5:
        return abs(s) - 0.5f;
      default:
        return s;
    }
  }
  Number step(const Number& s) {
    const Number x = bounded(s);
    switch (draw(r_, 0, 19)) {
      case 0:
        return tanh(s / 3.0f) * 3.0f;
      case 1:
        return s + bias[at_.batch][at_.key];
      case 2:
        return s + relative[at_.head][clamp(at_.key - at_.query + 9, 0, 18)];
      case 3:
        return s + slopes[at_.head] * (at_.key - at_.query) * 0.125f;
      case 4:
        return s * 0.5f + sin(x);
      case 5:
        return s - cos(x) * 0.5f;
      case 6:
        return s + sigmoid(x);
      case 7:
        return s - exp(-abs(x));
      case 8:
        return s + log(abs(x) + 1.0f);
      case 9:
        return s - sqrt(abs(x) + 0.5f);
      case 10:
        return s * rsqrt(abs(x) + 1.0f);
      case 11:
        return s + exp2(-abs(x)) * 0.5f;
      case 12:
        return s + pow(abs(x) + 0.5f, 0.5f);
      case 13:
        return where(truth(1), s, s * 0.5f);
      case 14:
        return s + chosen(x * 0.25f, 0.5f);
      case 15:
        return min(s, x + 1.0f);
      case 16:
        return max(s, x * 0.25f) - 0.25f;
      case 17:
        return s * gain;
      case 18:
        return clamp(s, -1.5f, 2.5f);
      default:
        return s + pow(1.25f, index(0) % 8) * 0.25f;
    }
  }
};

class DrawnLayer {
 public:
  explicit DrawnLayer(Random& r) : r_(r) {}

  /// Formulas that are too long are drawn again: a layer has room for 64 steps in each formula, and
  /// for 12 tables.
  attn::Description run() {
    for (;;) {
      const attn::Description d = attempt();
      if (!d.error()) return d;
      const std::string text = d.error().text();
      const bool too_long =
          text.find("steps") != std::string::npos || text.find("tables") != std::string::npos;
      // A table has one shape, and some pairs of expressions want two.
      const bool another_shape = text.find("is read along axes of") != std::string::npos ||
                                 text.find("is read with") != std::string::npos;
      if (!too_long && !another_shape) return d;
    }
  }

 private:
  Random& r_;

  attn::Description attempt() {
    const int axes = draw(r_, 0, 7) == 0 ? 2 : 1;
    const int shared = draw(r_, 1, 2), own = draw(r_, 1, 2);
    const int key_size = draw(r_, 3, 9), value_size = draw(r_, 0, 2) ? key_size : draw(r_, 3, 9);
    const bool with_scores = draw(r_, 0, 5) == 0, sigmoid = draw(r_, 0, 7) == 0;
    const bool with_sink = !sigmoid && draw(r_, 0, 3) == 0;
    const auto rule = draw(r_, 0, 1) ? attn::FullyMasked::zero : attn::FullyMasked::uniform;
    const int dtype = draw(r_, 0, 19);
    // Three nested steps of a score, such as exp2 of tanh of pow, cost Halide gigabytes: it visits
    // shared subexpressions once for every use.
    const int mask_depth = draw(r_, 0, 3), score_depth = draw(r_, 0, 3);
    attn::Mask mask;
    attn::ScoreMod score;
    attn::SinkLogit sink;
    if (draw(r_, 0, 9)) {
      mask = [&](auto at) { return Expressions(r_, at, axes).truth(mask_depth); };
      if (draw(r_, 0, 3) == 0) mask = mask & attn::causal;
      if (draw(r_, 0, 3) == 0) mask = mask & attn::sliding_window(draw(r_, 1, 40));
      if (draw(r_, 0, 7) == 0) mask = mask | attn::first_keys(draw(r_, 1, 5));
    }
    if (score_depth)
      score = [&](auto s, auto at) { return Expressions(r_, at, axes).score(s, score_depth); };
    if (with_sink) sink = [&](auto at) { return Expressions(r_, at, axes).sink(); };
    const bool masked = draw(r_, 0, 2) == 0;
    auto build = [&](attn::Graph& g) {
      g.dtype = dtype == 0   ? attn::DTypePolicy::float16
                : dtype == 1 ? attn::DTypePolicy::bfloat16
                : dtype < 4  ? attn::DTypePolicy::float64
                             : attn::DTypePolicy::float32;
      const auto rows = [&](attn::Name name, attn::Kind positions, int heads, int size) {
        attn::Axes a{{attn::Kind::batch}, {positions}};
        if (axes > 1) a.add({positions, 1});
        a.add({attn::Kind::head, 0, -1, heads});
        a.add({attn::Kind::size, 0, -1, size});
        return g.input(name, a);
      };
      const attn::Value query = rows("query", attn::Kind::query, shared * own, key_size);
      const attn::Value key = rows("key", attn::Kind::key, own, key_size);
      const attn::Value value = rows("value", attn::Kind::key, own, value_size);
      const attn::Value s =
          apply(score, scores(query, share_heads(key, shared * own)) * attn::rsqrt(key_size));
      const attn::Mask all = masked ? mask & g.mask("attention_mask", s) : mask;
      const attn::Value p =
          sigmoid ? sigmoid_probabilities(s, all) : softmax(s, all, attn::Rules(rule), sink);
      return attn::Outputs{.output = combine(p, share_heads(value, shared * own)),
                           .attention_scores = with_scores ? p : attn::Value{}};
    };
    return attn::try_layer(build, "formulas.h", 1);
  }
};

}  // namespace drawn
