// cache.h - libraries that `attnc run` and `attnc check` build for themselves, kept from one run to
// the next.
//
//   auto tables = attnc::cached_tables({{layer, "avx2"}, {layer, "baseline"}});
//   const attn_layer_table* table = *tables[0];
//
// A library is keyed by the layer's name and fingerprint, the target, and the attnc program itself:
// another build of attnc never meets another's libraries. They lie in $ATTNC_CACHE, else
// $XDG_CACHE_HOME/attnc, else ~/.cache/attnc, and can be deleted at any time. What is new is linked
// with the C compiler ($CC, else cc) and stays loaded until the process ends. Not here: a limit of
// size; an entry has some hundred kilobytes.
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/kernel_abi.h"
#include "tools/compiler.h"

namespace attnc {

struct CacheRequest {
  SourceLayer layer;
  std::string target;
};

/// In the order of the requests. Equal requests are built once, all of them beside each other.
std::vector<Result<const attn_layer_table*>> cached_tables(
    const std::vector<CacheRequest>& requests, const Progress& progress = {});

/// Made where it is not there yet.
Result<std::string> cache_folder();

/// For a help's text: "Built layers are kept in FOLDER ($ATTNC_CACHE, else ~/.cache/attnc), now 3
/// of them with 0.9 MB;
/// ..." Makes nothing.
std::string describe_cache();

}  // namespace attnc
