// library.h - layers of a shared library that a program opens while it runs, found by their names.
//
//   attn::Result<attn::Library> library = attn::open("plugins/libmy_layers.so");
//   if (!library.ok()) return library.status();
//   attn::Result<attn::AnyLayer> layer = library->load("model::encoder", weights);
//
// `attnc build --shared` makes such libraries, and attn_add_layers(... SHARED). A library stays
// open for as long as a handle to it or a layer that came out of it is there.
//
// To open a file is to run its code: open none that you would not link. Not here: search paths (the
// name is a path, relative to the working directory), updates of a library that is open.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "attn/runtime/any_layer.h"

namespace attn {

class Library {
 public:
  /// Tables that the program is linked with, as a library; they have to outlive it.
  static Result<Library> of(std::span<const attn_layer_table* const> tables);

  std::string_view name() const;  // "my_layers"; of linked tables that of the first
  const std::string& path() const;
  /// Every layer that it has.
  std::span<const attn_layer_table* const> tables() const;
  /// By the qualified name, "model::encoder", or by its end, "encoder", where one layer alone has
  /// it. not_found names those that there are.
  Result<const attn_layer_table*> find(std::string_view layer) const;
  /// As AnyLayer::load; the layer keeps the library open.
  Result<AnyLayer> load(std::string_view layer, const WeightSource& weights,
                        const LoadOptions& options = {}) const;

  struct State;

 private:
  friend Result<Library> open(const std::string& path);
  explicit Library(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// not_found: no such file. invalid_file: no shared library, one for another machine, or none of
/// attnc's. unsupported: one with another ABI version.
Result<Library> open(const std::string& path);

}  // namespace attn
