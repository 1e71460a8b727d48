//===- AttnOps.cpp - syntax and folding of operations --------------------------===//
//
// Not here: verification (Verify*.cpp).

#include "dialect/AttnDialect.h"
#include "llvm/Support/Format.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

static ParseResult parseHexadecimal(OpAsmParser& parser, IntegerAttr& value) {
  uint64_t number = 0;
  if (parser.parseInteger(number)) return failure();
  value = parser.getBuilder().getI64IntegerAttr(static_cast<int64_t>(number));
  return success();
}
static void printHexadecimal(OpAsmPrinter& printer, Operation*, IntegerAttr value) {
  printer << llvm::format_hex(static_cast<uint64_t>(value.getInt()), 18);
}

static ParseResult parseRuleWord(OpAsmParser& parser, RuleAttr& rule) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word)) return failure();
  std::optional<Rule> known = symbolizeRule(word);
  if (!known)
    return parser.emitError(loc, "expected the rule 'uniform', 'zero' or 'additive', got '")
           << word << "'";
  rule = RuleAttr::get(parser.getContext(), *known);
  return success();
}
static void printRuleWord(OpAsmPrinter& printer, Operation*, RuleAttr rule) {
  printer << stringifyRule(rule.getValue());
}

static ParseResult parseOverWord(OpAsmParser& parser, OverAttr& over) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word)) return failure();
  std::optional<Over> known = symbolizeOver(word);
  if (!known)
    return parser.emitError(loc, "expected 'query', 'key' or 'pairs', got '") << word << "'";
  over = OverAttr::get(parser.getContext(), *known);
  return success();
}
static void printOverWord(OpAsmPrinter& printer, Operation*, OverAttr over) {
  printer << stringifyOver(over.getValue());
}

static ParseResult parseAxisWord(OpAsmParser& parser, AxisAttr& axis) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  Kind kind{};
  unsigned number = 0;
  if (parser.parseKeyword(&word)) return failure();
  if (!parseAxisName(word, kind, number))
    return parser.emitError(loc, "expected an axis such as 'query' or 'query.1', got '")
           << word << "'";
  axis = AxisAttr::get(parser.getContext(), kind, number);
  return success();
}
static void printAxisWord(OpAsmPrinter& printer, Operation*, AxisAttr axis) {
  printer << axisName(axis.getKind(), axis.getNumber());
}

static ParseResult parseElementOf(OpAsmParser& parser, mlir::Type& table, mlir::Type& result) {
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseType(table)) return failure();
  auto value = dyn_cast<ValueType>(table);
  if (!value) return parser.emitError(loc, "expected a !attn.value, got ") << table;
  result = value.getElementType();
  return success();
}
static void printElementOf(OpAsmPrinter& printer, Operation*, mlir::Type table, mlir::Type) {
  printer << table;
}

static ParseResult parseOutputs(OpAsmParser& parser,
                                SmallVectorImpl<OpAsmParser::UnresolvedOperand>& values,
                                SmallVectorImpl<mlir::Type>& types, ArrayAttr& names,
                                DenseBoolArrayAttr& optional, ArrayAttr& startsAs) {
  SmallVector<Attribute> name, starts;
  SmallVector<bool> asked;
  bool any = false;
  auto one = [&]() -> ParseResult {
    std::string text;
    if (parser.parseString(&text)) return failure();
    name.push_back(parser.getBuilder().getStringAttr(text));
    asked.push_back(succeeded(parser.parseOptionalKeyword("optional")));
    StringAttr input = parser.getBuilder().getStringAttr("");
    if (succeeded(parser.parseOptionalKeyword("starts_as"))) {
      if (parser.parseSymbolName(input)) return failure();
      any = true;
    }
    starts.push_back(input);
    return parser.parseOperand(values.emplace_back());
  };
  if (parser.parseCommaSeparatedList(one) || parser.parseColonTypeList(types)) return failure();
  names = parser.getBuilder().getArrayAttr(name);
  optional = parser.getBuilder().getDenseBoolArrayAttr(asked);
  if (any) startsAs = parser.getBuilder().getArrayAttr(starts);
  return success();
}
static void printOutputs(OpAsmPrinter& printer, Operation*, OperandRange values, TypeRange types,
                         ArrayAttr names, DenseBoolArrayAttr optional, ArrayAttr startsAs) {
  for (auto [i, value] : llvm::enumerate(values)) {
    printer << (i ? ", " : "") << names[i] << (optional[i] ? " optional " : " ");
    if (StringRef input = startsAs ? cast<StringAttr>(startsAs[i]).getValue() : "";
        !input.empty()) {
      printer << "starts_as ";
      printer.printSymbolName(input);
      printer << " ";
    }
    printer << value;
  }
  printer << " : " << types;
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

OpFoldResult MapOp::fold(FoldAdaptor) {
  auto yield = cast<YieldOp>(getFormula().front().back());
  if (yield.getValues()[0] == getFormula().getArgument(0)) return getInputs().front();
  return {};
}

OpFoldResult ShareHeadsOp::fold(FoldAdaptor) {
  return getX().getType() == getResult().getType() ? OpFoldResult(getX()) : OpFoldResult();
}

/// Drops a mask that is always true.
template <class Op>
static LogicalResult dropTrueMask(Op op, PatternRewriter& rewriter) {
  if (op.getMask().empty()) return failure();
  auto yield = cast<YieldOp>(op.getMask().front().back());
  BoolAttr keep;
  if (!matchPattern(yield.getValues()[0], m_Constant(&keep)) || !keep.getValue()) return failure();
  rewriter.modifyOpInPlace(op, [&] {
    rewriter.eraseBlock(&op.getMask().front());
    if constexpr (std::is_same_v<Op, AttentionOp>) {
      if (!op.getBlocks().empty()) rewriter.eraseBlock(&op.getBlocks().front());
      op.removeShapeAttr();
    }
  });
  return success();
}

LogicalResult SoftmaxOp::canonicalize(SoftmaxOp op, PatternRewriter& rewriter) {
  return dropTrueMask(op, rewriter);
}
void AttentionOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), "result");
  if (getScores()) setName(getScores(), "scores");
}

void AttentionOp::getAsmBlockArgumentNames(Region& region, OpAsmSetValueNameFn setName) {
  if (&region != &getKeys() && &region != &getBlocks()) return;
  constexpr const char* names[] = {"first_query", "last_query", "first_key", "last_key"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names)) setName(argument, name);
}

LogicalResult AttentionOp::canonicalize(AttentionOp op, PatternRewriter& rewriter) {
  return dropTrueMask(op, rewriter);
}

}  // namespace attnc::ir

#define GET_OP_CLASSES
#include "dialect/AttnOps.cpp.inc"
