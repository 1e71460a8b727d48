// graph.h - values with named axes, and the graph whose nodes they are.
//
//   constexpr attn::Outputs build(attn::Graph& g, const Mine& d) {
//     const auto [query, value, key] = g.query_value_key();
//     const auto s = scores(query, key);
//     const auto given = g.mask("attention_mask", s), is_causal = g.flag("use_causal_mask");
//     return {.output = combine(softmax(s, given & (attn::causal | !is_causal)), value)};
//   }
//
// A graph is a plain value of fixed capacity. The same code builds it in the compiler and at run
// time.
//
// `nothing` is a value too: a projection to zero heads, no head out of some, a gate that is absent.
// Every operation is defined on it (nothing + x is x; combine(nothing, x) is nothing), and its
// weights do not exist. This keeps conditions out of the layers.
// Not here: the operations themselves (operations.h).
#pragma once
#include "attn/mask.h"
#include "attn/nodes.h"

namespace attn {

class Graph;

/// A value of the graph under construction, or nothing.
struct Value {
  Graph* graph = nullptr;
  std::int8_t id = -1;
  constexpr explicit operator bool() const { return id >= 0; }
  constexpr const Axes& axes() const;
  /// Of an input: what stands in where a call leaves it out.
  constexpr Value or_else(Value other) const;
};
inline constexpr Value nothing{};

/// What a layer gives back. Members that are nothing are not outputs.
struct Outputs {
  Value output{}, attention_scores{}, cache{};
  Value cache_input{};  // what `cache` starts as, where it is a cache that is added to
};

/// [batch.., head, query.., key..], sequence axes by their numbers: in the order in which
/// `attention_axes` gave them.
constexpr Axes score_axes(const Axes& query, const Axes& heads, const Axes& key) {
  Axes axes = query.only(Kind::batch);
  axes += heads;
  for (int i = 0; i < 3; ++i) {
    if (const Axis* a = query.find(Kind::query, i)) axes.add(*a);
  }
  for (int i = 0; i < 3; ++i) {
    if (const Axis* a = key.find(Kind::key, i)) axes.add(*a);
  }
  return axes;
}

struct Sequences {
  Value query, value, key;
};

class Graph : public Diagnostics {
 public:
  static constexpr int max_nodes = 48, max_weights = 20, max_tables = 12, max_outputs = 4;
  static constexpr int max_steps = 192;
  static constexpr std::int64_t max_elements = 1ll << 31;  // of a weight, unknown extents as one

  List<Node, max_nodes> nodes;
  List<Weight, max_weights> weights;
  List<TableUse, max_tables> tables;
  List<Output, max_outputs> outputs;
  List<Step, max_steps> steps;
  /// The inputs that the description declares, in that order; tables that formulas mention first
  /// are not among them. Nodes come into this order when the graph is complete (order.h).
  List<std::int8_t, max_nodes> declared;
  DTypePolicy dtype{};

  /// `file` is the description's: nodes made by calls in it remember their line.
  constexpr explicit Graph(OnError on_error = OnError::keep, const char* file = "")
      : Diagnostics(on_error), file_(file) {}

  // ---- what comes from outside

