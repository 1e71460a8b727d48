// build.cpp - attnc build: the library, the typed headers and the readable stages of layers.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "emit/header.h"
#include "emit/names.h"
#include "halide/targets.h"
#include "tools/children.h"
#include "tools/commands.h"
#include "tools/link.h"
#include "tools/terminal.h"
#include "tools/write_file.h"

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

/// A file name as it appears in a header's comment and string literal: characters that could end
/// either are replaced with '?'.
std::string for_header(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == 127) c = '?';
  }
  return name;
}

std::string stem(const std::string& file) { return identifier(fs::path(file).stem().string()); }

/// Checks that the layers' names can be used in headers and symbols, and that no two layers share a
/// header file.
Status check_layers(const std::vector<SourceLayer>& layers) {
  std::map<std::string, std::string> headers;
  for (const SourceLayer& layer : layers) {
    const std::string& name = layer.graph.name;
    for (size_t begin = 0; begin <= name.size();) {
      const size_t end = std::min(name.find("::", begin), name.size());
      const std::string part = name.substr(begin, end - begin);
      if (part.empty() || identifier(part) != part) {
        return Status(
            StatusCode::invalid_argument,
            fmt::format(
                "layer {} cannot be named from another file: give it a name of its own in a named "
                "namespace",
                name));
      }
      begin = end + 2;
    }
    auto [at, added] = headers.emplace(header_file(name), name);
    if (!added) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("the layers {} and {} would both be written to {}: "
                                "rename one",
                                at->second, name, at->first));
    }
  }
  return Status();
}

/// Removes what an earlier build left in the library's folder `own` and this one did not write:
/// headers and stages of layers and targets that no longer exist. Other files stay.
Status remove_stale(const fs::path& own, const std::vector<fs::path>& written) {
  const auto begins_as_ours = [](const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    return std::getline(in, line) && line.starts_with("// Written by attnc from ");
  };
  const auto is_ours = [&](const fs::path& file, bool stage) {
    const std::string name = file.filename().string();
    if (!stage) return name.ends_with(".attn.h") && begins_as_ours(file);
    return name.ends_with(".graph.mlir") || name.ends_with(".passes.mlir") ||
           name.ends_with(".plan.txt");
  };
  for (const bool stage : {false, true}) {
    std::error_code error;
    std::vector<fs::path> stale;
    for (fs::directory_iterator at(stage ? own / "stages" : own, error), end; !error && at != end;
         at.increment(error)) {
      if (is_ours(at->path(), stage) && std::ranges::find(written, at->path()) == written.end())
        stale.push_back(at->path());
    }
    for (size_t i = 0; i < stale.size() && !error; ++i) fs::remove(stale[i], error);
    if (error) {
      return Status(StatusCode::not_found,
                    fmt::format("{}: what an earlier build left cannot be removed: {}",
                                own.string(), error.message()));
    }
  }
  return Status();
}

/// A rule for make and ninja: the archive depends on what it was made from and on everything that
/// was written with it, so that a deleted file is made again.
std::string make_rule(const BuildOptions& options, const std::vector<std::string>& targets,
                      const std::string& archive, const std::vector<fs::path>& written) {
  const auto escaped = [](const std::string& file) {
    std::string out;
    for (char c : file) {
      if (c == ' ' || c == '#') out += '\\';
      if (c == '$') out += '$';
      out += c;
    }
    return out;
  };
  std::string out = escaped(archive) + ":";
  for (const std::string& file : options.files) {
    const bool whole = fs::exists(file);  // else OBJECT:LAYER
    out += " \\\n  " + escaped(whole ? file : file.substr(0, file.rfind(':')));
  }
  if (const char* folder = std::getenv("ATTNC_SCHEDULES"); folder && *folder) {
    for (const std::string& t : targets)
      out += " \\\n  " + escaped((fs::path(folder) / (t + ".txt")).string());
  }
  if (!options.tuned.empty()) out += " \\\n  " + escaped(options.tuned);
  for (const fs::path& file : written) out += " \\\n  " + escaped(file.string());
  return out + "\n";
}

