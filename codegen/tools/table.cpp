#include "tools/table.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "emit/names.h"
#include "tools/link.h"
#include "tools/write_file.h"

namespace attnc {

using attn::StatusCode;

Result<const attn_layer_table*> open_table(const std::string& shared, const SourceLayer& layer) {
  void* handle = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return Status(StatusCode::invalid_file, fmt::format("{}: {}", shared, dlerror()));
  const std::string symbol = table_symbol(table_library, layer.graph.name);
  const auto* table = static_cast<const attn_layer_table*>(dlsym(handle, symbol.c_str()));
  if (!table || table->abi_version != ATTN_ABI_VERSION ||
      table->fingerprint != layer.graph.fingerprint) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: holds no table of this layer", shared));
  }
  return table;
}

Result<const attn_layer_table*> link_table(const Compiled& compiled, const SourceLayer& layer,
                                           const std::string& shared) {
  auto archive = make_library(compiled.parts);
  if (!archive.ok()) return archive.status();
  const std::string file = shared + ".a";
  if (Status s = write_file(file, *archive); !s.ok()) return s;
  if (Status s = link_shared({file}, {.file = shared}); !s.ok()) return s;
  return open_table(shared, layer);
}

}  // namespace attnc
