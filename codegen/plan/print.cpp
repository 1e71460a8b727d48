// The plan as text: deterministic, complete, one line a fact.
#include <fmt/format.h>

#include <bit>

#include "plan/plan.h"

namespace attnc {

namespace {

std::string text(const Plan& plan, const std::vector<PlanAxis>& axes) {
  std::string out = "[";
  for (const PlanAxis& a : axes) {
    if (out.size() > 1) out += ", ";
    out += attn::kind_names[static_cast<size_t>(a.kind)];
    if (a.number) out += fmt::format(".{}", a.number);
    if (a.extent) out += fmt::format(" {}", a.extent);
    if (a.of >= 0) out += " of " + plan.inputs.at(static_cast<size_t>(a.of)).name;
  }
  return out + "]";
}

const char* name(attn::Type type) {
  return type == attn::Type::truth ? "truth" : type == attn::Type::index ? "index" : "float32";
}

const char* name(Layout layout) {
  switch (layout) {
    case Layout::rows:
      return "rows";
    case Layout::query_rows:
      return "query rows";
    case Layout::key_panels:
      return "key panels";
    case Layout::value_rows:
      return "value rows";
    case Layout::heads:
      return "heads";
  }
  return "";
}

void print(std::string& out, const Plan& plan, const char* title,
           const std::vector<PlanTensor>& tensors) {
  out += fmt::format("  {}\n", title);
  for (const PlanTensor& t : tensors) {
    out += fmt::format("    {} {} {}", t.name, text(plan, t.axes), name(t.type));
    if (t.or_input >= 0)
      out += ", or " + plan.inputs.at(static_cast<size_t>(t.or_input)).name;
    else if (t.optional)
      out += ", optional";
    out += "\n";
  }
}

std::string text(const Plan& plan, const Packing& p) {
  std::string out = plan.weights.at(static_cast<size_t>(p.weight)).name;
  out += p.vector ? fmt::format(": vector for panels of {}", p.panel_width)
                  : fmt::format(": panels of {}, rows from {} axes", p.panel_width, p.contracted);
  if (p.row_block) out += fmt::format(", rows {} padded to {}", p.row_block, p.row_block_padded);
  if (p.column_block)
    out += fmt::format(", columns {} padded to {}", p.column_block, p.column_block_padded);
  if (p.scale != 1) out += fmt::format(", scale {:.9g}", p.scale);
  return out;
}

/// A step: "%2 = less_equal %0, %1".
std::string text(const Plan& plan, const attn::Step& s) {
  std::string out = attn::fn_names[static_cast<size_t>(s.fn)];
  switch (s.fn) {
    case attn::Fn::number:
      out = s.type == attn::Type::index ? fmt::format("{}", std::bit_cast<int32_t>(s.bits))
                                        : fmt::format("{:.9g}f", std::bit_cast<float>(s.bits));
      break;
    case attn::Fn::position:
    case attn::Fn::length:
      out += fmt::format(" {}", attn::kind_names[s.bits / 16]);
      if (s.bits % 16) out += fmt::format(".{}", s.bits % 16);
      break;
    case attn::Fn::own:
    case attn::Fn::element:
      out += " " + plan.inputs.at(s.bits).name;
      break;
    default:
      break;
  }
  const char* separator = " ";
  for (auto o : s.operand)
    if (o >= 0) out += fmt::format("{}%{}", separator, o), separator = ", ";
  return out;
}

void print(std::string& out, const Plan& plan, const char* title, const PlanFormula& f) {
  if (f.empty()) return;
  out += fmt::format("      {}\n", title);
  for (size_t i = 0; i < f.steps.size(); ++i)
    out += fmt::format("        %{} = {}\n", i, text(plan, f.steps[i]));
  out += "        yield";
  for (int r : f.results) out += fmt::format(" %{}", r);
  out += "\n";
}

void print(std::string& out, const Plan& plan, const Path& path, const Projection& p) {
  auto value = [&](int id) -> const PlanValue& { return path.values.at(static_cast<size_t>(id)); };
  auto weight = [&](int packing) {
    const Packing& packed = plan.packings.at(static_cast<size_t>(packing));
    return fmt::format("#{} {}", packing, plan.weights.at(static_cast<size_t>(packed.weight)).name);
  };
  out += fmt::format("    {} = project {} by {}", value(p.result).name, value(p.x).name,
                     weight(p.kernel));
  if (p.bias >= 0) out += " + " + weight(p.bias);
  if (p.heads) out += fmt::format(", heads {} x {}", p.heads, p.head_size);
  if (p.head_size_padded != p.head_size) out += fmt::format(" padded to {}", p.head_size_padded);
  out += fmt::format(": {}\n", name(value(p.result).layout));
}

void print(std::string& out, const Plan& plan, const Path& path, const Attention& a) {
  auto value = [&](int id) {
    const PlanValue& v = path.values.at(static_cast<size_t>(id));
    return v.layout == Layout::heads ? v.name + " (heads)" : v.name;
  };
  out += "    " + value(a.result);
  if (a.scores >= 0) out += ", " + value(a.scores);
  out += fmt::format(" = attention {}, {}, {}: {}, heads {}", value(a.query), value(a.key),
                     value(a.value), a.scores < 0 ? "online" : "probabilities stored", a.heads);
  if (a.key_heads != a.heads) out += fmt::format(" on {}", a.key_heads);
  out += fmt::format(", sizes {} and {}", a.key_size, a.value_size);
  if (a.value_size_padded != a.value_size) out += fmt::format(" padded to {}", a.value_size_padded);
  if (a.scale != 1) out += fmt::format(", scale {:.9g}", a.scale);
  out += fmt::format(", rows without keys: {}\n",
                     attn::fully_masked_names[static_cast<size_t>(a.rule)]);
  print(out, plan, "mask", a.mask);
  print(out, plan, "keys (query: the first of a tile, query.1: its last)", a.keys);
}

}  // namespace

std::string print(const Plan& plan) {
  std::string out = fmt::format("layer {} ({}, {})\n", plan.layer, plan.library, plan.target);
  out += fmt::format("  fingerprint {:#018x}\n", plan.fingerprint);
  print(out, plan, "inputs", plan.inputs);
  print(out, plan, "weights", plan.weights);
  print(out, plan, "outputs", plan.outputs);
  out += "  packings\n";
  for (size_t i = 0; i < plan.packings.size(); ++i)
    out += fmt::format("    #{} {}\n", i, text(plan, plan.packings[i]));
  bool phases = false;
  for (const Path& path : plan.paths) {
    out += fmt::format("  path {}", path.name);
    if (path.most_queries) {
      out += fmt::format(", for calls of at most {} {}", path.most_queries,
                         path.most_queries == 1 ? "query" : "queries");
      phases = true;
    }
    out += "\n";
    for (const Stage& stage : path.stages)
      std::visit([&](const auto& s) { print(out, plan, path, s); }, stage);
  }
  const Schedule& s = plan.schedule;
  out += "  schedule\n";
  out += fmt::format("    vector {}, register tile {} rows x {} vectors\n", s.vector, s.tile_rows,
                     s.tile_vectors);
  out += fmt::format(
      "    task {} rows; {} queries, {} keys a block; {} queries where scores are stored\n",
      s.task_rows, s.query_tile, s.key_block, s.scores_query_tile);
  if (phases) out += fmt::format("    {} keys of a task for one query\n", s.decode_keys);
  return out;
}

}  // namespace attnc