struct Made {
  std::string archive, shared;
  size_t bytes = 0;
  std::vector<std::string> targets;
  size_t kernels = 0, kernels_taken = 0;
  size_t by_pipes = 0;  // variants for processors with one pipe or with two, beside those for any
  size_t tuned = 0;     // layers times targets with numbers that were measured for them
  std::vector<std::pair<std::string, std::string>> layers;  // name, header
};

/// Links lib<name>.so from the archive and the object with the directory of its tables.
Status link_library(const LibraryParts& parts, const std::string& archive, const fs::path& file) {
  auto directory = make_directory_object(parts);
  if (!directory.ok()) return directory.status();
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  auto work = TemporaryFolder::make(file.parent_path().string());
  if (!work.ok()) return work.status();
  const fs::path folder = work->path();
  if (Status s = write_file(folder / "directory.o", *directory); !s.ok()) return s;
  if (Status s = write_file(folder / "layers.a", archive); !s.ok()) return s;
  const SharedLibrary library{
      .file = (folder / "layers.so").string(),
      .soname = file.filename().string(),
      .machine = target_machine(parts.layers.front().variants.front().plan.target)};
  const std::vector<std::string> inputs = {(folder / "directory.o").string(),
                                           (folder / "layers.a").string()};
  if (Status s = link_shared(inputs, library); !s.ok()) return s;
  fs::rename(library.file, file, error);  // readers see all of it or nothing
  if (error)
    return Status(StatusCode::not_found, fmt::format("{}: {}", file.string(), error.message()));
  return Status();
}

Result<Made> make(const BuildOptions& options) {
  if (options.files.empty()) return Status(StatusCode::invalid_argument, "no layer is given");
  LibraryRequest request;
  request.name = options.name.empty() ? stem(options.files[0]) : options.name;
  if (identifier(request.name) != request.name) {
    return Status(
        StatusCode::invalid_argument,
        fmt::format("`{}` cannot be a library's name: letters, digits and _ can, a letter first",
                    request.name));
  }
  std::vector<std::string> made_from;  // for each layer
  for (const std::string& file : options.files) {
    auto layers = read_layers(file, request.name);
    if (!layers.ok()) return layers.status();
    for (SourceLayer& layer : *layers) {
      made_from.push_back(!layer.definition.empty() ? for_header(fs::path(file).filename().string())
                          : !options.header.empty() ? options.header
                                                    : layer.graph.file);
      request.layers.push_back(std::move(layer));
    }
  }
  if (Status s = check_layers(request.layers); !s.ok()) return s;
  auto machine = machine_of(request.layers);
  if (!machine.ok()) return machine.status();
  auto targets = parse_targets(options.targets, *machine);
  if (!targets.ok()) return targets.status();
  request.targets = *targets;
  if (options.shared) {
    if (Status s = need_c_compiler(); !s.ok()) return s;
  }
  if (!options.shapes.empty()) {
    for (const ShapeName& shape : shape_names)
      request.shapes.*shape.is =
          std::ranges::find(options.shapes, shape.name) != options.shapes.end();
  }
  request.sanitizer = options.sanitize == "address"  ? Sanitizer::address
                      : options.sanitize == "thread" ? Sanitizer::thread
                                                     : Sanitizer::none;
  auto schedules = ScheduleSource::with_runs_of(options.tuned);
  if (!schedules.ok()) return schedules.status();
  request.schedules = *schedules;
  request.kernels = options.kernels;

  auto compiled = compile(request, progress_line("compiling"));
  if (!compiled.ok()) return compiled.status();
  auto archive = make_library(compiled->parts);
  if (!archive.ok()) return archive.status();

  const fs::path folder = options.folder, own = folder / request.name;
  Made made{(folder / fmt::format("lib{}.a", request.name)).string(),
            "",
            archive->size(),
            request.targets,
            compiled->parts.shared.size(),
            compiled->kernels_taken,
            0,
            0,
            {}};
  std::vector<fs::path> written;
  for (size_t i = 0; i < request.layers.size(); ++i) {
    const SourceLayer& layer = request.layers[i];
    const Stages& stages = compiled->stages[i];
    const std::vector<Variant>& variants = compiled->parts.layers[i].variants;
    const HeaderSource source{.library = request.name,
                              .include = layer.definition.empty() ? made_from[i] : "",
                              .definition = layer.definition,
                              .made_from = made_from[i]};
    const std::string base = short_name(layer.graph.name);
    made.layers.emplace_back(layer.graph.name, (own / header_file(layer.graph.name)).string());
    std::vector<std::pair<fs::path, std::string>> texts = {
        {own / header_file(layer.graph.name), typed_header(variants.front().plan, source)},
        {own / "stages" / (base + ".graph.mlir"), stages.graph},
        {own / "stages" / (base + ".passes.mlir"), stages.final},
    };
    for (const Variant& v : variants) {
      const std::string variant = variant_name(v.plan.target, v.plan.pipes);
      texts.emplace_back(own / "stages" / fmt::format("{}.{}.plan.txt", base, variant),
                         print(v.plan));
      made.kernels += v.kernels.size();
      made.by_pipes += v.plan.pipes > 0;
      made.tuned += v.plan.pipes == 0 && v.plan.tuned;
    }
    for (const auto& [file, text] : texts) {
      if (Status s = write_file(file, text); !s.ok()) return s;
      written.push_back(file);
    }
  }
  if (Status s = remove_stale(own, written); !s.ok()) return s;
  const fs::path shared = options.shared ? folder / fmt::format("lib{}.so", request.name) : "";
  if (options.shared) {
    if (Status s = link_library(compiled->parts, *archive, shared); !s.ok()) return s;
    written.push_back(shared);
  }
  if (!options.depfile.empty()) {
    const std::string rule = make_rule(options, request.targets, made.archive, written);
    if (Status s = write_file(options.depfile, rule); !s.ok()) return s;
  }
  // Last, so that the headers exist once the library does.
  made.shared = shared.string();
  if (Status s = write_file(made.archive, *archive); !s.ok()) return s;
  return made;
}

}  // namespace

