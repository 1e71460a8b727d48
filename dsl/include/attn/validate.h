// validate.h - whether a graph is one that the language could have made.
//
//   if (const attn::Error e = attn::validate(graph)) return e.text();
//
// For graphs that come from bytes: after it every number in the graph may be used as an index,
// operands come before their use, types and axes are what the operations would have made of their
// operands. Not here: mistakes in descriptions; the operations tell those in words of the layer.
#pragma once
#include "attn/operations.h"

namespace attn {
namespace validation {

class Validator {
  Diagnostics diagnostics{OnError::keep};
  template <Sentence sentence>
  constexpr bool require(bool holds, auto... facts) {
    return diagnostics.require<sentence>(holds, facts...);
  }

 public:
  constexpr explicit Validator(const Graph& g) : g(g) {}

  constexpr Error run() {
    if (!sizes()) return diagnostics.error();
    for (int i = 0; i < g.weights.size && good(); ++i) weight(i);
    for (int i = 0; i < g.nodes.size && good(); ++i) node_axes(i);
    for (int i = 0; i < g.tables.size && good(); ++i) table(g.tables[i]);
    for (int i = 0; i < g.nodes.size && good(); ++i) node(i);
    if (good()) require<"step {} belongs to no formula">(next_step == g.steps.size, next_step);
    for (int i = 0; i < g.outputs.size && good(); ++i) output(i);
    return diagnostics.error();
  }

 private:
  const Graph& g;
  int next_step = 0;

  constexpr bool good() const { return !diagnostics.error(); }

  constexpr bool sizes() {
    auto fits = [this](int size, int most, const char* what) {
      require<"a graph has at most {} [], not {}">(size >= 0 && size <= most, most, what, size);
    };
    fits(g.nodes.size, Graph::max_nodes, "nodes");
    fits(g.weights.size, Graph::max_weights, "weights");
    fits(g.tables.size, Graph::max_tables, "tables");
    fits(g.outputs.size, Graph::max_outputs, "outputs");
    fits(g.steps.size, Graph::max_steps, "steps");
    if (good()) require<"a graph has at least one output">(g.outputs.size > 0);
    return good();
  }
  constexpr bool is_input(int id) const {
    return id >= 0 && id < g.nodes.size && g.nodes[id].op == Op::input;
  }

  // ---- axes, weights, tables, outputs

