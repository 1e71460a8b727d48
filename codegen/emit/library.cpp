#include "emit/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "emit/names.h"
#include "emit/object_tools.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace attnc {
namespace {

// A function that kernels import from Halide's runtime, and the member of attn_call that serves it.
struct Shim {
  const char* halide;
  const char* what;
  int member;
};
constexpr Shim shims[] = {
    {"halide_malloc", "malloc", 0},
    {"halide_free", "free", 1},
    {"halide_do_par_for", "do_par_for", 2},
};
// Functions that the compiler calls and that every C library has, and a symbol that every linker
// defines.
const std::set<std::string> always_there = {"memcpy", "memmove", "memset", "memcmp",
                                            "_GLOBAL_OFFSET_TABLE_"};

// void* malloc(attn_call* call, uint64_t n) { return call->allocate(call, n); } and so on:
// arguments are passed on unchanged.
Result<std::string> shim_object(const std::string& library, const std::string& triple) {
  llvm::LLVMContext context;
  llvm::Module module(identifier(library), context);
  llvm::Type* pointer = llvm::PointerType::get(context, 0);
  llvm::Type* i32 = llvm::Type::getInt32Ty(context);
  llvm::Type* i64 = llvm::Type::getInt64Ty(context);
  llvm::Type* none = llvm::Type::getVoidTy(context);
  llvm::FunctionType* types[] = {
      llvm::FunctionType::get(pointer, {pointer, i64}, false),
      llvm::FunctionType::get(none, {pointer, pointer}, false),
      llvm::FunctionType::get(i32, {pointer, pointer, i32, i32, pointer}, false),
  };
  llvm::StructType* call = llvm::StructType::get(context, {pointer, pointer, pointer});
  for (const Shim& shim : shims) {
    llvm::Function* f = llvm::Function::Create(types[shim.member], llvm::Function::ExternalLinkage,
                                               shim_symbol(library, shim.what), module);
    f->setVisibility(llvm::GlobalValue::HiddenVisibility);
    f->addFnAttr(llvm::Attribute::NoUnwind);
    llvm::IRBuilder<> b(llvm::BasicBlock::Create(context, "entry", f));
    llvm::Value* target = b.CreateLoad(pointer, b.CreateStructGEP(call, f->getArg(0), shim.member));
    std::vector<llvm::Value*> arguments;
    for (llvm::Argument& a : f->args()) arguments.push_back(&a);
    llvm::CallInst* result = b.CreateCall(types[shim.member], target, arguments);
    result->setTailCall();
    if (types[shim.member]->getReturnType()->isVoidTy())
      b.CreateRetVoid();
    else
      b.CreateRet(result);
  }
  return compile_module(module, triple);
}

Status check_names(const LibraryParts& parts) {
  std::map<std::string, std::string> owners;  // symbol -> the layer or kernel that has it
  auto add = [&](const std::string& symbol, std::string what) {
    auto [at, added] = owners.emplace(symbol, what);
    if (added) return Status();
    return Status(
        attn::StatusCode::invalid_argument,
        fmt::format("{} and {} would both be called {} in library {}: rename one of the layers",
                    at->second, what, symbol, parts.name));
  };
  for (const LayerParts& layer : parts.layers) {
    const std::string& name = layer.variants.front().plan.layer;
    if (Status s = add(table_symbol(parts.name, name), fmt::format("layer {}", name)); !s.ok())
      return s;
    for (const Variant& v : layer.variants)
      for (const Kernel& k : v.kernels)
        if (Status s = add(k.symbol, fmt::format("a kernel of layer {} ({})", name, v.plan.target));
            !s.ok())
          return s;
  }
  return Status();
}

/// The names that a kernel's imports have in the library: the runtime's services and the shared
/// kernels of its target.
std::map<std::string, std::string> imports_of(const LibraryParts& parts,
                                              const std::string& target) {
  std::map<std::string, std::string> names;
  for (const Shim& shim : shims) names[shim.halide] = shim_symbol(parts.name, shim.what);
  for (const SharedKernel& k : parts.shared)
    if (k.target == target)
      names[k.kernel.name()] = shared_symbol(parts.name, target, k.kernel.name());
  return names;
}

/// A kernel's object with symbols renamed by `names`, and nothing imported but what the library has.
/// It must define `functions`.
Result<std::string> library_object(const LibraryParts& parts, const std::string& kernel,
                                   const std::string& object,
                                   const std::map<std::string, std::string>& names,
                                   const std::vector<std::string>& functions) {
  auto renamed = hide_and_rename(object, names, kernel);
  if (!renamed.ok()) return renamed.status();
  auto symbols = symbols_of(*renamed, kernel);
  if (!symbols.ok()) return symbols.status();
  std::set<std::string> there = always_there;
  for (const auto& [from, to] : names) there.insert(to);
  for (const std::string& name : symbols->undefined)
    if (!there.contains(name) && (parts.sanitizer.empty() || !name.starts_with(parts.sanitizer)))
      return internal_error(fmt::format("kernel {} needs {}, which no runtime has", kernel, name));
  for (const std::string& name : functions)
    if (std::find(symbols->hidden.begin(), symbols->hidden.end(), name) == symbols->hidden.end())
      return internal_error(
          fmt::format("the object of kernel {} has no function {}", kernel, name));
  return renamed;
}

Result<std::string> path_object(const LibraryParts& parts, const Kernel& kernel,
                                const std::string& target) {
  return library_object(parts, kernel.symbol, kernel.object, imports_of(parts, target),
                        {kernel.symbol + "_argv", kernel.symbol + "_workspace_argv"});
}

/// All symbols of a shared kernel begin with its name, which is the same in every library: they get
/// the library's name in front.
Result<std::string> shared_object(const LibraryParts& parts, const SharedKernel& shared) {
  const std::string name = shared.kernel.name();
  auto symbols = symbols_of(shared.object, name);
  if (!symbols.ok()) return symbols.status();
  std::map<std::string, std::string> names = imports_of(parts, shared.target);
  for (const auto* defined : {&symbols->visible, &symbols->hidden})
    for (const std::string& symbol : *defined)
      names[symbol] = shared_symbol(parts.name, shared.target, symbol);
  return library_object(parts, name, shared.object, names,
                        {shared_symbol(parts.name, shared.target, name)});
}

}  // namespace