  constexpr Value input(Name name, const Axes& axes, bool optional = false, Type type = Type::real,
                        Place place = here()) {
    return named_input(name, axes, optional, type, place, true);
  }
  /// The sequence that asks, the one that is asked, and `key` where it differs. `positions` names
  /// what the latter count.
  constexpr Sequences query_value_key(const Numbers& attention_axes = {}, int rank = 0,
                                      Kind positions = Kind::key, Place place = here()) {
    const Axes asks = sequence(Kind::query, attention_axes, rank);
    const Axes asked = sequence(positions, attention_axes, rank);
    const Value query = input("query", asks, false, Type::real, place);
    const Value value = input("value", asked, false, Type::real, place);
    const Value key = input("key", asked, false, Type::real, place).or_else(value);
    return {query, value, key};
  }
  constexpr Sequences query_value_key(Kind positions, Place place = here()) {
    return query_value_key({}, 0, positions, place);
  }
  /// A truth table that may be missing, and then allows everything: one value for every position of
  /// `like`. For scores that is one for every query, key and head; for a sequence it is padding.
  /// Every axis may have length one. Of any type; numbers are read as `reading` says (nodes.h).
  constexpr Mask mask(Name name, Value like, std::uint8_t reading = 0, Place place = here()) {
    if (!like) return {};
    return mask(name, like.axes().without(Kind::size, Kind::feature), reading, place);
  }
  constexpr Mask mask(Name name, const Axes& axes, std::uint8_t reading = 0, Place place = here()) {
    require<"the mask `[]` is read in a way that there is not: {}">(reading < num_readings, name,
                                                                    reading);
    add_input({.op = Op::input,
               .type = Type::truth,
               .optional = true,
               .reading = reading,
               .name = name,
               .axes = axes},
              place);
    return Mask::own({name, Type::truth, true});
  }
  /// A mask of numbers that formulas compute with, `at.own(table)`: of any type, broadcast as masks
  /// are, and 1 where it is left out.
  constexpr TableName soft_mask(Name name, Value like, Place place = here()) {
    if (like) soft_mask(name, like.axes().without(Kind::size, Kind::feature), place);
    return {name, Type::real, true};
  }
  constexpr TableName soft_mask(Name name, const Axes& axes, Place place = here()) {
    require<"the mask of numbers `[]` has no axis">(axes.size > 0, name);
    add_input({.op = Op::input, .optional = true, .soft = true, .name = name, .axes = axes}, place);
    return {name, Type::real, true};
  }
  /// One index for each sequence of the batch, or one for all; 0 where it is left out.
  constexpr Value index(Name name, Place place = here()) {
    return add_input({.op = Op::input,
                      .type = Type::index,
                      .optional = true,
                      .name = name,
                      .axes = {{Kind::batch}}},
                     place);
  }
  /// An input that calls may leave out, and that nothing reads in those which do: `given` chooses.
  constexpr Value optional_input(Name name, const Axes& axes, Place place = here()) {
    return add_input({.op = Op::input, .optional = true, .name = name, .axes = axes}, place);
  }
  /// An argument of the call that is true or false, and false where it is left out:
  /// `attn::causal | !g.flag("use_causal_mask")`.
  constexpr Mask flag(Name name, Place place = here()) {
    add_input({.op = Op::input, .type = Type::truth, .optional = true, .flag = true, .name = name},
              place);
    return Mask::own({name, Type::truth, true});
  }
  /// A weight that formulas read by position. One without elements does not exist.
  constexpr Table weight(Name name, const Numbers& shape = {}) {
    Axes axes;
    for (int extent : shape) {
      if (extent == 0) return Table(name);
      require<"the weight `[]` has a negative extent: {}">(extent > 0, name, extent);
    }
    for (int extent : shape) {
      axes.add({Kind::other, static_cast<std::uint8_t>(axes.size), -1, extent});
    }
    add_weight(name, axes);
    return Table(name);
  }
  /// Probabilities from outside, in the place of a softmax: what `query` paid to `key`, for so many
  /// heads, or for as many as the call brings (`any_heads`), of which `first_heads` takes some.
  static constexpr int any_heads = -1;
  constexpr Value probabilities(Name name, int heads, Value query, Value key,
                                Place place = here()) {
    if (heads == 0) return nothing;
    const Axis head{Kind::head, 0, -1, heads == any_heads ? 0 : heads};
    const Axes axes = score_axes(query.axes(), {head}, key.axes());
    return input(name, axes, false, Type::real, place);
  }
  constexpr void output(Name name, Value v, bool optional = false) {
    if (!v) return;
    require<"the output `[]` has as many heads as a call brings: []">(!v.axes().free_heads(), name,
                                                                      take_some);
    require<"the output `[]` holds no real numbers">(nodes[v.id].type == Type::real, name);
    check_name(name, false);
    for (const Output& o : outputs) {
      require<"the layer has two outputs with the name `[]`">(o.name != name, name);
    }
    if (!require<"a layer has at most {} outputs">(outputs.size < max_outputs, max_outputs)) return;
    outputs[outputs.size++] = {name, v.id, optional};
  }
  /// The output `name` starts as what this input holds.
  constexpr void starts_as(Name name, Value input) {
    for (int i = 0; input && i < outputs.size; ++i) {
      if (outputs[i].name != name) continue;
      require<"the output `[]` starts as an input with the same axes">(
          nodes[input.id].op == Op::input && nodes[input.id].type == Type::real &&
              input.axes() == nodes[outputs[i].value].axes,
          name);
      outputs[i].starts_as = input.id;
    }
  }

  // ---- what operations are made of

