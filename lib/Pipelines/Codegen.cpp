// The codegen stage: loops on buffers -> LLVM dialect.
#include "Steps.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// What is left on tensors' level of abstraction becomes loops.
static void addLoops(OpPassManager &pm, const bitnet::CodegenOptions &options) {
  pm.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  if (options.threads) {
    pm.addPass(bitnet::createOutlineParallel());
    pm.addPass(bitnet::createMergeParallelBodies());
  } else {
    pm.addNestedPass<func::FuncOp>(createForallToForLoopPass());
  }
  pm.addNestedPass<func::FuncOp>(bitnet::createLowerCopies());
  pm.addNestedPass<func::FuncOp>(bitnet::createPlaceBuffers());
}

/// Vectors of any rank become vectors of rank one in registers.
static void addVectors(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(bitnet::createExpandMath());
  pm.addNestedPass<func::FuncOp>(bitnet::createWidenHalves());
  pm.addNestedPass<func::FuncOp>(vector::createLowerVectorMultiReductionPass());
  VectorTransferToSCFOptions transfers;
  transfers.enableFullUnroll();
  pm.addNestedPass<func::FuncOp>(createConvertVectorToSCFPass(transfers));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// Structured control flow and addresses become branches and integers.
static void addControlFlow(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(bitnet::createLowerExpandShapes());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(bitnet::createLowerChecks());
}

static void addConversionToLLVM(OpPassManager &pm, bool device) {
  ConvertVectorToLLVMPassOptions vectors;
  vectors.amx = true;
  vectors.x86Vector = true;
  vectors.vectorContractLowering = vector::VectorContractLowering::OuterProduct;
  vectors.vectorTransposeLowering = vector::VectorTransposeLowering::Shuffle1D;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  FinalizeMemRefToLLVMConversionPassOptions buffers;
  buffers.useAlignedAlloc = !device;
  buffers.useGenericFunctions = device;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(buffers));
  pm.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions narrow;
  narrow.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(narrow));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void bitnet::addHostCode(OpPassManager &pm, const CodegenOptions &options) {
  addControlFlow(pm);
  pm.addPass(createEmitEntryPoint());
  addConversionToLLVM(pm, options.device);
  if (options.device)
    pm.addPass(createUseDeviceAllocator());
  pm.addPass(createLowerParallelCalls());
  if (options.separateWeights) {
    bitnet::SeparateWeightsOptions weights;
    weights.file = options.weightsFile;
    weights.device = options.device;
    pm.addPass(bitnet::createSeparateWeights(weights));
  }
  pm.addPass(createCheckAllocations());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void bitnet::buildCodegenPipeline(OpPassManager &pm,
                                  const CodegenOptions &options) {
  addLoops(pm, options);
  addVectors(pm);
  addHostCode(pm, options);
}
