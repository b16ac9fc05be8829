// The raise stage: ONNX operators -> BitNet layers and linalg.
#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void bitnet::buildRaisePipeline(OpPassManager &pm, const RaiseOptions &) {
  pm.addNestedPass<func::FuncOp>(createNameDimensions());
  pm.addPass(createEvaluateConstants());
  pm.addNestedPass<func::FuncOp>(createConvertONNXToBitNet());
  pm.addPass(createRecognizeModel());
  pm.addNestedPass<func::FuncOp>(createConvertONNXToLinalg());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createVerifyStage({"raise"}));
}
