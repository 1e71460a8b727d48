// table.cpp - the attn_layer_table of a layer as constants in an object file.
//
// Every struct of kernel_abi.h is described once, as a list of LLVM values in the order of its
// members. The target's own data layout places them, and a check against sizeof keeps the list in
// step with the header.
#include <fmt/format.h>

#include "emit/library.h"
#include "emit/names.h"
#include "emit/object_tools.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace attnc {
namespace {

using llvm::Constant;

/// The ATTN_VALUE_... of a tensor.
uint8_t value_of(const PlanTensor& t) {
  const auto value = static_cast<uint8_t>(t.type);
  return t.table  ? static_cast<uint8_t>(value + ATTN_VALUE_TABLE)
         : t.soft ? uint8_t{ATTN_VALUE_SOFT}
                  : value;
}

class TableWriter {
 public:
  TableWriter(const std::string& symbol, const std::string& layout)
      : module_(symbol, context_), pointer_(llvm::PointerType::get(context_, 0)) {
    module_.setDataLayout(layout);
  }

  llvm::Module& module() { return module_; }
  /// The name of a struct whose size differs from the header's; "" if there is none.
  const std::string& mismatch() const { return mismatch_; }

  void directory(const LibraryParts& parts) {
    std::vector<Constant*> tables;
    for (const LayerParts& layer : parts.layers)
      tables.push_back(new llvm::GlobalVariable(
          module_, llvm::Type::getInt8Ty(context_), true, llvm::GlobalValue::ExternalLinkage,
          nullptr, table_symbol(parts.name, layer.variants.front().plan.layer)));
    Constant* value = structure<attn_library_directory_table>(
        "attn_library_directory_table",
        {number(32, ATTN_ABI_VERSION), count(tables), text(parts.name), array(tables)});
    auto* global =
        new llvm::GlobalVariable(module_, value->getType(), true,
                                 llvm::GlobalValue::ExternalLinkage, value, ATTN_DIRECTORY_SYMBOL);
    global->setAlignment(llvm::Align(8));
  }

  void table(const LibraryParts& parts, const LayerParts& layer) {
    const Plan& plan = layer.variants.front().plan;
    std::vector<Constant*> variants;
    for (const Variant& v : layer.variants) variants.push_back(variant(v));
    Constant* value = structure<attn_layer_table>(
        "attn_layer_table",
        {number(32, ATTN_ABI_VERSION), count(plan.inputs), count(plan.weights), count(plan.outputs),
         count(layer.variants),
         number(32, plan.dtype == attn::DTypePolicy::float64 ? ATTN_FLOAT64 : ATTN_FLOAT32),
         number(64, plan.fingerprint), text(plan.layer), text(parts.name),
         tensors(plan.inputs, tensor_type(plan.dtype)),
         tensors(plan.weights, weight_type(plan.dtype)),
         tensors(plan.outputs, tensor_type(plan.dtype)), array(variants)});
    auto* global = new llvm::GlobalVariable(module_, value->getType(), true,
                                            llvm::GlobalValue::ExternalLinkage, value,
                                            table_symbol(parts.name, plan.layer));
    global->setAlignment(llvm::Align(8));
  }

 private:
  Constant* number(int bits, uint64_t value) {
    return llvm::ConstantInt::get(llvm::IntegerType::get(context_, bits), value, false, true);
  }
  Constant* count(const auto& list) { return number(32, list.size()); }
  Constant* null() { return llvm::ConstantPointerNull::get(pointer_); }

