#include "tools/show_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "attn/runtime/safetensors.h"
#include "plan/block_map.h"
#include "tools/call_shape.h"
#include "tools/draw_map.h"
#include "tools/fixture.h"

namespace attnc {
namespace {

using attn::Kind;
using attn::StatusCode;

constexpr int64_t most_blocks = 1 << 22;  // a few seconds of work
constexpr int64_t most_pairs = 1 << 25;   // likewise

Status mistake(const std::string& sentence) {
  return Status(StatusCode::invalid_argument, sentence);
}

/// The axes whose lengths a call of the layer determines.
std::set<Axis> axes_of(const Plan& plan) {
  std::set<Axis> out{{Kind::query, 0}, {Kind::key, 0}, {Kind::batch, 0}};
  for (const PlanTensor& input : plan.inputs) {
    for (const PlanAxis& a : input.axes) {
      if (a.kind == Kind::batch || a.kind == Kind::query || a.kind == Kind::key)
        out.insert({a.kind, a.number});
      if (a.kind == Kind::update) out.insert({Kind::key, a.number});
    }
  }
  return out;
}

/// The elements of a table or a mask, as stored in the file.
struct Given {
  std::vector<int64_t> shape;
  std::vector<double> numbers;
  bool truths = false;  // of type bool: tested for nonzero, never against 0.5
};

Given read(const attn::Tensor& tensor) {
  Given out;
  for (int i = 0; i < tensor.rank(); ++i) out.shape.push_back(tensor.shape()[i]);
  const auto count = static_cast<size_t>(tensor.shape().elements());
  out.truths = tensor.dtype() == attn::DType::boolean;
  out.numbers.resize(count);
  const auto* from = static_cast<const std::byte*>(tensor.data());
  auto as = [&](auto x) {
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(&x, from + i * sizeof x, sizeof x);
      out.numbers[i] = static_cast<double>(x);
    }
  };
  switch (tensor.dtype()) {
    case attn::DType::boolean:
    case attn::DType::uint8:
      as(uint8_t{});
      break;
    case attn::DType::int8:
      as(int8_t{});
      break;
    case attn::DType::int16:
      as(int16_t{});
      break;
    case attn::DType::int32:
      as(int32_t{});
      break;
    case attn::DType::int64:
      as(int64_t{});
      break;
    default: {
      const std::vector<std::byte> doubles = converted(tensor, attn::DType::float64);
      if (count) std::memcpy(out.numbers.data(), doubles.data(), doubles.size());
    }
  }
  return out;
}

/// Rejects what a call rejects in a mask of truths: negative, infinite and NaN elements, as in a
/// mask that is meant to be added to scores.
Status check_truths(const PlanTensor& input, const Given& given) {
  if (input.type != attn::Type::truth || input.table || (input.reading & attn::any_number))
    return {};
  for (double v : given.numbers) {
    if (v >= 0 && std::isfinite(v)) continue;
    return mistake(fmt::format(
        "input `{}` holds {}, and it is a mask of truths: nonzero is visible, 0 is hidden, so a "
        "mask of numbers to add to the scores would be taken for its opposite; give `mask == 0` of "
        "such a mask, as bool",
        input.name, v));
  }
  return {};
}

/// A call: its lengths and the tables given for it.
class Call {
 public:
  Call(const Plan& plan, Lengths lengths) : plan_(plan), lengths_(std::move(lengths)) {}

  Status read_tables(const std::string& file) {
    auto tables = attn::SafeTensors::open(file);
    if (!tables.ok()) return tables.status();
    for (const std::string& name : tables->names()) {
      size_t i = 0;
      while (i < plan_.inputs.size() && plan_.inputs[i].name != name) ++i;
      if (i == plan_.inputs.size()) {
        std::string known;
        for (const PlanTensor& t : plan_.inputs) known += (known.empty() ? "" : ", ") + t.name;
        return mistake(
            fmt::format("{}: the layer has no input `{}`; it has {}", file, name, known));
      }
      auto tensor = tables->find(name);
      if (!tensor.ok()) return tensor.status();
      if (Status s = check(plan_.inputs[i], *tensor); !s.ok()) return s.with_context(file);
      Given numbers = read(*tensor);
      if (Status s = check_truths(plan_.inputs[i], numbers); !s.ok()) return s.with_context(file);
      given_.emplace(static_cast<int>(i), std::move(numbers));
    }
    return {};
  }
  Status set_flag(const std::string& name) {
    for (size_t i = 0; i < plan_.inputs.size(); ++i) {
      if (plan_.inputs[i].name != name) continue;
      given_.insert_or_assign(static_cast<int>(i), Given{{}, {1}, true});
      return {};
    }
    return mistake(fmt::format("--causal: the layer has no input `{}`", name));
  }

