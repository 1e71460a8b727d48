// object_tools.h - the three things that LLVM does for a generated library: it compiles a module to
// an object, renames and hides symbols of an object, and archives objects.
//
// All output is deterministic: no dates, no owners, no paths. Nothing here knows what a layer is.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "attn/runtime/status.h"

namespace llvm {
class Module;
}

namespace attnc {

using attn::Result;
using attn::Status;

/// What is no fault of the user's: attnc's, or of an object that attnc made.
inline Status internal_error(std::string message) {
  return Status(attn::StatusCode::internal, std::move(message));
}

/// The bytes of a position-independent object file of the module, for the target of `triple`. Sets
/// the module's triple and data layout.
Result<std::string> compile_module(llvm::Module& module, const std::string& triple);
/// The data layout of a target, for constants that must be laid out as in C.
Result<std::string> data_layout(const std::string& triple);

/// The object with symbols renamed by `names`, and with every symbol that it defines hidden: other
/// objects can link to it, but it is not visible outside the program or shared library. Local
/// symbols are removed. `what` names the object in error messages.
Result<std::string> hide_and_rename(const std::string& object,
                                    const std::map<std::string, std::string>& names,
                                    const std::string& what);

struct ArchiveMember {
  std::string name, bytes;
};
/// A static library with a symbol index and its members in the given order.
Result<std::string> make_archive(const std::vector<ArchiveMember>& members);

/// The symbols that an object defines and those that it needs, without local ones.
struct ObjectSymbols {
  std::vector<std::string> visible, hidden, undefined;
};
Result<ObjectSymbols> symbols_of(const std::string& object, const std::string& what);

}  // namespace attnc