  Constant* global(Constant* value, bool mergeable) {
    auto* g = new llvm::GlobalVariable(module_, value->getType(), true,
                                       llvm::GlobalValue::PrivateLinkage, value, ".data");
    if (mergeable) g->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return g;
  }
  Constant* text(const std::string& s) {
    return global(llvm::ConstantDataArray::getString(context_, s), true);
  }
  Constant* array(const std::vector<Constant*>& elements) {
    if (elements.empty()) return null();
    auto* type = llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return global(llvm::ConstantArray::get(type, elements), false);
  }
  template <class C>
  Constant* structure(const char* name, const std::vector<Constant*>& members) {
    Constant* value = llvm::ConstantStruct::getAnon(context_, members);
    if (module_.getDataLayout().getTypeAllocSize(value->getType()) != sizeof(C)) mismatch_ = name;
    return value;
  }
  Constant* function(const std::string& name) {
    auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context_), {pointer_}, false);
    auto* f = llvm::cast<llvm::Function>(module_.getOrInsertFunction(name, type).getCallee());
    f->setVisibility(llvm::GlobalValue::HiddenVisibility);
    f->setDSOLocal(true);
    return f;
  }

  Constant* tensors(const std::vector<PlanTensor>& list, attn::DTypePolicy stored) {
    const auto dtype = static_cast<uint8_t>(stored);
    std::vector<Constant*> elements;
    for (const PlanTensor& t : list) {
      std::vector<Constant*> axes;
      for (const PlanAxis& a : t.axes)
        axes.push_back(structure<attn_axis>(
            "attn_axis",
            {number(8, static_cast<uint8_t>(a.kind)), number(8, a.number),
             number(16, static_cast<uint16_t>(a.of)), number(64, a.extent), number(64, a.least)}));
      elements.push_back(structure<attn_tensor_info>(
          "attn_tensor_info",
          {text(t.name), array(axes), number(8, t.axes.size()), number(8, value_of(t)),
           number(8, dtype), number(8, t.optional), number(16, static_cast<uint16_t>(t.or_input)),
           number(16, static_cast<uint16_t>(t.starts_as)), number(8, t.reading)}));
    }
    return array(elements);
  }

  Constant* packing(const Packing& p) {
    return structure<attn_packing>(
        "attn_packing",
        {number(16, static_cast<uint16_t>(p.weight)),
         number(8, p.vector ? ATTN_PACK_VECTOR : ATTN_PACK_PANELS), number(8, p.contracted),
         number(32, p.row_block), number(32, p.row_block_padded), number(32, p.column_block),
         number(32, p.column_block_padded), number(32, p.panel_width),
         llvm::ConstantFP::get(context_, llvm::APFloat(p.scale))});
  }

  Constant* path(const Path& p, const Kernel& kernel) {
    auto bits = [](const std::vector<int>& set) {
      uint32_t bits = 0;
      for (int i : set) bits |= 1u << i;
      return bits;
    };
    std::vector<Constant*> arguments;
    for (const attn_argument& a : kernel.arguments)
      arguments.push_back(structure<attn_argument>(
          "attn_argument",
          {number(8, a.kind), number(8, a.form), number(16, static_cast<uint16_t>(a.index))}));
    return structure<attn_path>(
        "attn_path", {text(p.name), number(32, bits(p.outputs)), number(32, bits(p.given)),
                      number(32, bits(p.absent)), number(32, static_cast<uint32_t>(p.most_queries)),
                      count(kernel.arguments), array(arguments), function(kernel.symbol + "_argv"),
                      function(kernel.symbol + "_workspace_argv")});
  }

  Constant* variant(const Variant& v) {
    std::vector<Constant*> packings, paths;
    for (const Packing& p : v.plan.packings) packings.push_back(packing(p));
    for (size_t i = 0; i < v.plan.paths.size(); ++i)
      paths.push_back(path(v.plan.paths[i], v.kernels[i]));
    return structure<attn_variant>(
        "attn_variant",
        {text(v.plan.target), number(64, v.cpu), number(32, static_cast<uint32_t>(v.plan.pipes)),
         count(packings), count(paths), array(packings), array(paths)});
  }

  llvm::LLVMContext context_;
  llvm::Module module_;
  llvm::PointerType* pointer_;
  std::string mismatch_;
};

