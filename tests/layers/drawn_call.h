// drawn_call.h - a random call of any description, with the numbers for the reference.
//
//   Drawn d = Drawer(random, description.graph).run();
//   for (auto& [name, held] : d.inputs) inputs.push_back({name, held->view()});
//   const Reference want(description.graph, d.values, d.weight_values, d.with_optional);
//
// The call is drawn from the graph itself: the lengths of its axes, which optional inputs are
// given, masks of every type, broadcast and reading, tables, strides that kernels accept and
// strides that have to be copied.
// Not here: running and comparing it (random_call.h).
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "attn/layer.h"
#include "common/graph_reference.h"
#include "layers/held.h"

namespace attn_test {

using attn::Kind;

struct Drawn {
  std::map<std::string, std::unique_ptr<Held>> inputs, weights;
  std::map<std::string, bool> flags;
  Arrays values, weight_values;  // the numbers for the reference
  int64_t queries = 1;           // of a sequence, over all query axes
  bool with_optional = false, in_place = false, large = false;
  std::string text;
};

inline DType tensor_type(attn::DTypePolicy policy) {
  switch (policy) {
    case attn::DTypePolicy::float64:
      return DType::float64;
    case attn::DTypePolicy::float16:
    case attn::DTypePolicy::mixed_float16:
      return DType::float16;
    case attn::DTypePolicy::bfloat16:
    case attn::DTypePolicy::mixed_bfloat16:
      return DType::bfloat16;
    default:
      return DType::float32;
  }
}

struct DrawOptions {
  int64_t most_pairs = 0;  // of queries and keys, over all heads and the batch; 0: any number
  bool scores = true;      // calls may ask for optional outputs, which are probabilities
};

class Drawer {
 public:
  Drawer(Random& r, const attn::Graph& g, const DrawOptions& options = {})
      : r_(r), g_(g), options_(options) {}

