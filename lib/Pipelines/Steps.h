// Parts of pipelines that CPUs and GPUs share.
#ifndef BITNET_LIB_PIPELINES_STEPS_H
#define BITNET_LIB_PIPELINES_STEPS_H

#include "llvm/ADT/StringRef.h"

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace bitnet {
struct CodegenOptions;

/// The feature of the tile table's rows for a GPU's blocks of threads.
inline constexpr llvm::StringLiteral kGPUFeatures = "+gpu";

/// Tensors become buffers, which are freed when they are no longer used.
void addBuffers(mlir::OpPassManager &pm);

/// The last part of codegen: control flow, the entry point, the LLVM dialect.
void addHostCode(mlir::OpPassManager &pm, const CodegenOptions &options);

} // namespace bitnet

#endif // BITNET_LIB_PIPELINES_STEPS_H
