// compiler.h - from a layer's graph to its library: the stages in order, each as text, and the
// kernels.
//
//   auto layers = attnc::read_layers("encoder.json");
//   attnc::LibraryRequest request{.name = "my_layers", .layers = *layers, .targets = {"avx2"}};
//   auto parts = attnc::compile(request);          // kernels are made in child processes
//   auto archive = attnc::make_library(*parts);    // emit/library.h
//
// Everything here runs before the process starts any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attn/deserialise.h"
#include "emit/library.h"
#include "halide/emit_kernels.h"
#include "plan/plan.h"

namespace attnc {

/// A layer to compile, from either kind of file.
struct SourceLayer {
  attn::NamedGraph graph;
  std::string definition;       // from JSON: "attn::MultiHeadAttention{...}"; from an object: empty
  std::string machine;          // that the object is for, "x86_64"; from JSON: this one
  std::string configuration{};  // from JSON: get_config() as text; from an object: empty
};

/// From a JSON file one layer, from an object all of its section. `file` may end in ":name" for one
/// layer of an object, by its own or its qualified name. `space`: the namespace that a layer from
/// JSON gets.
Result<std::vector<SourceLayer>> read_layers(const std::string& file, const std::string& space);
/// One layer, or a sentence with the names to choose from.
Result<SourceLayer> read_layer(const std::string& file, const std::string& space);

/// A layer on its way through the passes; what `attnc show` prints.
struct Stages {
  std::string graph;   // the dialect, as imported
  std::string passes;  // after each pass that changed something
  std::string final;   // the dialect, as plans are made of it
};

/// A layer that went through the passes, once for all targets.
class LoweredLayer {
 public:
  static Result<LoweredLayer> make(const SourceLayer& layer);
  LoweredLayer(LoweredLayer&&) noexcept;
  LoweredLayer& operator=(LoweredLayer&&) noexcept;
  ~LoweredLayer();

  Result<Plan> plan(const std::string& library, const std::string& target) const;

  Stages stages;

 private:
  struct Module;
  explicit LoweredLayer(std::unique_ptr<Module> module);
  std::unique_ptr<Module> module_;
};

/// The calls that a library is for, where they are known before: a call makes one of these sets of
/// outputs, from so many queries or more.
struct Calls {
  std::set<std::set<std::string>> outputs;
  int64_t fewest_queries = std::numeric_limits<int64_t>::max();
};

struct LibraryRequest {
  std::string name;
  std::vector<SourceLayer> layers;
  std::vector<std::string> targets;  // best first
  Sanitizer sanitizer = Sanitizer::none;
  std::optional<Calls> calls{};  // paths that serve none of them are left out, but for the first
};
using Progress = std::function<void(size_t done, size_t all, const std::string& last)>;

struct Compiled {
  LibraryParts parts;
  std::vector<Stages> stages;  // of each layer
};
Result<Compiled> compile(const LibraryRequest& request, const Progress& progress = {});
/// Several libraries with one pool of child processes; a failure concerns its library alone.
std::vector<Result<Compiled>> compile_all(const std::vector<LibraryRequest>& requests,
                                          const Progress& progress = {});

/// "avx2,baseline" as targets, best first, each once; empty: all of `machine`. A sentence with the
/// known ones where one is unknown, or where they are of two machines.
Result<std::vector<std::string>> parse_targets(const std::vector<std::string>& asked,
                                               const std::string& machine);
/// The machine of all of them, or a sentence.
Result<std::string> machine_of(const std::vector<SourceLayer>& layers);
/// Whether the processor that this runs on can run a target's code.
bool runs_here(const std::string& target);
/// The target asked for, or where that is "" the best one that this processor runs.
Result<std::string> target_here(const std::string& asked);

}  // namespace attnc
