// order.h - one order for equal graphs.
//
//   attn::InOrder::put(graph);
//
// Inputs come first, in the order in which the description declares them: it is the order of the
// table, of the typed structs and of tensors by position. Tables that formulas mention without a
// declaration follow. Then come operations, operands first. What no output needs is left out,
// inputs excepted. Weights keep their order, which is that of `get_weights`.
//
// C++ leaves open in which order the operands of `f(x) + g(y)` are evaluated, and g++ 12 uses one
// order while it evaluates constants and another in the code that it makes. So a layer declares one
// input and makes one projection a statement; for operations and mentioned tables the order in
// which they were made says nothing, and this brings them into the one that depends on the graph
// alone.
#pragma once
#include "attn/graph.h"

namespace attn {

class InOrder {
 public:
  static constexpr void put(Graph& g) { InOrder(g).run(); }

 private:
  static constexpr std::int8_t not_yet = -1, on_the_way = -2;

  const Graph from;
  Graph& to;
  std::array<std::int8_t, Graph::max_nodes> order{}, at{};
  int count = 0;

  constexpr explicit InOrder(Graph& g) : from(g), to(g) {
    for (auto& a : at) a = not_yet;
  }

  constexpr std::int8_t& new_number(int id) { return at[static_cast<std::size_t>(id)]; }

  enum class Which { inputs, operations };

  /// Gives numbers to what node `id` needs and to itself, as far as it is asked for.
  constexpr void visit(int id, Which which) {
    const Node& n = from.nodes[id];
    if (new_number(id) != not_yet) return;
    new_number(id) = on_the_way;
    for (auto o : n.operand) {
      if (o >= 0) visit(o, which);
    }
    for (auto formula : formulas_of_node) {
      const FormulaRange f = n.*formula;
      for (int i = f.begin; i < f.begin + f.size; ++i) {
        const Step& s = from.steps[i];
        if (s.fn != Fn::element && s.fn != Fn::own) continue;
        const auto input = from.tables[static_cast<int>(s.bits)].input;
        if (input >= 0) visit(input, which);
      }
    }
    new_number(id) = not_yet;
    if ((n.op == Op::input) == (which == Which::inputs)) {
      order[static_cast<std::size_t>(count)] = static_cast<std::int8_t>(id);
      new_number(id) = static_cast<std::int8_t>(count++);
    }
  }
  constexpr void run() {
    for (auto id : from.declared) visit(id, Which::inputs);
    for (const Output& o : from.outputs) visit(o.value, Which::inputs);
    for (int id = 0; id < from.nodes.size; ++id) {
      if (from.nodes[id].op == Op::input) visit(id, Which::inputs);
    }
    for (const Output& o : from.outputs) visit(o.value, Which::operations);
    to.nodes = {}, to.steps = {}, to.tables = {}, to.declared = {};
    for (int i = 0; i < count; ++i) {
      Node n = from.nodes[order[static_cast<std::size_t>(i)]];
      for (auto& o : n.operand) {
        if (o >= 0) o = new_number(o);
      }
      renumber(n.axes);
      for (auto formula : formulas_of_node) n.*formula = copy(n.*formula);
      to.nodes[to.nodes.size++] = n;
    }
    for (int i = 0; i < to.weights.size; ++i) renumber(to.weights[i].axes);
    for (int i = 0; i < to.outputs.size; ++i) {
      to.outputs[i].value = new_number(to.outputs[i].value);
      if (to.outputs[i].starts_as >= 0)
        to.outputs[i].starts_as = new_number(to.outputs[i].starts_as);
    }
  }
  constexpr void renumber(Axes& axes) {
    for (Axis& a : axes.axis) {
      if (a.of >= 0) a.of = new_number(a.of);
    }
  }
  constexpr FormulaRange copy(FormulaRange f) {
    const FormulaRange out{f.empty() ? std::int16_t{0} : to.steps.size, f.size};
    for (int i = f.begin; i < f.begin + f.size; ++i) {
      Step s = from.steps[i];
      if (s.fn == Fn::element || s.fn == Fn::own) {
        TableUse t = from.tables[static_cast<int>(s.bits)];
        if (t.input >= 0) t.input = new_number(t.input);
        int id = 0;
        while (id < to.tables.size && to.tables[id].name != t.name) ++id;
        if (id == to.tables.size) to.tables[to.tables.size++] = t;
        s.bits = static_cast<unsigned>(id);
      }
      to.steps[to.steps.size++] = s;
    }
    return out;
  }
};

}  // namespace attn
