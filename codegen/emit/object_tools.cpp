#include "emit/object_tools.h"

#include <fmt/format.h>

#include "llvm/ADT/SmallVector.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

namespace attnc {
namespace {

Result<std::unique_ptr<llvm::TargetMachine>> target_machine(const std::string& triple) {
  static const bool ready = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)ready;
  std::string error;
  const llvm::Triple parsed(triple);
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(parsed, error);
  if (!target) return internal_error(fmt::format("LLVM has no back end for {}: {}", triple, error));
  llvm::TargetOptions options;
  options.DataSections = true;
  options.FunctionSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(parsed, "", "", options, llvm::Reloc::PIC_));
  if (!machine) return internal_error(fmt::format("LLVM cannot make objects for {}", triple));
  return machine;
}

llvm::MemoryBufferRef buffer(const std::string& bytes, llvm::StringRef name) {
  return llvm::MemoryBufferRef(llvm::StringRef(bytes), name);
}

}  // namespace

Result<std::string> data_layout(const std::string& triple) {
  auto machine = target_machine(triple);
  if (!machine.ok()) return machine.status();
  return (*machine)->createDataLayout().getStringRepresentation();
}

Result<std::string> compile_module(llvm::Module& module, const std::string& triple) {
  auto machine = target_machine(triple);
  if (!machine.ok()) return machine.status();
  module.setTargetTriple(llvm::Triple(triple));
  module.setDataLayout((*machine)->createDataLayout());
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile))
    return internal_error(fmt::format("LLVM cannot write object files for {}", triple));
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

Result<std::string> hide_and_rename(const std::string& object,
                                    const std::map<std::string, std::string>& names,
                                    const std::string& what) {
  auto parsed = llvm::object::createBinary(buffer(object, what));
  if (!parsed)
    return internal_error(
        fmt::format("{} is no object file: {}", what, llvm::toString(parsed.takeError())));
  llvm::objcopy::ConfigManager config;
  config.Common.InputFilename = what;
  config.Common.OutputFilename = what;
  config.Common.DiscardMode = llvm::objcopy::DiscardType::All;
  for (const auto& [from, to] : names) config.Common.SymbolsToRename[from] = to;
  // .comment has the producer's name and version: a kilobyte in a library of many small objects.
  if (llvm::Error error = config.Common.ToRemove.addMatcher(llvm::objcopy::NameOrPattern::create(
          ".comment", llvm::objcopy::MatchStyle::Literal, [](llvm::Error e) { return e; })))
    return internal_error(llvm::toString(std::move(error)));
  auto symbols = symbols_of(object, what);
  if (!symbols.ok()) return symbols.status();
  // Undefined symbols keep their visibility: the C library could not provide a hidden memcpy.
  llvm::objcopy::NameMatcher defined;
  for (const std::string& name : symbols->visible)
    if (llvm::Error error = defined.addMatcher(llvm::objcopy::NameOrPattern::create(
            name, llvm::objcopy::MatchStyle::Literal, [](llvm::Error e) { return e; })))
      return internal_error(llvm::toString(std::move(error)));
  config.ELF.SymbolsToSetVisibility.emplace_back(std::move(defined), llvm::ELF::STV_HIDDEN);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream out(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, **parsed, out))
    return internal_error(fmt::format("{}: {}", what, llvm::toString(std::move(error))));
  return std::string(bytes.data(), bytes.size());
}

Result<std::string> make_archive(const std::vector<ArchiveMember>& members) {
  std::vector<llvm::NewArchiveMember> list;
  for (const ArchiveMember& m : members) list.emplace_back(buffer(m.bytes, m.name));
  auto archive = llvm::writeArchiveToBuffer(list, llvm::SymtabWritingMode::NormalSymtab,
                                            llvm::object::Archive::K_GNU, /*Deterministic=*/true,
                                            /*Thin=*/false);
  if (!archive)
    return internal_error(fmt::format("the archive: {}", llvm::toString(archive.takeError())));
  return (*archive)->getBuffer().str();
}

Result<ObjectSymbols> symbols_of(const std::string& object, const std::string& what) {
  auto parsed = llvm::object::ObjectFile::createELFObjectFile(buffer(object, what));
  if (!parsed)
    return internal_error(
        fmt::format("{} is no object file: {}", what, llvm::toString(parsed.takeError())));
  ObjectSymbols out;
  for (const llvm::object::SymbolRef& symbol : (*parsed)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      if (!flags) llvm::consumeError(flags.takeError());
      if (!name) llvm::consumeError(name.takeError());
      return internal_error(fmt::format("{}: its symbols cannot be read", what));
    }
    if (name->empty() || !(*flags & llvm::object::SymbolRef::SF_Global)) continue;
    auto& list = *flags & llvm::object::SymbolRef::SF_Undefined ? out.undefined
                 : llvm::object::ELFSymbolRef(symbol).getOther() & llvm::ELF::STV_HIDDEN
                     ? out.hidden
                     : out.visible;
    list.push_back(name->str());
  }
  return out;
}

}  // namespace attnc
