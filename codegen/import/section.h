// section.h - the layers in an object file that the user's compiler made.
//
//   auto layers = attnc::layers_of_object("build/section.o");
//   for (const attn::NamedGraph& layer : *layers) compile(layer);
//
// The file's section .attn holds what attn/section.h wrote. Neither file nor section is trusted:
// truncated, forged or foreign contents give a Status that names the file. Files are ELF, for any
// machine.
#pragma once
#include <string>
#include <vector>

#include "attn/deserialise.h"
#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

Result<std::vector<attn::NamedGraph>> layers_of_object(const std::string& file);
/// The same for the bytes of a file; errors name it `file`.
Result<std::vector<attn::NamedGraph>> layers_of_object(const std::string& bytes,
                                                       const std::string& file);

/// The machine that an object is for, as LLVM calls it ("x86_64", "aarch64"); "" where the bytes
/// are no object.
std::string machine_of_object(const std::string& bytes);

}  // namespace attnc
