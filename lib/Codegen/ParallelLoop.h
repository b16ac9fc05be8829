// Parallel loops of either kind, as passes that outline them see them.
#ifndef BITNET_LIB_CODEGEN_PARALLELLOOP_H
#define BITNET_LIB_CODEGEN_PARALLELLOOP_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace bitnet {

/// An `scf.forall` or `scf.parallel`.
struct ParallelLoop {
  mlir::Operation *op;
  llvm::SmallVector<mlir::OpFoldResult> lower, upper, step;
  llvm::SmallVector<mlir::Value> ivs;

  mlir::Block *body() const { return &op->getRegion(0).front(); }
};

/// Fails for another op, and for a loop with results.
llvm::FailureOr<ParallelLoop> matchParallelLoop(mlir::Operation *op);

/// Whether the op is in the body of a parallel loop.
bool isInParallelLoop(mlir::Operation *op);

/// The number of iterations of each dimension.
llvm::SmallVector<mlir::OpFoldResult> tripCounts(mlir::OpBuilder &b,
                                                 const ParallelLoop &loop);

/// The number of iterations of all dimensions together.
mlir::Value product(mlir::OpBuilder &b, mlir::Location loc,
                    llvm::ArrayRef<mlir::OpFoldResult> counts);

/// Splits an iteration number into one index for each dimension, of which the
/// last one is the fastest.
llvm::SmallVector<mlir::Value>
delinearize(mlir::OpBuilder &b, mlir::Location loc, mlir::Value linear,
            llvm::ArrayRef<mlir::OpFoldResult> counts);

/// Moves the loop's body before the builder's insertion point, as the
/// iteration of these indices, which count from 0 in each dimension.
void inlineBody(mlir::OpBuilder &b, const ParallelLoop &loop,
                llvm::ArrayRef<mlir::Value> indices);

/// Replaces a loop that needs no threads by `scf.for`s, or by its body alone.
void makeSerial(const ParallelLoop &loop);

} // namespace bitnet

#endif // BITNET_LIB_CODEGEN_PARALLELLOOP_H
