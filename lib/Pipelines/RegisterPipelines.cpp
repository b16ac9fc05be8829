// Gives each stage's pipeline a name on command lines.
#include "bitnet/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

void bitnet::registerPipelines() {
  PassPipelineRegistration<RaiseOptions>(
      "bitnet-raise", "recognise BitLinear layers and lower the rest to linalg",
      buildRaisePipeline);
  PassPipelineRegistration<OptimizeOptions>(
      "bitnet-optimize", "fuse on tensors and pack weights for a target",
      buildOptimizePipeline);
  PassPipelineRegistration<LowerOptions>(
      "bitnet-lower-to-cpu", "tile, vectorize, parallelize and bufferize",
      buildLowerPipeline);
  PassPipelineRegistration<CodegenOptions>(
      "bitnet-to-llvm", "turn loops on buffers into the LLVM dialect",
      buildCodegenPipeline);
  PassPipelineRegistration<LowerToGPUOptions>(
      "bitnet-lower-to-gpu", "bufferize what a GPU is to compute",
      buildLowerToGPUPipeline);
  PassPipelineRegistration<CodegenOptions>(
      "bitnet-gpu-to-llvm", "make kernels, and host code that launches them",
      buildGPUCodegenPipeline);
}
