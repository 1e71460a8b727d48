// header.h - the typed header of one layer, <library>/<layer>.attn.h.
//
//   std::string text = attnc::typed_header(plan, {.library = "my_layers", .include = "layers.h"});
//
// It follows the contract at the top of attn/runtime/typed.h: three aggregates with members named
// as in the graph, the declaration of the table, and a static_assert that ties the header to the
// description from which it was made.
#pragma once
#include <string>

#include "plan/plan.h"

namespace attnc {

struct HeaderSource {
  std::string library;  // "my_layers"
  /// The user's header, as an #include writes it. Empty: `definition` is used instead.
  std::string include;
  /// For a layer that is in no C++ header: its initialiser, "attn::MultiHeadAttention{...}".
  std::string definition;
  std::string made_from;  // for the first line: "layers.h", "encoder.json"
};

std::string typed_header(const Plan& plan, const HeaderSource& source);

/// The axes of a tensor, as the header's comments show them: "[batch, query, feature of query]",
/// "[head 12, size 64]".
std::string describe(const PlanTensor& tensor, const Plan& plan);

}  // namespace attnc
