//===- AttnDialect.cpp - registration, types and how they are written ---------===//

#include "dialect/AttnDialect.h"

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"

using namespace mlir;

namespace attnc::ir {

std::string axisName(attn::Kind kind, unsigned number) {
  std::string name = attn::kind_names[static_cast<size_t>(kind)];
  return number ? name + "." + std::to_string(number) : name;
}

bool parseAxisName(StringRef text, attn::Kind& kind, unsigned& number) {
  auto [name, suffix] = text.split('.');
  number = 0;
  // Steps of formulas store the number in four bits (attn::AxisName).
  if (text.contains('.') && (suffix.getAsInteger(10, number) || number >= 16)) return false;
  for (size_t i = 0; i < size_t{attn::num_kinds}; ++i) {
    if (name != attn::kind_names[i]) continue;
    kind = static_cast<attn::Kind>(i);
    return true;
  }
  return false;
}

static ParseResult parseAxisName(AsmParser& parser, attn::Kind& kind, unsigned& number) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word)) return failure();
  if (parseAxisName(word, kind, number)) return success();
  return parser.emitError(loc, "expected an axis such as 'query' or 'query.1', got '")
         << word << "'";
}
static void printAxisName(AsmPrinter& printer, attn::Kind kind, unsigned number) {
  printer << axisName(kind, number);
}

//===----------------------------------------------------------------------===//
// The value type
//===----------------------------------------------------------------------===//

const Axis* ValueType::find(attn::Kind kind, unsigned number) const {
  for (const Axis& axis : getAxes())
    if (axis.kind == kind && axis.number == number) return &axis;
  return nullptr;
}

unsigned ValueType::count(attn::Kind kind) const {
  return llvm::count_if(getAxes(), [&](const Axis& axis) { return axis.kind == kind; });
}

int64_t ValueType::extent(attn::Kind kind) const {
  const Axis* axis = find(kind);
  return axis ? axis->extent : 0;
}

SmallVector<Axis> ValueType::only(ArrayRef<attn::Kind> kinds) const {
  SmallVector<Axis> out;
  llvm::copy_if(getAxes(), std::back_inserter(out),
                [&](const Axis& axis) { return llvm::is_contained(kinds, axis.kind); });
  return out;
}

LogicalResult ValueType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<Axis> axes,
                                mlir::Type elementType) {
  if (!elementType.isF32() && !elementType.isF64() && !elementType.isInteger(1) &&
      !elementType.isInteger(32))
    return emitError() << "expected elements of f32, f64, i1 or i32, got " << elementType;
  for (const Axis& axis : axes) {
    std::string name = axisName(axis.kind, axis.number);
    if (axis.extent < 0)
      return emitError() << "axis '" << name << "': expected a positive extent, got "
                         << axis.extent;
    if (axis.of && (axis.kind != attn::Kind::feature || axis.extent))
      return emitError() << "axis '" << name << "': expected 'of' at a free feature axis only";
    if (llvm::count_if(axes, [&](const Axis& o) { return o.sameAs(axis); }) > 1 &&
        axis.kind != attn::Kind::head && axis.kind != attn::Kind::feature)
      return emitError() << "axis '" << name << "': expected it once, got it twice";
  }
  return success();
}

mlir::Type ValueType::parse(AsmParser& parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<Axis> axes;
  mlir::Type element;
  if (parser.parseLess()) return {};
  // The first word is an axis or, in a value without axes, the element type.
  OptionalParseResult only = parser.parseOptionalType(element);
  if (only.has_value()) {
    if (failed(*only) || parser.parseGreater()) return {};
    return parser.getChecked<ValueType>(loc, parser.getContext(), axes, element);
  }
  auto axis = [&]() -> ParseResult {
    Axis a;
    if (parseAxisName(parser, a.kind, a.number)) return failure();
    if (succeeded(parser.parseOptionalKeyword("of"))) {
      if (parser.parseSymbolName(a.of)) return failure();
    } else {
      OptionalParseResult extent = parser.parseOptionalInteger(a.extent);
      if (extent.has_value() && failed(*extent)) return failure();
      if (extent.has_value() && a.extent <= 0)
        return parser.emitError(parser.getCurrentLocation(), "expected a positive extent, got ")
               << a.extent;
    }
    axes.push_back(a);
    return success();
  };
  if (parser.parseCommaSeparatedList(axis) || parser.parseColon() || parser.parseType(element) ||
      parser.parseGreater())
    return {};
  return parser.getChecked<ValueType>(loc, parser.getContext(), axes, element);
}

void ValueType::print(AsmPrinter& printer) const {
  printer << "<";
  llvm::interleaveComma(getAxes(), printer, [&](const Axis& axis) {
    printer << axisName(axis.kind, axis.number);
    if (axis.extent) printer << " " << axis.extent;
    if (axis.of) {
      printer << " of ";
      printer.printSymbolName(axis.of.getValue());
    }
  });
  if (!getAxes().empty()) printer << " : ";
  printer << getElementType() << ">";
}

//===----------------------------------------------------------------------===//
// The dialect
//===----------------------------------------------------------------------===//

namespace {
/// Constants of a formula stay in its region: each formula is read on its own.
struct KeepConstantsInside : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region* region) const final {
    return isa<MapOp, ScoresOp, SoftmaxOp, AttentionOp, ExtremesOp>(region->getParentOp());
  }
};
}  // namespace

void AttnDialect::initialize() {
  registerTypes();
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialect/AttnOps.cpp.inc"
      >();
  addInterfaces<KeepConstantsInside>();
}

}  // namespace attnc::ir

#include "dialect/AttnDialect.cpp.inc"
#include "dialect/AttnEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/AttnTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/AttnAttrs.cpp.inc"

void attnc::ir::AttnDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialect/AttnTypes.cpp.inc"
      >();
}
void attnc::ir::AttnDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialect/AttnAttrs.cpp.inc"
      >();
}
