// The optimize stage: layers become integer arithmetic on packed weights.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void bitnet::buildOptimizePipeline(OpPassManager &pm,
                                   const OptimizeOptions &options) {
  pm.addPass(createNarrowCaches({options.cache}));
  OpPassManager &func = pm.nest<func::FuncOp>();
  if (options.head != "exact")
    func.addPass(createNarrowHead({options.head}));
  func.addPass(createDecomposeLinear());
  func.addPass(createCanonicalizerPass());
  func.addPass(createCSEPass()); // layers on one input share its quantizer
  func.addPass(createMergeMatmuls());
  func.addPass(createFuseNormQuantize());
  func.addPass(createSelectEncoding(
      {options.features, options.cpu, options.tile, options.tuning}));
  func.addPass(createPackWeights());
  func.addPass(createCanonicalizerPass());
  if (options.release)
    pm.addPass(createReleaseConstants());
  pm.addPass(createVerifyStage({"optimize"}));
}