  Drawn run() {
    draw_lengths();
    if (options_.most_pairs) shorten();
    d_.queries = queries();
    for (const attn::Weight& w : g_.weights) draw_weight(w);
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::input && is_table(n)) draw_table(n);
    }
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::input && !is_table(n) && !is_mask(n) && !n.flag) draw_input(n);
    }
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::input && n.flag) d_.flags[text(n)] = draw(r_, 0, 2) == 0;
    }
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::input && !is_table(n) && is_mask(n) && !n.flag && draw(r_, 0, 2) == 0)
        masks_.push_back(&n);
    }
    for (const attn::Output& o : g_.outputs) {
      if (o.optional && options_.scores) d_.with_optional = draw(r_, 0, 1) == 0;
    }
    for (const attn::Node* n : masks_) draw_mask(*n);
    for (auto& [name, value] : d_.flags) d_.values[name] = {{}, {value ? 1.0 : 0.0}};
    d_.in_place = draw(r_, 0, 1) == 0;
    return std::move(d_);
  }

 private:
  Random& r_;
  const attn::Graph& g_;
  const DrawOptions options_;
  Drawn d_;
  std::map<std::pair<Kind, int>, int64_t> lengths_;
  std::map<int, int64_t> features_;  // of each input node
  std::vector<const attn::Node*> masks_;
  bool cached_ = false, indexed_ = false;
  unsigned tree_seed_ = 0;
  int64_t heads_brought_ = 0;  // of an input whose number of heads comes with the call

  static std::string text(const attn::Node& n) { return std::string(n.name.view()); }
  static bool is_mask(const attn::Node& n) {
    return n.soft || (n.type == attn::Type::truth && n.axes.size > 0);
  }

  /// A table that is read at indices, or a single number of the call.
  bool is_table(const attn::Node& n) const {
    for (const attn::Step& s : g_.steps) {
      if (s.fn == attn::Fn::element && g_.tables[static_cast<int>(s.bits)].input == index_of(n))
        return true;
    }
    return false;
  }

  void draw_lengths() {
    int axes = 1;
    for (const attn::Node& n : g_.nodes) {
      for (const attn::Axis& a : n.axes) {
        if (a.kind == Kind::query) axes = std::max(axes, a.number + 1);
      }
    }
    const bool several = axes > 1;
    // Occasionally several blocks of 256 keys and tiles of 64 queries, but rarely, because the
    // reference then takes 0.2 s.
    const bool is_long = axes < 3 && draw(r_, 0, 14) == 0;
    for (int number = 0; number < 6; ++number) {
      auto &batch = lengths_[{Kind::batch, number}], &query = lengths_[{Kind::query, number}],
           &key = lengths_[{Kind::key, number}];
      batch = is_long ? 1 : draw_of(r_, {1, 1, 2, 3});
      if (several) {
        query = is_long ? draw(r_, 9, 15) : draw(r_, 1, 7);
        key = is_long ? draw(r_, 15, 18) : draw(r_, 1, 7);
      } else if (is_long) {
        query = draw_of(r_, {1, 4, 70, 130});
        key = draw_of(r_, {300, 512, 520, 700});
      } else {
        query = draw_of(r_, {1, 1, 2, 5, 15, 16, 17, 33, 65});
        key = draw_of(r_, {1, 2, 7, 16, 17, 33, 64, 67, 130, 257});
      }
      // Occasionally an axis has length 0.
      for (Kind kind : {Kind::batch, Kind::query, Kind::key}) {
        if (draw(r_, 0, 40) == 0) lengths_[{kind, number}] = 0;
      }
      lengths_[{Kind::update, number}] = lengths_[{Kind::key, number}];
    }
    const int more = draw_of(r_, {0, 1, 4});
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::slice_heads)
        heads_brought_ = std::max<int64_t>(heads_brought_, n.number[0] + n.number[1] + more);
    }
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::splice) cached_ = draw(r_, 0, 3) != 0;
    }
    indexed_ = cached_ && draw(r_, 0, 2) != 0;
    if (cached_) {
      const auto room = static_cast<int>(lengths_[{Kind::key, 0}]);
      lengths_[{Kind::update, 0}] = std::min(room, draw_of(r_, {1, 1, 2, 5, 33}));
      if (draw(r_, 0, 1)) lengths_[{Kind::query, 0}] = lengths_[{Kind::update, 0}];
    }
    for (int id = 0; id < g_.nodes.size; ++id) features_[id] = draw_of(r_, {1, 3, 8, 17});
  }
  /// Halves the longest axis until there are few enough pairs.
  void shorten() {
    for (;;) {
      int64_t pairs = 1, longest = 0;
      for (const attn::Node& n : g_.nodes) {
        if (n.op != attn::Op::softmax) continue;
        pairs = 1;
        for (const attn::Axis& a : n.axes) pairs *= length(a);
      }
      if (pairs <= options_.most_pairs) return;
      for (auto& [axis, length] : lengths_) longest = std::max(longest, length);
      for (auto& [axis, length] : lengths_) {
        if (length == longest) length = (length + 1) / 2;
      }
    }
  }
  int64_t queries() const {
    std::map<int, int64_t> axes;
    for (const attn::Node& n : g_.nodes) {
      for (const attn::Axis& a : n.axes) {
        if (a.kind == Kind::query) axes[a.number] = lengths_.at({a.kind, a.number});
      }
    }
    int64_t all = 1;
    for (const auto& [number, length] : axes) all *= length;
    return all;
  }
  int64_t length(const attn::Axis& a) {
    if (a.extent > 0) return a.extent;
    if (a.kind == Kind::head) return heads_brought_;
    return a.of >= 0 ? features_.at(a.of) : lengths_.at({a.kind, a.number});
  }
  std::vector<int64_t> shape(const attn::Axes& axes) {
    std::vector<int64_t> out;
    for (const attn::Axis& a : axes) out.push_back(length(a));
    return out;
  }
  static size_t product(const std::vector<int64_t>& shape) {
    int64_t n = 1;
    for (int64_t e : shape) n *= e;
    return static_cast<size_t>(n);
  }
  std::vector<double> numbers(size_t n, double scale) {
    std::normal_distribution<double> normal(0, scale);
    std::vector<double> out(n);
    for (double& x : out) x = normal(r_);
    return out;
  }
  /// Stores the numbers in the tensor's type, and returns them as rounded by that.
  Array hold(std::map<std::string, std::unique_ptr<Held>>& where, const std::string& name,
             DType type, const std::vector<int64_t>& shape, const std::vector<double>& numbers,
             bool plain) {
    auto held = std::make_unique<Held>(r_, type, shape, plain);
    held->put(numbers);
    Array out{shape, held->get()};
    d_.text += " " + name + " " + held->view().describe();
    where[name] = std::move(held);
    return out;
  }

  void draw_weight(const attn::Weight& w) {
    const auto s = shape(w.axes);
    const auto columns = s.empty() ? size_t{1} : static_cast<size_t>(s.back());
    const double scale = s.size() > 1 ? std::sqrt(static_cast<double>(columns)) /
                                            std::sqrt(static_cast<double>(product(s)))
                                      : 1.0;
    const bool doubles = g_.dtype == attn::DTypePolicy::float64;
    const std::string name(w.name.view());
    d_.weight_values[name] = hold(d_.weights, name, doubles ? DType::float64 : DType::float32, s,
                                  numbers(product(s), std::min(1.0, scale * 2)), true);
  }
  void draw_table(const attn::Node& n) {
    const std::string name = text(n);
    const int queries = static_cast<int>(lengths_[{Kind::query, 0}]),
              keys = static_cast<int>(lengths_[{Kind::key, 0}]);
    const bool positions = name == "document" || name == "enter" || name == "leave";
    std::vector<int64_t> s;
    for (const attn::Axis& a : n.axes) {
      s.push_back(a.kind != Kind::other || a.extent != 0 ? length(a)
                  : positions                            ? std::max({1, queries, keys})
                                                         : draw_of(r_, {1, 2, 9, 32, 70}));
    }
    const bool index = n.type == attn::Type::index, truth = n.type == attn::Type::truth;
    std::vector<double> x = numbers(product(s), 0.2);
    if (name == "temperature") {
      for (double& v : x) v = 0.5 + std::abs(v);
    }
    // Sinks as large as scores, and occasionally none (-inf).
    if (name == "sinks") {
      for (double& v : x) v = draw(r_, 0, 7) ? 10 * v : -INFINITY;
    }
    for (double& v : x) {
      if (index) v = draw(r_, name == "window" ? 1 : -1, 7);
      if (index && (name == "lengths" || name == "prefix")) v = draw(r_, 0, keys + 2);
      if (truth) v = draw(r_, 0, 3) != 0;
    }
    if (index && name == "document") draw_documents(x, s.back());
    if (index && (name == "enter" || name == "leave")) draw_tree(x, s.back(), name == "enter");
    const bool bytes = std::all_of(x.begin(), x.end(), [](double v) { return v < 128; });
    const DType type =
        index   ? static_cast<DType>(draw_of(r_, {int(DType::int32), int(DType::int64),
                                                  int(bytes ? DType::int8 : DType::int16)}))
        : truth ? static_cast<DType>(draw_of(r_, {int(DType::boolean), int(DType::float32)}))
                : static_cast<DType>(
                      draw_of(r_, {int(DType::float32), int(DType::float64), int(DType::float16)}));
    d_.values[text(n)] = hold(d_.inputs, text(n), type, s, x, draw(r_, 0, 1) == 0);
  }
  /// Packed documents, one after another; or document numbers in random order, as they were drawn.
  void draw_documents(std::vector<double>& x, int64_t positions) {
    if (draw(r_, 0, 2) == 0) return;
    const int longest = draw_of(r_, {3, 20, 100, 300});
    int left = 0;
    double document = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (i % static_cast<size_t>(positions) == 0) left = 0, document = 0;
      if (left-- <= 0) left = draw(r_, 0, longest), ++document;
      x[i] = document;
    }
  }
  /// Enter and leave times of a walk around trees whose first positions are committed. Both tables
  /// of one draw describe the same trees.
  void draw_tree(std::vector<double>& x, int64_t positions, bool enter) {
    if (!tree_seed_) tree_seed_ = r_() | 1u;
    Random same(tree_seed_);
    for (size_t begin = 0; begin < x.size(); begin += static_cast<size_t>(positions)) {
      const auto n = static_cast<int>(positions), committed = draw(same, 0, n);
      std::vector<std::vector<int>> children(static_cast<size_t>(n) + 1);
      for (int i = committed; i < n; ++i) {
        // The parent is one of the last few positions, or the position is a root's child: this
        // yields chains and branching trees.
        const int p = draw(same, std::max(committed, i - 4) - 1, i - 1);
        children[static_cast<size_t>(p < committed ? n : p)].push_back(i);
      }
      for (int i = 0; i < committed; ++i) x[begin + static_cast<size_t>(i)] = enter ? 0 : 2 * n + 1;
      int clock = 0;
      const auto walk = [&](const auto& self, int node) -> void {
        if (node < n) {
          ++clock;
          if (enter) x[begin + static_cast<size_t>(node)] = clock;
        }
        for (int child : children[static_cast<size_t>(node)]) self(self, child);
        if (node < n) {
          ++clock;
          if (!enter) x[begin + static_cast<size_t>(node)] = clock;
        }
      };
      walk(walk, n);
    }
  }
  void draw_input(const attn::Node& n) {
    const std::string name = text(n);
    if (n.operand[0] >= 0 && draw(r_, 0, 1) == 0) {
      // The stand-in has this input's features, which the weights depend on. If they differ, the
      // input cannot be left out.
      if (features_.at(index_of(n)) != features_.at(n.operand[0])) return draw_plain(n);
      return;
    }
    if (name == "cache" && !cached_) return;
    if (n.type == attn::Type::index) {
      if (!indexed_) return;
      const int most = static_cast<int>(lengths_[{Kind::key, 0}]);
      const bool one = draw(r_, 0, 1) == 0;
      std::vector<int64_t> s;
      if (!one) s = shape(n.axes);
      std::vector<double> at;
      for (size_t i = 0; i < product(s); ++i) at.push_back(draw(r_, -2, most + 2));
      Array x = hold(d_.inputs, name, draw(r_, 0, 1) ? DType::int32 : DType::int64, s, at, true);
      if (one) x.shape.assign(static_cast<size_t>(n.axes.size), 1);
      d_.values[name] = x;
      return;
    }
    draw_plain(n);
  }
  void draw_plain(const attn::Node& n) {
    const auto s = shape(n.axes);
    std::vector<double> x = numbers(product(s), 1);
    if (text(n) == "reuse_attention_scores") {
      double keys = 1;  // the product of all key axes, so that rows sum to about one
      for (const attn::Axis& a : n.axes)
        if (a.kind == Kind::key) keys *= static_cast<double>(length(a));
      for (double& p : x) p = std::abs(p) / keys;
    }
    // Large numbers, with which the exponential of a score overflows.
    if (text(n) == "query" && tensor_type(g_.dtype) == DType::float32 && only_products() &&
        draw(r_, 0, 7) == 0) {
      for (double& v : x) v *= 30;
      d_.large = true;
    }
    d_.values[text(n)] = hold(d_.inputs, text(n), tensor_type(g_.dtype), s, x, draw(r_, 0, 1) == 0);
  }
  /// Whether scores are plain products: no function of scores, and nothing is added to them that
  /// would make the result depend on rounding.
  bool only_products() const {
    for (const attn::TableUse& t : g_.tables) {
      if (t.type != attn::Type::truth) return false;
    }
    for (const attn::Node& n : g_.nodes) {
      if (n.soft || (n.op == attn::Op::softmax && n.rules.alone == attn::FullyMasked::additive) ||
          (n.op == attn::Op::map && n.axes.has(Kind::key) && n.formula.size > 3))
        return false;
    }
    return true;
  }
  int index_of(const attn::Node& n) const { return static_cast<int>(&n - g_.nodes.begin()); }

  void draw_mask(const attn::Node& n) {
    std::vector<int64_t> s = shape(n.axes);
    for (int i = 0; i < n.axes.size; ++i) {
      const attn::Axis& a = n.axes.axis[static_cast<size_t>(i)];
      if (a.kind == Kind::key && !cached_ && has_update())
        s[static_cast<size_t>(i)] = lengths_[{Kind::update, a.number}];
      if (draw(r_, 0, 2) == 0) s[static_cast<size_t>(i)] = 1;
    }
    const DType type =
        draw(r_, 0, 1) ? DType::boolean
                       : static_cast<DType>(draw_of(r_, {int(DType::float32), int(DType::int32),
                                                         int(DType::int8), int(DType::float64)}));
    const int seen_of_ten = draw_of(r_, {0, 5, 8, 10});
    const bool any = n.reading & attn::any_number;
    std::vector<double> x(product(s));
    for (double& v : x) {
      const bool seen = draw(r_, 1, 10) <= seen_of_ten;
      const bool real = type == DType::float32 || type == DType::float64;
      v = !seen                              ? 0
          : type == DType::boolean || n.soft ? 1
          : real                             ? draw_of(r_, {any ? -3 : 3, 1, 4}) * 0.25
                                             : draw_of(r_, {any ? -1 : 3, 1, 2});
    }
    Array held = hold(d_.inputs, text(n), type, s, x, draw(r_, 0, 1) == 0);
    if (!n.soft) {
      for (double& v : held.at) v = reads_true(n, type, v) ? 1 : 0;
    }
    d_.values[text(n)] = held;
  }
  bool has_update() const {
    for (const attn::Node& n : g_.nodes) {
      if (n.op == attn::Op::input && n.axes.has(Kind::update)) return true;
    }
    return false;
  }
  bool reads_true(const attn::Node& n, DType type, double v) const {
    bool halves = n.reading & (d_.with_optional ? attn::above_half_with_scores : attn::above_half);
    if (n.reading & attn::only_mask) {
      for (const auto& [name, set] : d_.flags) halves = halves && !set;
      for (const attn::Node* other : masks_) halves = halves && (other == &n || other->soft);
    }
    return halves && type != DType::boolean ? v > 0.5 : v != 0;
  }
};

}  // namespace attn_test