// The numbers in the table are those of the language.
static_assert(static_cast<int>(attn::DTypePolicy::float32) == ATTN_FLOAT32);
static_assert(static_cast<int>(attn::DTypePolicy::float64) == ATTN_FLOAT64);
static_assert(static_cast<int>(attn::DTypePolicy::float16) == ATTN_FLOAT16);
static_assert(static_cast<int>(attn::DTypePolicy::bfloat16) == ATTN_BFLOAT16);
static_assert(static_cast<int>(attn::above_half) == ATTN_READ_ABOVE_HALF);
static_assert(static_cast<int>(attn::above_half_with_scores) == ATTN_READ_ABOVE_HALF_WITH_OPTIONAL);
static_assert(static_cast<int>(attn::only_mask) == ATTN_READ_ONLY_MASK);
static_assert(static_cast<int>(attn::any_number) == ATTN_READ_ANY_NUMBER);
static_assert(static_cast<int>(attn::from_right) == ATTN_READ_FROM_RIGHT);
static_assert(static_cast<int>(attn::Type::real) == ATTN_VALUE_REAL);
static_assert(static_cast<int>(attn::Type::index) == ATTN_VALUE_INDEX);
static_assert(static_cast<int>(attn::Type::truth) == ATTN_VALUE_TRUTH);
static_assert(ATTN_VALUE_INDEX_TABLE - ATTN_VALUE_TABLE == ATTN_VALUE_INDEX);
static_assert(ATTN_VALUE_TRUTH_TABLE - ATTN_VALUE_TABLE == ATTN_VALUE_TRUTH);
static_assert(static_cast<int>(attn::Kind::batch) == ATTN_AXIS_BATCH);
static_assert(static_cast<int>(attn::Kind::query) == ATTN_AXIS_QUERY);
static_assert(static_cast<int>(attn::Kind::key) == ATTN_AXIS_KEY);
static_assert(static_cast<int>(attn::Kind::update) == ATTN_AXIS_UPDATE);
static_assert(static_cast<int>(attn::Kind::slot) == ATTN_AXIS_SLOT);
static_assert(static_cast<int>(attn::Kind::head) == ATTN_AXIS_HEAD);
static_assert(static_cast<int>(attn::Kind::size) == ATTN_AXIS_SIZE);
static_assert(static_cast<int>(attn::Kind::feature) == ATTN_AXIS_FEATURE);
static_assert(static_cast<int>(attn::Kind::other) == ATTN_AXIS_OTHER);

}  // namespace

Result<std::string> make_table_object(const LibraryParts& parts, const LayerParts& layer) {
  if (layer.variants.empty()) return internal_error("a layer without a variant has no table");
  const Variant& first = layer.variants.front();
  for (const Variant& v : layer.variants) {
    if (v.plan.layer != first.plan.layer || v.plan.fingerprint != first.plan.fingerprint)
      return internal_error(fmt::format("the variants {} and {} are of different layers",
                                        first.plan.target, v.plan.target));
    if (v.kernels.size() != v.plan.paths.size())
      return internal_error(fmt::format("{} ({}) has {} paths and {} kernels", v.plan.layer,
                                        v.plan.target, v.plan.paths.size(), v.kernels.size()));
    if (v.triple != first.triple)
      return Status(
          attn::StatusCode::invalid_argument,
          fmt::format("one library cannot hold the targets {} ({}) and {} ({}): make one for each",
                      first.plan.target, first.triple, v.plan.target, v.triple));
  }
  auto layout = data_layout(first.triple);
  if (!layout.ok()) return layout.status();
  TableWriter writer(table_symbol(parts.name, first.plan.layer), *layout);
  writer.table(parts, layer);
  if (!writer.mismatch().empty())
    return internal_error(
        fmt::format("{} lies differently here and for {}", writer.mismatch(), first.triple));
  return compile_module(writer.module(), first.triple);
}

Result<std::string> make_directory_object(const LibraryParts& parts) {
  if (parts.layers.empty() || parts.layers.front().variants.empty())
    return internal_error("a library without layers has no directory");
  const std::string& triple = parts.layers.front().variants.front().triple;
  auto layout = data_layout(triple);
  if (!layout.ok()) return layout.status();
  TableWriter writer(ATTN_DIRECTORY_SYMBOL, *layout);
  writer.directory(parts);
  if (!writer.mismatch().empty())
    return internal_error(
        fmt::format("{} lies differently here and for {}", writer.mismatch(), triple));
  return compile_module(writer.module(), triple);
}

}  // namespace attnc