  /// A kernel from heads to heads repeats an axis; a value does not.
  constexpr bool axes(const Axes& axes, const char* whose, int number, bool repeats,
                      bool free_heads = false) {
    if (!require<"[] {} has more than {} axes">(
            axes.size >= 0 && axes.size <= Axes::capacity && !axes.too_many, whose, number,
            Axes::capacity)) {
      return false;
    }
    for (const Axis& a : axes) {
      const bool counted = a.kind == Kind::head || a.kind == Kind::size || a.kind == Kind::slot ||
                           a.kind == Kind::feature;
      require<"[] {} has an axis of kind {}, which there is not">(
          static_cast<int>(a.kind) < num_kinds && a.number < 16, whose, number,
          static_cast<int>(a.kind));
      require<"[] {} has the same axis twice">(repeats || axes.find(a.kind, a.number) == &a, whose,
                                               number);
      require<"[] {} has an axis of extent {}">(a.extent >= 0 && a.extent <= Target::max_columns,
                                                whose, number, a.extent);
      require<"[] {} has an axis as long as the features of node {}, which is no input">(
          a.of == -1 || (a.kind == Kind::feature && a.extent == 0 && is_input(a.of)), whose, number,
          a.of);
      require<"[] {} has an axis of unknown extent">(
          a.of >= 0 || a.extent > 0 || !counted || (free_heads && a.kind == Kind::head), whose,
          number);
    }
    return good();
  }
  /// Of an input of numbers the call may tell the heads.
  constexpr void node_axes(int id) {
    const Node& n = g.nodes[id];
    axes(n.axes, "node", id, false, n.op == Op::input && n.type == Type::real && !n.soft);
  }
  constexpr void weight(int id) {
    const Weight& w = g.weights[id];
    require<"weight {} has no proper name">(w.name.is_identifier(true), id);
    for (int i = 0; i < id; ++i) {
      require<"two weights have the name `[]`">(g.weights[i].name != w.name, w.name);
    }
    if (!axes(w.axes, "weight", id, true)) return;
    for (const Axis& a : w.axes) {
      const bool fits = a.kind == Kind::head || a.kind == Kind::size || a.kind == Kind::feature ||
                        a.kind == Kind::other;
      require<"weight {} has an axis of unknown extent">(fits && (a.extent > 0 || a.of >= 0), id);
    }
    require<"weight {} has more than {} elements">(elements(w.axes) <= Graph::max_elements, id,
                                                   Graph::max_elements);
  }
  constexpr void table(const TableUse& t) {
    require<"a table has no proper name">(t.name.is_identifier(true));
    const bool of_weight = t.weight >= 0 && t.weight < g.weights.size && t.input == -1;
    const bool of_input = t.weight == -1 && is_input(t.input);
    if (!require<"the table `[]` is neither a weight nor an input">(of_weight || of_input,
                                                                    t.name)) {
      return;
    }
    const Name& name = of_weight ? g.weights[t.weight].name : g.nodes[t.input].name;
    const Type type = of_weight ? Type::real : g.nodes[t.input].type;
    require<"the table `[]` differs from what it reads">(name == t.name && type == t.type, t.name);
    require<"the table `[]` has as many heads as a call brings">(
        of_weight || !g.nodes[t.input].axes.free_heads(), t.name);
  }
  constexpr void output(int id) {
    const Output& o = g.outputs[id];
    require<"output {} has no proper name">(o.name.is_identifier(false), id);
    for (int i = 0; i < id; ++i) {
      require<"two outputs have the name `[]`">(g.outputs[i].name != o.name, o.name);
    }
    require<"the output `[]` is node {}, and there are {}">(o.value >= 0 && o.value < g.nodes.size,
                                                            o.name, o.value, g.nodes.size);
    require<"the first output is `output`, which no call leaves out">(
        id > 0 || (o.name == Name("output") && !o.optional));
    if (good()) {
      require<"the output `[]` is not of real numbers">(g.nodes[o.value].type == Type::real,
                                                        o.name);
      require<"the output `[]` has as many heads as a call brings">(
          !g.nodes[o.value].axes.free_heads(), o.name);
      require<"the output `[]` starts as what is no input with its axes">(
          o.starts_as == -1 || (is_input(o.starts_as) && g.nodes[o.starts_as].type == Type::real &&
                                g.nodes[o.starts_as].axes == g.nodes[o.value].axes),
          o.name);
    }
  }

  // ---- nodes

  constexpr void node(int id) {
    const Node& n = g.nodes[id];
    if (!require<"node {} has an operation, type or rule that there is not">(
            static_cast<int>(n.op) < num_ops && static_cast<int>(n.type) < 3 &&
                static_cast<int>(n.fully_masked) < 3 &&
                static_cast<int>(n.fully_masked_with_scores) < 3,
            id)) {
      return;
    }
    int operands = 0;
    for (std::size_t i = 0; i < n.operand.size(); ++i) {
      require<"node {} has node {} for an operand, which does not come before it">(
          n.operand[i] >= -1 && n.operand[i] < id, id, n.operand[i]);
      if (n.operand[i] < 0) continue;
      require<"node {} has a gap in its operands">(operands == static_cast<int>(i), id);
      ++operands;
    }
    for (auto w : n.weight) {
      require<"node {} has weight {}, which is not there">(
          w >= -1 && w < g.weights.size && (w == -1 || n.op == Op::project), id, w);
    }
    if (!good()) return;
    if (n.op == Op::input) {
      input(n, id, operands);
    } else {
      require<"node {} is no input, and has what only inputs have">(
          n.type == Type::real && !n.optional && !n.flag && !n.soft && n.reading == 0, id);
      operation(n, id, operands);
    }
  }
  constexpr void input(const Node& n, int id, int operands) {
    require<"input {} has no proper name">(n.name.is_identifier(false), id);
    for (int i = 0; i < id; ++i) {
      require<"two inputs have the name `[]`">(
          g.nodes[i].op != Op::input || g.nodes[i].name != n.name, n.name);
    }
    for (const Axis& a : n.axes) {
      require<"input {} has the features of another">(a.of == -1 || a.of == id, id);
    }
    if (operands > 0) {
      require<"nothing can stand in for input {} but another of its kind">(
          operands == 1 && n.optional && !n.flag && is_input(n.operand[0]) &&
              g.nodes[n.operand[0]].type == n.type && g.nodes[n.operand[0]].axes.same_as(n.axes),
          id);
    }
    require<"input {} is no soft mask">(
        !n.soft || (n.type == Type::real && n.optional && operands == 0 && n.axes.size > 0), id);
    require<"input {} is read as only masks are">(
        n.reading == 0 || (n.type == Type::truth && !n.flag && n.reading < num_readings), id);
    require<"input {} is no flag">(!n.flag || (n.optional && operands == 0 && n.axes.size == 0),
                                   id);
    require<"input {} has a formula">(
        n.formula == FormulaRange{} && n.mask == FormulaRange{} && n.sink == FormulaRange{}, id);
    require<"input {} is a sigmoid">(!n.sigmoid, id);
  }
  constexpr const Axes& axes_of(const Node& n, int i) const {
    return g.nodes[n.operand[static_cast<std::size_t>(i)]].axes;
  }

