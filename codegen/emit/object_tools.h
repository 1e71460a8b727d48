// object_tools.h - the three things that LLVM does for a generated library: an object out of a
// module, symbols of an object renamed and hidden, objects in an archive.
//
// All of it is deterministic: no dates, no owners, no paths. Nothing here knows what a layer is.
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

/// The module as an object file's bytes, position independent; `triple` decides the target. The
/// module gets the target's data layout.
Result<std::string> compile_module(llvm::Module& module, const std::string& triple);
/// The data layout of a target, for constants that must lie as C has them.
Result<std::string> data_layout(const std::string& triple);

/// The object with symbols renamed by `names`, and all that it defines hidden: to be linked with,
/// and not visible outside of a program or shared library. Its local symbols go.
Result<std::string> hide_and_rename(const std::string& object,
                                    const std::map<std::string, std::string>& names,
                                    const std::string& what);

struct ArchiveMember {
  std::string name, bytes;
};
/// A static library with an index of symbols, members in the given order.
Result<std::string> make_archive(const std::vector<ArchiveMember>& members);

/// What an object defines and wants, without its local symbols.
struct ObjectSymbols {
  std::vector<std::string> visible, hidden, undefined;
};
Result<ObjectSymbols> symbols_of(const std::string& object, const std::string& what);

}  // namespace attnc
