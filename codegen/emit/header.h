// header.h - the typed header of one layer, <library>/<layer>.attn.h.
//
//   std::string text = attnc::typed_header(plan, {.library = "my_layers", .include = "layers.h"});
//
// It follows the contract at the top of attn/runtime/typed.h: three aggregates whose members are
// the graph's own names, the table's declaration, and a static_assert that ties it to the
// description that it was made from.
#pragma once
#include <string>

#include "plan/plan.h"

namespace attnc {

struct HeaderSource {
  std::string library;  // "my_layers"
  /// The user's header, as an #include writes it. Empty: `definition` stands in for it.
  std::string include;
  /// For a layer that no C++ header has: its initialiser, "attn::MultiHeadAttention{...}".
  std::string definition;
  std::string made_from;  // for the first line: "layers.h", "encoder.json"
};

std::string typed_header(const Plan& plan, const HeaderSource& source);

/// Axes as comments and stages show them: "[batch, query, feature of query]", "[head 12, size 64]".
std::string describe(const PlanTensor& tensor, const Plan& plan);

}  // namespace attnc