  constexpr void operation(const Node& n, int id, int operands) {
    auto takes = [&](int least, int most) {
      for (int i = 0; i < operands; ++i) {
        const Type type = g.nodes[n.operand[static_cast<std::size_t>(i)]].type;
        const bool index = n.op == Op::splice && i == 3, any = n.op == Op::given && i == 0;
        require<"node {} computes with numbers of another type">(
            any || (type == Type::real) != index, id);
        require<"node {} computes with as many heads as a call brings">(
            n.op == Op::slice_heads || !axes_of(n, i).free_heads(), id);
      }
      return require<"node {} has {} operands">(operands >= least && operands <= most, id,
                                                operands);
    };
    auto makes = [&](const Axes& axes) {
      return require<"node {} has other axes than its operation makes">(n.axes == axes, id);
    };
    const bool has_formula = n.op == Op::scores || n.op == Op::map || n.op == Op::gather;
    require<"node {} has a formula">(has_formula || n.formula == FormulaRange{}, id);
    require<"node {} has a mask">(n.op == Op::softmax || n.mask == FormulaRange{}, id);
    require<"node {} has a sink">(n.op == Op::softmax || n.sink == FormulaRange{}, id);
    require<"node {} is a sigmoid">(n.op == Op::softmax || !n.sigmoid, id);
    switch (n.op) {
      case Op::project:
        if (takes(1, 1)) projection(n, id);
        break;
      case Op::scores: {
        if (!takes(2, 2)) break;
        const Axes &q = axes_of(n, 0), &k = axes_of(n, 1);
        require<"node {} makes scores of values that do not fit">(
            q.has(Kind::query) && k.has(Kind::key) &&
                q.extent(Kind::head) == k.extent(Kind::head) &&
                q.extent(Kind::size) == k.extent(Kind::size) &&
                q.only(Kind::batch).same_as(k.only(Kind::batch)),
            id);
        makes(score_axes(q, q.only(Kind::head), k));
        formula(n.formula, n.axes, 2, id, Type::real);
        break;
      }
      case Op::map:
        if (!takes(1, 4)) break;
        for (int i = 0; i < operands; ++i) {
          for (const Axis& a : axes_of(n, i)) {
            const Axis* own = n.axes.find(a.kind, a.number);
            require<"node {} maps values that do not fit">(own && own->extent == a.extent, id);
          }
        }
        makes(axes_of(n, 0));
        require<"node {} maps without a formula">(n.formula.size > 0, id);
        formula(n.formula, n.axes, operands, id, Type::real);
        break;
      case Op::softmax:
        if (!takes(1, 1)) break;
        require<"node {} is a softmax without keys">(n.axes.has(Kind::key), id);
        makes(axes_of(n, 0));
        formula(n.mask, n.axes, 0, id, Type::truth);
        formula(n.sink, n.axes.without(Kind::key), 0, id, Type::real);
        require<"node {} has sigmoids, and a sink or a rule beside them">(
            !n.sigmoid || (n.sink.empty() && n.fully_masked == FullyMasked::zero &&
                           n.fully_masked_with_scores == FullyMasked::zero),
            id);
        break;
      case Op::dropout:
        if (takes(1, 1)) makes(axes_of(n, 0));
        require<"node {} has a rate that is not in (0, 1]">(n.rate > 0 && n.rate <= 1, id);
        break;
      case Op::combine: {
        if (!takes(2, 2)) break;
        const Axes &p = axes_of(n, 0), &v = axes_of(n, 1);
        require<"node {} combines values that do not fit">(
            p.has(Kind::query) && p.has(Kind::key) && !v.has(Kind::query) &&
                p.extent(Kind::head) == v.extent(Kind::head) &&
                p.only(Kind::key).same_as(v.only(Kind::key)),
            id);
        // Positions in any order: that of the query, which is no operand.
        require<"node {} combines to other positions than its probabilities'">(
            n.axes.only(Kind::batch, Kind::query).same_as(p.only(Kind::batch, Kind::query)), id);
        Axes axes = n.axes.only(Kind::batch, Kind::query);
        axes += v.only(Kind::head, Kind::size, Kind::feature);
        makes(axes);
        break;
      }
      default:
        if (takes(1, n.op == Op::splice ? 4 : n.op == Op::given ? 3 : 2)) {
          rearranged(n, id, operands);
        }
    }
  }
  constexpr void projection(const Node& n, int id) {
    require<"projection {} has no proper name">(n.name.is_identifier(false), id);
    if (!require<"projection {} has no kernel">(n.weight[0] >= 0, id)) return;
    const Axes &x = axes_of(n, 0), &kernel = g.weights[n.weight[0]].axes;
    // Heads alone, which keep their place, or all that a position has: what fits, as the language
    // does.
    bool fits = false;
    for (bool mixes : {true, false}) {
      const Axes contracted =
          mixes ? x.only(Kind::head) : x.only(Kind::feature, Kind::head, Kind::size);
      bool prefix = contracted.size > 0 && kernel.size > contracted.size;
      for (int i = 0; prefix && i < contracted.size; ++i) {
        prefix = kernel.axis[static_cast<std::size_t>(i)] ==
                 contracted.axis[static_cast<std::size_t>(i)];
      }
      if (!prefix) continue;
      Axes to, made;
      for (int i = contracted.size; i < kernel.size; ++i) {
        to.add(kernel.axis[static_cast<std::size_t>(i)]);
      }
      if (mixes) {
        if (to.size != 1 || to.begin()->kind != Kind::head) continue;
        for (const Axis& a : x) made.add(a.kind == Kind::head ? *to.begin() : a);
      } else {
        made = x.without(Kind::feature, Kind::head, Kind::size);
        made += to;
      }
      if (!(made == n.axes)) continue;
      fits = n.weight[1] < 0 || g.weights[n.weight[1]].axes == to;
      fits = fits && to.only(Kind::other).size == 0 && elements(to) <= Target::max_columns;
      if (fits) break;
    }
    require<"projection {} does not fit its weights">(fits, id);
  }
  constexpr void rearranged(const Node& n, int id, int operands) {
    const Axes& x = axes_of(n, 0);
    const int own = x.extent(Kind::head), heads = n.axes.extent(Kind::head);
    bool fits = operands == 1;
    switch (n.op) {
      case Op::share_heads:
        fits = fits && own > 0 && heads > 0 && heads % own == 0;
        fits = fits && n.axes == x.resized(Kind::head, heads);
        break;
      case Op::slice_heads:
        fits = fits && n.number[0] >= 0 && n.number[1] > 0 && n.number[1] == heads;
        fits = fits && (x.free_heads() || n.number[0] <= own - heads) &&
               n.number[0] <= Target::max_columns - heads;
        fits = fits && n.axes == x.resized(Kind::head, heads);
        break;
      case Op::concat_heads:
        fits = operands == 2 && own > 0 && axes_of(n, 1).resized(Kind::head, own) == x &&
               heads == own + axes_of(n, 1).extent(Kind::head) &&
               n.axes == x.resized(Kind::head, heads);
        break;
      case Op::gather:
        fits = fits && x.has(Kind::size) && n.axes == x && n.formula.size > 0;
        if (fits) formula(n.formula, n.axes, 0, id, Type::index);
        break;
      case Op::splice:
        fits = operands == 4 && n.axes == x && x.has(Kind::slot);
        for (int i = 1; fits && i < 3; ++i) {
          const Axes& v = axes_of(n, i);
          fits = v.has(Kind::update) &&
                 v.only(Kind::head, Kind::size) == x.only(Kind::head, Kind::size);
        }
        fits = fits && axes_of(n, 3).without(Kind::batch).size == 0 &&
               g.nodes[n.operand[3]].type == Type::index;
        break;
      case Op::as_keys: {
        Axes made = x;
        for (Axis& a : made.axis) {
          if (a.kind == Kind::update) a.kind = Kind::key;
        }
        fits = fits && x.has(Kind::update) && n.axes == made;
        break;
      }
      case Op::given: {
        const Node& condition = g.nodes[n.operand[0]];
        fits = operands >= 2 && condition.op == Op::input && condition.optional &&
               condition.operand[0] < 0;
        for (int i = 1; i < operands; ++i) fits = fits && axes_of(n, i) == n.axes;
        break;
      }
      default:
        fits = fits && x.has(Kind::slot) && (n.number[0] == 0 || n.number[0] == 1);
        fits = fits && n.axes == x.without(Kind::slot);
    }
    require<"node {} takes values that do not fit">(fits, id);
  }

