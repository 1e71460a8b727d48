// table.h - is this table one that the runtime can serve?
#pragma once
#include <string>
#include <string_view>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"

namespace attn {

/// Version first (nothing else is read from a table of another one), then that every index, count
/// and pointer in it makes sense, so that nobody has to ask again.
Status check_table(const attn_layer_table& table);

/// The best variant that this CPU runs, or the one of that name.
Result<const attn_variant*> choose_variant(const attn_layer_table& table, std::string_view target);

/// "layer `model::encoder`": how every sentence about it begins.
std::string layer_text(const attn_layer_table& table);

}  // namespace attn
