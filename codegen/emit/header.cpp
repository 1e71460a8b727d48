#include "emit/header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "emit/names.h"

namespace attnc {
namespace {

/// Tensor names as member names. A '_' is appended to a name that is already taken.
std::vector<std::string> members(const std::vector<PlanTensor>& tensors) {
  std::vector<std::string> out;
  std::set<std::string> taken;
  for (const PlanTensor& t : tensors) {
    std::string name = identifier(t.name);
    while (!taken.insert(name).second) name += '_';
    out.push_back(name);
  }
  return out;
}

bool is_flag(const PlanTensor& t) { return t.type == attn::Type::truth && t.axes.empty(); }

std::string note(const PlanTensor& t, const Plan& plan, bool output) {
  std::string out = describe(t, plan);
  if (output) return t.optional ? out + "; only if asked for" : out;
  if (!t.optional) return out;
  return out + "; left out: " + (t.or_input >= 0 ? plan.inputs[t.or_input].name : "all true");
}

/// The order of an aggregate's members, as indices into the table. It is the order of the table,
/// except that inputs begin with query, value and key in every layer: designated initialisers have
/// to follow the order of members, so a call written for one layer also works for another.
std::vector<size_t> order_of(const std::vector<PlanTensor>& tensors, bool inputs) {
  const std::array<std::string_view, 3> first{"query", "value", "key"};
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (!inputs) return order;
  std::ranges::stable_sort(order, {}, [&](size_t i) {
    return std::ranges::find(first, std::string_view(tensors[i].name)) - first.begin();
  });
  return order;
}

/// struct Inputs { attn::Tensor query{};  // [batch, query, feature] ... };
std::string aggregate(const char* name, const char* type, const std::vector<PlanTensor>& tensors,
                      const Plan& plan, const char* comment) {
  std::string out;
  if (*comment) out += fmt::format("  /// {}\n", comment);
  const std::vector<std::string> names = members(tensors);
  const bool output = name[0] == 'O', weight = name[0] == 'W';
  const std::vector<size_t> order = order_of(tensors, name[0] == 'I');
  const bool by_name = !std::ranges::is_sorted(order);
  if (by_name) {
    out +=
        fmt::format("  /// By name alone. Tensors by position are {}.\n", fmt::join(names, ", "));
  }
  out += fmt::format("  struct {} {{\n", name);
  if (by_name) out += "    attn::ByName _by_name{};\n";
  for (size_t i : order) {
    if (is_flag(tensors[i])) {
      out += fmt::format("    bool {} = false;\n", names[i]);
      continue;
    }
    const std::string original = weight ? tensors[i].name + " " : "";
    out += fmt::format("    {} {}{{}};  // {}{}\n", type, names[i], original,
                       note(tensors[i], plan, output));
  }
  return out + "  };\n";
}

std::string list(const char* name, const char* type, const std::vector<PlanTensor>& tensors) {
  const char argument = static_cast<char>(name[0] - 'A' + 'a');
  std::string elements;
  const std::vector<std::string> names = members(tensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    const char* format = is_flag(tensors[i]) ? "attn::Tensor::flag({}.{})" : "{}.{}";
    elements += fmt::format("        {},\n", fmt::format(fmt::runtime(format), argument, names[i]));
  }
  if (tensors.empty())
    return fmt::format("  static std::array<{}, 0> list(const {}&) {{ return {{}}; }}\n", type,
                       name);
  return fmt::format(
      "  static std::array<{}, {}> list(const {}& {}) {{\n    return {{\n{}    }};\n  }}\n", type,
      tensors.size(), name, argument, elements);
}

}  // namespace

std::string describe(const PlanTensor& tensor, const Plan& plan) {
  std::string out = "[";
  for (const PlanAxis& a : tensor.axes) {
    if (out.size() > 1) out += ", ";
    out += attn::kind_names[static_cast<size_t>(a.kind)];
    if (a.number) out += fmt::format(" {}", a.number + 1);
    if (a.extent)
      out += fmt::format(" {}", a.extent);
    else if (a.least)
      out += fmt::format(" {} or more", a.least);
    else if (a.of >= 0 && plan.inputs[a.of].name != tensor.name)
      out += " of " + plan.inputs[a.of].name;
  }
  return out + "]";
}

std::string typed_header(const Plan& plan, const HeaderSource& source) {
  const std::string file = fmt::format("{}/{}", source.library, header_file(plan.layer));
  const std::string table = table_symbol(source.library, plan.layer);
  std::string out = fmt::format(
      "// Written by attnc from {}; never edit it: build {} again.\n//\n"
      "//   auto layer = attn::Layer<{}>::load(weights);   // attn/runtime/typed.h\n"
      "#pragma once\n#include <array>\n\n#include \"attn/layer.h\"\n#include "
      "\"attn/runtime/typed.h\"\n",
      source.made_from, source.library, plan.layer);
  if (!source.include.empty()) {
    out += fmt::format("#include \"{}\"\n", source.include);
  } else {
    const size_t colon = plan.layer.rfind("::");
    const std::string where = colon == plan.layer.npos ? "" : plan.layer.substr(0, colon);
    const std::string definition = fmt::format("inline constexpr auto {} = attn::layer({});\n",
                                               short_name(plan.layer), source.definition);
    out += where.empty() ? "\n" + definition
                         : fmt::format("\nnamespace {} {{\n{}}}  // namespace {}\n", where,
                                       definition, where);
  }
  out += fmt::format(
      "\nstatic_assert(attn::fingerprint({}) == 0x{:016x}u,\n"
      "              \"{} is older than {}: build {} again\");\n",
      plan.layer, plan.fingerprint, file, source.made_from, source.library);
  out += fmt::format("\nextern \"C\" const attn_layer_table {};\n\n", table);
  out += fmt::format("template <>\nstruct attn::Binding<{}> {{\n", plan.layer);
  out += aggregate("Weights", "attn::Tensor", plan.weights, plan,
                   "In the order of the original's get_weights.");
  out += aggregate("Inputs", "attn::Tensor", plan.inputs, plan, "");
  out += aggregate("Outputs", "attn::MutableTensor", plan.outputs, plan, "");
  out += fmt::format("  static const attn_layer_table& table() {{ return {}; }}\n", table);
  out += list("Weights", "attn::Tensor", plan.weights);
  out += list("Inputs", "attn::Tensor", plan.inputs);
  out += list("Outputs", "attn::MutableTensor", plan.outputs);
  return out + "};\n";
}

}  // namespace attnc
