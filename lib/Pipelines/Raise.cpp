// The raise stage: ONNX operators -> BitNet layers and linalg.
#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void bitnet::buildRaisePipeline(OpPassManager &pm,
                                const RaiseOptions &options) {
  pm.addNestedPass<func::FuncOp>(createNameDimensions());
  pm.addPass(createEvaluateConstants({options.release}));
  pm.addNestedPass<func::FuncOp>(createConvertONNXToBitNet({options.explain}));
  if (!options.ternarize.empty())
    pm.addNestedPass<func::FuncOp>(
        createTernarize({options.ternarize, options.ternarizeHead}));
  if (options.addCaches)
    pm.addPass(createAddCaches());
  pm.addPass(createRecognizeModel());
  pm.addNestedPass<func::FuncOp>(createConvertONNXToLinalg());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  if (options.release)
    pm.addPass(createReleaseConstants());
  pm.addPass(createVerifyStage({"raise"}));
}
