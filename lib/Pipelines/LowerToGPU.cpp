// The lower and codegen stages for a GPU: tensors -> kernels and the host code
// that launches them.
#include "Steps.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// The matmuls: the tile table's rows.
static void addContractions(OpPassManager &pm, const std::string &tile) {
  bitnet::ConvertBitNetToLinalgOptions elementwise;
  elementwise.ops = {"bitnet.dequantize"};
  pm.addPass(bitnet::createConvertBitNetToLinalg(elementwise));
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(bitnet::createFuseElementwise());
  pm.addNestedPass<func::FuncOp>(
      bitnet::createSelectTile({bitnet::kGPUFeatures.str(), "", tile, ""}));
  pm.addNestedPass<func::FuncOp>(bitnet::createTileContraction());
  pm.addPass(createCSEPass());
}

void bitnet::buildLowerToGPUPipeline(OpPassManager &pm,
                                     const LowerToGPUOptions &options) {
  pm.addPass(createLimitLogits());
  pm.addPass(createUpdateCachesInPlace());
  pm.addNestedPass<func::FuncOp>(createMarkKinds());
  addContractions(pm, options.tile);
  pm.addNestedPass<func::FuncOp>(createGiveRowsToBlocks());
  pm.addNestedPass<func::FuncOp>(createGiveQueriesToBlocks());
  pm.addPass(createConvertBitNetToLinalg());
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createFuseElementwise());
  pm.addNestedPass<func::FuncOp>(createGiveColumnsToBlocks());
  addBuffers(pm);
  pm.addNestedPass<func::FuncOp>(createEmitTiles());
  pm.addNestedPass<func::FuncOp>(createWrapHostStores());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyStage({"lower"}));
}

/// Loops become kernels in a module of their own.
static void addKernels(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(bitnet::createReduceInRegisters());
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToParallelLoopsPass());
  pm.addNestedPass<func::FuncOp>(bitnet::createGuardKernels());
  pm.addNestedPass<func::FuncOp>(bitnet::createWrapHostStores());
  pm.addNestedPass<func::FuncOp>(bitnet::createExpandMath());
  pm.addNestedPass<func::FuncOp>(bitnet::createWidenHalves());
  pm.addPass(memref::createFoldMemRefAliasOpsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(bitnet::createMapLoopsToGrid());
  pm.addPass(bitnet::createReachDeviceMemory());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createGpuLaunchSinkIndexComputationsPass());
  pm.addPass(createGpuKernelOutliningPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(bitnet::createMergeKernels());
}

static void addVulkan(OpPassManager &pm) {
  pm.addPass(bitnet::createConvertKernelsToSPIRV());
  OpPassManager &kernels = pm.nest<spirv::ModuleOp>();
  kernels.addPass(spirv::createSPIRVLowerABIAttributesPass());
  kernels.addPass(spirv::createSPIRVUpdateVCEPass());
}

/// The kernels once more, as code for a device.
static void addDevice(OpPassManager &pm, StringRef device) {
  auto [kind, chip] = device.split(':');
  if (kind == "vulkan")
    return addVulkan(pm);
  pm.addPass(bitnet::createConvertKernelsToLLVM({kind.str(), chip.str()}));
}

void bitnet::buildGPUCodegenPipeline(OpPassManager &pm,
                                     const CodegenOptions &options) {
  addKernels(pm);
  if (options.devices.empty())
    addVulkan(pm);
  for (const std::string &device : options.devices)
    addDevice(pm, device);
  pm.addPass(createEmbedKernels({options.deviceFormat}));
  addHostCode(pm, options);
}