  /// The call as the masks of `path` see it.
  MapCall of(const Path& path, int64_t batch, int64_t head, int64_t heads, int64_t queries,
             int64_t keys) const {
    const bool with_optional = std::any_of(path.outputs.begin(), path.outputs.end(), [&](int o) {
      return plan_.outputs[static_cast<size_t>(o)].optional;
    });
    MapCall call{.batch = batch, .head = head, .queries = queries, .keys = keys};
    call.length = [this, heads](Kind kind, int number) {
      return kind == Kind::head ? heads : length(kind, number);
    };
    call.known = [this](const PlanStep& s) {
      if (reads_packing(s)) return false;
      const int i = read_index(s);
      return given_.contains(i) || plan_.inputs[static_cast<size_t>(i)].optional;
    };
    call.read = [this, with_optional](const PlanStep& s, std::span<const int64_t> indices) {
      return element(s, indices, with_optional);
    };
    call.constant = [this](const PlanStep& s) {
      const auto found = given_.find(read_index(s));
      if (found == given_.end()) return true;
      const std::vector<int64_t> at =
          lined_up(plan_.inputs[static_cast<size_t>(read_index(s))], found->second.shape);
      const auto& axes = plan_.inputs[static_cast<size_t>(read_index(s))].axes;
      for (size_t a = 0; a < axes.size(); ++a) {
        if ((axes[a].kind == Kind::query || axes[a].kind == Kind::key) && at[a] > 1) return false;
      }
      return true;
    };
    return call;
  }

 private:
  const Plan& plan_;
  Lengths lengths_;
  std::map<int, Given> given_;  // by the input's index

  int64_t length(Kind kind, int number) const {
    const auto found = lengths_.find({kind == Kind::update ? Kind::key : kind, number});
    return found == lengths_.end() ? 0 : found->second;
  }
  int64_t length(const PlanAxis& a) const { return a.extent ? a.extent : length(a.kind, a.number); }

  static bool is_pairs(Kind kind) { return kind == Kind::query || kind == Kind::key; }

  /// A mask's length on each axis of the input, 1 on axes that it lacks: query and key axes are
  /// aligned at the right, the axes before them at the left.
  static std::vector<int64_t> lined_up(const PlanTensor& input, const std::vector<int64_t>& shape) {
    if (shape.size() >= input.axes.size()) return shape;
    size_t trailing = 0;
    while (trailing < input.axes.size() &&
           is_pairs(input.axes[input.axes.size() - 1 - trailing].kind))
      ++trailing;
    std::vector<int64_t> out(input.axes.size(), 1);
    const size_t last = std::min(trailing, shape.size()), first = shape.size() - last;
    for (size_t i = 0; i < first; ++i) out[i] = shape[i];
    for (size_t i = 0; i < last; ++i) out[out.size() - last + i] = shape[first + i];
    return out;
  }

  Status check(const PlanTensor& input, const attn::Tensor& tensor) const {
    const auto rank = static_cast<size_t>(tensor.rank()), full = input.axes.size();
    size_t least = full;
    if (!input.table && input.type != attn::Type::real) {
      least = 0;
      while (least < full && is_pairs(input.axes[full - 1 - least].kind)) ++least;
      if (input.type == attn::Type::index) least = 0;
    }
    if (rank < least || rank > full || (input.type == attn::Type::index && rank && rank != full)) {
      return mistake(fmt::format("table `{}` has {} axes, expected {}{}; got {}", input.name, rank,
                                 full, least == full ? "" : fmt::format(", or {}", least),
                                 tensor.describe()));
    }
    std::vector<int64_t> shape;
    for (int i = 0; i < tensor.rank(); ++i) shape.push_back(tensor.shape()[i]);
    const std::vector<int64_t> have = lined_up(input, shape);
    for (size_t a = 0; a < full; ++a) {
      const int64_t want = length(input.axes[a]);
      const bool may_be_one = !input.table && input.type != attn::Type::real;
      if (want == 0 ? have[a] > 0 : have[a] == want || (may_be_one && have[a] == 1)) continue;
      return mistake(fmt::format(
          "table `{}` has length {} on axis {}, expected {}; got {}", input.name, have[a],
          name_of({input.axes[a].kind, input.axes[a].number}),
          want == 0 ? std::string("at least 1") : std::to_string(want), tensor.describe()));
    }
    return {};
  }

