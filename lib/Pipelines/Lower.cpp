// The lower stage: tensors -> tiled, vectorized loops on buffers.
#include "Steps.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// Everything but the matmuls becomes loops, vectors and elementwise ops.
static void addRows(OpPassManager &pm) {
  bitnet::ConvertBitNetToLinalgOptions elementwise;
  elementwise.ops = {"bitnet.dequantize"};
  pm.addPass(bitnet::createConvertBitNetToLinalg(elementwise));
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(bitnet::createFuseElementwise());
  pm.addNestedPass<func::FuncOp>(bitnet::createConvertBitNetToVector());
}

/// The matmuls: the tile table's rows, or plain loops for what is not packed.
static void addContractions(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(bitnet::createTileContraction());
  // Drops the matmuls that are tiles now: else their weights would be unpacked.
  pm.addPass(createCSEPass());
  pm.addPass(bitnet::createConvertBitNetToLinalg());
  pm.addNestedPass<func::FuncOp>(bitnet::createVectorizeMatmul());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void bitnet::addBuffers(OpPassManager &pm) {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addNestedPass<func::FuncOp>(
      bufferization::createEmptyTensorEliminationPass());
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass()); // drops copies of a buffer onto itself
  bufferization::buildBufferDeallocationPipeline(
      pm, bufferization::BufferDeallocationPipelineOptions());
  pm.addPass(createConvertBufferizationToMemRefPass());
}

void bitnet::buildLowerPipeline(OpPassManager &pm,
                                const LowerOptions &options) {
  pm.addPass(createLimitLogits());
  pm.addPass(createUpdateCachesInPlace());
  pm.addNestedPass<func::FuncOp>(createMarkKinds());
  pm.addNestedPass<func::FuncOp>(createSelectTile(
      {options.features, options.cpu, options.tile, options.tuning}));
  addRows(pm);
  addContractions(pm);
  addBuffers(pm);
  pm.addNestedPass<func::FuncOp>(createEmitTiles());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyStage({"lower"}));
}