  // ---- formulas

  /// `wanted` real: any number.
  constexpr void formula(FormulaRange f, const Axes& axes, int arguments, int id, Type wanted) {
    if (f.size == 0) {
      require<"node {} has an empty formula in a place">(f.begin == 0, id);
      return;
    }
    if (!require<"the formula of node {} is not the next {} steps">(
            f.begin == next_step && f.size > 0 && f.size <= Formula::capacity &&
                f.begin + f.size <= g.steps.size,
            id, f.size)) {
      return;
    }
    next_step += f.size;
    for (int i = 0; i < f.size && good(); ++i) step(f, i, axes, arguments, id);
    if (!good()) return;
    const Type is = g.steps[next_step - 1].type;
    require<"the formula of node {} makes another type">(
        wanted == Type::real ? is != Type::truth : is == wanted, id);
  }
  constexpr void step(FormulaRange f, int i, const Axes& axes, int arguments, int id) {
    const Step& s = g.steps[f.begin + i];
    if (!require<"node {}, step {} has a function or type that there is not">(
            static_cast<int>(s.fn) < num_fns && static_cast<int>(s.type) < 3, id, i)) {
      return;
    }
    int operands = 0;
    std::array<Type, 4> types{};
    for (std::size_t o = 0; o < s.operand.size(); ++o) {
      if (!require<"node {}, step {} reads step {}, which does not come before it">(
              s.operand[o] >= -1 && s.operand[o] < i, id, i, s.operand[o])) {
        return;
      }
      if (s.operand[o] < 0) continue;
      require<"node {}, step {} has a gap in its operands">(operands == static_cast<int>(o), id, i);
      types[static_cast<std::size_t>(operands++)] = g.steps[f.begin + s.operand[o]].type;
    }
    require<"node {}, step {} has {} operands">(s.fn == Fn::element || operands == arity(s.fn), id,
                                                i, operands);
    if (!good()) return;
    require<"node {}, step {}: [] does not fit">(fits(s, axes, arguments, operands, types), id, i,
                                                 fn_names[static_cast<std::size_t>(s.fn)]);
  }
  constexpr bool fits(const Step& s, const Axes& axes, int arguments, int operands,
                      const std::array<Type, 4>& types) const {
    const auto kind = static_cast<Kind>(s.bits / 16);
    const bool truths = takes_truths(s.fn);
    for (int i = 0; i < operands; ++i) {
      const bool wants_truth = truths || (s.fn == Fn::where && i == 0);
      if ((types[static_cast<std::size_t>(i)] == Type::truth) != wants_truth) return false;
    }
    auto joined = [&](int first, int last) {
      for (int i = first; i <= last; ++i) {
        if (types[static_cast<std::size_t>(i)] != Type::index) return Type::real;
      }
      return Type::index;
    };
    switch (s.fn) {
      case Fn::argument:
        return s.type == Type::real && s.bits < static_cast<unsigned>(arguments);
      case Fn::number:
        return s.type != Type::truth;
      case Fn::position:
      case Fn::length:
        return s.type == Type::index && s.bits / 16 < static_cast<unsigned>(num_kinds) &&
               axes.find(kind, static_cast<int>(s.bits % 16)) != nullptr;
      case Fn::element:
      case Fn::own: {
        if (s.bits >= static_cast<unsigned>(g.tables.size)) return false;
        const TableUse& t = g.tables[static_cast<int>(s.bits)];
        const Axes& own = t.weight >= 0 ? g.weights[t.weight].axes : g.nodes[t.input].axes;
        if (s.type != t.type) return false;
        if (s.fn == Fn::own) return axes.contains(own);
        for (int i = 0; i < operands; ++i) {
          if (types[static_cast<std::size_t>(i)] != Type::index) return false;
        }
        return operands == own.size;
      }
      case Fn::where:
        return s.type == joined(1, 2);
      case Fn::truncate:
        return s.type == Type::index;
      default:
        if (is_arithmetic(s.fn)) return s.type == joined(0, operands - 1);
        return s.type == (is_real(s.fn) ? Type::real : Type::truth);
    }
  }
};

}  // namespace validation

/// The first thing that is wrong with a graph, or no error.
constexpr Error validate(const Graph& g) { return validation::Validator(g).run(); }

}  // namespace attn
