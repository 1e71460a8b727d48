// validate.h - whether a graph is one that the language makes.
//
//   if (const attn::Error e = attn::validate(graph)) return e.text();
//
// For graphs that come from bytes. The graph is built again by the operations of the language, so
// that their rules stand once, and in their words; what they make must be what came. Afterwards
// every number in the graph may be used as an index, and operands come before their use. Here are
// only the rules that C++ itself enforces in a description: numbers that name a node, weight, table
// or step, types of steps, and what a weight may be that nothing reads.
// Not here: lengths of lists and names of enumerations, which the reader checks (deserialise.h).
#pragma once
#include "attn/heads.h"

namespace attn {
namespace validation {

class Validator {
  const Graph& g;
  Graph made;
  int next_step = 0;

  constexpr bool good() const { return !made.error(); }
  template <Sentence sentence>
  constexpr bool require(bool holds, auto... facts) {
    return made.require<sentence>(holds, facts...);
  }

 public:
  constexpr explicit Validator(const Graph& g) : g(g) {}

  constexpr Error run() {
    for (int i = 0; i < g.weights.size && good(); ++i) weight(g.weights[i]);
    for (int i = 0; i < g.tables.size && good(); ++i) table(g.tables[i]);
    if (good()) made.begin_with(g);
    for (int i = 0; i < g.nodes.size && good(); ++i) node(i);
    require<"a graph has at least one output">(g.outputs.size > 0);
    for (int i = 0; i < g.outputs.size && good(); ++i) output(i);
    if (good()) compare();
    return made.error();
  }

 private:
  constexpr bool is_input(int id) const {
    return id >= 0 && id < g.nodes.size && g.nodes[id].op == Op::input;
  }

  // ---- weights and tables, which formulas find by name

  constexpr void weight(const Weight& w) {
    for (const Axis& a : w.axes) {
      const bool kept = a.kind == Kind::head || a.kind == Kind::size || a.kind == Kind::feature ||
                        a.kind == Kind::other;
      const bool known =
          a.of < 0 ? a.extent > 0 : a.kind == Kind::feature && a.extent == 0 && is_input(a.of);
      require<"the weight `[]` has an axis [] {} of extent {}">(
          kept && known && a.number <= Axis::max_number && a.of >= -1, w.name,
          kind_names[static_cast<std::size_t>(a.kind)], a.number, a.extent);
    }
  }
  constexpr void table(const TableUse& t) {
    const bool of_weight = t.weight >= 0 && t.weight < g.weights.size && t.input == -1;
    const bool of_input = t.weight == -1 && is_input(t.input);
    if (!require<"the table `[]` is neither a weight nor an input">(of_weight || of_input, t.name))
      return;
    require<"the table `[]` differs from what it reads">(
        t.name == (of_weight ? g.weights[t.weight].name : g.nodes[t.input].name), t.name);
  }

  // ---- nodes

  constexpr void node(int id) {
    const Node& n = g.nodes[id];
    for (auto o : n.operand) {
      require<"node {} reads node {}, which does not come before it">(o >= -1 && o < id, id, o);
    }
    if (!good()) return;
    const Value value = n.op == Op::input ? input(n) : operation(n, id);
    require<"node {} has operands that [] does not take">(value.id == id, id,
                                                          op_names[static_cast<std::size_t>(n.op)]);
  }
  constexpr Value operand(const Node& n, std::size_t i) {
    return n.operand[i] < 0 ? nothing : Value{&made, n.operand[i]};
  }
  constexpr Value input(const Node& n) {
    if (n.flag) {
      made.flag(n.name);
    } else if (n.soft) {
      made.soft_mask(n.name, n.axes);
    } else if (n.operand[0] >= 0) {
      made.input(n.name, n.axes, false, n.type).or_else(operand(n, 0));
    } else if (!n.optional) {
      made.input(n.name, n.axes, false, n.type);
    } else if (n.type == Type::truth) {
      made.mask(n.name, n.axes, n.reading);
    } else if (n.type == Type::index) {
      made.index(n.name);
    } else {
      made.optional_input(n.name, n.axes);
    }
    return {&made, static_cast<std::int8_t>(made.nodes.size - 1)};
  }
  constexpr Value operation(const Node& n, int id) {
    const Value x = operand(n, 0), y = operand(n, 1);
    switch (n.op) {
      case Op::project:
        return projection(n, x);
      case Op::scores:
        return pair_scores(x, y, formula(n.formula, id, 2, Type::real), {});
      case Op::map: {
        require<"node {} maps without a formula">(!n.formula.empty(), id);
        const Formula f = formula(n.formula, id, y ? 2 : 1, Type::real);
        if (!good() || !x) return nothing;
        return y ? elementwise({x, y}, f, "map", {}) : elementwise({x}, f, "map", {});
      }
      case Op::softmax: {
        Mask mask;
        mask.formula = formula(n.mask, id, 0, Type::truth);
        if (n.rules.sigmoid) return sigmoid_probabilities(x, mask, {});
        SinkLogit sink;
        sink.formula = formula(n.sink, id, 0, Type::real);
        return softmax(x, mask, n.rules, sink, {});
      }
      case Op::dropout:
        return dropout(x, n.rate, {});
      case Op::combine:
        return combine_to(n.axes.only(Kind::batch, Kind::query), x, y, {});
      case Op::share_heads:
        return share_heads(x, n.axes.extent(Kind::head), {});
      case Op::slice_heads:
        return first_heads(x, n.number[1], {});
      case Op::concat_heads:
        return concat_heads(x, y, {});
      case Op::gather:
        require<"node {} gathers without a formula">(!n.formula.empty(), id);
        if (const Formula f = formula(n.formula, id, 0, Type::index); good()) {
          return gather_at(x, f, {});
        }
        return nothing;
      case Op::splice:
        return splice(x, y, operand(n, 2), operand(n, 3), {});
      case Op::slot:
        return n.number[0] == 0 ? keys_of(x, {}) : values_of(x, {});
      case Op::as_keys:
        return as_keys(x, {});
      case Op::given:
        return given(x, y, operand(n, 2), {});
      case Op::input:
        break;
    }
    return nothing;
  }
  /// What a kernel does not contract, the projection makes.
  constexpr Value projection(const Node& n, Value x) {
    const int id = n.weight[0];
    if (!x || !require<"the projection `[]` has no kernel">(id >= 0 && id < g.weights.size, n.name))
      return nothing;
    const Axes& kernel = g.weights[id].axes;
    Target to;
    to.only_heads = x.axes().has(Kind::head) && kernel.size == 2 &&
                    kernel.axis[0].kind == Kind::head && kernel.axis[1].kind == Kind::head;
    const int contracted =
        to.only_heads ? 1 : x.axes().only(Kind::feature, Kind::head, Kind::size).size;
    for (int i = contracted; i < kernel.size; ++i) {
      to.to.add(kernel.axis[static_cast<std::size_t>(i)]);
    }
    require<"the projection `[]` makes an axis that weights alone have">(!to.to.has(Kind::other),
                                                                         n.name);
    return project(x, n.name, to, n.weight[1] >= 0, {});
  }

