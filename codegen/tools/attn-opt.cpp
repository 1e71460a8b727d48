// attn-opt - runs the dialect's passes over MLIR text, like the mlir-opt of any MLIR project.
//
//   attn-opt layer.mlir --attn-fold-scale
//   attn-opt layer.mlir --attn-pipeline
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "transforms/Passes.h"

int main(int argc, char** argv) {
  mlir::DialectRegistry registry;
  registry.insert<attnc::ir::AttnDialect, mlir::arith::ArithDialect, mlir::math::MathDialect>();
  attnc::ir::registerPasses();
  mlir::registerCanonicalizerPass();
  mlir::registerCSEPass();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "passes over attention layers\n", registry));
}
