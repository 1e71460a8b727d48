//===- AttnOps.cpp - how operations are written, and what they must hold -------===//

#include "dialect/AttnDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
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
    return parser.emitError(loc, "expected the rule 'uniform' or 'zero', got '") << word << "'";
  rule = RuleAttr::get(parser.getContext(), *known);
  return success();
}
static void printRuleWord(OpAsmPrinter& printer, Operation*, RuleAttr rule) {
  printer << stringifyRule(rule.getValue());
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
                                DenseBoolArrayAttr& optional) {
  SmallVector<Attribute> name;
  SmallVector<bool> asked;
  auto one = [&]() -> ParseResult {
    std::string text;
    if (parser.parseString(&text)) return failure();
    name.push_back(parser.getBuilder().getStringAttr(text));
    asked.push_back(succeeded(parser.parseOptionalKeyword("optional")));
    return parser.parseOperand(values.emplace_back());
  };
  if (parser.parseCommaSeparatedList(one) || parser.parseColonTypeList(types)) return failure();
  names = parser.getBuilder().getArrayAttr(name);
  optional = parser.getBuilder().getDenseBoolArrayAttr(asked);
  return success();
}
static void printOutputs(OpAsmPrinter& printer, Operation*, OperandRange values, TypeRange types,
                         ArrayAttr names, DenseBoolArrayAttr optional) {
  for (auto [i, value] : llvm::enumerate(values)) {
    printer << (i ? ", " : "") << names[i] << (optional[i] ? " optional " : " ") << value;
  }
  printer << " : " << types;
}

//===----------------------------------------------------------------------===//
// Helpers of verifiers
//===----------------------------------------------------------------------===//

static ValueType typeOf(mlir::Value value) { return cast<ValueType>(value.getType()); }

static std::string text(ArrayRef<Axis> axes) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  stream << "[";
  llvm::interleaveComma(axes, stream, [&](const Axis& axis) {
    stream << axisName(axis.kind, axis.number);
    if (axis.extent) stream << " " << axis.extent;
    if (axis.of) stream << " of @" << axis.of.strref();
  });
  stream << "]";
  return out;
}

static bool inAnyOrder(ArrayRef<Axis> a, ArrayRef<Axis> b) {
  return a.size() == b.size() &&
         llvm::all_of(a, [&](const Axis& x) { return llvm::count(a, x) == llvm::count(b, x); });
}

/// The formula's results: their types, one by one.
static LogicalResult verifyYield(Operation* op, StringRef region, Region& body,
                                 ArrayRef<mlir::Type> expected) {
  if (body.empty()) return success();
  auto yield = dyn_cast<YieldOp>(body.front().back());
  if (!yield)
    return op->emitOpError() << region << ": expected attn.yield at its end, got "
                             << body.front().back().getName();
  if (!llvm::equal(yield.getValues().getTypes(), expected))
    return yield.emitOpError() << region << ": expected "
                               << llvm::join(llvm::map_range(expected,
                                                             [](mlir::Type t) {
                                                               std::string s;
                                                               llvm::raw_string_ostream(s) << t;
                                                               return s;
                                                             }),
                                             ", ")
                               << ", got " << yield.getValues().getTypes();
  return success();
}

