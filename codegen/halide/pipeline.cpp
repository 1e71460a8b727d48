#include "halide/pipeline.h"

#include <algorithm>
#include <bit>
#include <set>

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

void collect(const PlanFormula& formula, std::set<int>& inputs) {
  for (const attn::Step& s : formula.steps) {
    if (s.fn == attn::Fn::own) inputs.insert(static_cast<int>(s.bits));
  }
}

}  // namespace

PathUses uses_of(const Path& path) {
  std::set<int> inputs, packings;
  auto use = [&](int v) {
    if (const int i = path.values.at(static_cast<size_t>(v)).input; i >= 0) inputs.insert(i);
  };
  for (const Stage& stage : path.stages) {
    if (const auto* p = std::get_if<Projection>(&stage)) {
      use(p->x);
      packings.insert(p->kernel);
      if (p->bias >= 0) packings.insert(p->bias);
    } else {
      const auto& a = std::get<Attention>(stage);
      use(a.query), use(a.key), use(a.value);
      collect(a.mask, inputs), collect(a.keys, inputs);
    }
  }
  return {{inputs.begin(), inputs.end()}, {packings.begin(), packings.end()}};
}

PathPipeline::PathPipeline(const Plan& plan, int path, const Target& target)
    : plan_(plan), path_(plan.paths.at(static_cast<size_t>(path))), target_(target) {
  made_.resize(path_.values.size());
  const PathUses uses = uses_of(path_);
  for (int i : uses.inputs) {
    const PlanTensor& info = plan_.inputs.at(static_cast<size_t>(i));
    if (info.type == attn::Type::truth && info.axes.empty()) {
      flags_.emplace(i, Param<uint8_t>(info.name));
      continue;
    }
    const bool mask = info.type == attn::Type::truth;
    ImageParam image(mask ? UInt(8) : Float(32), static_cast<int>(info.axes.size()), info.name);
    // Views: any stride of the outer dimensions; rows lie contiguous, masks broadcast by stride 0.
    for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
    image.dim(0).set_stride(mask ? Expr() : Expr(1));
    buffers_.push_back(image);
    if (mask) masks_.emplace(i, image);
    for (size_t v = 0; v < path_.values.size(); ++v) {
      if (path_.values[v].input == i) made_[v].image = image;
    }
  }
  for (int i : uses.packings) {
    const Packing& p = plan_.packings.at(static_cast<size_t>(i));
    const std::string name = "packed_" + std::to_string(i);
    ImageParam image(Float(32), p.vector ? 1 : 3, name);
    for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
    image.dim(0).set_stride(1);
    if (!p.vector) {
      image.dim(0).set_extent(p.panel_width);
      image.dim(1).set_stride(p.panel_width);
      image.dim(2).set_stride(image.dim(1).extent() * p.panel_width);
    }
    image.set_host_alignment(128);
    buffers_.push_back(image);
    packed_.emplace(i, image);
  }
  outputs_.resize(path_.outputs.size());
  for (const Stage& stage : path_.stages) {
    if (const auto* p = std::get_if<Projection>(&stage))
      add_projection(*p);
    else
      add_attention(std::get<Attention>(stage));
  }
  for (Func& f : outputs_) {
    for (OutputImageParam& image : f.output_buffers()) {
      for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
      image.dim(0).set_stride(1);
    }
    // Stands for the output where its extents are read (see workspace.h).
    buffers_.emplace_back(Float(32), f.dimensions(), f.name());
  }
}

std::vector<Argument> PathPipeline::arguments() const {
  std::vector<Argument> arguments;
  const PathUses uses = uses_of(path_);
  for (int i : uses.inputs) {
    if (auto flag = flags_.find(i); flag != flags_.end()) {
      arguments.emplace_back(flag->second);
      continue;
    }
    const std::string& name = plan_.inputs.at(static_cast<size_t>(i)).name;
    for (const ImageParam& b : buffers_) {
      if (b.name() == name) arguments.emplace_back(b);
    }
  }
  for (int i : uses.packings) arguments.emplace_back(packed_.at(i));
  return arguments;
}

Expr PathPipeline::extent(Kind kind) const {
  // Every real input is [batch, positions, feature]; the caller of a kernel has made sure that
  // equal axes have equal lengths.
  for (const PlanValue& v : path_.values) {
    if (v.input < 0) continue;
    const Made& m = made_.at(static_cast<size_t>(&v - path_.values.data()));
    if (!m.image.defined()) continue;
    for (size_t i = 0; i < v.axes.size(); ++i) {
      if (v.axes[i].kind == kind)
        return m.image.dim(static_cast<int>(v.axes.size() - 1 - i)).extent();
    }
  }
  throw std::logic_error(std::string("no input has the axis ") +
                         attn::kind_names[static_cast<size_t>(kind)]);
}

Expr PathPipeline::features(const PlanValue& value) const {
  Expr product = 1;
  for (const PlanAxis& a : value.axes) {
    if (a.kind != Kind::feature) continue;
    if (a.extent > 0) {
      product = product * static_cast<int>(a.extent);
      continue;
    }
    for (size_t v = 0; v < path_.values.size(); ++v) {
      if (a.of >= 0 && path_.values[v].input == a.of)
        product = product * made_[v].image.dim(0).extent();
    }
  }
  return product;
}

int PathPipeline::output_of(int v) const {
  for (size_t i = 0; i < path_.output_values.size(); ++i) {
    if (path_.output_values[i] == v) return static_cast<int>(i);
  }
  return -1;
}

int PathPipeline::lanes_of(int size) const {
  return std::min(schedule().vector, static_cast<int>(std::bit_ceil(static_cast<unsigned>(size))));
}

int PathPipeline::vectors_of(int padded_size) const {
  const int all = padded_size / lanes_of(padded_size);
  int vectors = std::min(all, schedule().tile_vectors);
  while (all % vectors != 0) --vectors;
  return vectors;
}

Site PathPipeline::site(const Expr& batch, const Expr& head, const Expr& query,
                        const Expr& key) const {
  Site s{.batch = batch,
         .head = head,
         .query = query,
         .key = key,
         .last_query = query,
         .query_length = extent(Kind::query),
         .key_length = extent(Kind::key),
         .own = {}};
  s.own = [this](int input) -> Expr {
    auto flag = flags_.find(input);
    internal_check(flag != flags_.end(), "a mask is read where only flags are");
    return flag->second != 0;
  };
  return s;
}

void PathPipeline::add_attention(const Attention& stage) {
  if (path_.most_queries == 1) return add_decode(stage);
  if (value(stage.key).layout == Layout::heads) pack_keys(stage);
  if (value(stage.value).layout == Layout::heads) pack_values(stage);
  if (stage.scores < 0)
    add_online(stage);
  else
    add_with_scores(stage);
}

void PathPipeline::schedule_mask_tile(const MaskTile& mask, const Var& key) const {
  // Keys that lie one after the other, or one byte for all of them; the runtime copies others.
  Func bytes = mask.bytes;
  const Expr stride = mask.image.dim(0).stride();
  bytes.specialize(stride == 0).vectorize(key, schedule().vector, TailStrategy::RoundUp);
  bytes.specialize(stride == 1).vectorize(key, schedule().vector, TailStrategy::RoundUp);
  bytes.specialize_fail("a mask's keys have a stride of 0 or 1");
}

}  // namespace attnc