  double element(const PlanStep& s, std::span<const int64_t> indices, bool with_optional) const {
    const PlanTensor& input = plan_.inputs[static_cast<size_t>(read_index(s))];
    const auto found = given_.find(read_index(s));
    if (found == given_.end()) {
      const bool flag = input.type == attn::Type::truth && input.axes.empty() && !input.table;
      return input.type == attn::Type::index || flag ? 0 : 1;
    }
    const Given& given = found->second;
    const std::vector<int64_t> shape = lined_up(input, given.shape);
    int64_t offset = 0;
    for (size_t a = 0; a < shape.size(); ++a) {
      const int64_t at = s.fn == attn::Fn::own ? stands(input.axes[a], indices)
                         : a < indices.size()  ? indices[a]
                                               : 0;
      offset = offset * shape[a] + std::clamp<int64_t>(at, 0, shape[a] - 1);
    }
    const double v = given.numbers[static_cast<size_t>(offset)];
    if (input.type != attn::Type::truth) return v;
    const int reading = with_optional ? attn::above_half_with_scores : attn::above_half;
    return !given.truths && (input.reading & reading) ? v > 0.5 : v != 0;
  }
  /// A pair's position on one axis of a mask. `place` has one index for all axes of a kind, the
  /// last axis innermost.
  int64_t stands(const PlanAxis& axis, std::span<const int64_t> place) const {
    const int64_t flat = axis.kind == Kind::batch   ? place[0]
                         : axis.kind == Kind::head  ? place[1]
                         : axis.kind == Kind::query ? place[2]
                                                    : place[3];
    if (axis.kind == Kind::head) return flat;
    int64_t inner = 1;
    for (const auto& [other, length] : lengths_) {
      if (other.first == axis.kind && other.second > axis.number) inner *= length;
    }
    return flat / inner % std::max<int64_t>(length(axis), 1);
  }
};

std::string table_names(const Plan& plan, const std::vector<uint64_t>& unknown) {
  std::string out;
  for (uint64_t bits : unknown) {
    const PlanStep s{.bits = bits};
    const auto i = static_cast<size_t>(read_index(s));
    const std::string& name =
        reads_packing(s) ? plan.weights.at(static_cast<size_t>(plan.packings.at(i).weight)).name
                         : plan.inputs.at(i).name;
    out += fmt::format("{}`{}`", out.empty() ? "" : bits == unknown.back() ? " and " : ", ", name);
  }
  return out;
}

Status write(const std::string& file, const std::string& text) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return {};
  return Status(StatusCode::not_found,
                fmt::format("{}: cannot be written{}{}", file, errno ? ": " : "",
                            errno ? std::strerror(errno) : ""));
}

}  // namespace

Status check_map_options(const ShowOptions& options) {
  const bool map = !options.shape.empty() && options.stage == "plan";
  if (map) return {};
  if (!options.shape.empty()) {
    return mistake(
        fmt::format("--shape: the stage plan has a map of blocks, {} has none", options.stage));
  }
  const std::pair<const char*, bool> others[] = {
      {"--output", !options.output.empty()}, {"--tables", !options.tables.empty()},
      {"--head", options.head >= 0},         {"--batch", options.batch >= 0},
      {"--causal", options.causal},          {"--json", options.json}};
  for (const auto& [option, there] : others) {
    if (there) {
      return mistake(fmt::format(
          "{}: goes with a map of blocks: add --stage plan --shape T=...,S=...", option));
    }
  }
  return {};
}