/// Positions and lengths that a formula reads must be axes of what it is applied to.
static LogicalResult verifyPositions(Region& body, ValueType where) {
  WalkResult walked = body.walk([&](Operation* op) {
    AxisAttr axis;
    if (auto position = dyn_cast<PositionOp>(op)) axis = position.getAxis();
    if (auto length = dyn_cast<LengthOp>(op)) axis = length.getAxis();
    if (auto own = dyn_cast<OwnOp>(op)) {
      for (const Axis& a : typeOf(own.getTable()).getAxes()) {
        if (where.find(a.kind, a.number)) continue;
        own.emitOpError() << "operand 'table': expected axes of " << text(where.getAxes())
                          << ", got " << axisName(a.kind, a.number);
        return WalkResult::interrupt();
      }
    }
    if (!axis || where.find(axis.getKind(), axis.getNumber())) return WalkResult::advance();
    op->emitOpError() << "expected an axis of " << text(where.getAxes()) << ", got "
                      << axisName(axis.getKind(), axis.getNumber());
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

static LogicalResult verifyArguments(Operation* op, StringRef region, Region& body,
                                     ArrayRef<mlir::Type> expected) {
  if (body.empty() || llvm::equal(body.getArgumentTypes(), expected)) return success();
  return op->emitOpError() << region << ": expected " << expected.size() << " arguments of "
                           << (expected.empty() ? mlir::Type(NoneType::get(op->getContext()))
                                                : expected[0])
                           << ", got " << body.getNumArguments();
}

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

LogicalResult LayerOp::verifyRegions() {
  llvm::StringSet<> inputs, weights, paths;
  bool returns = false;
  for (Operation& op : getBody().front()) {
    if (auto input = dyn_cast<InputOp>(op)) {
      if (std::optional<StringRef> instead = input.getInstead();
          instead && !inputs.contains(*instead))
        return input.emitOpError() << "'or': expected an earlier input, got \"" << *instead << "\"";
      if (!inputs.insert(input.getName()).second)
        return input.emitOpError()
               << "'name': expected it once a layer, got \"" << input.getName() << "\" twice";
    } else if (auto weight = dyn_cast<WeightOp>(op)) {
      if (!weights.insert(weight.getName()).second)
        return weight.emitOpError()
               << "'name': expected it once a layer, got \"" << weight.getName() << "\" twice";
    } else if (auto path = dyn_cast<PathOp>(op)) {
      if (!isa<ReturnOp>(path.getBody().front().back()))
        return path.emitOpError() << "expected attn.return at its end, got "
                                  << path.getBody().front().back().getName();
      if (!paths.insert(path.getName()).second)
        return path.emitOpError() << "'name': expected it once a layer, got \"" << path.getName()
                                  << "\" twice";
    } else if (isa<ReturnOp>(op)) {
      returns = true;
    }
  }
  if (returns == !paths.empty())
    return emitOpError() << "expected either attn.return or paths, got "
                         << (returns ? "both" : "neither");
  return success();
}

LogicalResult InputOp::verify() {
  if (getOptional() && getInstead())
    return emitOpError() << "expected 'optional' or 'or', got both";
  return success();
}

LogicalResult PathOp::verify() {
  const int32_t most = getMostQueries();
  if (most < 0)
    return emitOpError() << "'most_queries': expected at least 1, or none of it, got " << most;
  if (getPhase().has_value() != (most > 0))
    return emitOpError() << "expected 'phase' and 'most_queries' together, got "
                         << (most > 0 ? "'most_queries'" : "'phase'") << " alone";
  return success();
}

LogicalResult ReturnOp::verify() {
  if (getNames().size() != getValues().size() || getOptional().size() != getValues().size())
    return emitOpError() << "expected " << getValues().size() << " names, got "
                         << getNames().size();
  if (getValues().empty()) return emitOpError() << "expected at least one output, got none";
  return success();
}

//===----------------------------------------------------------------------===//
// Operations on values
//===----------------------------------------------------------------------===//

unsigned ProjectOp::contracted() {
  ValueType x = typeOf(getX());
  SmallVector<Axis> seen;
  for (const Axis& axis : typeOf(getKernel()).getAxes()) {
    auto same = [&](const Axis& a) { return a.sameAs(axis); };
    if (!x.find(axis.kind, axis.number) || llvm::any_of(seen, same)) break;
    seen.push_back(axis);
  }
  return seen.size();
}

LogicalResult ProjectOp::verify() {
  ArrayRef<Axis> x = typeOf(getX()).getAxes(), kernel = typeOf(getKernel()).getAxes();
  unsigned n = contracted();
  if (n == 0)
    return emitOpError() << "operand 'kernel': expected leading axes of 'x' " << text(x) << ", got "
                         << text(kernel);
  ArrayRef<Axis> made = kernel.drop_front(n);
  SmallVector<Axis> expected;
  for (const Axis& axis : x) {
    const Axis* same =
        llvm::find_if(kernel.take_front(n), [&](const Axis& a) { return a.sameAs(axis); });
    if (same == kernel.begin() + n) {
      expected.push_back(axis);
    } else if (*same != axis) {
      return emitOpError() << "operand 'kernel': expected " << text(axis) << " of 'x', got "
                           << text(*same);
    }
  }
  expected.append(made.begin(), made.end());
  if (!inAnyOrder(typeOf(getResult()).getAxes(), expected))
    return emitOpError() << "result: expected axes " << text(expected) << ", got "
                         << text(typeOf(getResult()).getAxes());
  if (getBias() && typeOf(getBias()).getAxes() != made)
    return emitOpError() << "operand 'bias': expected axes " << text(made) << ", got "
                         << text(typeOf(getBias()).getAxes());
  return success();
}

/// [batch.., head, query.., key..]
static SmallVector<Axis> scoreAxes(ValueType query, ValueType key) {
  SmallVector<Axis> axes;
  for (Kind kind : {Kind::batch, Kind::head, Kind::query})
    llvm::append_range(axes, query.only({kind}));
  llvm::append_range(axes, key.only({Kind::key}));
  return axes;
}

/// Whether key heads may be fewer than query heads, each serving several.
enum class Heads { equal, shared };

static LogicalResult verifyQueryKey(Operation* op, ValueType query, ValueType key, Heads heads) {
  if (!query.find(Kind::query))
    return op->emitOpError() << "operand 'query': expected a query axis, got "
                             << text(query.getAxes());
  if (!key.find(Kind::key))
    return op->emitOpError() << "operand 'key': expected a key axis, got " << text(key.getAxes());
  for (Kind kind : {Kind::batch, Kind::head, Kind::size, Kind::feature}) {
    SmallVector<Axis> a = query.only({kind}), b = key.only({kind});
    // Free feature sizes of two inputs can only be compared by the call.
    if (kind == Kind::feature && a.size() == b.size()) continue;
    if (kind == Kind::head && heads == Heads::shared && a.size() == 1 && b.size() == 1) {
      if (b[0].extent > 0 && a[0].extent % b[0].extent == 0) continue;
      return op->emitOpError() << "operand 'key': expected heads that divide " << text(a)
                               << " of 'query', got " << text(b);
    }
    if (!inAnyOrder(a, b))
      return op->emitOpError() << "operand 'key': expected " << text(a) << " of 'query', got "
                               << text(b);
  }
  return success();
}

static LogicalResult verifyScores(Operation* op, StringRef whose, ValueType scores, ValueType query,
                                  ValueType key) {
  SmallVector<Axis> expected = scoreAxes(query, key);
  if (inAnyOrder(scores.getAxes(), expected)) return success();
  return op->emitOpError() << whose << ": expected axes " << text(expected) << ", got "
                           << text(scores.getAxes());
}

/// Values under probabilities: the same keys, and the heads of `like`, the probabilities or the
/// keys that those are of; `probabilities` may have further axes.
static LogicalResult verifyCombined(Operation* op, ValueType probabilities, ValueType like,
                                    ValueType value, ValueType result) {
  for (Kind kind : {Kind::batch, Kind::head, Kind::key}) {
    SmallVector<Axis> a = (kind == Kind::head ? like : probabilities).only({kind}),
                      b = value.only({kind});
    if (kind == Kind::head && like != probabilities && !inAnyOrder(a, b))
      return op->emitOpError() << "operand 'value': expected " << text(a) << " of 'key', got "
                               << text(b);
    if (!inAnyOrder(a, b))
      return op->emitOpError() << "operand 'value': expected " << text(a)
                               << " of the probabilities, got " << text(b);
  }
  SmallVector<Axis> expected = probabilities.only({Kind::batch, Kind::query});
  llvm::append_range(expected, probabilities.only({Kind::head}));
  llvm::append_range(expected, value.only({Kind::size, Kind::feature}));
  if (inAnyOrder(result.getAxes(), expected)) return success();
  return op->emitOpError() << "result: expected axes " << text(expected) << ", got "
                           << text(result.getAxes());
}

LogicalResult ScoresOp::verify() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::equal))) return failure();
  return verifyScores(*this, "result", typeOf(getResult()), query, key);
}

