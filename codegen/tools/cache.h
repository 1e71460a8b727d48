// cache.h - libraries that `attnc run`, `attnc check` and `attnc bench` build for themselves, kept
// from one run to the next.
//
//   auto tables = attnc::cached_tables({{layer, "avx2"}, {layer, "baseline"}});
//   const attn_layer_table* table = *tables[0];
//
// A library is found by all that changes its kernels (cache_key.h) in a folder with a limit
// (cache_folder.h), and can be deleted at any time. What is new is linked with the C compiler ($CC,
// else cc). What was asked for stays loaded until the process ends, whatever becomes of its file.
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/kernel_abi.h"
#include "tools/compiler.h"

namespace attnc {

struct CacheRequest {
  SourceLayer layer;
  std::string target;
  std::optional<Calls> calls{};  // all that it will serve, where they are known
};

/// In the order of the requests. Equal requests are built once, all of them beside each other.
std::vector<Result<const attn_layer_table*>> cached_tables(
    const std::vector<CacheRequest>& requests, const Progress& progress = {});

}  // namespace attnc