Result<std::string> make_library(const LibraryParts& parts) {
  if (parts.layers.empty())
    return Status(attn::StatusCode::invalid_argument,
                  fmt::format("library {} has no layers", parts.name));
  for (const LayerParts& layer : parts.layers)
    if (layer.variants.empty()) return internal_error("a layer without a variant has no table");
  if (Status s = check_names(parts); !s.ok()) return s;
  std::vector<ArchiveMember> members;
  for (const LayerParts& layer : parts.layers) {
    auto table = make_table_object(parts, layer);
    if (!table.ok()) return table.status();
    members.push_back(
        {table_symbol(parts.name, layer.variants.front().plan.layer) + ".o", *std::move(table)});
    for (const Variant& v : layer.variants)
      for (const Kernel& k : v.kernels) {
        auto object = path_object(parts, k, v.plan.target);
        if (!object.ok()) return object.status();
        members.push_back({k.symbol + ".o", *std::move(object)});
      }
  }
  for (const SharedKernel& k : parts.shared) {
    auto object = shared_object(parts, k);
    if (!object.ok()) return object.status();
    members.push_back(
        {shared_symbol(parts.name, k.target, k.kernel.name()) + ".o", *std::move(object)});
  }
  auto shim = shim_object(parts.name, parts.layers.front().variants.front().triple);
  if (!shim.ok()) return shim.status();
  members.push_back({"attn_" + identifier(parts.name) + "_runtime.o", *std::move(shim)});
  return make_archive(members);
}

}  // namespace attnc
