// How much a parallel loop does, so that a small one is not spread over
// threads.
#ifndef BITNET_CODEGEN_LOOPWORK_H
#define BITNET_CODEGEN_LOOPWORK_H

#include "mlir/IR/Builders.h"

namespace bitnet {

/// About the number of operations on registers that one iteration of a parallel
/// loop takes: those in its body, inner loops times their trip counts in the
/// first iteration. Trip counts that only a run knows are computed before the
/// loop, at the builder's insertion point; an inner loop whose count needs
/// memory is taken to run once. `lower` are the loop's lower bounds.
mlir::Value estimateIterationWork(mlir::OpBuilder &b, mlir::Operation *loop,
                                  mlir::ValueRange ivs,
                                  mlir::ArrayRef<mlir::OpFoldResult> lower);

} // namespace bitnet

#endif // BITNET_CODEGEN_LOOPWORK_H