  constexpr Value add(const Node& node, Place place) {
    if (!require<"a graph has at most {} operations">(nodes.size < max_nodes, max_nodes)) {
      return nothing;
    }
    if (!require<"a value has at most {} axes">(!node.axes.too_many, Axes::capacity)) {
      return nothing;
    }
    const char* name = op_names[static_cast<std::size_t>(node.op)];
    for (const Axis& a : node.axes) {
      // Asked in one expression first: sentence by sentence it is 3% of the time of a header.
      if (a.kind != Kind::position && a.number <= Axis::max_number && a.of == -1 && a.extent >= 0 &&
          a.extent <= Axis::max_extent && node.axes.find(a.kind, a.number) == &a) {
        continue;
      }
      check_axis(a, node);
    }
    if (error()) return nothing;
    if (node.op != Op::input) {
      for (std::size_t i = 0; i < node.operand.size(); ++i) {
        if (node.operand[i] < 0 || (node.op == Op::splice && i == 3)) continue;
        if (node.op == Op::given && i == 0) continue;
        const Node& operand = nodes[node.operand[i]];
        require<
            "[] computes with real numbers, and `[]` holds others: read it in a formula, by name">(
            operand.type == Type::real, name, operand.name);
        require<"[] needs a number of heads, and `[]` has as many as a call brings: []">(
            node.op == Op::slice_heads || !operand.axes.free_heads(), name, operand.name,
            take_some);
      }
    }
    Node& made = nodes[nodes.size++] = node;
    made.line = std::string_view(place.file) == file_ ? place.line : 0;
    return {this, static_cast<std::int8_t>(nodes.size - 1)};
  }
  constexpr std::int8_t add_weight(Name name, const Axes& axes) {
    for (int i = 0; i < weights.size; ++i) {
      if (weights[i].name != name) continue;
      require<"the layer has two weights with the name `[]`">(weights_are_known_, name);
      require<"the weight `[]` has other axes than its projection makes">(weights[i].axes == axes,
                                                                          name);
      return static_cast<std::int8_t>(i);
    }
    check_name(name, true);
    require<"the weight `[]` has more than {} elements">(elements(axes) <= max_elements, name,
                                                         max_elements);
    for (const Axis& a : axes) {
      require<"the weight `[]` has an axis [] of extent {}: at most {}">(
          a.extent <= Axis::max_extent, name, kind_names[static_cast<std::size_t>(a.kind)],
          a.extent, Axis::max_extent);
    }
    if (!require<"a layer has at most {} weights">(weights.size < max_weights, max_weights))
      return -1;
    weights[weights.size++] = {name, axes};
    return static_cast<std::int8_t>(weights.size - 1);
  }
  /// For a graph that is built again: projections and formulas find their weights and tables, which
  /// keep their order, in place of adding them.
  constexpr void begin_with(const Graph& built) {
    for (const Weight& w : built.weights) add_weight(w.name, w.axes);
    weights_are_known_ = true;
    tables = built.tables;
  }
  /// Takes a formula over, checks that its positions exist on `axes`, and declares its tables.
  constexpr FormulaRange add(const Formula& f, const Axes& axes, const char* whose, Place place) {
    if (f.error) {
      keep(f.error);
      return {};
    }
    require<"the formula of [] is too long: at most {} steps and {} tables">(
        !f.too_long, whose, Formula::capacity, Formula::table_capacity);
    if (!require<"the formulas of a graph have at most {} steps together">(
            steps.size + f.size <= max_steps, max_steps)) {
      return {};
    }
    if (f.empty()) return {};
    const FormulaRange range{steps.size, f.size};
    for (int i = 0; i < f.size; ++i) {
      Step s = f.steps[static_cast<std::size_t>(i)];
      if (s.fn == Fn::position || s.fn == Fn::length) {
        if (s.axis().kind == Kind::position) s.bits = AxisName{the_sequence(axes)}.bits();
        const AxisName axis = s.axis();
        const char* kind = kind_names[static_cast<std::size_t>(axis.kind)];
        const bool there = axes.find(axis) != nullptr;
        require<
            "the formula of [] reads its [] along axis {} of attention, and there are fewer: "
            "`attention_axes` names them">(there || axis.number == 0 || !axes.has(axis.kind), whose,
                                           kind, axis.number);
        require<"the formula of [] reads at.[], an axis that is not there">(there, whose, kind);
      }
      check_operands(f, s, whose);
      if (s.fn == Fn::element || s.fn == Fn::own) {
        s.bits = static_cast<unsigned>(use(f.tables[s.bits], f, s, axes, whose, place));
      }
      steps[steps.size++] = s;
    }
    return range;
  }

