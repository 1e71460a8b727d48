#include "halide/context.h"

#include <algorithm>

#include "attn/runtime/kernel_abi.h"
#include "halide/path_uses.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

Halide::Type halide_type(attn::DTypePolicy element) {
  switch (element) {
    case attn::DTypePolicy::float64:
      return Float(64);
    case attn::DTypePolicy::float16:
      return Float(16);
    case attn::DTypePolicy::bfloat16:
      return BFloat(16);
    default:
      return Float(32);
  }
}

void set_packed(ImageParam& image, int panel_width) {
  for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
  image.dim(0).set_stride(1);
  if (panel_width > 0) {
    image.dim(0).set_extent(panel_width);
    image.dim(1).set_stride(panel_width);
    image.dim(2).set_stride(image.dim(1).extent() * panel_width);
  }
  image.set_host_alignment(128);
}

namespace {

int dimensions_of(uint8_t form) {
  switch (form) {
    case ATTN_FORM_ROWS:
      return 3;
    case ATTN_FORM_CACHE:
      return 5;
    case ATTN_FORM_LIST:
      return 1;
    default:
      return 4;  // tables, too
  }
}

/// The dimension of a form that counts `kind`.
int dimension_of(uint8_t form, Kind kind) {
  const bool position = kind == Kind::query || kind == Kind::key || kind == Kind::update;
  switch (form) {
    case ATTN_FORM_ROWS:
      return kind == Kind::batch ? 2 : position ? 1 : 0;
    case ATTN_FORM_HEADS:
      return kind == Kind::batch ? 3 : position ? 2 : kind == Kind::head ? 1 : 0;
    case ATTN_FORM_PAIRS:
      return kind == Kind::batch ? 3 : kind == Kind::head ? 2 : kind == Kind::query ? 1 : 0;
    case ATTN_FORM_CACHE:
      return kind == Kind::batch ? 4 : kind == Kind::slot ? 3 : position ? 2 : 1;
    default:
      return 0;
  }
}

}  // namespace

Context::Context(const Plan& plan, int path)
    : plan_(plan),
      path_(plan.paths.at(static_cast<size_t>(path))),
      real_(halide_type(compute_type(plan.dtype))),
      stored_(halide_type(tensor_type(plan.dtype))) {
  made_.resize(path_.values.size());
  const PathUses uses = uses_of(path_);
  for (int i : uses.inputs) add_input(i);
  for (int i : uses.packings) add_packing(i);
  for (const auto& axis : uses.lengths) {
    const std::string name = attn::kind_names[static_cast<size_t>(axis.first)];
    lengths_.emplace(axis, Param<int32_t>(name + "_" + std::to_string(axis.second) + "_length"));
  }
  outputs_.resize(path_.outputs.size());
}

void Context::add_input(int index) {
  const PlanTensor& info = plan_.inputs.at(static_cast<size_t>(index));
  if (info.type == attn::Type::truth && info.axes.empty()) {
    flags_.emplace(index, Param<uint8_t>(info.name));
    return;
  }
  const Halide::Type type = info.type == attn::Type::truth   ? UInt(8)
                            : info.type == attn::Type::index ? Int(32)
                            : info.soft || info.table        ? real_
                                                             : stored_;
  ImageParam image(type, dimensions_of(form_of_input(plan_, path_, index)), info.name);
  // Inputs are views: outer dimensions have any stride, dimension 0 is contiguous. Masks and
  // indices may also broadcast with stride 0.
  const bool broadcasts = !info.table && (info.soft || info.type == attn::Type::truth ||
                                          info.type == attn::Type::index);
  for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
  image.dim(0).set_stride(broadcasts ? Expr() : Expr(1));
  buffers_.push_back(image);
  inputs_.emplace(index, image);
  for (size_t v = 0; v < path_.values.size(); ++v) {
    if (path_.values[v].input == index) made_[v].image = image;
  }
}

void Context::add_packing(int index) {
  const Packing& p = plan_.packings.at(static_cast<size_t>(index));
  ImageParam image(real_, p.vector ? 1 : 3, "packed_" + std::to_string(index));
  set_packed(image, p.vector ? 0 : p.panel_width);
  buffers_.push_back(image);
  packed_.emplace(index, image);
}

const std::vector<Func>& Context::finish() {
  for (size_t o = 0; o < outputs_.size(); ++o) {
    Func& f = outputs_[o];
    internal_check(f.defined(), "no stage makes the output " +
                                    plan_.outputs.at(static_cast<size_t>(path_.outputs[o])).name);
    for (OutputImageParam& image : f.output_buffers()) {
      for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
      image.dim(0).set_stride(1);
    }
    // Stands for the output where its extents are read (see workspace.h).
    buffers_.emplace_back(stored_, f.dimensions(), f.name());
  }
  return outputs_;
}

std::vector<Argument> Context::arguments() const {
  std::vector<Argument> arguments;
  const PathUses uses = uses_of(path_);
  for (int i : uses.inputs) {
    if (auto flag = flags_.find(i); flag != flags_.end())
      arguments.emplace_back(flag->second);
    else
      arguments.emplace_back(inputs_.at(i));
  }
  for (int i : uses.packings) arguments.emplace_back(packed_.at(i));
  for (const auto& axis : uses.lengths) arguments.emplace_back(lengths_.at(axis));
  return arguments;
}

