// graph_reference.h - computes a description's graph in double, one operation after another, as
// plainly as possible.
//
//   attn_test::Reference r(graph, {{"query", x}, {"value", y}}, weights, /*with_optional=*/true);
//   r.outputs.at("output").at                       // row-major, in the axes of the graph's output
//
// The reference for compiled descriptions of any kind; fixtures show that the descriptions match
// the originals. Rows without a key follow the graph's rule. In two places rounding is part of the
// result: to float32 for the rule `additive` and for formulas with numbers that large, and to the
// type of the tensors for caches and returned probabilities of 16-bit layers.
// Not here: dropout (none at inference), gather.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "attn/evaluate.h"
#include "attn/graph.h"
#include "place.h"

namespace attn_test {

struct Array {
  std::vector<int64_t> shape;
  std::vector<double> at;
};
using Arrays = std::map<std::string, Array>;

/// Numbers with named axes.
struct Grid {
  attn::Axes axes;
  std::vector<int64_t> extent;
  std::vector<double> at;

  int64_t size() const {
    int64_t n = 1;
    for (int64_t e : extent) n *= e;
    return n;
  }
};

class Reference {
 public:
  Arrays outputs;

  Reference(const attn::Graph& graph, const Arrays& inputs, const Arrays& weights,
            bool with_optional)
      : g_(graph), inputs_(inputs), weights_(weights), with_optional_(with_optional) {
    read_lengths();
    for (const attn::Output& o : g_.outputs) {
      if (o.optional && !with_optional) continue;
      const Grid* made = value(o.value);
      if (made) outputs[std::string(o.name.view())] = {made->extent, made->at};
    }
  }

 private:
  const attn::Graph& g_;
  const Arrays& inputs_;
  const Arrays& weights_;
  const bool with_optional_;
  Place lengths_;
  std::map<int, Grid> made_;
  std::map<int, bool> nothing_;

  static std::string text(const attn::Name& n) { return std::string(n.view()); }
  const Array* given(const attn::Node& n) const {
    auto at = inputs_.find(text(n.name));
    if (at != inputs_.end()) return &at->second;
    return n.operand[0] >= 0 ? given(g_.nodes[n.operand[0]]) : nullptr;
  }
  static bool is_mask(const attn::Node& n) { return n.type == attn::Type::truth || n.soft; }

  void read_lengths() {
    for (const attn::Node& n : g_.nodes) {
      if (n.op != attn::Op::input || is_mask(n) || n.type == attn::Type::index) continue;
      const Array* x = given(n);
      for (int i = 0; x && i < n.axes.size; ++i) {
        const attn::Axis& a = n.axes.axis[static_cast<size_t>(i)];
        lengths_[{a.kind, a.number}] = x->shape[static_cast<size_t>(i)];
      }
    }
    for (int number = 0; number < 3; ++number) {
      const Place::Entry* update = lengths_.find({attn::Kind::update, number});
      if (update != lengths_.end() && lengths_.find({attn::Kind::key, number}) == lengths_.end())
        lengths_[{attn::Kind::key, number}] = update->second;
    }
  }

  Grid grid(const attn::Axes& axes) const {
    Grid out{axes, {}, {}};
    for (const attn::Axis& a : axes) {
      int64_t n = a.extent;
      if (n == 0 && a.of >= 0) n = given(g_.nodes[a.of])->shape.back();
      if (n == 0) n = lengths_.at({a.kind, a.number});
      out.extent.push_back(n);
    }
    out.at.assign(static_cast<size_t>(out.size()), 0.0);
    return out;
  }

