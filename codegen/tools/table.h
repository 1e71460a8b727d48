// table.h - the table of a layer that was just compiled: linked as a shared library, and loaded.
//
//   auto compiled = attnc::compile({.name = attnc::table_library, .layers = {layer}, ...});
//   auto table = attnc::link_table(*compiled, layer, folder + "/layer.so");
#pragma once
#include <string>

#include "attn/runtime/kernel_abi.h"
#include "tools/compiler.h"

namespace attnc {

/// The name of the libraries that hold these tables.
constexpr const char* table_library = "cached";

/// Links the library `shared` of a single layer, with FILE.a beside it, and loads it.
Result<const attn_layer_table*> link_table(const Compiled& compiled, const SourceLayer& layer,
                                           const std::string& shared);

/// Loads it; it stays loaded as long as the process lives. invalid_file: it cannot be loaded, or it
/// holds another layer.
Result<const attn_layer_table*> open_table(const std::string& shared, const SourceLayer& layer);

}  // namespace attnc
