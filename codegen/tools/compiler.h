// compiler.h - compiles a layer's graph to the parts of its library: the stages in order, each as
// text, and the kernels.
//
//   auto layers = attnc::read_layers("encoder.json");
//   attnc::LibraryRequest request{.name = "my_layers", .layers = *layers, .targets = {"avx2"}};
//   auto parts = attnc::compile(request);          // kernels are made in child processes
//   auto archive = attnc::make_library(*parts);    // emit/library.h
//
// Call everything here before the process starts any thread.
#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attn/deserialise.h"
#include "emit/library.h"
#include "halide/emit_kernels.h"
#include "plan/plan.h"
#include "tools/schedule_source.h"

namespace attnc {

/// Larger files are refused.
inline constexpr size_t max_object_bytes = size_t{256} << 20;

/// A call that a layer is for: the names of its inputs and outputs, and its number of queries. A
/// larger number than the call's is allowed: the paths for many queries serve few, too.
struct ExpectedCall {
  std::set<std::string> inputs, outputs;
  int64_t queries = 0;
  auto operator<=>(const ExpectedCall&) const = default;
};
/// The calls that a layer is for, if they are known in advance.
using Calls = std::set<ExpectedCall>;

/// A layer to compile, from a JSON file or an object.
struct SourceLayer {
  attn::NamedGraph graph;
  std::string definition;       // from JSON: "attn::MultiHeadAttention{...}"; from an object: empty
  std::string machine;          // that the object is for, "x86_64"; from JSON: this one
  std::string configuration{};  // from JSON: get_config() as text; from an object: empty
  /// Paths that none of them takes are left out, but one path always stays.
  std::optional<Calls> calls{};
};

/// Reads the one layer of a JSON file, or all layers in an object's section. `file` may end in
/// ":name" to choose one layer of an object by its own or its qualified name. `space` is the
/// namespace of a layer from JSON.
Result<std::vector<SourceLayer>> read_layers(const std::string& file, const std::string& space);
/// Reads one layer; if there are several, the error lists the names to choose from.
Result<SourceLayer> read_layer(const std::string& file, const std::string& space);

/// The text of a layer at each stage of the passes, as `attnc show` prints it.
struct Stages {
  std::string graph;   // the dialect, as imported
  std::string passes;  // after each pass that changed something
  std::string final;   // the dialect, as plans are made from it
};

/// A layer after the passes, which run once for all targets.
class LoweredLayer {
 public:
  static Result<LoweredLayer> make(const SourceLayer& layer);
  LoweredLayer(LoweredLayer&&) noexcept;
  LoweredLayer& operator=(LoweredLayer&&) noexcept;
  ~LoweredLayer();

  /// For processors with so many multiply-add pipes; 0: for any.
  Result<Plan> plan(const std::string& library, const std::string& target,
                    const ScheduleSource& schedules = {}, int pipes = 0) const;
  /// One for each kind of processors whose numbers differ from those for any; the last is for any.
  Result<std::vector<Plan>> plans(const std::string& library, const std::string& target,
                                  const ScheduleSource& schedules = {}) const;
  Work work() const;
  /// The numbers that plan() takes.
  Result<ChosenSchedule> schedule(const std::string& target, const ScheduleSource& schedules = {},
                                  int pipes = 0) const;

  Stages stages;

 private:
  struct Module;
  explicit LoweredLayer(std::unique_ptr<Module> module);
  std::unique_ptr<Module> module_;
};

/// The calls that a library has kernels for, by their number of queries, and whether also for those
/// that ask for probabilities. Calls without a kernel are refused when they are made.
struct Shapes {
  bool one = true, few = true, many = true, scores = true;
};
struct ShapeName {
  const char* name;
  bool Shapes::*is;
};
inline constexpr ShapeName shape_names[] = {{"one", &Shapes::one},
                                            {"few", &Shapes::few},
                                            {"many", &Shapes::many},
                                            {"scores", &Shapes::scores}};

/// Whether a path can serve a call.
bool serves(const Plan& plan, const Path& path, const ExpectedCall& call);
/// Keeps the paths that the calls take: of those that serve a call the first, as the runtime
/// chooses. If that would leave none, keeps the first of all.
void keep_paths_of(const Calls& calls, Plan& plan);

struct LibraryRequest {
  std::string name;
  std::vector<SourceLayer> layers;
  std::vector<std::string> targets;  // best first
  Sanitizer sanitizer = Sanitizer::none;
  Shapes shapes{};
  ScheduleSource schedules{};
  std::string kernels{};  // a folder where builds leave kernels for the next one; "": none
};
using Progress = std::function<void(size_t done, size_t all, const std::string& last)>;

struct Compiled {
  LibraryParts parts;
  std::vector<Stages> stages;  // of each layer
  size_t kernels_taken = 0;    // that an earlier build left in LibraryRequest::kernels
};
Result<Compiled> compile(const LibraryRequest& request, const Progress& progress = {});
/// Compiles several libraries with one pool of child processes; a failure affects its own library
/// only.
std::vector<Result<Compiled>> compile_all(const std::vector<LibraryRequest>& requests,
                                          const Progress& progress = {});

/// The targets named in `asked`, best first and each once; if it is empty, all of `machine`. An
/// error if one is unknown, which lists the known ones, or if they are for two machines.
Result<std::vector<std::string>> parse_targets(const std::vector<std::string>& asked,
                                               const std::string& machine);
/// The machine that all of them are for; an error if they differ.
Result<std::string> machine_of(const std::vector<SourceLayer>& layers);
/// Whether this processor can run a target's code.
bool runs_here(const std::string& target);
/// The target `asked`, or if that is "" the best one that this processor runs.
Result<std::string> target_here(const std::string& asked);

}  // namespace attnc