  /// Calls f(flat index, place) for every element of x.
  template <class F>
  static void each(const Grid& x, F&& f) {
    Place place;
    const int64_t n = x.size();
    std::vector<int64_t> index(x.extent.size(), 0);
    for (const attn::Axis& a : x.axes) place[{a.kind, a.number}] = 0;
    for (int64_t flat = 0; flat < n; ++flat) {
      f(static_cast<size_t>(flat), place);
      for (size_t i = index.size(); i-- > 0;) {
        const attn::Axis& a = x.axes.axis[i];
        if (++index[i] < x.extent[i]) {
          place[{a.kind, a.number}] = index[i];
          break;
        }
        index[i] = 0, place[{a.kind, a.number}] = 0;
      }
    }
  }
  /// The flat index of x at a place; axes of length 1 broadcast.
  static size_t flat(const Grid& x, const Place& place) {
    int64_t at = 0;
    for (size_t i = 0; i < x.extent.size(); ++i) {
      const attn::Axis& a = x.axes.axis[i];
      const int64_t own = x.extent[i] == 1 ? 0 : place.at({a.kind, a.number});
      at = at * x.extent[i] + own;
    }
    return static_cast<size_t>(at);
  }

  /// The value of a node; null if it is `nothing` in this call.
  const Grid* value(int id) {
    if (id < 0 || nothing_[id]) return nullptr;
    if (auto at = made_.find(id); at != made_.end()) return &at->second;
    Grid made;
    if (!make(g_.nodes[id], made)) {
      nothing_[id] = true;
      return nullptr;
    }
    return &(made_[id] = std::move(made));
  }
  const Grid& operand(const attn::Node& n, int i) {
    const Grid* x = value(n.operand[static_cast<size_t>(i)]);
    if (!x) throw std::logic_error("an operation reads what this call leaves out");
    return *x;
  }

  Grid as_grid(const attn::Axes& axes, const Array& x) const { return {axes, x.shape, x.at}; }

  bool make(const attn::Node& n, Grid& out) {
    switch (n.op) {
      case attn::Op::input: {
        const Array* x = given(n);
        if (!x) return false;
        out = as_grid(n.axes, *x);
        return true;
      }
      case attn::Op::given: {
        const bool has = given(g_.nodes[n.operand[0]]) != nullptr;
        const Grid* chosen = value(n.operand[has ? 1 : 2]);
        if (!chosen) return false;
        out = *chosen;
        return true;
      }
      case attn::Op::project:
        project(n, out);
        return true;
      case attn::Op::scores:
        scores(n, out);
        return true;
      case attn::Op::map:
        map(n, out);
        return true;
      case attn::Op::softmax:
        softmax(n, out);
        return true;
      case attn::Op::dropout:
        out = operand(n, 0);
        return true;
      case attn::Op::combine:
        combine(n, out);
        return true;
      case attn::Op::share_heads:
      case attn::Op::slice_heads: {
        const Grid& x = operand(n, 0);
        const int64_t group = n.op == attn::Op::share_heads ? n.axes.extent(attn::Kind::head) /
                                                                  x.axes.extent(attn::Kind::head)
                                                            : 1;
        const int64_t first = n.op == attn::Op::slice_heads ? n.number[0] : 0;
        out = grid(n.axes);
        each(out, [&](size_t i, Place place) {
          auto& head = place[{attn::Kind::head, 0}];
          head = head / group + first;
          out.at[i] = x.at[flat(x, place)];
        });
        return true;
      }
      case attn::Op::concat_heads: {
        const Grid &a = operand(n, 0), &b = operand(n, 1);
        const int64_t heads = a.axes.extent(attn::Kind::head);
        out = grid(n.axes);
        each(out, [&](size_t i, Place place) {
          auto& head = place[{attn::Kind::head, 0}];
          const bool second = head >= heads;
          if (second) head -= heads;
          out.at[i] = second ? b.at[flat(b, place)] : a.at[flat(a, place)];
        });
        return true;
      }
      case attn::Op::slot: {
        const Grid& x = operand(n, 0);
        out = grid(n.axes);
        each(out, [&](size_t i, Place place) {
          place[{attn::Kind::slot, 0}] = n.number[0];
          out.at[i] = x.at[flat(x, place)];
        });
        return true;
      }
      case attn::Op::as_keys:
        out = operand(n, 0);
        out.axes = n.axes;
        return true;
      case attn::Op::splice:
        splice(n, out);
        return true;
      default:
        throw std::logic_error("the reference has no such operation");
    }
  }