  // ---- formulas

  /// The next steps as a formula of its own. `wanted` real: any number.
  constexpr Formula formula(FormulaRange range, int id, int arguments, Type wanted) {
    Formula f;
    if (range.size == 0) return f;
    if (!require<"the formula of node {} is not the next {} steps">(
            range.begin == next_step && range.size > 0 && range.size <= Formula::capacity &&
                range.begin + range.size <= g.steps.size,
            id, range.size)) {
      return f;
    }
    next_step += range.size;
    for (int i = 0; i < range.size; ++i) {
      Step s = g.steps[range.begin + i];
      if (!require<"node {}, step {}: [] does not fit">(fits(s, f, id, arguments), id, i,
                                                        fn_names[static_cast<std::size_t>(s.fn)])) {
        return f;
      }
      if (s.fn == Fn::element || s.fn == Fn::own)
        s.bits = f.add(g.tables[static_cast<int>(s.bits)]);
      f.steps[static_cast<std::size_t>(f.size++)] = s;
    }
    require<"the formula of node {} makes another type">(
        wanted == Type::real ? f.result().type != Type::truth : f.result().type == wanted, id);
    return f;
  }
  /// Whether a step may stand behind those of `f`.
  constexpr bool fits(const Step& s, const Formula& f, int id, int arguments) const {
    std::array<Type, 4> type{};
    int operands = 0;
    for (auto o : s.operand) {
      if (o < 0) break;
      if (o >= f.size) return false;
      type[static_cast<std::size_t>(operands)] = f.steps[static_cast<std::size_t>(o)].type;
      const bool truth = type[static_cast<std::size_t>(operands)] == Type::truth;
      if (truth != takes_truth(s.fn, static_cast<std::size_t>(operands++))) return false;
    }
    for (std::size_t i = static_cast<std::size_t>(operands); i < s.operand.size(); ++i) {
      if (s.operand[i] != -1) return false;
    }
    if (s.fn != Fn::element && operands != arity(s.fn)) return false;
    switch (s.fn) {
      case Fn::argument:
        return s.type == Type::real && s.bits < static_cast<unsigned>(arguments);
      case Fn::number:
        return s.type != Type::truth;
      case Fn::position:
      case Fn::length:
        return s.type == Type::index && s.bits < AxisName{Kind::other}.bits() + 16;
      case Fn::element:
      case Fn::own:
        return s.bits < static_cast<unsigned>(g.tables.size) &&
               g.tables[static_cast<int>(s.bits)].input < id &&
               s.type == g.tables[static_cast<int>(s.bits)].type;
      default:
        return s.type == result_of(s.fn, type, static_cast<std::size_t>(operands));
    }
  }

  // ---- outputs, and what came of it all

  constexpr void output(int id) {
    const Output& o = g.outputs[id];
    if (!require<"the output `[]` is node {}, and there are {}">(
            o.value >= 0 && o.value < g.nodes.size, o.name, o.value, g.nodes.size)) {
      return;
    }
    require<"the first output is `output`, which no call leaves out">(
        id > 0 || (o.name == Name("output") && !o.optional));
    made.output(o.name, {&made, o.value}, o.optional);
    if (!require<"the output `[]` starts as what is no input">(
            o.starts_as == -1 || is_input(o.starts_as), o.name)) {
      return;
    }
    if (o.starts_as >= 0) made.starts_as(o.name, {&made, o.starts_as});
  }
  constexpr void compare() {
    for (int i = 0; i < g.nodes.size; ++i) {
      Node n = g.nodes[i];
      n.line = made.nodes[i].line;
      require<"node {} is not what [] makes of its operands">(
          n == made.nodes[i], i, op_names[static_cast<std::size_t>(n.op)]);
    }
    for (int i = 0; i < made.steps.size; ++i) {
      require<"step {} is not what its formula makes">(made.steps[i] == g.steps[i], i);
    }
    require<"step {} belongs to no formula">(made.steps.size == g.steps.size, made.steps.size);
    require<"a projection has a weight that is not its own">(made.weights.size == g.weights.size);
  }
};

}  // namespace validation

/// The first thing that is wrong with a graph, or no error.
constexpr Error validate(const Graph& g) { return validation::Validator(g).run(); }

}  // namespace attn
