#include "tools/link.h"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "tools/children.h"

namespace attnc {
namespace {

using attn::StatusCode;

/// Adds what to do about it to a not_found status.
Status with_advice(const Status& s) {
  if (s.code() != StatusCode::not_found) return s;
  return Status(StatusCode::not_found,
                fmt::format("a C compiler is needed to link the layer, and {}: install one "
                            "(`apt install gcc`) or set CC",
                            s.message()));
}

}  // namespace

std::vector<std::string> c_compiler() {
  const char* set = std::getenv("CC");
  std::istringstream words(set ? set : "");
  std::vector<std::string> out;
  for (std::string word; words >> word;) out.push_back(word);
  if (out.empty()) out.push_back("cc");
  return out;
}

Status need_c_compiler() {
  std::vector<std::string> command = c_compiler();
  command.push_back("--version");
  return with_advice(run_program(command));
}

Status link_shared(const std::vector<std::string>& inputs, const SharedLibrary& library) {
  std::vector<std::string> command = c_compiler();
  // With -Bsymbolic a library uses its own tables, whatever else the program has under their names.
  for (const char* word : {"-shared", "-nostdlib", "-Wl,-Bsymbolic"}) command.push_back(word);
  if (!library.soname.empty()) command.push_back("-Wl,-soname," + library.soname);
  command.insert(command.end(), {"-o", library.file, "-Wl,--whole-archive"});
  command.insert(command.end(), inputs.begin(), inputs.end());
  command.insert(command.end(), {"-Wl,--no-whole-archive", "-lc"});
  const Status s = with_advice(run_program(command));
  if (!s.ok() && !library.machine.empty()) {
    return s.with_context(
        fmt::format("the shared library for {} was not linked; CC names the C compiler for that "
                    "machine",
                    library.machine));
  }
  return s;
}

}  // namespace attnc
