// Measures what the cost model can only guess.
#ifndef BITNET_PIPELINES_TUNE_H
#define BITNET_PIPELINES_TUNE_H

#include "bitnet/Pipelines/Compile.h"

namespace bitnet {

/// For each size of weights of a raised model's matmuls: compiles a kernel for
/// each tile that may compute it, times them on this machine and writes what
/// came out to `options.tune`. See bitnet/Codegen/Tuning.h.
mlir::LogicalResult tune(mlir::ModuleOp module, const CompileOptions &options);

} // namespace bitnet

#endif // BITNET_PIPELINES_TUNE_H
