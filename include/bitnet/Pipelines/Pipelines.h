// The stages between import and emit: each one pipeline with one options
// struct.
#ifndef BITNET_PIPELINES_PIPELINES_H
#define BITNET_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassOptions.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace bitnet {

/// Recognises BitLinear and the blocks around it; the rest becomes linalg.
///   in:  onnx, func
///   out: bitnet, linalg, tensor, arith, math, func
struct RaiseOptions : mlir::PassPipelineOptions<RaiseOptions> {
  Option<bool> addCaches{
      *this, "add-caches",
      llvm::cl::desc("keep keys and values of a causal model without caches"),
      llvm::cl::init(true)};
  Option<bool> explain{
      *this, "explain",
      llvm::cl::desc("say of each float layer why it is not a BitLinear"),
      llvm::cl::init(false)};
  Option<std::string> ternarize{
      *this, "ternarize",
      llvm::cl::desc("round the weights of float layers: b1.58 or b1")};
  Option<bool> ternarizeHead{
      *this, "ternarize-head",
      llvm::cl::desc("also those of the layer that gives the model's output"),
      llvm::cl::init(false)};
  Option<bool> release{
      *this, "release",
      llvm::cl::desc("free constants that are read no more: they must be of no "
                     "other module"),
      llvm::cl::init(false)};
};

/// Optimizes a raised model on tensors.
///   in:  what raise gives
///   out: the same, with every 1-bit weight packed for the target
struct OptimizeOptions : mlir::PassPipelineOptions<OptimizeOptions> {
  Option<std::string> cache{
      *this, "cache",
      llvm::cl::desc("what caches are kept in: f32, f16 or bf16"),
      llvm::cl::init("f32")};
  Option<std::string> features{
      *this, "features",
      llvm::cl::desc("features of the target's CPU, as LLVM names them")};
  Option<std::string> cpu{*this, "cpu",
                          llvm::cl::desc("the target's CPU, as LLVM names it")};
  Option<std::string> tile{
      *this, "tile",
      llvm::cl::desc("row of the tile table to use for every matmul")};
  Option<std::string> tuning{
      *this, "tuning",
      llvm::cl::desc(
          "file of measured choices, which go before those by cost")};
  Option<std::string> head{
      *this, "head",
      llvm::cl::desc("type of the head's weights: exact, f32, f16, bf16, int8 "
                     "or int4"),
      llvm::cl::init("exact")};
  Option<bool> release{
      *this, "release",
      llvm::cl::desc("free constants that are read no more: they must be of no "
                     "other module"),
      llvm::cl::init(false)};
};

/// Tiles, vectorizes, parallelizes and bufferizes for a CPU.
///   in:  what optimize gives
///   out: memref, scf, vector, arith, math, one target's vector dialects
struct LowerOptions : mlir::PassPipelineOptions<LowerOptions> {
  Option<std::string> features{
      *this, "features",
      llvm::cl::desc("features of the target's CPU, as LLVM names them")};
  Option<std::string> cpu{*this, "cpu",
                          llvm::cl::desc("the target's CPU, as LLVM names it")};
  Option<std::string> tile{
      *this, "tile",
      llvm::cl::desc("row of the tile table to use for every matmul")};
  Option<std::string> tuning{
      *this, "tuning",
      llvm::cl::desc(
          "file of measured choices, which go before those by cost")};
};

/// Turns loops on buffers into the LLVM dialect, with the model's entry point.
///   in:  what lower gives
///   out: llvm
struct CodegenOptions : mlir::PassPipelineOptions<CodegenOptions> {
  Option<bool> threads{
      *this, "threads",
      llvm::cl::desc("run parallel loops on the runtime's thread pool"),
      llvm::cl::init(true)};
  Option<bool> separateWeights{
      *this, "separate-weights",
      llvm::cl::desc("take large constants out of the code"),
      llvm::cl::init(false)};
  Option<bool> device{*this, "device",
                      llvm::cl::desc("memory and constants are a GPU's"),
                      llvm::cl::init(false)};
  Option<std::string> weightsFile{
      *this, "weights-file",
      llvm::cl::desc("name of the file that they go to, if not the program")};
  ListOption<std::string> devices{
      *this, "devices",
      llvm::cl::desc("GPUs to make kernels for: vulkan, cuda:sm_80")};
  Option<std::string> deviceFormat{
      *this, "device-format",
      llvm::cl::desc("ptx or cubin: what NVIDIA's driver gets")};
};

void buildRaisePipeline(mlir::OpPassManager &pm, const RaiseOptions &options);
void buildOptimizePipeline(mlir::OpPassManager &pm,
                           const OptimizeOptions &options);
void buildLowerPipeline(mlir::OpPassManager &pm, const LowerOptions &options);
void buildCodegenPipeline(mlir::OpPassManager &pm,
                          const CodegenOptions &options);

/// How to lower for a GPU.
struct LowerToGPUOptions : mlir::PassPipelineOptions<LowerToGPUOptions> {
  Option<std::string> tile{
      *this, "tile",
      llvm::cl::desc("row of the tile table to use for every matmul")};
};

/// The same stages for a GPU: all that a model computes becomes kernels.
///   in:  what optimize gives
///   out: linalg, scf, memref, arith, math on buffers of the device
void buildLowerToGPUPipeline(mlir::OpPassManager &pm,
                             const LowerToGPUOptions &options);

/// Makes kernels of the loops, and of the rest host code that launches them.
///   in:  what lower gives
///   out: llvm, with the kernels as a constant
void buildGPUCodegenPipeline(mlir::OpPassManager &pm,
                             const CodegenOptions &options);

/// Makes `bitnet-raise`, `bitnet-optimize`, `bitnet-lower-to-cpu` and
/// `bitnet-to-llvm` known to command lines.
void registerPipelines();

} // namespace bitnet

#endif // BITNET_PIPELINES_PIPELINES_H
