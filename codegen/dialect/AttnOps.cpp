//===- AttnOps.cpp - how operations are written, and what they must hold -------===//

#include "attn/nodes.h"
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

/// A position, a length, or what stands where the element does, must be of axes that there are.
static LogicalResult verifyPlace(Operation* op, ValueType where) {
  AxisAttr axis;
  if (auto position = dyn_cast<PositionOp>(op)) axis = position.getAxis();
  if (auto length = dyn_cast<LengthOp>(op)) axis = length.getAxis();
  if (auto own = dyn_cast<OwnOp>(op)) {
    for (const Axis& a : typeOf(own.getTable()).getAxes()) {
      if (where.find(a.kind, a.number)) continue;
      return own.emitOpError() << "operand 'table': expected axes of " << text(where.getAxes())
                               << ", got " << axisName(a.kind, a.number);
    }
  }
  if (!axis || where.find(axis.getKind(), axis.getNumber())) return success();
  return op->emitOpError() << "expected an axis of " << text(where.getAxes()) << ", got "
                           << axisName(axis.getKind(), axis.getNumber());
}

/// Positions and lengths that a formula reads must be axes of what it is applied to.
static LogicalResult verifyPositions(Region& body, ValueType where) {
  WalkResult walked = body.walk([&](Operation* op) {
    return failed(verifyPlace(op, where)) ? WalkResult::interrupt() : WalkResult::advance();
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

mlir::Type LayerOp::realType() {
  if (getDtype() == StringRef("float64")) return Float64Type::get(getContext());
  return Float32Type::get(getContext());
}

LogicalResult LayerOp::verify() {
  if (!getDtype() || llvm::is_contained(attn::policy_names, *getDtype())) return success();
  return emitOpError() << "'dtype': expected a policy such as \"mixed_bfloat16\", got \""
                       << *getDtype() << "\"";
}

/// Real numbers are of one type throughout a layer.
static LogicalResult verifyReals(LayerOp layer) {
  const mlir::Type expected = layer.realType();
  WalkResult walked = layer.walk([&](Operation* op) {
    for (OpResult result : op->getResults()) {
      mlir::Type type = result.getType();
      if (auto value = dyn_cast<ValueType>(type)) type = value.getElementType();
      if (!type.isFloat() || type == expected) continue;
      op->emitOpError() << "expected real numbers of " << expected << " in a layer of dtype "
                        << layer.getDtype().value_or("float32") << ", got " << type;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

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
  return verifyReals(*this);
}

/// The layer's input of this name, or null.
static InputOp inputOf(Operation* op, StringRef name) {
  auto layer = op->getParentOfType<LayerOp>();
  for (auto input : layer.getBody().front().getOps<InputOp>())
    if (input.getName() == name) return input;
  return {};
}

LogicalResult InputOp::verify() {
  if (getOptional() && getInstead())
    return emitOpError() << "expected 'optional' or 'or', got both";
  ValueType type = typeOf(getResult());
  if (getSoft() && (!getOptional() || !type.isReal() || type.isScalar()))
    return emitOpError() << "'soft': expected an optional mask of real numbers, got "
                         << (getOptional() ? "" : "one that is not optional, ") << type;
  if (getReading() != 0 && (!type.isTruth() || type.isScalar()))
    return emitOpError() << "'reading': expected a mask of truths, got " << type;
  if (getReading() < 0 || getReading() >= attn::num_readings)
    return emitOpError() << "'reading': expected a number below " << attn::num_readings << ", got "
                         << getReading();
  if (const Axis* heads = type.find(Kind::head); heads && heads->extent == 0)
    for (Operation* user : getResult().getUsers())
      if (!isa<SliceHeadsOp>(user))
        return emitOpError() << "of any number of heads: expected 'attn.slice_heads' alone to read "
                                "it, got '"
                             << user->getName() << "'";
  return success();
}

LogicalResult PathOp::verify() {
  const int32_t most = getMostQueries();
  if (most < 0)
    return emitOpError() << "'most_queries': expected at least 1, or none of it, got " << most;
  if (getPhase().has_value() != (most > 0))
    return emitOpError() << "expected 'phase' and 'most_queries' together, got "
                         << (most > 0 ? "'most_queries'" : "'phase'") << " alone";
  llvm::StringSet<> seen;
  for (std::optional<ArrayAttr> list : {getGiven(), getAbsent()}) {
    if (!list) continue;
    const char* which = list == getGiven() ? "given" : "absent";
    for (StringAttr name : list->getAsRange<StringAttr>()) {
      InputOp input = inputOf(*this, name);
      if (!input || !input.getOptional())
        return emitOpError() << "'" << which << "': expected an optional input of the layer, got "
                             << name;
      if (!seen.insert(name).second)
        return emitOpError() << "expected an input given or absent, got " << name << " twice";
    }
  }
  return success();
}

StringRef ReturnOp::startsAs(unsigned i) {
  return getStartsAs() ? cast<StringAttr>((*getStartsAs())[i]).getValue() : StringRef();
}

LogicalResult ReturnOp::verify() {
  if (getNames().size() != getValues().size() || getOptional().size() != getValues().size())
    return emitOpError() << "expected " << getValues().size() << " names, got "
                         << getNames().size();
  if (getValues().empty()) return emitOpError() << "expected at least one output, got none";
  if (!getStartsAs()) return success();
  if (getStartsAs()->size() != getValues().size())
    return emitOpError() << "expected " << getValues().size() << " inputs to start as, got "
                         << getStartsAs()->size();
  for (auto [i, value] : llvm::enumerate(getValues())) {
    if (startsAs(i).empty()) continue;
    InputOp input = inputOf(*this, startsAs(i));
    if (!input)
      return emitOpError() << "'starts_as': expected an input of the layer, got \"" << startsAs(i)
                           << "\"";
    if (input.getResult().getType() != value.getType())
      return emitOpError() << "'starts_as': expected an input of " << value.getType() << ", got "
                           << input.getResult().getType();
  }
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

static LogicalResult verifyPair(Operation* op, Region& pair, ValueType scores) {
  mlir::Type real = scores.getElementType();
  if (failed(verifyArguments(op, "pair", pair, {real, real})) ||
      failed(verifyYield(op, "pair", pair, {real})))
    return failure();
  return verifyPositions(pair, scores);
}

LogicalResult ScoresOp::verifyRegions() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::equal))) return failure();
  if (failed(verifyScores(*this, "result", typeOf(getResult()), query, key))) return failure();
  return verifyPair(*this, getPair(), typeOf(getResult()));
}

LogicalResult CombineOp::verify() {
  ValueType probabilities = typeOf(getProbabilities());
  return verifyCombined(*this, probabilities, probabilities, typeOf(getValue()),
                        typeOf(getResult()));
}

/// The same axes with other heads.
static SmallVector<Axis> resized(ArrayRef<Axis> axes, int64_t heads) {
  SmallVector<Axis> out(axes);
  for (Axis& axis : out)
    if (axis.kind == Kind::head) axis.extent = heads;
  return out;
}

static LogicalResult verifyMade(Operation* op, mlir::Value result, ArrayRef<Axis> expected) {
  ArrayRef<Axis> made = typeOf(result).getAxes();
  if (made == expected) return success();
  return op->emitOpError() << "result: expected axes " << text(expected) << ", got " << text(made);
}

LogicalResult ShareHeadsOp::verify() {
  const uint64_t own = typeOf(getX()).extent(Kind::head),
                 heads = typeOf(getResult()).extent(Kind::head);
  if (own == 0 || heads == 0 || heads % own != 0)
    return emitOpError() << "result: expected a multiple of the " << own << " heads of 'x', got "
                         << heads;
  return verifyMade(*this, getResult(), resized(typeOf(getX()).getAxes(), heads));
}

LogicalResult SliceHeadsOp::verify() {
  const int64_t own = typeOf(getX()).extent(Kind::head),
                heads = typeOf(getResult()).extent(Kind::head), from = getFrom();
  const bool free = own == 0 && typeOf(getX()).find(Kind::head);  // those that a call brings
  if (heads == 0 || from < 0 || (from + heads > own && !free))
    return emitOpError() << "expected heads among the " << own << " of 'x', got " << heads
                         << " from " << from << " on";
  return verifyMade(*this, getResult(), resized(typeOf(getX()).getAxes(), heads));
}

LogicalResult ConcatHeadsOp::verify() {
  ValueType first = typeOf(getFirst()), second = typeOf(getSecond());
  const int64_t a = first.extent(Kind::head), b = second.extent(Kind::head);
  SmallVector<Axis> expected = resized(first.getAxes(), b);
  if (a == 0 || b == 0 || second.getAxes() != ArrayRef(expected))
    return emitOpError() << "operand 'second': expected the axes of 'first' "
                         << text(first.getAxes()) << ", of any number of heads, got "
                         << text(second.getAxes());
  return verifyMade(*this, getResult(), resized(first.getAxes(), a + b));
}

LogicalResult SpliceOp::verify() {
  ValueType cache = typeOf(getCache());
  if (!cache.find(Kind::slot) || !cache.find(Kind::key))
    return emitOpError() << "operand 'cache': expected slots and keys, got "
                         << text(cache.getAxes());
  const SmallVector<Axis> kept = cache.only({Kind::batch, Kind::head, Kind::size});
  for (auto [name, value] : {std::pair("keys", getKeys()), std::pair("values", getValues())}) {
    ValueType type = typeOf(value);
    if (!type.find(Kind::update))
      return emitOpError() << "operand '" << name << "': expected an update axis, got "
                           << text(type.getAxes());
    if (SmallVector<Axis> own = type.only({Kind::batch, Kind::head, Kind::size}); own != kept)
      return emitOpError() << "operand '" << name << "': expected " << text(kept)
                           << " of 'cache', got " << text(own);
  }
  ValueType index = typeOf(getIndex());
  if (index.count(Kind::batch) != index.getAxes().size())
    return emitOpError() << "operand 'index': expected no axes but [batch], got "
                         << text(index.getAxes());
  if (getResult().getType() == cache) return success();
  return emitOpError() << "result: expected " << cache << ", got " << getResult().getType();
}

LogicalResult SlotOp::verify() {
  ValueType cache = typeOf(getCache());
  if (!cache.find(Kind::slot))
    return emitOpError() << "operand 'cache': expected slots, got " << text(cache.getAxes());
  if (getWhich() > 1) return emitOpError() << "expected slot 0 or 1, got " << getWhich();
  SmallVector<Axis> expected;
  llvm::copy_if(cache.getAxes(), std::back_inserter(expected),
                [](const Axis& axis) { return axis.kind != Kind::slot; });
  return verifyMade(*this, getResult(), expected);
}

LogicalResult AsKeysOp::verify() {
  ValueType x = typeOf(getX());
  if (!x.find(Kind::update))
    return emitOpError() << "operand 'x': expected an update axis, got " << text(x.getAxes());
  SmallVector<Axis> expected(x.getAxes());
  for (Axis& axis : expected)
    if (axis.kind == Kind::update) axis.kind = Kind::key;
  return verifyMade(*this, getResult(), expected);
}

LogicalResult GivenOp::verify() {
  auto input = getCondition().getDefiningOp<InputOp>();
  if (!input || !input.getOptional())
    return emitOpError() << "operand 'condition': expected an optional input, got "
                         << (input ? "one that is not" : "another value");
  for (mlir::Value value : {getThen(), getOtherwise()})
    if (value && value.getType() != getResult().getType())
      return emitOpError() << "result: expected " << value.getType() << ", got "
                           << getResult().getType();
  return success();
}

LogicalResult DropoutOp::verify() {
  float rate = getRate().convertToFloat();
  if (rate >= 0 && rate <= 1) return success();
  return emitOpError() << "'rate': expected a number in [0, 1], got " << rate;
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
  mlir::Type real = first.getElementType();
  SmallVector<mlir::Type> arguments(getInputs().size(), real);
  if (failed(verifyArguments(*this, "formula", getFormula(), arguments))) return failure();
  if (failed(verifyYield(*this, "formula", getFormula(), {real}))) return failure();
  return verifyPositions(getFormula(), first);
}

static LogicalResult verifyMask(Operation* op, Region& mask, ValueType scores) {
  mlir::Type i1 = IntegerType::get(op->getContext(), 1);
  if (failed(verifyArguments(op, "mask", mask, {})) || failed(verifyYield(op, "mask", mask, {i1})))
    return failure();
  return verifyPositions(mask, scores);
}

/// A logit of every row: a real number of the batch, the head and the query. `sigmoid` has no sum
/// that it could join.
template <class Op>
static LogicalResult verifySink(Op op, ValueType scores) {
  if (op.getSigmoid() && !op.getSink().empty())
    return op.emitOpError() << "expected 'sigmoid' or a region 'sink', got both";
  if (op.getSigmoid() && op.getRule() == Rule::Additive)
    return op.emitOpError()
           << "expected 'sigmoid' beside the rule 'uniform' or 'zero', got 'additive'";
  Region& sink = op.getSink();
  if (failed(verifyArguments(op, "sink", sink, {})) ||
      failed(verifyYield(op, "sink", sink, {scores.getElementType()})))
    return failure();
  auto rows = ValueType::get(op.getContext(), scores.only({Kind::batch, Kind::head, Kind::query}),
                             scores.getElementType());
  WalkResult walked = sink.walk([&](Operation* inner) {
    const bool wrong = failed(verifyPlace(inner, isa<LengthOp>(inner) ? scores : rows));
    return wrong ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult SoftmaxOp::verifyRegions() {
  ValueType scores = typeOf(getScores());
  if (!scores.find(Kind::key))
    return emitOpError() << "operand 'scores': expected a key axis, got " << text(scores.getAxes());
  if (failed(verifySink(*this, scores))) return failure();
  return verifyMask(*this, getMask(), scores);
}

/// Several axes of queries, or of keys, are one in attention's formulas.
static LogicalResult verifyFlat(AttentionOp attention) {
  WalkResult walked = attention->walk([&](PositionOp position) {
    const AxisAttr axis = position.getAxis();
    if ((axis.getKind() != Kind::query && axis.getKind() != Kind::key) || axis.getNumber() == 0)
      return WalkResult::advance();
    position.emitOpError() << "expected the position among all "
                           << attn::kind_names[static_cast<size_t>(axis.getKind())]
                           << " axes, got that of " << axisName(axis.getKind(), axis.getNumber());
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

/// What is told of tiles and cells knows no position but through attn.extremes.
static LogicalResult verifyBlocks(AttentionOp attention, ValueType scores) {
  Region& blocks = attention.getBlocks();
  mlir::Type index = IndexType::get(attention.getContext()),
             i1 = IntegerType::get(attention.getContext(), 1);
  if (failed(verifyArguments(attention, "blocks", blocks, {index, index, index, index})) ||
      failed(verifyYield(attention, "blocks", blocks, {i1, i1})))
    return failure();
  auto sequences = ValueType::get(attention.getContext(), scores.only({Kind::batch, Kind::head}),
                                  scores.getElementType());
  if (!blocks.empty())
    for (Operation& op : blocks.front()) {
      if (isa<PositionOp, OwnOp>(op) && failed(verifyPlace(&op, sequences))) return failure();
    }
  for (Region& region : attention->getRegions()) {
    if (&region == &blocks || region.empty()) continue;
    for (Operation& op : region.front())
      if (isa<ExtremesOp>(op))
        return op.emitOpError() << "expected it inside 'blocks', got it in another formula";
  }
  return verifyPositions(blocks, scores);
}

LogicalResult ExtremesOp::verifyRegions() {
  Region& formula = getFormula();
  if (failed(verifyArguments(*this, "formula", formula, {})) ||
      failed(verifyYield(*this, "formula", formula, {getLeast().getType()})))
    return failure();
  const std::optional<Kind> hidden = getOver() == Over::Query ? std::optional(Kind::key)
                                     : getOver() == Over::Key ? std::optional(Kind::query)
                                                              : std::nullopt;
  WalkResult walked = formula.walk([&](Operation* op) {
    for (mlir::Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand);
          argument && argument.getOwner() == (*this)->getBlock()) {
        op->emitOpError() << "expected numbers of each query or key, got one of the tile or cell";
        return WalkResult::interrupt();
      }
    bool reads = false;
    if (auto position = dyn_cast<PositionOp>(op)) reads = position.getAxis().getKind() == hidden;
    if (auto own = dyn_cast<OwnOp>(op)) reads = hidden && typeOf(own.getTable()).count(*hidden) > 0;
    if (!reads) return WalkResult::advance();
    op->emitOpError() << "expected no " << attn::kind_names[static_cast<size_t>(*hidden)]
                      << " axis in a formula over " << stringifyOver(getOver()) << ", got one";
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult AttentionOp::verifyRegions() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::shared))) return failure();
  auto scores = ValueType::get(getContext(), scoreAxes(query, key), query.getElementType());
  if (failed(verifyCombined(*this, scores, key, typeOf(getValue()), typeOf(getResult()))))
    return failure();
  if (getScores() &&
      failed(verifyScores(*this, "result 'scores'", typeOf(getScores()), query, key)))
    return failure();
  mlir::Type real = scores.getElementType();
  if (failed(verifyPair(*this, getPair(), scores)) ||
      failed(verifyArguments(*this, "score", getScore(), {real})) ||
      failed(verifyYield(*this, "score", getScore(), {real})) ||
      failed(verifyPositions(getScore(), scores)))
    return failure();
  const char* wantsNatural = !getScore().empty()           ? "a region 'score'"
                             : !getSink().empty()          ? "a region 'sink'"
                             : getSigmoid()                ? "'sigmoid'"
                             : getRule() == Rule::Additive ? "the rule 'additive'"
                                                           : nullptr;
  if (!getNatural() && wantsNatural)
    return emitOpError() << "expected 'natural' beside " << wantsNatural << ", got none";
  if (failed(verifySink(*this, scores)) || failed(verifyMask(*this, getMask(), scores)) ||
      failed(verifyFlat(*this)) || failed(verifyBlocks(*this, scores)))
    return failure();
  mlir::Type index = IndexType::get(getContext());
  if (failed(verifyArguments(*this, "keys", getKeys(), {index, index})) ||
      failed(verifyYield(*this, "keys", getKeys(), {index, index})))
    return failure();
  WalkResult walked = getKeys().walk([](PositionOp position) {
    const Kind kind = position.getAxis().getKind();
    if (kind != Kind::query && kind != Kind::key) return WalkResult::advance();
    position.emitOpError() << "keys: expected the tile's first and last query, got a position";
    return WalkResult::interrupt();
  });
  if (walked.wasInterrupted()) return failure();
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