  void splice(const attn::Node& n, Grid& out) {
    out = operand(n, 0);
    const Grid &keys = operand(n, 1), &values = operand(n, 2);
    const Grid* at = value(n.operand[3]);
    for (int slot : {0, 1}) {
      const Grid& from = slot ? values : keys;
      each(from, [&](size_t i, Place place) {
        const int64_t count = lengths_.at({attn::Kind::update, 0}),
                      room = lengths_.at({attn::Kind::key, 0}) - count;
        int64_t first = at ? static_cast<int64_t>(at->at[flat(*at, place)]) : 0;
        first = std::max<int64_t>(0, std::min(first, room));
        place[{attn::Kind::key, 0}] = first + place.at({attn::Kind::update, 0});
        place[{attn::Kind::slot, 0}] = slot;
        out.at[flat(out, place)] = stored(from.at[i]);
      });
    }
  }

  void project(const attn::Node& n, Grid& out) {
    const Grid& x = operand(n, 0);
    const attn::Weight& w = g_.weights[n.weight[0]];
    const Grid kernel = as_grid(w.axes, weights_.at(text(w.name)));
    out = grid(n.axes);
    // The leading axes of the kernel are contracted; the remaining ones are those of the result.
    Grid inner{{}, {}, {}}, made{{}, {}, {}};
    const attn::Axes has = x.axes.only(attn::Kind::feature, attn::Kind::head, attn::Kind::size);
    for (int i = 0; i < w.axes.size; ++i) {
      Grid& to = i < has.size ? inner : made;
      to.axes.add(w.axes.axis[static_cast<size_t>(i)]);
      to.extent.push_back(kernel.extent[static_cast<size_t>(i)]);
    }
    const int64_t depth = inner.size(), columns = made.size();
    each(out, [&](size_t i, const Place& place) {
      int64_t column = 0;
      for (size_t k = 0; k < made.extent.size(); ++k) {
        const attn::Axis& a = made.axes.axis[k];
        column = column * made.extent[k] + place.at({a.kind, a.number});
      }
      // The contracted axes are the last axes of x, in the order of the kernel.
      Place origin = place;
      for (const attn::Axis& a : inner.axes) origin[{a.kind, a.number}] = 0;
      const size_t from = flat(x, origin);
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        sum += x.at[from + static_cast<size_t>(k)] *
               kernel.at[static_cast<size_t>(k * columns + column)];
      }
      if (n.weight[1] >= 0) {
        sum += weights_.at(text(g_.weights[n.weight[1]].name)).at[static_cast<size_t>(column)];
      }
      out.at[i] = sum;
    });
  }

