// table.h - checks whether the runtime can serve a table.
#pragma once
#include <string>
#include <string_view>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"

namespace attn {

/// Checks the version first (nothing else is read from a table of another version), then that every
/// index, count and pointer is valid, so that later code can rely on them.
Status check_table(const attn_layer_table& table);

/// The best variant that this CPU runs, or the one named `target` if that is not empty.
Result<const attn_variant*> choose_variant(const attn_layer_table& table, std::string_view target);

/// "layer `model::encoder`": how every error message about the layer begins.
std::string layer_text(const attn_layer_table& table);

}  // namespace attn
