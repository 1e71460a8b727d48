#include "attn/runtime/library.h"

#include <dlfcn.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "loading/table.h"
#include "text.h"

namespace attn {

struct Library::State {
  std::string path, name;
  void* handle = nullptr;
  std::vector<const attn_layer_table*> tables;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (handle != nullptr) dlclose(handle);
  }
};

namespace {

std::string last_dl_error() {
  const char* error = dlerror();
  return error != nullptr ? error : "the system does not say why";
}

Status add_tables(std::span<const attn_layer_table* const> tables, Library::State& state) {
  for (const attn_layer_table* table : tables) {
    if (table == nullptr) return {StatusCode::invalid_file, "one of its tables is null"};
    if (Status s = check_table(*table); !s.ok()) return s;
    state.tables.push_back(table);
  }
  return {};
}

std::string names_of(std::span<const attn_layer_table* const> tables) {
  std::string names;
  for (const attn_layer_table* table : tables) {
    names += (names.empty() ? "" : ", ") + attn::quoted(table->name);
  }
  return names.empty() ? "none" : names;
}

/// Whether `name` is the end of `qualified` after a "::": "encoder" of "model::encoder", not
/// "coder".
bool is_end_of(std::string_view name, std::string_view qualified) {
  return qualified.size() > name.size() + 2 && qualified.ends_with(name) &&
         qualified.substr(qualified.size() - name.size() - 2, 2) == "::";
}

}  // namespace

Result<Library> open(const std::string& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error);
  if (!std::filesystem::exists(kind)) {
    return Status(StatusCode::not_found, text(path, ": there is no such file"));
  }
  if (!std::filesystem::is_regular_file(kind)) {
    return Status(StatusCode::invalid_file, text(path, ": is no file, expected a shared library"));
  }
  auto state = std::make_shared<Library::State>();
  state->path = path;
  // Without a slash, dlopen would search the system's folders.
  const std::string place = path.find('/') == path.npos ? "./" + path : path;
  state->handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (state->handle == nullptr) {
    return Status(StatusCode::invalid_file,
                  text(path, ": cannot be opened as a shared library: ", last_dl_error()));
  }
  const auto* directory =
      static_cast<const attn_library_directory_table*>(dlsym(state->handle, ATTN_DIRECTORY_SYMBOL));
  if (directory == nullptr) {
    return Status(StatusCode::invalid_file,
                  text(path, ": is no library of layers (it has no symbol ", ATTN_DIRECTORY_SYMBOL,
                       "): `attnc build --shared` makes one"));
  }
  if (directory->abi_version != ATTN_ABI_VERSION) {
    return Status(
        StatusCode::unsupported,
        text(path, ": has ABI version ", directory->abi_version, ", expected ", ATTN_ABI_VERSION,
             ": build it again with the attnc that belongs to this runtime"));
  }
  constexpr int32_t many = 1 << 16;
  if (directory->library == nullptr || directory->layers == nullptr || directory->layer_count < 0 ||
      directory->layer_count > many) {
    return Status(StatusCode::invalid_file, text(path, ": its directory is malformed"));
  }
  state->name = directory->library;
  const std::span tables(directory->layers, static_cast<size_t>(directory->layer_count));
  if (Status s = add_tables(tables, *state); !s.ok()) return s.with_context(path);
  return Library(std::move(state));
}

Result<Library> Library::of(std::span<const attn_layer_table* const> tables) {
  auto state = std::make_shared<State>();
  if (Status s = add_tables(tables, *state); !s.ok()) return s;
  if (!tables.empty()) state->name = tables.front()->library;
  return Library(std::move(state));
}

std::string_view Library::name() const { return state_->name; }
const std::string& Library::path() const { return state_->path; }
std::span<const attn_layer_table* const> Library::tables() const { return state_->tables; }

Result<const attn_layer_table*> Library::find(std::string_view layer) const {
  const attn_layer_table* found = nullptr;
  int ends = 0;
  for (const attn_layer_table* table : state_->tables) {
    if (layer == table->name) return table;
    if (is_end_of(layer, table->name)) found = table, ++ends;
  }
  if (ends == 1) return found;
  const std::string where =
      state_->path.empty() ? text("library ", attn::quoted(state_->name)) : state_->path;
  if (ends > 1) {
    return Status(StatusCode::invalid_argument,
                  text(where, ": ", ends, " layers are called ", attn::quoted(layer),
                       "; say which by the whole name, of ", names_of(state_->tables)));
  }
  return Status(StatusCode::not_found, text(where, ": there is no layer ", attn::quoted(layer),
                                            ", only ", names_of(state_->tables)));
}

Result<AnyLayer> Library::load(std::string_view layer, const WeightSource& weights,
                               const LoadOptions& options) const {
  Result<const attn_layer_table*> table = find(layer);
  if (!table.ok()) return table.status();
  LoadOptions with_library = options;
  // Keeps both alive: what the caller wants kept, and the library.
  with_library.keep =
      std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(
          options.keep, state_);
  return AnyLayer::load(**table, weights, with_library);
}

}  // namespace attn