LogicalResult CombineOp::verify() {
  ValueType probabilities = typeOf(getProbabilities());
  return verifyCombined(*this, probabilities, probabilities, typeOf(getValue()),
                        typeOf(getResult()));
}

LogicalResult ShareHeadsOp::verify() {
  ArrayRef<Axis> x = typeOf(getX()).getAxes(), made = typeOf(getResult()).getAxes();
  const uint64_t own = typeOf(getX()).extent(Kind::head),
                 heads = typeOf(getResult()).extent(Kind::head);
  if (own == 0 || heads == 0 || heads % own != 0)
    return emitOpError() << "result: expected a multiple of the " << own << " heads of 'x', got "
                         << heads;
  SmallVector<Axis> expected(x);
  for (Axis& axis : expected)
    if (axis.kind == Kind::head) axis.extent = heads;
  if (made == ArrayRef(expected)) return success();
  return emitOpError() << "result: expected axes " << text(expected) << ", got " << text(made);
}

LogicalResult DropoutOp::verify() {
  float rate = getRate().convertToFloat();
  if (rate >= 0 && rate < 1) return success();
  return emitOpError() << "'rate': expected a number in [0, 1), got " << rate;
}

LogicalResult MapOp::verifyRegions() {
  if (getInputs().empty()) return emitOpError() << "expected at least one operand, got none";
  ValueType first = typeOf(getInputs().front());
  for (mlir::Value input : getInputs().drop_front()) {
    for (const Axis& axis : typeOf(input).getAxes()) {
      if (llvm::is_contained(first.getAxes(), axis)) continue;
      return emitOpError() << "operand 'inputs': expected axes of " << text(first.getAxes())
                           << ", got " << text(axis);
    }
  }
  if (getResult().getType() != first)
    return emitOpError() << "result: expected " << first << ", got " << getResult().getType();
  mlir::Type f32 = Float32Type::get(getContext());
  SmallVector<mlir::Type> arguments(getInputs().size(), f32);
  if (failed(verifyArguments(*this, "formula", getFormula(), arguments))) return failure();
  if (failed(verifyYield(*this, "formula", getFormula(), {f32}))) return failure();
  return verifyPositions(getFormula(), first);
}