  /// [batch, positions..., feature], where other axes than `attention_axes` are batch axes. Keras
  /// counts from the front; from the back only where the rank is known.
  constexpr Axes sequence(Kind positions, const Numbers& attention_axes, int rank) {
    if (attention_axes.empty()) return {{Kind::batch}, {positions}, {Kind::feature}};
    require<"`attention_axes` names at most {} axes, not {}">(attention_axes.size <= 3, 3,
                                                              attention_axes.size);
    int last = rank ? rank - 2 : 1;
    for (int a : attention_axes) {
      if (!rank && a > last) last = a;
    }
    Axes axes{{Kind::batch}};
    std::uint8_t batches = 1, found = 0;
    for (int position = 1; position <= last && !axes.too_many; ++position) {
      Axis axis{Kind::batch, batches};
      for (int i = 0; i < attention_axes.size && i < 4; ++i) {
        const int a = attention_axes.value[static_cast<std::size_t>(i)];
        if (axis.kind == Kind::batch && position == (a < 0 && rank ? rank + a : a)) {
          axis = {positions, static_cast<std::uint8_t>(i)};
          ++found;
        }
      }
      if (axis.kind == Kind::batch) ++batches;
      axes.add(axis);
    }
    axes.add({Kind::feature});
    require<
        "`attention_axes` names an axis twice, or one that is not between the batch and the "
        "feature axis (counting from the back needs `input_rank`)">(found == attention_axes.size);
    return axes;
  }

 private:
  static constexpr const char* take_some = "take some of them, `first_heads(x, n)`";

  const char* file_;
  bool weights_are_known_ = false;

  /// What `at.position` counts: the one sequence axis that there is.
  static constexpr Kind the_sequence(const Axes& axes) {
    return axes.has(Kind::query) ? Kind::query : axes.has(Kind::update) ? Kind::update : Kind::key;
  }