Expr Context::extent(Kind kind) const {
  if (kind == Kind::key && cache_positions_.defined()) return cache_positions_;
  // The runtime has checked that equal axes have equal lengths. Masks do not count, as they may
  // broadcast.
  for (size_t v = 0; v < path_.values.size(); ++v) {
    const PlanValue& one = path_.values[v];
    if (one.input < 0 || !made_[v].image.defined()) continue;
    const bool has = std::any_of(one.axes.begin(), one.axes.end(),
                                 [&](const PlanAxis& a) { return a.kind == kind; });
    if (!has && kind != Kind::batch) continue;
    return made_[v].image.dim(dimension_of(form_of(one.layout), kind)).extent();
  }
  // Without a cache the new keys are all keys.
  if (kind == Kind::key) return extent(Kind::update);
  throw std::logic_error(std::string("no input has the axis ") +
                         attn::kind_names[static_cast<size_t>(kind)]);
}

Kind Context::positions_of(int v) const {
  for (const PlanAxis& a : value(v).axes) {
    if (a.kind == Kind::query || a.kind == Kind::key || a.kind == Kind::update) return a.kind;
  }
  throw std::logic_error("the value " + value(v).name + " has no positions");
}

std::string Context::name_of(int v, const std::string& otherwise) const {
  const int output = output_of(v);
  if (output < 0) return otherwise;
  return plan_.outputs.at(static_cast<size_t>(path_.outputs[static_cast<size_t>(output)])).name;
}

void Context::define(int v, const Func& func) { define(v, func, func); }

void Context::define(int v, const Func& func, const Func& memory) {
  made(v).func = func, made(v).memory = memory;
  if (const int output = output_of(v); output >= 0) outputs_[static_cast<size_t>(output)] = func;
}

int Context::source_of(int v) const {
  while (value(v).of >= 0) v = value(v).of;
  return v;
}

Expr Context::element(int v, std::vector<Expr> at) const {
  const PlanValue& one = value(v);
  if (one.of >= 0) {
    if (one.slot >= 0) at.insert(at.begin() + 3, Expr(one.slot));
    if (one.first_head > 0) at.at(2) = at.at(2) + one.first_head;
    return element(one.of, std::move(at));
  }
  const Made& m = made(v);
  return cast(real_, m.image.defined() ? m.image(at) : Expr(m.func(at)));
}

Expr Context::packed_number(const PlanStep& step, const std::vector<Expr>& indices) const {
  const int packing = read_index(step);
  const ImageParam& numbers = packed_.at(packing);
  if (indices.empty()) return numbers(0);
  const int weight = plan_.packings.at(static_cast<size_t>(packing)).weight;
  const PlanTensor& info = plan_.weights.at(static_cast<size_t>(weight));
  internal_check(indices.size() == info.axes.size(), "a table is read with other than its axes");
  Expr place = 0;
  int64_t count = 1;
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto axis = static_cast<int>(info.axes[i].extent);
    place = place * axis + clamp(indices[i], 0, axis - 1);
    count *= axis;
  }
  internal_check(count < (int64_t{1} << 31), "a table has more than 2^31 numbers");
  return numbers(place);
}

Expr Context::table_number(const PlanStep& step, const std::vector<Expr>& indices) const {
  const ImageParam& image = inputs_.at(read_index(step));
  std::vector<Expr> place;
  for (size_t i = indices.size(); i-- > 0;) {
    const Expr length = image.dim(static_cast<int>(place.size())).extent();
    place.push_back(clamp(indices[i], 0, length - 1));
  }
  while (place.size() < static_cast<size_t>(image.dimensions())) place.emplace_back(0);
  const Expr number = image(place);
  return step.type == PlanType::truth ? number != 0 : number;
}

Expr Context::read(const PlanStep& step, const std::vector<Expr>& indices, const Site& at) const {
  if (reads_packing(step)) return packed_number(step, indices);
  const int input = read_index(step);
  if (auto flag = flags_.find(input); flag != flags_.end()) return flag->second != 0;
  const PlanTensor& info = plan_.inputs.at(static_cast<size_t>(input));
  if (info.table) return table_number(step, indices);
  const ImageParam& image = inputs_.at(input);
  if (info.type == attn::Type::index) return image(at.batch);
  const Expr number = image(at.key, at.query, at.head, at.batch);
  return info.soft ? number : number != 0;
}

Site Context::site(const Expr& batch, const Expr& head, const Expr& query, const Expr& key) const {
  Site s{.real = real_,
         .batch = batch,
         .head = head,
         .query = query,
         .key = key,
         .size = {},
         .feature = {},
         .last_query = query,
         .last_key = key,
         .query_length = {},
         .key_length = {},
         .length = {},
         .read = {},
         .arguments = {}};
  s.query_length = extent(Kind::query);
  s.key_length = extent(Kind::key);
  s.length = [this](Kind kind, int number) -> Expr {
    return lengths_.at({static_cast<int>(kind), number});
  };
  s.read = [this, s](const PlanStep& step, const std::vector<Expr>& indices) {
    return read(step, indices, s);
  };
  return s;
}

}  // namespace attnc