Result<std::string> map_text(const Plan& plan, const ShowOptions& options) {
  auto lengths = read_shape(options.shape, plan.layer, axes_of(plan));
  if (!lengths.ok()) return lengths.status();
  auto queries = product(*lengths, Kind::query), keys = product(*lengths, Kind::key),
       batches = product(*lengths, Kind::batch);
  for (const auto* all : {&queries, &keys, &batches})
    if (!all->ok()) return all->status();
  const int64_t batch = std::max<int64_t>(options.batch, 0),
                head = std::max<int64_t>(options.head, 0);
  if (batch >= *batches) {
    return mistake(fmt::format("--batch: there are {}, from 0 on; got {}", *batches, batch));
  }
  Call call(plan, *lengths);
  if (!options.tables.empty())
    if (Status s = call.read_tables(options.tables); !s.ok()) return s;
  if (options.causal)
    if (Status s = call.set_flag("use_causal_mask"); !s.ok()) return s;

  std::string text;
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  std::vector<TitledMap> maps;
  for (const Path& path : plan.paths) {
    for (const Stage& stage : path.stages) {
      const auto* a = std::get_if<Attention>(&stage);
      if (a == nullptr) continue;
      const std::string title = fmt::format("path {}, attention {}", path.name,
                                            path.values.at(static_cast<size_t>(a->result)).name);
      if (a->mask.empty()) {
        text += fmt::format("\nmap of {}: no mask, every block is full\n", title);
        continue;
      }
      if (a->family == KernelFamily::decode || a->family == KernelFamily::few) {
        const bool one = a->family == KernelFamily::decode;
        text += fmt::format("\nmap of {}: none, a call of {} leaves out whole tasks of {} keys\n",
                            title, one ? "one query" : "few queries",
                            one ? plan.schedule.decode_keys : plan.schedule.few_keys);
        continue;
      }
      if (a->family == KernelFamily::with_scores) {
        text += fmt::format("\nmap of {}: none, every pair has a probability to store\n", title);
        continue;
      }
      if (head >= a->heads) {
        return mistake(fmt::format("--head: {} has {}, from 0 on; got {}", title, a->heads, head));
      }
      const int64_t tile = plan.schedule.query_tile, cell = cell_keys(plan.schedule, *a);
      const int64_t blocks = ((*queries + tile - 1) / tile) * ((*keys + cell - 1) / cell);
      if (blocks > most_blocks) {
        return mistake(
            fmt::format("--shape: a map of {} blocks; expected at most {}: take shorter "
                        "lengths",
                        blocks, most_blocks));
      }
      const MapCall seen = call.of(path, batch, head, a->heads, *queries, *keys);
      TitledMap map{.title = title,
                    .shape = a->shape,
                    .blocks = map_blocks(*a, plan.schedule, seen),
                    .visible = {}};
      map.visible = count_visible(*a, map.blocks, seen, most_pairs);
      const std::vector<uint64_t> unknown = unknown_tables(*a, seen);
      text += fmt::format("\nmap of {}: {} queries, {} keys, batch {}, head {}\n", title, *queries,
                          *keys, batch, head);
      if (!a->shape.empty()) text += fmt::format("  {}\n", a->shape);
      if (a->blocks.empty()) text += "  nothing is known of its blocks: every pair is looked at\n";
      if (!unknown.empty()) {
        text += fmt::format("  blocks that depend on {} count as partial: --tables gives {}\n",
                            table_names(plan, unknown), unknown.size() > 1 ? "them" : "it");
      }
      text += counts_text(map);
      if (options.output.empty()) text += draw_text(map.blocks);
      nlohmann::ordered_json one{{"path", path.name},
                                 {"attention", path.values.at(static_cast<size_t>(a->result)).name},
                                 {"shape", a->shape},
                                 {"queries", *queries},
                                 {"keys", *keys},
                                 {"batch", batch},
                                 {"head", head},
                                 {"query_tile", tile},
                                 {"cell_keys", cell},
                                 {"skipped", map.blocks.skipped},
                                 {"full", map.blocks.full},
                                 {"partial", map.blocks.partial},
                                 {"pairs_visited", map.blocks.pairs_visited}};
      if (map.visible) one["pairs_visible"] = *map.visible;
      json.push_back(std::move(one));
      maps.push_back(std::move(map));
    }
  }
  if (!options.output.empty()) {
    if (maps.empty()) return mistake("--output: no path has a mask with blocks to draw");
    if (Status s = write(options.output, draw_svg(maps)); !s.ok()) return s;
  }
  return options.json ? nlohmann::ordered_json{{"layer", plan.layer},
                                               {"target", plan.target},
                                               {"maps", json}}
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                            "\n"
                      : text;
}

}  // namespace attnc
