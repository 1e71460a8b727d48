#include "import/import_layer.h"

#include "import/import_formula.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace attnc {

std::string placeText(std::string_view file, int line) {
  if (file.empty()) return "";
  std::string place(file);
  if (line > 0) place.append(":").append(std::to_string(line));
  return place.append(": ");
}

namespace {

class LayerImporter {
 public:
  LayerImporter(MLIRContext& context, const attn::Graph& graph, std::string_view file, int line)
      : graph_(graph),
        file_(file),
        line_(line),
        builder_(&context),
        loc_(place(line)),
        real_(graph.dtype == attn::DTypePolicy::float64 ? FloatType(builder_.getF64Type())
                                                        : FloatType(builder_.getF32Type())) {}

  /// The location of the description.
  Location loc() const { return loc_; }
  /// The line of the operation that is being imported.
  int line() const { return now_; }

  /// Returns "", or why the graph cannot be compiled.
  std::string import(ir::LayerOp layer) {
    builder_.createBlock(&layer.getBody());
    // The interface first: inputs, then weights, each in the caller's order.
    nodes_.resize(static_cast<size_t>(graph_.nodes.size));
    for (int i = 0; i < graph_.nodes.size; ++i)
      if (graph_.nodes[i].op == attn::Op::input) input(i);
    loc_ = place(line_);
    for (const attn::Weight& w : graph_.weights)
      weights_.push_back(ir::WeightOp::create(builder_, loc_, type(w.axes), name(w.name)));
    for (int i = 0; i < graph_.nodes.size; ++i) {
      const attn::Node& n = graph_.nodes[i];
      if (n.op == attn::Op::input) continue;
      goTo(n);
      if (std::string mistake = operation(i, n); !mistake.empty()) return mistake;
    }
    loc_ = place(line_);
    SmallVector<Value> values;
    SmallVector<Attribute> names, starts;
    SmallVector<bool> optional;
    bool any_starts = false;
    for (const attn::Output& o : graph_.outputs) {
      values.push_back(node(o.value));
      names.push_back(name(o.name));
      optional.push_back(o.optional);
      starts.push_back(o.starts_as < 0 ? builder_.getStringAttr("")
                                       : name(graph_.nodes[o.starts_as].name));
      any_starts |= o.starts_as >= 0;
    }
    ir::ReturnOp::create(builder_, loc_, values, builder_.getArrayAttr(names),
                         builder_.getDenseBoolArrayAttr(optional),
                         any_starts ? builder_.getArrayAttr(starts) : ArrayAttr());
    return "";
  }

 private:
  const attn::Graph& graph_;
  std::string_view file_;
  int line_, now_ = line_;
  OpBuilder builder_;
  Location loc_;
  FloatType real_;
  SmallVector<Value> nodes_;
  SmallVector<Value> weights_;

  Location place(int line) {
    if (file_.empty()) return UnknownLoc::get(builder_.getContext());
    return FileLineColLoc::get(builder_.getContext(), llvm::StringRef(file_),
                               static_cast<unsigned>(line), 0);
  }
  /// A node that was not written in the file of the description gets the description's location.
  void goTo(const attn::Node& n) {
    now_ = n.line > 0 ? n.line : line_;
    loc_ = place(now_);
  }
  StringAttr name(const attn::Name& n) { return builder_.getStringAttr(llvm::StringRef(n.view())); }
  Value node(int id) { return nodes_[static_cast<size_t>(id)]; }
  Value weight(int id) { return id < 0 ? Value() : weights_[static_cast<size_t>(id)]; }

  ir::ValueType type(const attn::Axes& axes, attn::Type element = attn::Type::real) {
    SmallVector<ir::Axis> out;
    for (const attn::Axis& a : axes) {
      ir::Axis axis{.kind = a.kind, .number = a.number, .extent = a.extent, .of = {}};
      if (a.of >= 0) axis.of = name(graph_.nodes[a.of].name);
      out.push_back(axis);
    }
    mlir::Type t = element == attn::Type::truth   ? mlir::Type(builder_.getI1Type())
                   : element == attn::Type::index ? mlir::Type(builder_.getI32Type())
                                                  : mlir::Type(real_);
    return ir::ValueType::get(builder_.getContext(), out, t);
  }

  void input(int id) {
    const attn::Node& n = graph_.nodes[id];
    const int instead = n.operand[0];
    goTo(n);
    nodes_[static_cast<size_t>(id)] = ir::InputOp::create(
        builder_, loc_, type(n.axes, n.type), name(n.name), n.optional && instead < 0, n.soft,
        n.reading, instead < 0 ? StringAttr() : name(graph_.nodes[instead].name));
  }

  void formula(Region& region, attn::FormulaRange range, int arguments, bool real = false) {
    if (range.empty()) return;
    importFormula(region, loc_, graph_, range, arguments, real || arguments > 0, real_,
                  [&](int id) {
                    const attn::TableUse& table = graph_.tables[id];
                    return table.weight >= 0 ? weight(table.weight) : node(table.input);
                  });
  }