static LogicalResult verifyMask(Operation* op, Region& mask, ValueType scores) {
  mlir::Type i1 = IntegerType::get(op->getContext(), 1);
  if (failed(verifyArguments(op, "mask", mask, {})) || failed(verifyYield(op, "mask", mask, {i1})))
    return failure();
  return verifyPositions(mask, scores);
}

LogicalResult SoftmaxOp::verifyRegions() {
  ValueType scores = typeOf(getScores());
  if (!scores.find(Kind::key))
    return emitOpError() << "operand 'scores': expected a key axis, got " << text(scores.getAxes());
  return verifyMask(*this, getMask(), scores);
}

LogicalResult AttentionOp::verifyRegions() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::shared))) return failure();
  auto scores = ValueType::get(getContext(), scoreAxes(query, key), Float32Type::get(getContext()));
  if (failed(verifyCombined(*this, scores, key, typeOf(getValue()), typeOf(getResult()))))
    return failure();
  if (getScores() &&
      failed(verifyScores(*this, "result 'scores'", typeOf(getScores()), query, key)))
    return failure();
  if (failed(verifyMask(*this, getMask(), scores))) return failure();
  mlir::Type index = IndexType::get(getContext());
  if (failed(verifyArguments(*this, "keys", getKeys(), {index, index})) ||
      failed(verifyYield(*this, "keys", getKeys(), {index, index})))
    return failure();
  if (PositionOp position; getKeys().walk([&](PositionOp p) { position = p; }), position)
    return position.emitOpError()
           << "keys: expected the tile's first and last query, got a position";
  return verifyPositions(getKeys(), scores);
}

//===----------------------------------------------------------------------===//
// Inside formulas
//===----------------------------------------------------------------------===//

static LogicalResult verifyElement(Operation* op, mlir::Value table, mlir::Type result) {
  if (typeOf(table).getElementType() == result) return success();
  return op->emitOpError() << "result: expected " << typeOf(table).getElementType() << ", got "
                           << result;
}

LogicalResult OwnOp::verify() { return verifyElement(*this, getTable(), getResult().getType()); }

LogicalResult ElementOp::verify() {
  size_t rank = typeOf(getTable()).getAxes().size();
  if (getIndices().size() != rank)
    return emitOpError() << "operand 'indices': expected " << rank << " of them, got "
                         << getIndices().size();
  return verifyElement(*this, getTable(), getResult().getType());
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

/// A mask that is always true says nothing.
template <class Op>
static LogicalResult dropTrueMask(Op op, PatternRewriter& rewriter) {
  if (op.getMask().empty()) return failure();
  auto yield = cast<YieldOp>(op.getMask().front().back());
  BoolAttr keep;
  if (!matchPattern(yield.getValues()[0], m_Constant(&keep)) || !keep.getValue()) return failure();
  rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&op.getMask().front()); });
  return success();
}

LogicalResult SoftmaxOp::canonicalize(SoftmaxOp op, PatternRewriter& rewriter) {
  return dropTrueMask(op, rewriter);
}
LogicalResult AttentionOp::canonicalize(AttentionOp op, PatternRewriter& rewriter) {
  return dropTrueMask(op, rewriter);
}

}  // namespace attnc::ir

#define GET_OP_CLASSES
#include "dialect/AttnOps.cpp.inc"
