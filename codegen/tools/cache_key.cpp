#include "tools/cache_key.h"

#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "import/read_file.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"
#include "tools/link.h"

extern char** environ;

namespace attnc {
namespace {

/// The build id that the linker left in a program or library, a hash of its contents, in
/// hexadecimal; "" if it left none.
std::string build_id(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object.dlpi_phdr[i];
    if (part.p_type != PT_NOTE) continue;
    const char* notes = reinterpret_cast<const char*>(object.dlpi_addr + part.p_vaddr);
    const size_t alignment = part.p_align == 8 ? 8 : 4;
    for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= part.p_memsz;) {
      ElfW(Nhdr) note;
      std::memcpy(&note, notes + at, sizeof note);
      const size_t id = llvm::alignTo(at + sizeof note + note.n_namesz, alignment);
      const size_t end = id + note.n_descsz;
      if (end > part.p_memsz) break;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz > 0 &&
          std::memcmp(notes + at + sizeof note, "GNU", 4) == 0) {
        return llvm::toHex(llvm::StringRef(notes + id, note.n_descsz));
      }
      at = llvm::alignTo(end, alignment);
    }
  }
  return "";
}

/// The build ids of attnc and of its libraries; for one without a build id, a hash of its bytes.
/// Computed once, before the first layer is loaded, since loaded layers are libraries too.
Result<std::string> program_identity() {
  static const Result<std::string> identity = []() -> Result<std::string> {
    struct Object {
      std::string file, id;
    };
    std::vector<Object> objects;
    const auto add = [](dl_phdr_info* object, size_t, void* all) {
      const std::string name = object->dlpi_name;
      // A name without a folder is the vDSO, the operating system's code for the clock, which is no
      // file.
      if (name.empty() || name.find('/') != name.npos) {
        static_cast<std::vector<Object>*>(all)->push_back(
            {name.empty() ? "/proc/self/exe" : name, build_id(*object)});
      }
      return 0;
    };
    dl_iterate_phdr(add, &objects);
    std::string text;
    for (const Object& object : objects) {
      std::string id = object.id;
      if (id.empty()) {
        auto bytes = read_file(object.file, size_t{1} << 32);
        if (!bytes.ok()) return bytes.status().with_context("the cache's key needs attnc's bytes");
        id = fmt::format("{:016x}", llvm::xxh3_64bits(llvm::StringRef(*bytes)));
      }
      text += id + "\n";
    }
    return text;
  }();
  return identity;
}

/// "HL_LLVM_ARGS=..." and all other variables that Halide may read, sorted.
std::string halide_variables() {
  std::vector<std::string> set;
  for (char** v = environ; v && *v; ++v) {
    if (std::strncmp(*v, "HL_", 3) == 0) set.emplace_back(*v);
  }
  std::sort(set.begin(), set.end());
  return fmt::format("{}", fmt::join(set, "\n"));
}

std::string text_of(const std::optional<Calls>& calls) {
  if (!calls) return "";
  std::string text;
  for (const ExpectedCall& call : *calls)
    text += fmt::format("({}) to ({}) of {} queries; ", fmt::join(call.inputs, ","),
                        fmt::join(call.outputs, ","), call.queries);
  return text;
}

}  // namespace

Result<std::string> compiler_identity() {
  auto program = program_identity();
  if (!program.ok()) return program.status();
  return fmt::format("{}{}\n", *program, halide_variables());
}

Result<std::string> cache_key(const SourceLayer& layer, const std::string& target,
                              const ScheduleSource& schedules) {
  auto compiler = compiler_identity();
  if (!compiler.ok()) return compiler.status();
  auto schedule = schedules.key_of(layer.graph.fingerprint, target);
  if (!schedule.ok()) return schedule.status();
  std::string all;
  for (const std::string& part : {*compiler, *schedule, layer.graph.name, text_of(layer.calls),
                                  fmt::format("{}", fmt::join(c_compiler(), " "))}) {
    all += fmt::format("{} {}\n", part.size(), part);
  }
  return fmt::format("{:016x}-{}-{:016x}", layer.graph.fingerprint, target,
                     llvm::xxh3_64bits(llvm::StringRef(all)));
}

}  // namespace attnc
