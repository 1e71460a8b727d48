// library.h - layers of a shared library that a program opens while it runs, found by their names.
//
//   attn::Result<attn::Library> library = attn::open("plugins/libmy_layers.so");
//   if (!library.ok()) return library.status();
//   attn::Result<attn::AnyLayer> layer = library->load("model::encoder", weights);
//
// `attnc build --shared` and attn_add_layers(... SHARED) make such libraries. A library stays open
// as long as a Library handle or a layer loaded from it exists.
//
// Opening a library runs its code: open none that you would not link. Not here: search paths (the
// name is a path, relative to the working directory), replacing a library while it is open.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "attn/runtime/any_layer.h"

namespace attn {

class Library {
 public:
  /// A library of tables that the program is linked with; the tables must outlive it.
  static Result<Library> of(std::span<const attn_layer_table* const> tables);

  std::string_view name() const;    // "my_layers"; for linked tables, the first table's library
  const std::string& path() const;  // empty for linked tables
  /// The tables of all its layers.
  std::span<const attn_layer_table* const> tables() const;
  /// Finds a layer by its qualified name, "model::encoder", or by the last part of it, "encoder",
  /// if only one layer ends that way. not_found: no layer matches. invalid_argument: several do.
  /// Both messages list the layers of the library.
  Result<const attn_layer_table*> find(std::string_view layer) const;
  /// find, then AnyLayer::load. The layer keeps the library open.
  Result<AnyLayer> load(std::string_view layer, const WeightSource& weights,
                        const LoadOptions& options = {}) const;

  struct State;

 private:
  friend Result<Library> open(const std::string& path);
  explicit Library(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// not_found: no such file. invalid_file: not a shared library, one for another machine, or one
/// that attnc did not make. unsupported: a library with another ABI version.
Result<Library> open(const std::string& path);

}  // namespace attn
