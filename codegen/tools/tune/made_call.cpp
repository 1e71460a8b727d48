#include "tools/tune/made_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tools/fixture.h"

namespace attnc {
namespace {

using attn::DType;
using attn::StatusCode;

constexpr int64_t table_length = 32;  // of an axis that has no other length

bool is_given(const PlanTensor& t, const std::set<std::string>& with) {
  return !t.optional || with.contains(t.name);
}

/// A call with a cache brings as many new positions as queries; without one they are all keys.
Axis axis_of(const Plan& plan, const PlanAxis& a, const std::set<std::string>& with) {
  if (a.kind == attn::Kind::feature) return {attn::Kind::feature, 0};
  if (a.kind != attn::Kind::update) return {a.kind, a.number};
  const bool cached = std::any_of(plan.inputs.begin(), plan.inputs.end(), [&](const PlanTensor& t) {
    const bool cache = std::any_of(t.axes.begin(), t.axes.end(),
                                   [](const PlanAxis& b) { return b.kind == attn::Kind::slot; });
    return cache && with.contains(t.name);
  });
  return {cached ? attn::Kind::query : attn::Kind::key, a.number};
}

DType stored(attn::DTypePolicy policy) {
  switch (policy) {
    case attn::DTypePolicy::float64:
      return DType::float64;
    case attn::DTypePolicy::float16:
      return DType::float16;
    case attn::DTypePolicy::bfloat16:
      return DType::bfloat16;
    default:
      return DType::float32;
  }
}

class Maker {
 public:
  Maker(const Plan& plan, const CallRequest& request) : plan_(plan), request_(request) {}

  attn::Shape shape_of(const PlanTensor& t) const {
    attn::Shape shape(std::vector<int64_t>(t.axes.size()));
    for (size_t i = 0; i < t.axes.size(); ++i) shape[static_cast<int>(i)] = length(t.axes[i]);
    return shape;
  }

  /// Normal numbers times `scale`, in the tensor's type.
  attn::Tensor reals(const attn::Shape& shape, DType type, double scale, std::vector<Floats>& all) {
    Floats& made = all.emplace_back(static_cast<size_t>(shape.elements()));
    normal_.fill(made, scale);
    if (type == DType::float32) return {made.data(), shape};
    const std::vector<std::byte> bytes = converted(attn::Tensor(made.data(), shape), type);
    return held(bytes.data(), bytes.size(), type, shape, all);
  }
  attn::Tensor bytes(const attn::Shape& shape, std::vector<Floats>& all) {
    const std::vector<uint8_t> ones(static_cast<size_t>(shape.elements()), 1);
    return held(ones.data(), ones.size(), DType::boolean, shape, all);
  }
  /// A single number a sequence: the keys that it has, or those before the new positions.
  attn::Tensor indices(const PlanTensor& t, const attn::Shape& shape, std::vector<Floats>& all) {
    const bool by_sequence = std::all_of(t.axes.begin(), t.axes.end(), [](const PlanAxis& a) {
      return a.kind == attn::Kind::batch;
    });
    const int64_t keys = length({.kind = attn::Kind::key}),
                  fresh = t.table ? 0 : length({.kind = attn::Kind::query});
    const std::vector<int32_t> numbers(
        static_cast<size_t>(shape.elements()),
        by_sequence ? static_cast<int32_t>(std::max<int64_t>(keys - fresh, 0)) : 0);
    return held(numbers.data(), 4 * numbers.size(), DType::int32, shape, all);
  }

  attn::Tensor input(const PlanTensor& t, std::vector<Floats>& all) {
    const attn::Shape shape = shape_of(t);
    if (t.type == attn::Type::truth || t.soft) return bytes(shape, all);
    if (t.type == attn::Type::index) return indices(t, shape, all);
    return reals(shape, stored(tensor_type(plan_.dtype)), t.table ? 0.2 : 1, all);
  }

 private:
  int64_t length(const PlanAxis& a) const {
    if (a.extent > 0) return a.extent;
    const auto found = request_.lengths.find(axis_of(plan_, a, request_.with));
    if (found != request_.lengths.end()) return found->second;
    return a.kind == attn::Kind::other ? table_length : 1;
  }
  static attn::Tensor held(const void* from, size_t size, DType type, const attn::Shape& shape,
                           std::vector<Floats>& all) {
    Floats& made = all.emplace_back((size + 3) / 4);
    if (size > 0) std::memcpy(made.data(), from, size);
    return {made.data(), type, shape};
  }

