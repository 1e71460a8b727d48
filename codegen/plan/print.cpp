// The plan as text: deterministic, complete, one fact per line.
#include <fmt/format.h>

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

/// The name of an element type as the policy stores it.
const char* name(const Plan& plan, attn::Type type, bool is_weight) {
  if (type != attn::Type::real) return type == attn::Type::truth ? "truth" : "index";
  const auto stored = is_weight ? weight_type(plan.dtype) : tensor_type(plan.dtype);
  return attn::policy_names[static_cast<size_t>(stored)];
}

/// A number with enough digits to identify it in the layer's precision.
std::string number(const Plan& plan, double v) {
  return plan.dtype == attn::DTypePolicy::float64 ? fmt::format("{:.17g}", v)
                                                  : fmt::format("{:.9g}", v);
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
    case Layout::pairs:
      return "pairs";
    case Layout::cache:
      return "cache";
  }
  return "";
}

void print(std::string& out, const Plan& plan, const char* title,
           const std::vector<PlanTensor>& tensors) {
  out += fmt::format("  {}\n", title);
  for (const PlanTensor& t : tensors) {
    out += fmt::format("    {} {} {}", t.name, text(plan, t.axes),
                       name(plan, t.type, &tensors == &plan.weights));
    if (t.soft) out += ", a soft mask";
    if (t.table) out += ", a table";
    if (t.or_input >= 0)
      out += ", or " + plan.inputs.at(static_cast<size_t>(t.or_input)).name;
    else if (t.optional)
      out += ", optional";
    if (t.reading & attn::above_half) out += ", read above 0.5";
    if (t.reading & attn::above_half_with_scores) out += ", read above 0.5 with scores";
    if (t.reading & attn::only_mask) out += ", if no other mask is there";
    if (t.reading & attn::any_number) out += ", of any numbers";
    if (t.reading & attn::from_right) out += ", aligned at the right";
    if (t.starts_as >= 0)
      out += ", starts as " + plan.inputs.at(static_cast<size_t>(t.starts_as)).name;
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
  if (p.scale != 1) out += ", scale " + number(plan, p.scale);
  return out;
}

/// The name of what an `own` or `element` step reads.
std::string tableName(const Plan& plan, const PlanStep& s) {
  const auto i = static_cast<size_t>(read_index(s));
  if (!reads_packing(s)) return plan.inputs.at(i).name;
  return fmt::format("#{} {}", i,
                     plan.weights.at(static_cast<size_t>(plan.packings.at(i).weight)).name);
}

/// A step: "less_equal %0, %1".
std::string text(const Plan& plan, const PlanStep& s) {
  std::string out = attn::fn_names[static_cast<size_t>(s.fn)];
  switch (s.fn) {
    case attn::Fn::number:
      out = s.type == PlanType::index                  ? fmt::format("{}", s.index())
            : s.type == PlanType::bound                ? fmt::format("{}", s.bound())
            : plan.dtype == attn::DTypePolicy::float64 ? number(plan, s.real())
                                                       : number(plan, s.real()) + "f";
      break;
    case attn::Fn::argument:
      out += fmt::format(" {}", s.bits);
      break;
    case attn::Fn::position:
    case attn::Fn::length:
      out += fmt::format(" {}", attn::kind_names[static_cast<size_t>(s.axis().kind)]);
      if (s.axis().number) out += fmt::format(".{}", s.axis().number);
      break;
    case attn::Fn::own:
    case attn::Fn::element:
      out += " " + tableName(plan, s);
      break;
    case attn::Fn::edge:
      out = edge_names.at(static_cast<size_t>(s.bits));
      break;
    case attn::Fn::convert:
      out = plan_type_names[static_cast<size_t>(s.type)];
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

/// A value as an operand or a result of a stage.
std::string text(const Path& path, int id) {
  const PlanValue& v = path.values.at(static_cast<size_t>(id));
  return v.layout == Layout::heads ? v.name + " (heads)" : v.name;
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

constexpr std::array<const char*, 4> family_names{"online", "probabilities stored", "few queries",
                                                  "one query"};

void print(std::string& out, const Plan& plan, const Path& path, const Attention& a) {
  out += "    " + text(path, a.result);
  if (a.scores >= 0) out += ", " + text(path, a.scores);
  out +=
      fmt::format(" = attention {}, {}, {}: {}, heads {}", text(path, a.query), text(path, a.key),
                  text(path, a.value), family_names[static_cast<size_t>(a.family)], a.heads);
  if (a.key_heads != a.heads) out += fmt::format(" on {}", a.key_heads);
  out += fmt::format(", sizes {} and {}", a.key_size, a.value_size);
  if (a.value_size_padded != a.value_size) out += fmt::format(" padded to {}", a.value_size_padded);
  if (a.scale != 1) out += ", scale " + number(plan, a.scale);
  if (a.sigmoid) out += ", sigmoids";
  out +=
      fmt::format(", rows without keys: {}", attn::fully_masked_names[static_cast<size_t>(a.rule)]);
  out += a.shape.empty() ? "\n" : fmt::format(", mask: {}\n", a.shape);
  print(out, plan, "pair", a.pair);
  print(out, plan, "score", a.score);
  print(out, plan, "mask", a.mask);
  print(out, plan, "keys (of a tile of queries)", a.keys);
  print(out, plan, "blocks (of a tile of queries and a cell of keys)", a.blocks);
  for (size_t i = 0; i < a.extremes.size(); ++i) {
    const std::optional<attn::Kind> over = a.extremes[i].over;
    const std::string title = fmt::format(
        "arguments {} and {} of blocks: the least and the most over {}", 2 * i, 2 * i + 1,
        over == attn::Kind::query ? "the tile's queries"
        : over == attn::Kind::key ? "the cell's keys"
                                  : "all pairs of both");
    print(out, plan, title.c_str(), a.extremes[i].formula);
  }
  print(out, plan, "sink", a.sink);
}

void print(std::string& out, const Plan&, const Path& path, const Combine& c) {
  out += fmt::format("    {} = combine {}, {}: heads {}", text(path, c.result),
                     text(path, c.probabilities), text(path, c.value), c.heads);
  if (c.value_heads != c.heads) out += fmt::format(" on {}", c.value_heads);
  out += fmt::format(", size {}", c.value_size);
  if (c.value_size_padded != c.value_size) out += fmt::format(" padded to {}", c.value_size_padded);
  out += "\n";
}

void print(std::string& out, const Plan& plan, const Path& path, const Splice& s) {
  out += fmt::format("    {} = splice {}, {} into {} at {}, heads {} x {}\n", text(path, s.result),
                     text(path, s.keys), text(path, s.values), text(path, s.cache),
                     plan.inputs.at(static_cast<size_t>(s.at)).name, s.heads, s.size);
}

void print(std::string& out, const Plan& plan, const Path& path, const Map& m) {
  out += fmt::format("    {} = map", text(path, m.result));
  const char* separator = " ";
  for (int input : m.inputs) out += separator + text(path, input), separator = ", ";
  if (m.heads) out += fmt::format(", heads {} x {}", m.heads, m.head_size);
  if (m.head_size_padded != m.head_size) out += fmt::format(" padded to {}", m.head_size_padded);
  out += fmt::format(": {}\n", name(path.values.at(static_cast<size_t>(m.result)).layout));
  print(out, plan, "formula", m.formula);
}

void print(std::string& out, const Plan&, const Path& path, const ConcatHeads& c) {
  out += fmt::format("    {} = heads of {}, {}\n", text(path, c.result), text(path, c.first),
                     text(path, c.second));
}

/// Values that are parts of others ("%5 is the keys of cache"), before the stages that read them.
void printParts(std::string& out, const Path& path) {
  for (const PlanValue& v : path.values) {
    if (v.of < 0) continue;
    const std::string of = path.values.at(static_cast<size_t>(v.of)).name;
    if (v.slot >= 0)
      out += fmt::format("    {} is the {} of {}\n", v.name, v.slot ? "values" : "keys", of);
    if (v.first_head >= 0)
      out += fmt::format("    {} is heads of {} from {} on\n", v.name, of, v.first_head);
  }
}

}  // namespace

std::string print(const Plan& plan) {
  std::string out = fmt::format("layer {} ({}, {}", plan.layer, plan.library, plan.target);
  if (plan.pipes > 0) out += fmt::format(", {} pipe{}", plan.pipes, plan.pipes == 1 ? "" : "s");
  if (plan.dtype != attn::DTypePolicy::float32)
    out += fmt::format(", {}", attn::policy_names[static_cast<size_t>(plan.dtype)]);
  out += ")\n";
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
    for (auto [inputs, word] : {std::pair(&path.given, "with"), {&path.absent, "without"}}) {
      if (inputs->empty()) continue;
      out += fmt::format(", {}", word);
      const char* separator = " ";
      for (int i : *inputs)
        out += separator + plan.inputs.at(static_cast<size_t>(i)).name, separator = " and ";
    }
    out += "\n";
    printParts(out, path);
    for (const Stage& stage : path.stages)
      std::visit([&](const auto& s) { print(out, plan, path, s); }, stage);
  }
  const Schedule& s = plan.schedule;
  out += "  schedule";
  for (size_t i = 0; i < plan.schedule_from.size(); ++i)
    out += (i ? "\n    " : ": ") + plan.schedule_from[i];
  out += "\n";
  out += fmt::format("    vector {}, register tile {} rows x {} vectors\n", s.vector, s.tile_rows,
                     s.tile_vectors);
  out += fmt::format(
      "    task {} rows; {} queries, {} keys a block; {} queries where scores are stored\n",
      s.task_rows, s.query_tile, s.key_block, s.scores_query_tile);
  if (phases)
    out +=
        fmt::format("    {} keys of a task for one query, {} for few\n", s.decode_keys, s.few_keys);
  for (const ScheduleColumn& c : schedule_columns) {
    const bool told =
        c.required ||
        (phases && (c.number == &Schedule::decode_keys || c.number == &Schedule::few_keys));
    if (!told && s.*c.number != Schedule{}.*c.number)
      out += fmt::format("    {} {}: {}\n", c.name, s.*c.number, c.meaning);
  }
  return out;
}

}  // namespace attnc
