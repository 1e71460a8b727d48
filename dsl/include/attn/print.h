// print.h - a graph as text, for tests and for people: nodes in order, formulas as regions.
//
//   std::puts(text(model::encoder.graph, "encoder").c_str());
//
// Not here: the dialect's own text; `attnc show` prints that.
#pragma once
#include "attn/layer.h"

namespace attn {

inline std::string symbol(const Graph& g, const Axis& a) {
  if (a.extent > 0) return std::to_string(a.extent);
  const std::string suffix = a.number ? std::to_string(a.number) : "";
  switch (a.kind) {
    case Kind::batch:
      return "B" + suffix;
    case Kind::query:
      return "T" + suffix;
    case Kind::key:
      return "S" + suffix;
    case Kind::update:
      return "L" + suffix;
    case Kind::head:
      return "N";
    case Kind::other:
      return "M" + suffix;
    case Kind::feature:
      return a.of < 0 ? "D" : "D_" + std::string(g.nodes[a.of].name.view());
    default:
      return "?";
  }
}
inline std::string text(const Graph& g, const Axes& axes, bool names = true) {
  std::string out = names ? "[" : "(";
  for (const Axis& a : axes) {
    if (out.size() > 1) out += ", ";
    if (names)
      out += std::string(kind_names[static_cast<std::size_t>(a.kind)]) +
             (a.number ? std::to_string(a.number) : "") + " ";
    out += symbol(g, a);
  }
  return out + (names ? "]" : ")");
}
inline std::string number_text(double v) {
  std::array<char, 32> s{};
  std::snprintf(s.data(), s.size(), "%.9g", v);
  return s.data();
}

/// A formula's region: its steps in order, the last one yielded.
inline std::string text(const Graph& g, FormulaRange f, const std::string& indent) {
  std::string out;
  auto ref = [](int id) { return "%" + std::to_string(id); };
  for (int i = 0; i < f.size; ++i) {
    const Step& s = g.steps[f.begin + i];
    out += indent + ref(i) + " = ";
    switch (s.fn) {
      case Fn::argument:
        out += "argument " + std::to_string(s.bits);
        break;
      case Fn::number:
        out += "constant " +
               (s.type == Type::index ? std::to_string(s.index()) : number_text(s.real()));
        break;
      case Fn::position:
      case Fn::length:
        out += std::string(fn_names[static_cast<std::size_t>(s.fn)]) + " " +
               kind_names[static_cast<std::size_t>(s.axis().kind)] +
               (s.axis().number ? " " + std::to_string(s.axis().number) : "");
        break;
      case Fn::own:
        out += "own @" + std::string(g.tables[static_cast<int>(s.bits)].name.view());
        break;
      case Fn::element:
        out += "element @" + std::string(g.tables[static_cast<int>(s.bits)].name.view());
        break;
      default:
        out += fn_names[static_cast<std::size_t>(s.fn)];
    }
    const char* separator = s.fn == Fn::element ? "[" : " ";
    bool any = false;
    for (auto o : s.operand)
      if (o >= 0) out += separator + ref(o), separator = ", ", any = true;
    if (s.fn == Fn::element && any) out += "]";
    out += s.type == Type::index ? " : index\n" : s.type == Type::truth ? " : i1\n" : " : f32\n";
  }
  return out + indent + "yield " + ref(f.size - 1) + "\n";
}

/// The whole graph. This is all a generator has to know: nodes in order, operands by number,
/// formulas as regions.
inline std::string text(const Graph& g, std::string_view name) {
  std::string out = "attn.layer @" + std::string(name) + " {\n";
  auto ref = [&](int id) {
    return g.nodes[id].op == Op::input ? "%" + std::string(g.nodes[id].name.view())
                                       : "%" + std::to_string(id);
  };
  for (const Weight& w : g.weights)
    out += "  weight " + std::string(w.name.view()) + " " + text(g, w.axes, false) + "\n";
  for (int id = 0; id < g.nodes.size; ++id) {
    const Node& n = g.nodes[id];
    out += "  " + ref(id) + " = " + op_names[static_cast<std::size_t>(n.op)];
    if (n.op == Op::input) {
      if (n.flag) {
        out += " flag";
      } else if (n.optional) {
        out += n.operand[0] >= 0 ? " or " + ref(n.operand[0]) : " optional";
      }
      if (n.type != Type::real) out += n.type == Type::truth ? " i1" : " index";
      if (n.soft) out += " soft";
      if (n.reading) out += " reading " + std::to_string(n.reading);
    } else {
      for (int i = 0; i < 4; ++i)
        if (n.operand[static_cast<std::size_t>(i)] >= 0)
          out += (i ? ", " : " ") + ref(n.operand[static_cast<std::size_t>(i)]);
      if (!n.name.empty()) out += " \"" + std::string(n.name.view()) + "\"";
    }
    if (n.op == Op::project && n.weight[1] < 0) out += " no bias";
    if (n.rules.sigmoid) out += " sigmoid";
    if (n.op == Op::softmax && !n.rules.sigmoid)
      out += std::string(" fully masked ") +
             fully_masked_names[static_cast<std::size_t>(n.rules.alone)] + ", with scores " +
             fully_masked_names[static_cast<std::size_t>(n.rules.with_scores)];
    if (n.op == Op::dropout) out += " rate " + number_text(n.rate);
    if (n.op == Op::slot) out += n.number[0] ? " values" : " keys";
    out += " : " + text(g, n.axes) + "\n";
    if (!n.formula.empty()) out += text(g, n.formula, "    ");
    if (!n.mask.empty()) out += "    mask\n" + text(g, n.mask, "    ");
    if (!n.sink.empty()) out += "    sink\n" + text(g, n.sink, "    ");
  }
  for (const Output& o : g.outputs)
    out += "  return " + std::string(o.name.view()) + (o.optional ? " on request" : "") + " = " +
           ref(o.value) + "\n";
  return out + "}\n";
}

}  // namespace attn
