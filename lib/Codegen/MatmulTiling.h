// How a matmul and its consumer become loops over tiles.
#ifndef LIB_CODEGEN_MATMULTILING_H
#define LIB_CODEGEN_MATMULTILING_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace bitnet {

/// Replaces an elementwise op over (row, column), and the matmuls it reads, by
/// loops over their tiles. All of them must have the same `tiles`.
mlir::LogicalResult tileMatmuls(mlir::RewriterBase &rewriter,
                                mlir::linalg::GenericOp root);

} // namespace bitnet

#endif // LIB_CODEGEN_MATMULTILING_H
