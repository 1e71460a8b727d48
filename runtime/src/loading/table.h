// table.h - checks whether the runtime can serve a table.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"

namespace attn {

/// Checks the version first (nothing else is read from a table of another version), then that every
/// index, count and pointer is valid, so that later code can rely on them.
Status check_table(const attn_layer_table& table);

/// The best variant that this CPU runs, of the one named `target` if that is not empty. Of a
/// target's variants the one for processors with `pipes`, by default this CPU's, else the one for
/// any. This CPU's pipes are determined only if it makes a difference.
Result<const attn_variant*> choose_variant(const attn_layer_table& table, std::string_view target,
                                           std::optional<int> pipes = {});

/// "layer `model::encoder`": how every error message about the layer begins.
std::string layer_text(const attn_layer_table& table);

}  // namespace attn