  std::string operation(int id, const attn::Node& n) {
    Value& result = nodes_[static_cast<size_t>(id)];
    const ir::ValueType made = type(n.axes);
    switch (n.op) {
      case attn::Op::project:
        result = ir::ProjectOp::create(builder_, loc_, made, node(n.operand[0]),
                                       weight(n.weight[0]), weight(n.weight[1]), FloatAttr());
        return "";
      case attn::Op::scores: {
        auto scores = ir::ScoresOp::create(builder_, loc_, made, node(n.operand[0]),
                                           node(n.operand[1]), FloatAttr());
        formula(scores.getPair(), n.formula, 2);
        result = scores;
        return "";
      }
      case attn::Op::map: {
        SmallVector<Value> inputs;
        for (auto o : n.operand)
          if (o >= 0) inputs.push_back(node(o));
        auto map = ir::MapOp::create(builder_, loc_, made, inputs);
        formula(map.getFormula(), n.formula, static_cast<int>(inputs.size()));
        result = map;
        return "";
      }
      case attn::Op::softmax:
        result = softmax(n, made);
        return "";
      case attn::Op::dropout:
        result = ir::DropoutOp::create(builder_, loc_, made, node(n.operand[0]), APFloat(n.rate));
        return "";
      case attn::Op::share_heads:
        result = ir::ShareHeadsOp::create(builder_, loc_, made, node(n.operand[0]));
        return "";
      case attn::Op::combine:
        result =
            ir::CombineOp::create(builder_, loc_, made, node(n.operand[0]), node(n.operand[1]));
        return "";
      case attn::Op::slice_heads:
        result = ir::SliceHeadsOp::create(builder_, loc_, made, node(n.operand[0]),
                                          static_cast<uint32_t>(n.number[0]));
        return "";
      case attn::Op::concat_heads:
        result =
            ir::ConcatHeadsOp::create(builder_, loc_, made, node(n.operand[0]), node(n.operand[1]));
        return "";
      case attn::Op::splice:
        result = ir::SpliceOp::create(builder_, loc_, made, node(n.operand[0]), node(n.operand[1]),
                                      node(n.operand[2]), node(n.operand[3]));
        return "";
      case attn::Op::slot:
        result = ir::SlotOp::create(builder_, loc_, made, static_cast<uint32_t>(n.number[0]),
                                    node(n.operand[0]));
        return "";
      case attn::Op::as_keys:
        result = ir::AsKeysOp::create(builder_, loc_, made, node(n.operand[0]));
        return "";
      case attn::Op::given:
        result = ir::GivenOp::create(builder_, loc_, made, node(n.operand[0]), node(n.operand[1]),
                                     n.operand[2] < 0 ? Value() : node(n.operand[2]));
        return "";
      default:
        return "operation `" + std::string(attn::op_names[static_cast<size_t>(n.op)]) +
               "` is not compiled yet";
    }
  }

  Value softmax(const attn::Node& n, ir::ValueType made) {
    auto rule = [](attn::FullyMasked r) {
      return r == attn::FullyMasked::zero       ? ir::Rule::Zero
             : r == attn::FullyMasked::additive ? ir::Rule::Additive
                                                : ir::Rule::Uniform;
    };
    ir::RuleAttr with_scores;
    if (n.rules.with_scores != n.rules.alone)
      with_scores = ir::RuleAttr::get(builder_.getContext(), rule(n.rules.with_scores));
    auto op = ir::SoftmaxOp::create(builder_, loc_, made, node(n.operand[0]), rule(n.rules.alone),
                                    n.rules.sigmoid, with_scores);
    formula(op.getMask(), n.mask, 0);
    formula(op.getSink(), n.sink, 0, /*real=*/true);
    return op;
  }
};

}  // namespace

attn::Result<OwningOpRef<ModuleOp>> importLayer(MLIRContext& context, const attn::Graph& graph,
                                                std::string_view name, std::string_view file,
                                                int line, uint64_t fingerprint) {
  context.loadDialect<ir::AttnDialect>();
  LayerImporter importer(context, graph, file, line);
  const Location loc = importer.loc();
  OwningOpRef<ModuleOp> module(ModuleOp::create(loc));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  auto layer = ir::LayerOp::create(
      builder, loc, builder.getStringAttr(llvm::StringRef(name)),
      builder.getI64IntegerAttr(static_cast<int64_t>(fingerprint)),
      graph.dtype == attn::DTypePolicy::float32
          ? StringAttr()
          : builder.getStringAttr(attn::policy_names[static_cast<size_t>(graph.dtype)]));
  std::string mistake = importer.import(layer);
  const std::string where = placeText(file, importer.line()) + std::string(name) + ": ";
  if (!mistake.empty()) return attn::Status(attn::StatusCode::unsupported, where + mistake);

  ScopedDiagnosticHandler keep(&context, [&](Diagnostic& d) {
    if (mistake.empty()) mistake = d.str();
    return success();
  });
  if (failed(verify(*module)))
    return attn::Status(attn::StatusCode::internal,
                        where + "the importer made a layer that does not verify: " + mistake);
  return module;
}

}  // namespace attnc