int build(const BuildOptions& options) {
  auto made = make(options);
  if (!made.ok()) return fail(made.status());
  if (options.json) {
    nlohmann::ordered_json out{
        {"library", made->archive}, {"bytes", made->bytes}, {"targets", made->targets}};
    out["layers"] = nlohmann::ordered_json::array();
    for (const auto& [name, header] : made->layers)
      out["layers"].push_back({{"name", name}, {"header", header}});
    if (!made->shared.empty()) out["shared"] = made->shared;
    if (!options.kernels.empty()) {
      out["kernels"] = made->kernels;
      out["kernels_taken"] = made->kernels_taken;
    }
    if (made->by_pipes > 0) out["variants_by_pipes"] = made->by_pipes;
    if (!options.tuned.empty()) out["tuned"] = made->tuned;
    print_json(out);
    return 0;
  }
  const size_t layers = made->layers.size(), targets = made->targets.size();
  // A database that has nothing for a layer is no error, but whoever names one wants to know.
  const std::string tuned =
      options.tuned.empty() ? "" : fmt::format(", {} of {} tuned", made->tuned, layers * targets);
  const std::string by_pipes = made->by_pipes == 0
                                   ? ""
                                   : fmt::format(" and {} variant{} by the processor's pipes",
                                                 made->by_pipes, made->by_pipes == 1 ? "" : "s");
  const std::string taken = options.kernels.empty()
                                ? ""
                                : fmt::format(", {} of {} kernels taken from {}",
                                              made->kernels_taken, made->kernels, options.kernels);
  fmt::print("{}: {} layer{} for {} target{}{}, {} kB{}{}\n", made->archive, layers,
             layers == 1 ? "" : "s", targets, targets == 1 ? "" : "s", by_pipes,
             (made->bytes + 999) / 1000, tuned, taken);
  if (!made->shared.empty())
    fmt::print("{}: the same as a shared library, for attn::open\n", made->shared);
  return 0;
}

}  // namespace attnc