  attn::PlainPosition position(const Place& place) const {
    attn::PlainPosition at;
    auto of = [&](attn::Kind kind, int number = 0) -> std::int64_t {
      auto found = place.find({kind, number});
      return found == place.end() ? 0 : found->second;
    };
    auto length = [&](attn::Kind kind) -> std::int64_t {
      auto found = lengths_.find({kind, 0});
      return found == lengths_.end() ? 0 : found->second;
    };
    at.batch = of(attn::Kind::batch), at.head = of(attn::Kind::head);
    at.query = of(attn::Kind::query), at.key = of(attn::Kind::key);
    at.size = of(attn::Kind::size), at.feature = of(attn::Kind::feature);
    at.query_length = length(attn::Kind::query), at.key_length = length(attn::Kind::key);
    for (int i = 0; i < 3; ++i) {
      at.queries[static_cast<size_t>(i)] = of(attn::Kind::query, i);
      at.keys[static_cast<size_t>(i)] = of(attn::Kind::key, i);
    }
    return at;
  }
  attn::Plain formula(attn::FormulaRange f, const Place& place,
                      std::initializer_list<double> arguments) {
    return attn::evaluate(g_, f, position(place), arguments,
                          [&](std::string_view table, std::span<const std::int64_t> index) {
                            return read(table, index, place);
                          });
  }
  attn::Plain read(std::string_view table, std::span<const std::int64_t> index,
                   const Place& place) {
    for (const attn::Weight& w : g_.weights) {
      if (w.name.view() != table) continue;
      const Array& x = weights_.at(text(w.name));
      int64_t at = 0;
      for (size_t i = 0; i < index.size(); ++i) {
        at = at * x.shape[i] + std::clamp<int64_t>(index[i], 0, x.shape[i] - 1);
      }
      return x.at[static_cast<size_t>(at)];
    }
    for (int id = 0; id < g_.nodes.size; ++id) {
      const attn::Node& n = g_.nodes[id];
      if (n.op != attn::Op::input || n.name.view() != table) continue;
      const Grid* x = value(id);
      if (!x) {
        if (n.type == attn::Type::index) return std::int64_t{0};
        return n.type == attn::Type::truth ? attn::Plain(!n.flag) : attn::Plain(1.0);
      }
      double v = 0;
      if (index.empty()) {
        v = x->at[flat(*x, place)];
      } else {
        int64_t at = 0;
        for (size_t i = 0; i < index.size(); ++i) {
          at = at * x->extent[i] + std::clamp<int64_t>(index[i], 0, x->extent[i] - 1);
        }
        v = x->at[static_cast<size_t>(at)];
      }
      if (n.type == attn::Type::index) return static_cast<std::int64_t>(v);
      return n.type == attn::Type::truth ? attn::Plain(v != 0) : attn::Plain(v);
    }
    throw std::logic_error("no table " + std::string(table));
  }
  /// Rounds where rounding to float32 is part of a formula's result: float32 layers, numbers from
  /// 1e7.
  double rounded(double v) const {
    if (g_.dtype == attn::DTypePolicy::float64 || std::abs(v) < 1e7) return v;
    return static_cast<float>(v);
  }

  /// Rounds to the layer's tensor type.
  double stored(double v) const {
    switch (g_.dtype) {
      case attn::DTypePolicy::float16:
      case attn::DTypePolicy::mixed_float16:
        return static_cast<double>(static_cast<_Float16>(v));
      case attn::DTypePolicy::bfloat16:
      case attn::DTypePolicy::mixed_bfloat16: {
        auto bits = std::bit_cast<uint32_t>(static_cast<float>(v));
        bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
        return std::bit_cast<float>(bits);
      }
      default:
        return v;
    }
  }

  void scores(const attn::Node& n, Grid& out) {
    const Grid &q = operand(n, 0), &k = operand(n, 1);
    out = grid(n.axes);
    const auto size = static_cast<size_t>(q.axes.extent(attn::Kind::size));
    each(out, [&](size_t i, Place place) {
      place[{attn::Kind::size, 0}] = 0;
      const size_t a = flat(q, place), b = flat(k, place);
      double sum = 0;
      for (size_t d = 0; d < size; ++d) {
        sum += n.formula.empty() ? q.at[a + d] * k.at[b + d]
                                 : formula(n.formula, place, {q.at[a + d], k.at[b + d]}).real();
      }
      out.at[i] = sum;
    });
  }
  void map(const attn::Node& n, Grid& out) {
    out = grid(n.axes);
    const Grid& a = operand(n, 0);
    const Grid* b = n.operand[1] >= 0 ? &operand(n, 1) : nullptr;
    each(out, [&](size_t i, const Place& place) {
      out.at[i] = rounded(
          formula(n.formula, place, {a.at[flat(a, place)], b ? b->at[flat(*b, place)] : 0.0})
              .real());
    });
  }

