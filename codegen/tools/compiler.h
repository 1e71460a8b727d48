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
#include <functional>
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

/// A layer on its way to a plan; the texts are what `attnc show` prints.
struct Stages {
  std::string graph;   // the dialect, as imported
  std::string passes;  // after each pass that changed something
  std::string final;   // the dialect, as planned
  Plan plan;
};
Result<Stages> plan_layer(const SourceLayer& layer, const std::string& library,
                          const std::string& target);

struct LibraryRequest {
  std::string name;
  std::vector<SourceLayer> layers;
  std::vector<std::string> targets;  // best first
  Sanitizer sanitizer = Sanitizer::none;
};
using Progress = std::function<void(size_t done, size_t all, const std::string& last)>;

struct Compiled {
  LibraryParts parts;
  std::vector<Stages> stages;  // for each layer, at its first target
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
