#include "import/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "import/read_file.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/TargetParser/Triple.h"

namespace attnc {
namespace {

using attn::StatusCode;

// Descriptions are small; a larger file is something else.
constexpr size_t max_object_bytes = size_t{256} << 20;

Status invalid(const std::string& file, std::string why) {
  return Status(StatusCode::invalid_file, fmt::format("{}: {}", file, why));
}

std::string text_of(llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Result<std::vector<attn::NamedGraph>> layers_of_object(const std::string& file) {
  auto bytes = read_file(file, max_object_bytes);
  if (!bytes.ok()) return bytes.status();
  return layers_of_object(*bytes, file);
}

std::string machine_of_object(const std::string& bytes) {
  auto object = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, ""));
  if (!object) {
    llvm::consumeError(object.takeError());
    return "";
  }
  return llvm::Triple::getArchTypeName((*object)->getArch()).str();
}

Result<std::vector<attn::NamedGraph>> layers_of_object(const std::string& bytes,
                                                       const std::string& file) {
  if (bytes.starts_with("BC\xC0\xDE")) {
    return invalid(
        file,
        "holds LLVM bitcode in place of machine code: switch link-time optimisation off for it");
  }
  if (!bytes.starts_with("\x7f"
                         "ELF"))
    return invalid(file, "is no ELF object file");
  auto object = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(bytes, file));
  if (!object) return invalid(file, "is damaged: " + text_of(object.takeError()));
  std::vector<attn::NamedGraph> layers;
  std::set<std::string> names;
  bool found = false;
  for (const llvm::object::SectionRef& section : (*object)->sections()) {
    auto name = section.getName();
    if (!name) return invalid(file, "is damaged: " + text_of(name.takeError()));
    if (*name != ".attn") continue;
    found = true;
    auto contents = section.getContents();
    if (!contents) return invalid(file, "is damaged: " + text_of(contents.takeError()));
    const auto* data = reinterpret_cast<const unsigned char*>(contents->data());
    attn::Deserialised read = attn::deserialise(std::span(data, contents->size()));
    if (!read.ok()) return invalid(file, read.error);
    for (attn::NamedGraph& layer : read.layers) {
      if (!names.insert(layer.name).second)
        return invalid(file, fmt::format("holds the layer {} twice", layer.name));
      layers.push_back(std::move(layer));
    }
  }
  if (!found) {
    return invalid(file,
                   "has no section .attn: compile a file with `ATTN_SECTION(model::layers)` "
                   "(attn/section.h), without link-time optimisation");
  }
  if (layers.empty()) return invalid(file, "its section .attn holds no layers");
  return layers;
}

}  // namespace attnc
