#include "plan/evaluate.h"

#include <algorithm>

#include "attn/evaluate.h"

namespace attnc {

namespace {

using attn::Fn;
using attn::Kind;
using attn::Plain;
using attn::Step;

Plain typed(attn::Type type, double v) {
  if (type == attn::Type::truth) return v != 0;
  if (type == attn::Type::index) return static_cast<int64_t>(v);
  return v;
}

double plainly(const Plain& v) {
  return v.type() == attn::Type::truth ? static_cast<double>(v.truth()) : v.real();
}

int64_t position(const PlanPlace& at, Kind kind, int number) {
  switch (kind) {
    case Kind::batch:
      return at.batch;
    case Kind::head:
      return at.head;
    case Kind::query:
      return number ? at.last_query : at.query;
    case Kind::key:
      return number ? at.last_key : at.key;
    default:
      return 0;
  }
}

int64_t length(const PlanPlace& at, Kind kind, int number) {
  if (kind == Kind::query && number == 0) return at.query_length;
  if (kind == Kind::key && number == 0) return at.key_length;
  return at.length ? at.length(kind, number) : 0;
}

Plain value_of(const Step& s, const std::vector<Plain>& v, const PlanPlace& at) {
  const auto x = [&](size_t i) {
    return s.operand[i] < 0 ? Plain() : v[static_cast<size_t>(s.operand[i])];
  };
  switch (s.fn) {
    case Fn::number:
      return s.type == attn::Type::index ? Plain(int64_t{s.index()}) : Plain(s.real());
    case Fn::argument:
      return typed(s.type, at.arguments.at(static_cast<size_t>(s.bits)));
    case Fn::position:
      return position(at, static_cast<Kind>(s.bits / 16), static_cast<int>(s.bits % 16));
    case Fn::length:
      return length(at, static_cast<Kind>(s.bits / 16), static_cast<int>(s.bits % 16));
    case Fn::own: {
      const int64_t stands[] = {at.batch, at.head, at.query, at.key};
      return typed(s.type, at.read(s, stands));
    }
    case Fn::element: {
      std::vector<int64_t> indices;
      for (size_t i = 0; i < s.operand.size() && s.operand[i] >= 0; ++i)
        indices.push_back(x(i).index());
      return typed(s.type, at.read(s, indices));
    }
    default:
      // Plans leave conversions out: a formula of reals takes its indices as reals.
      if (s.type == attn::Type::real && s.fn != Fn::where)
        return attn::plain::apply(s.fn, x(0).real(), x(1).real());
      return attn::plain::apply(s.fn, x(0), x(1), x(2));
  }
}

/// The least and the most of a formula over the queries of a tile, the keys of a cell, or both.
std::pair<double, double> extremes_of(const Extremes& e, PlanPlace at) {
  const int64_t last_query = e.over == Kind::key ? at.query : at.last_query;
  const int64_t last_key = e.over == Kind::query ? at.key : at.last_key;
  const int64_t first_key = at.key;
  std::pair<double, double> out;
  bool any = false;
  for (; at.query <= last_query; ++at.query) {
    for (at.key = first_key; at.key <= last_key; ++at.key) {
      const double v = evaluate(e.formula, at)[0];
      out = any ? std::pair(std::min(out.first, v), std::max(out.second, v)) : std::pair(v, v);
      any = true;
    }
  }
  return out;
}

}  // namespace

std::vector<double> evaluate(const PlanFormula& formula, const PlanPlace& place) {
  std::vector<Plain> v;
  v.reserve(formula.steps.size());
  for (const Step& s : formula.steps) v.push_back(value_of(s, v, place));
  std::vector<double> out;
  for (int r : formula.results) out.push_back(plainly(v[static_cast<size_t>(r)]));
  return out;
}

Sight look(const Attention& attention, const PlanPlace& place) {
  if (attention.blocks.empty()) return {.possible = true, .certain = attention.mask.empty()};
  PlanPlace at = place;
  at.arguments.clear();
  for (const Extremes& e : attention.extremes) {
    const auto [least, most] = extremes_of(e, place);
    at.arguments.push_back(least);
    at.arguments.push_back(most);
  }
  const std::vector<double> v = evaluate(attention.blocks, at);
  return {.possible = v.at(0) != 0, .certain = v.at(1) != 0};
}

}  // namespace attnc