  /// What a formula computes with: positions are divided by something, and tables read at indices.
  constexpr void check_operands(const Formula& f, const Step& s, const char* whose) {
    const auto operand = [&](int i) {
      return f.steps[static_cast<std::size_t>(s.operand[static_cast<std::size_t>(i)])];
    };
    if ((s.fn == Fn::div || s.fn == Fn::rem) && s.type == Type::index) {
      require<"the formula of [] divides by zero">(
          operand(1).fn != Fn::number || operand(1).index() != 0, whose);
    }
    for (int i = 0; s.fn == Fn::element && i < 4 && s.operand[static_cast<std::size_t>(i)] >= 0;
         ++i) {
      require<
          "the formula of [] reads `[]` at a real number: an index is whole, and truncate(x) "
          "makes one">(operand(i).type == Type::index, whose, f.tables[s.bits].name);
    }
  }
  constexpr void check_axis(const Axis& a, const Node& node) {
    const char* name = op_names[static_cast<std::size_t>(node.op)];
    require<"[] makes an axis of Kind::position: say which positions it counts">(
        a.kind != Kind::position, name);
    const char* kind = kind_names[static_cast<std::size_t>(a.kind)];
    require<"[] makes the axis [] {} twice">(node.axes.find(a.kind, a.number) == &a, name, kind,
                                             a.number);
    require<"[] makes the axis [] {}: the last one is {}">(a.number <= Axis::max_number, name, kind,
                                                           a.number, Axis::max_number);
    require<"[] makes an axis [] of extent {}: at most {}">(
        a.extent >= 0 && a.extent <= Axis::max_extent, name, kind, a.extent, Axis::max_extent);
    const bool of_input = a.of == nodes.size
                              ? node.op == Op::input
                              : a.of >= 0 && a.of < nodes.size && nodes[a.of].op == Op::input;
    require<
        "[] makes an axis [] as long as the features of node {}, which is no input of unknown "
        "size">(a.of == -1 || (a.kind == Kind::feature && a.extent == 0 && of_input), name, kind,
                a.of);
  }
  constexpr void check_name(const Name& name, bool is_weight) {
    require<"`[]` is too long: names have at most {} letters">(!name.too_long, name, 31);
    require<"`[]` becomes a name in C++: write letters, digits and `_`, a letter first">(
        name.is_identifier(is_weight), name);
  }
  constexpr Value named_input(const Name& name, const Axes& axes, bool optional, Type type,
                              Place place, bool declares) {
    require<"the input `[]` may only be left out if something stands in: write `.or_else(...)`">(
        !optional || type == Type::truth, name);
    return add_input(
        {.op = Op::input, .type = type, .optional = optional, .name = name, .axes = axes}, place,
        declares);
  }
  constexpr Value add_input(const Node& node, Place place, bool declares = true) {
    for (const Node& n : nodes) {
      require<"the graph has two inputs with the name `[]`">(
          n.op != Op::input || n.name != node.name, node.name);
    }
    check_name(node.name, false);
    for (const Axis& a : node.axes) {
      const bool heads = a.kind == Kind::head && (node.type != Type::real || node.soft);
      const bool counted = heads || a.kind == Kind::size || a.kind == Kind::slot;
      require<"the input `[]` has an axis [] of extent {}">(
          a.extent > 0 || (a.extent == 0 && !counted), node.name,
          kind_names[static_cast<std::size_t>(a.kind)], a.extent);
    }
    Node made = node;
    for (Axis& a : made.axes.axis) {
      if (a.kind == Kind::feature && a.extent == 0) a.of = nodes.size;
    }
    const Value v = add(made, place);
    if (v && declares) declared[declared.size++] = v.id;
    return v;
  }
  /// The number of a table, which is declared as an input where it is neither input nor weight yet.
  constexpr int use(const TableName& table, const Formula& f, const Step& step, const Axes& where,
                    const char* whose, Place place) {
    Axes read;  // what the indices count
    for (auto o : step.operand) {
      if (o < 0) break;
      const Step& s = f.steps[static_cast<std::size_t>(o)];
      Axis axis{s.axis().kind, s.axis().number};
      if (s.fn != Fn::position || axis.kind == Kind::position ||
          read.find(axis.kind, axis.number)) {
        axis = {Kind::other, static_cast<std::uint8_t>(read.size)};
      } else if (const Axis* there = where.find(axis.kind, axis.number)) {
        axis.extent = there->extent;
      }
      read.add(axis);
    }
    int id = 0;
    while (id < tables.size && tables[id].name != table.name) ++id;
    if (id == tables.size) {
      if (!require<"the formulas of a graph read at most {} tables">(id < max_tables, max_tables))
        return 0;
      TableUse t{table};
      for (int i = 0; i < weights.size; ++i) {
        if (weights[i].name == table.name) t.weight = static_cast<std::int8_t>(i);
      }
      for (int i = 0; i < nodes.size && t.weight < 0; ++i) {
        if (nodes[i].op == Op::input && nodes[i].name == table.name) {
          t.input = static_cast<std::int8_t>(i);
        }
      }
      if (t.weight < 0 && t.input < 0) {  // first mentioned: an input with the axes of its indices
        t.input = named_input(table.name, read, table.optional, table.type, place, false).id;
      }
      tables[tables.size++] = t;
    }
    const TableUse& t = tables[id];
    if (t.weight < 0 && t.input < 0) return id;
    const Type is = t.weight >= 0 ? Type::real : nodes[t.input].type;
    require<"`[]` is of type [] and is read as []">(
        is == table.type, table.name, type_names[static_cast<std::size_t>(is)],
        type_names[static_cast<std::size_t>(table.type)]);
    Axes& own = t.weight >= 0 ? weights[t.weight].axes : nodes[t.input].axes;
    if (step.fn == Fn::own) {
      require<"[] reads `[]` at an axis that is not there">(where.contains(own), whose, table.name);
      require<"[] reads `[]`, which has as many heads as a call brings">(!own.free_heads(), whose,
                                                                         table.name);
    } else if (require<"`[]` is read with {} indices and has {} axes">(
                   own.size == read.size, table.name, read.size, own.size)) {
      for (int i = 0; i < own.size; ++i) {  // read along queries and keys: as long as the longer
        Axis& a = own.axis[static_cast<std::size_t>(i)];
        const Axis& b = read.axis[static_cast<std::size_t>(i)];
        if (t.weight < 0 && !a.same_as(b)) a = {Kind::other, static_cast<std::uint8_t>(i)};
        require<"`[]` is read along axes of length {} and {}">(
            a.kind == Kind::other || a.extent == b.extent, table.name, a.extent, b.extent);
      }
    }
    return id;
  }
};

inline constexpr Axes no_axes{};
constexpr const Axes& Value::axes() const { return *this ? graph->nodes[id].axes : no_axes; }
constexpr Value Value::or_else(Value other) const {
  if (!*this || !other) return *this;
  Node &n = graph->nodes[id], &stands_in = graph->nodes[other.id];
  const bool fits = graph->require<
      "`or_else` is between two inputs with the same axes, and the one that stands in is "
      "made first">(n.op == Op::input && stands_in.op == Op::input && other.id < id &&
                    n.type == stands_in.type && n.axes.same_as(stands_in.axes));
  if (fits) n.operand[0] = other.id, n.optional = true;
  return *this;
}

}  // namespace attn
