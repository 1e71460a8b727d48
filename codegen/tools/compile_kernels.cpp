#include "tools/compile_kernels.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "emit/names.h"
#include "halide/emit_kernels.h"
#include "import/read_file.h"
#include "plan/schedule_text.h"
#include "tools/children.h"
#include "tools/kernel_store.h"

namespace attnc {
namespace {

using attn::StatusCode;

std::string job_name(const Plan& plan, const Path& path) {
  return fmt::format("{} ({}), path {}", plan.layer, variant_name(plan.target, plan.pipes),
                     path.name);
}

/// Adds the plan that caused it to an internal error. The emitter has already done so unless its
/// process died.
Status with_plan(const Status& status, const Plan& plan) {
  if (status.code() != StatusCode::internal ||
      status.message().find("please report") != std::string::npos)
    return status;
  return Status(StatusCode::internal,
                fmt::format("internal error: {}; please report it with this plan:\n{}",
                            status.message(), print(plan)));
}

/// Makes one object in this process: call it in a child. `emit` writes the file.
Result<std::string> object_of(const std::function<Status(const std::string& file)>& emit) {
  auto folder = TemporaryFolder::make();
  if (!folder.ok()) return folder.status();
  const std::string file = folder->path() + "/kernel.o";
  if (Status s = emit(file); !s.ok()) return s;
  return read_file(file, max_object_bytes);
}

/// Lists the kernels of a library, without their objects.
void list_kernels(LibraryParts& parts) {
  std::set<std::pair<std::string, ProjectionKernel>> projections;  // with their targets
  for (LayerParts& layer : parts.layers) {
    for (Variant& variant : layer.variants) {
      const Plan& plan = variant.plan;
      for (size_t p = 0; p < plan.paths.size(); ++p) {
        const std::string symbol = path_symbol(
            plan.library, plan.layer, variant_name(plan.target, plan.pipes), plan.paths[p].name);
        variant.kernels.push_back({symbol, "", path_arguments(plan, static_cast<int>(p))});
        for (const ProjectionKernel& kernel : projections_of(plan, plan.paths[p])) {
          if (projections.emplace(plan.target, kernel).second)
            parts.shared.push_back({plan.target, kernel, ""});
        }
      }
    }
  }
}

/// All that decides what a path's kernel is, for one attnc.
std::string key_of(const Plan& plan, const Kernel& kernel, Sanitizer sanitizer) {
  return fmt::format("{} of {} in {}, fingerprint {:016x}, for {}, sanitizer {}, {}", kernel.symbol,
                     plan.layer, plan.library, plan.fingerprint, plan.target,
                     static_cast<int>(sanitizer), text_of(plan.schedule));
}
std::string key_of(const SharedKernel& shared, Sanitizer sanitizer) {
  return fmt::format("{} for {}, sanitizer {}", shared.kernel.name(), shared.target,
                     static_cast<int>(sanitizer));
}

/// The kernels of all libraries: which are to be compiled, and who needs them.
class Kernels {
 public:
  /// Takes the kernel of library `library` from its store, or lists it.
  void add(const std::string& key, size_t library, std::optional<KernelStore>& store,
           std::string& object, const Plan* plan, const std::string& what,
           const std::function<Status(const std::string& file)>& emit) {
    if (store) {
      if (auto kept = store->take(key)) {
        object = *std::move(kept);
        return;
      }
    }
    const auto [job, is_new] = jobs_of_.try_emplace(key, jobs_.size());
    if (is_new) jobs_.push_back({what, [emit] { return object_of(emit); }});
    uses_.push_back({job->second, library, key, &object, plan});
  }

  void compile(std::vector<Result<Compiled>>& libraries,
               std::vector<std::optional<KernelStore>>& stores, const Progress& progress) {
    const auto objects = run_in_children(jobs_, {.at_once = 0, .progress = progress});
    for (const Use& use : uses_) {
      Result<Compiled>& library = libraries[use.library];
      if (!library.ok()) continue;
      const Result<std::string>& object = objects[use.job];
      if (!object.ok()) {
        library = use.plan ? with_plan(object.status(), *use.plan) : object.status();
        continue;
      }
      *use.object = *object;
      if (auto& store = stores[use.library]) {
        if (Status s = store->keep(use.key, *object); !s.ok()) library = s;
      }
    }
  }

 private:
  struct Use {
    size_t job, library;
    std::string key;
    std::string* object;
    const Plan* plan;  // nullptr: of many
  };
  std::map<std::string, size_t> jobs_of_;  // by key
  std::vector<Job> jobs_;
  std::vector<Use> uses_;
};

}  // namespace

void compile_kernels(const std::vector<LibraryRequest>& requests,
                     std::vector<Result<Compiled>>& libraries, const Progress& progress) {
  Kernels kernels;
  std::vector<std::optional<KernelStore>> stores(libraries.size());
  for (size_t l = 0; l < libraries.size(); ++l) {
    if (!libraries[l].ok()) continue;
    if (!requests[l].kernels.empty()) {
      auto store = KernelStore::open(requests[l].kernels);
      if (!store.ok()) {
        libraries[l] = store.status();
        continue;
      }
      stores[l] = *std::move(store);
    }
    LibraryParts& parts = libraries[l]->parts;
    list_kernels(parts);
    const Sanitizer sanitizer = requests[l].sanitizer;
    for (SharedKernel& k : parts.shared) {
      kernels.add(key_of(k, sanitizer), l, stores[l], k.object, nullptr,
                  fmt::format("{} ({})", k.kernel.name(), k.target),
                  [kernel = k.kernel, target = k.target, sanitizer](const std::string& file) {
                    return emit_projection_object(kernel, target, file, {.sanitizer = sanitizer});
                  });
    }
    for (LayerParts& layer : parts.layers) {
      for (Variant& variant : layer.variants) {
        const Plan& plan = variant.plan;
        for (size_t p = 0; p < variant.kernels.size(); ++p) {
          Kernel& k = variant.kernels[p];
          kernels.add(key_of(plan, k, sanitizer), l, stores[l], k.object, &plan,
                      job_name(plan, plan.paths[p]),
                      [&plan, p, symbol = k.symbol, sanitizer](const std::string& file) {
                        return emit_path_object(plan, static_cast<int>(p), symbol, file,
                                                {.sanitizer = sanitizer});
                      });
        }
      }
    }
  }
  kernels.compile(libraries, stores, progress);
  for (size_t l = 0; l < libraries.size(); ++l) {
    if (!libraries[l].ok() || !stores[l]) continue;
    stores[l]->remove_others();
    libraries[l]->kernels_taken = stores[l]->taken();
  }
}

}  // namespace attnc
