// fields.h - the fields of a graph, each named once.
//
//   struct Names : attn::FieldVisitor<Names> {
//     void name(const attn::Name& n) { std::puts(n.text.data()); }
//     ...
//   };
//   visit_fields(names, graph);
//
// Fingerprints (layer.h), writing (section.h) and reading (deserialise.h) visit the same fields in
// the same order. A field that is added to a record is added here, and nowhere else: sections of
// other fields are refused by their version (section.h). Not here: what a field means (nodes.h),
// and which values it may have (validate.h).
#pragma once
#include <type_traits>

#include "attn/graph.h"

namespace attn {

/// T or const T.
template <class Given, class T>
concept Maybe = std::same_as<std::remove_const_t<Given>, T>;

constexpr void visit_fields(auto& visitor, Maybe<Axis> auto& a) {
  visitor(a.kind, a.number, a.of, a.extent);
}
constexpr void visit_fields(auto& visitor, Maybe<FormulaRange> auto& f) {
  visitor(f.begin, f.size);
}
constexpr void visit_fields(auto& visitor, Maybe<Node> auto& n) {
  visitor(n.op, n.type, n.rules.alone, n.rules.with_scores, n.optional, n.flag, n.soft, n.reading);
  visitor(n.number, n.rate, n.formula, n.mask, n.weight);
  visitor.added_later(n.rules.sigmoid, n.sink);
  visitor(n.operand, n.name, n.axes);
  visitor.line(n.line);
}
constexpr void visit_fields(auto& visitor, Maybe<Step> auto& s) {
  visitor(s.fn, s.type, s.bits, s.operand);
}
constexpr void visit_fields(auto& visitor, Maybe<TableUse> auto& t) {
  visitor(t.name, t.type, t.optional, t.weight, t.input);
}
constexpr void visit_fields(auto& visitor, Maybe<Weight> auto& w) { visitor(w.name, w.axes); }
constexpr void visit_fields(auto& visitor, Maybe<Output> auto& o) {
  visitor(o.name, o.value, o.optional, o.starts_as);
}
constexpr void visit_fields(auto& visitor, Maybe<Graph> auto& g) {
  visitor.list(g.nodes), visitor.list(g.steps), visitor.list(g.tables);
  visitor.list(g.weights), visitor.list(g.outputs);
  visitor(g.dtype);
}

/// How many enumerators a field of an enumeration may have.
template <class E>
inline constexpr int count_of = 0;
template <>
inline constexpr int count_of<Op> = num_ops;
template <>
inline constexpr int count_of<Fn> = num_fns;
template <>
inline constexpr int count_of<Kind> = num_kinds;
template <>
inline constexpr int count_of<Type> = static_cast<int>(type_names.size());
template <>
inline constexpr int count_of<FullyMasked> = static_cast<int>(fully_masked_names.size());
template <>
inline constexpr int count_of<DTypePolicy> = num_policies;

/// Takes fields apart. `Visitor` has, for references to the fields,
///   number(v)         of an integer, an enumeration or a bool; a float comes as its 32 bits
///   name(n), axes(a)
///   list(l)           of a graph's nodes, steps, ...
///   added_later(...)  fields that are younger than the first fingerprints
///   line(v)           places in the source, which are no part of a fingerprint
/// Single statements, where that is possible: clang 22 evaluates a million of them in one constant
/// expression, and a section of 17 layers is one.
template <class Visitor>
struct FieldVisitor {
  constexpr void operator()(auto&... field) { (one(field), ...); }

 private:
  template <class Field>
  requires(std::is_enum_v<Field> || std::is_integral_v<Field>) constexpr void one(Field& field) {
    static_cast<Visitor*>(this)->number(field);
  }
  constexpr void one(auto& field) { compound(static_cast<Visitor&>(*this), field); }
  constexpr static void compound(Visitor& self, auto& field) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, float>) {
      auto bits = std::bit_cast<std::uint32_t>(field);
      self.number(bits);
      if constexpr (!std::is_const_v<std::remove_reference_t<decltype(field)>>) {
        field = std::bit_cast<float>(bits);
      }
    } else if constexpr (std::is_same_v<Field, Name>) {
      self.name(field);
    } else if constexpr (std::is_same_v<Field, Axes>) {
      self.axes(field);
    } else if constexpr (requires { field.begin(); }) {
      for (auto& element : field) self.number(element);
    } else {
      visit_fields(self, field);
    }
  }
};

}  // namespace attn
