// call_shape.h - the lengths of a call's axes, as options name them: "T=1024,S=1024,B=2".
//
//   auto lengths = attnc::read_shape("T=9,query.1=10,S=90", plan.layer, {{Kind::query, 0}, ...});
//   lengths->at({attn::Kind::query, 0});                              // 9
//
// An axis has the name of its kind, from the second of a kind on with its number: query.1. Letters
// stand for the first ones: T queries, S keys, B sequences in a batch, E features.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "attn/graph.h"
#include "attn/runtime/status.h"

namespace attnc {

using Axis = std::pair<attn::Kind, int>;
using Lengths = std::map<Axis, int64_t>;

constexpr int64_t longest_axis = 2147483647;  // kernels count in 32 bits

/// "query", "query.1", and with its letter "query (T)".
std::string name_of(const Axis& axis);
std::string long_name(const Axis& axis);

/// The lengths of exactly these axes; a batch that is not named has length 1. Errors begin with
/// "--shape: " and name the layer's axes.
attn::Result<Lengths> read_shape(const std::string& text, const std::string& layer,
                                 const std::set<Axis>& axes);

/// The product of the lengths of all axes of a kind; at most longest_axis.
attn::Result<int64_t> product(const Lengths& lengths, attn::Kind kind);

}  // namespace attnc