  void softmax(const attn::Node& n, Grid& out) {
    const Grid& s = operand(n, 0);
    out = s;
    const attn::FullyMasked rule = with_optional_ ? n.rules.with_scores : n.rules.alone;
    // The key axes are last, so a row is contiguous.
    int64_t row = 1;
    for (int i = 0; i < n.axes.size; ++i) {
      if (n.axes.axis[static_cast<size_t>(i)].kind == attn::Kind::key)
        row *= s.extent[static_cast<size_t>(i)];
    }
    std::vector<char> seen(out.at.size(), 1);
    if (!n.mask.empty()) {
      each(out, [&](size_t i, const Place& place) {
        seen[i] = formula(n.mask, place, {}).truth() ? 1 : 0;
      });
    }
    if (row == 0) return;
    if (n.rules.sigmoid) {
      for (size_t i = 0; i < out.at.size(); ++i) {
        out.at[i] = seen[i] ? 1 / (1 + std::exp(-out.at[i])) : 0.0;
        if (with_optional_) out.at[i] = stored(out.at[i]);
      }
      return;
    }
    // The sink: one logit per row, without a value; -inf means that there is none.
    std::vector<double> sinks(out.at.size() / static_cast<size_t>(row), -INFINITY);
    if (!n.sink.empty()) {
      each(out, [&](size_t i, const Place& place) {
        if (i % static_cast<size_t>(row)) return;
        const double sink = formula(n.sink, place, {}).real();
        if (sink > -0.9e30) sinks[i / static_cast<size_t>(row)] = sink;
      });
    }
    for (size_t begin = 0; begin < out.at.size(); begin += static_cast<size_t>(row)) {
      const size_t end = begin + static_cast<size_t>(row);
      const double sink = sinks[begin / static_cast<size_t>(row)];
      bool any = sink > -INFINITY;
      double maximum = sink, sum = 0;
      for (size_t i = begin; i < end; ++i) {
        if (!seen[i] && rule == attn::FullyMasked::additive) {
          out.at[i] = g_.dtype == attn::DTypePolicy::float64
                          ? out.at[i] - 1e9
                          : static_cast<double>(static_cast<float>(out.at[i]) - 1e9f);
          seen[i] = 1;
        }
        any = any || seen[i];
        if (seen[i]) maximum = std::fmax(maximum, out.at[i]);
      }
      if (sink > -INFINITY) sum = std::exp(sink - maximum);
      for (size_t i = begin; i < end; ++i) {
        out.at[i] = seen[i] ? std::exp(out.at[i] - maximum) : 0.0;
        sum += out.at[i];
      }
      for (size_t i = begin; i < end; ++i) {
        out.at[i] = any                                  ? out.at[i] / sum
                    : rule == attn::FullyMasked::uniform ? 1.0 / static_cast<double>(row)
                                                         : 0.0;
        if (with_optional_) out.at[i] = stored(out.at[i]);
      }
    }
  }

  void combine(const attn::Node& n, Grid& out) {
    const Grid &p = operand(n, 0), &v = operand(n, 1);
    out = grid(n.axes);
    Grid keys{p.axes.only(attn::Kind::key), {}, {}};
    for (const attn::Axis& a : keys.axes) keys.extent.push_back(lengths_.at({a.kind, a.number}));
    // The keys' part of a flat index is the same for every element.
    Place origin;
    for (const Grid* x : {&p, &v}) {
      for (const attn::Axis& a : x->axes) origin[{a.kind, a.number}] = 0;
    }
    std::vector<std::pair<size_t, size_t>> of_key;
    each(keys, [&](size_t, const Place& key) {
      Place at = origin;
      for (const auto& [axis, index] : key) at[axis] = index;
      of_key.emplace_back(flat(p, at), flat(v, at));
    });
    each(out, [&](size_t i, const Place& place) {
      Place at = place;
      for (const attn::Axis& a : keys.axes) at[{a.kind, a.number}] = 0;
      const size_t in_p = flat(p, at), in_v = flat(v, at);
      double sum = 0;
      for (const auto& [key_p, key_v] : of_key) sum += p.at[in_p + key_p] * v.at[in_v + key_v];
      out.at[i] = sum;
    });
  }
};

}  // namespace attn_test