  const Plan& plan_;
  const CallRequest& request_;
  Normal normal_;
};

/// Whether the call asks for an output: a cache only if one is given.
bool is_asked(const Plan& plan, const PlanTensor& output, const CallRequest& request) {
  if (output.optional && !request.scores) return false;
  return output.starts_as < 0 ||
         is_given(plan.inputs[static_cast<size_t>(output.starts_as)], request.with);
}

Status unknown(const Plan& plan, const std::string& where, const std::string& name) {
  std::string known;
  for (const PlanTensor& t : plan.inputs) known += (known.empty() ? "" : ", ") + t.name;
  return {StatusCode::invalid_argument,
          fmt::format("{}: the layer has no input `{}`; it has {}", where, name, known)};
}

const PlanTensor* find(const std::vector<PlanTensor>& all, std::string_view name) {
  for (const PlanTensor& t : all) {
    if (t.name == name) return &t;
  }
  return nullptr;
}

}  // namespace

std::set<Axis> axes_of_call(const Plan& plan, const std::set<std::string>& with) {
  std::set<Axis> out{{attn::Kind::batch, 0}, {attn::Kind::query, 0}, {attn::Kind::key, 0}};
  for (const PlanTensor& t : plan.inputs) {
    if (!is_given(t, with)) continue;
    for (const PlanAxis& a : t.axes) {
      const Axis axis = axis_of(plan, a, with);
      const bool named = axis.first == attn::Kind::batch || axis.first == attn::Kind::query ||
                         axis.first == attn::Kind::key || axis.first == attn::Kind::feature;
      if (a.extent == 0 && named) out.insert(axis);
    }
  }
  return out;
}

Result<ExpectedCall> expected_call(const Plan& plan, const CallRequest& request) {
  for (const std::string& name : request.with) {
    if (!find(plan.inputs, name)) return unknown(plan, "--with", name);
  }
  auto queries = product(request.lengths, attn::Kind::query);
  if (!queries.ok()) return queries.status();
  ExpectedCall call{.queries = *queries};
  for (const PlanTensor& t : plan.inputs) {
    if (is_given(t, request.with)) call.inputs.insert(t.name);
  }
  for (const PlanTensor& t : plan.outputs) {
    if (is_asked(plan, t, request)) call.outputs.insert(t.name);
  }
  return call;
}

Result<MadeCall> MadeCall::make(const Plan& plan, const CallRequest& request,
                                const attn::SafeTensors* given) {
  if (given) {
    for (const std::string& name : given->names()) {
      if (!find(plan.inputs, name)) return unknown(plan, given->path(), name);
    }
  }
  MadeCall call;
  Maker maker(plan, request);
  for (const PlanTensor& t : plan.inputs) {
    if (given && given->contains(t.name)) {
      auto tensor = given->find(t.name);
      if (!tensor.ok()) return tensor.status();
      call.inputs_.push_back({t.name, *tensor});
    } else if (is_given(t, request.with)) {
      call.inputs_.push_back({t.name, maker.input(t, call.memory_)});
    }
  }
  for (const PlanTensor& t : plan.weights) {
    const attn::Shape shape = maker.shape_of(t);
    // The last axis of a kernel, or the last two if those are heads, are columns.
    const double rows = t.axes.size() < 2 ? 1 : static_cast<double>(shape[0]);
    call.weights_.push_back({t.name, maker.reals(shape, stored(weight_type(plan.dtype)),
                                                 1 / std::sqrt(rows), call.memory_)});
  }
  for (const PlanTensor& t : plan.outputs) {
    if (!is_asked(plan, t, request)) continue;
    const attn::Tensor made =
        maker.reals(maker.shape_of(t), stored(tensor_type(plan.dtype)), 0, call.memory_);
    call.outputs_.push_back(
        {t.name, attn::MutableTensor(const_cast<void*>(made.data()), made.dtype(), made.shape())});
  }
  return call;
}

}  // namespace attnc
