// cache.h - keeps the libraries that `attnc run`, `attnc check` and `attnc bench` build for
// themselves from one run to the next.
//
//   auto tables = attnc::cached_tables({{layer, "avx2"}, {layer, "baseline"}});
//   const attn_layer_table* table = *tables[0];
//
// The key of a library covers everything that changes its kernels (cache_key.h). The cache folder
// has a size limit (cache_folder.h), and its files can be deleted at any time. New libraries are
// linked with the C compiler ($CC, else cc). A library that was requested stays loaded until the
// process ends, even if its file is deleted.
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

/// One result per request, in the order of the requests. Equal requests are built once, and all
/// builds run in parallel. A layer that is requested several times, each time for its own calls, is
/// built for all of them.
std::vector<Result<const attn_layer_table*>> cached_tables(std::vector<CacheRequest> requests,
                                                           const Progress& progress = {},
                                                           const ScheduleSource& schedules = {});

}  // namespace attnc
