//===- Pipeline.cpp - the passes in their order --------------------------------===//

#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {

void buildPipeline(OpPassManager& passes) {
  passes.addPass(createInference());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createFoldScale());
  passes.addNestedPass<LayerOp>(createSplitPaths());
  passes.addPass(createFormAttention());
  passes.addPass(createBoundKeys());
  passes.addPass(createClassifyBlocks());
  passes.addPass(createFoldProjectionScale());
  passes.addNestedPass<LayerOp>(createChoosePhases());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void registerPasses() {
  registerAttnPasses();
  PassPipelineRegistration<>("attn-pipeline", "all passes, as `attnc` runs them", buildPipeline);
}

namespace {

/// Shows the module's text after each pass that changed it.
class Show : public PassInstrumentation {
 public:
  Show(ModuleOp module, const std::function<void(StringRef, StringRef)>& show)
      : module_(module), show_(show) {}

  void runAfterPass(Pass* pass, Operation*) override {
    // Adaptors that only hold nested passes have no argument.
    if (!pass->getArgument().empty()) tell(pass->getArgument());
  }
  void tell(StringRef name) {
    std::string text;
    llvm::raw_string_ostream(text) << module_;
    if (text == last_) return;
    show_(name, text);
    last_ = std::move(text);
  }

 private:
  ModuleOp module_;
  const std::function<void(StringRef, StringRef)>& show_;
  std::string last_;
};

}  // namespace

LogicalResult runPipeline(ModuleOp module, const std::function<void(StringRef, StringRef)>& show) {
  PassManager passes(module.getContext());
  buildPipeline(passes);
  if (show) {
    auto instrumentation = std::make_unique<Show>(module, show);
    instrumentation->tell("input");
    passes.addInstrumentation(std::move(instrumentation));
  }
  return passes.run(module);
}

}  // namespace attnc::ir
