// How a matmul and its consumer become loops over tiles.
#ifndef LIB_CODEGEN_MATMULTILING_H
#define LIB_CODEGEN_MATMULTILING_H

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace bitnet {

/// Replaces an elementwise op over (row, column), and the matmuls it reads, by
/// loops over their tiles. All of them must have the same `tiles`.
mlir::LogicalResult tileMatmuls(mlir::RewriterBase &rewriter,
                                mlir::linalg::GenericOp root);

/// What the tiles of a matmul read.
struct TileOperands {
  bitnet::MatmulOp matmul;
  /// The packed weights, [panel, vector, byte].
  mlir::Value bytes;
  /// The sum of each row of activations.
  mlir::Value sums;
};

/// Fails, with an error, if the weights are no constant.
llvm::FailureOr<TileOperands> getTileOperands(mlir::OpBuilder &b,
                                              MatmulOp matmul);

/// The same as tileMatmuls, with each tile for a block of threads of a GPU.
mlir::LogicalResult tileMatmulsForGrid(mlir::RewriterBase &rewriter,
                                       mlir::linalg::GenericOp root);

} // namespace bitnet

#endif // LIB_CODEGEN_MATMULTILING_H
