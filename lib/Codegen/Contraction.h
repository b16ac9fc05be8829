// Products of float matrices, as those who write their loops see them.
#ifndef BITNET_LIB_CODEGEN_CONTRACTION_H
#define BITNET_LIB_CODEGEN_CONTRACTION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace bitnet {

/// y[..., m, n] = sum over k of x[..., m, k] * w[..., n, k], as loop
/// dimensions.
struct Contraction {
  mlir::Value x, w, init;
  mlir::AffineMap xMap, wMap, yMap;
  /// Dimensions that x and w share; those of x alone, but the last; that last.
  llvm::SmallVector<unsigned> batch, outer;
  unsigned m, n, k;
  /// Sizes of n and k.
  int64_t columns, terms;
  /// Columns that a single row meets at once.
  int64_t together;

  /// Is w read along n instead of k?
  bool lanesAlongColumns() const {
    return wMap.getResult(wMap.getNumResults() - 1) ==
           mlir::getAffineDimExpr(n, wMap.getContext());
  }
};

/// The contraction that `op` computes, or why it stays as it is.
llvm::FailureOr<Contraction> matchContraction(mlir::linalg::LinalgOp op,
                                              mlir::RewriterBase &rewriter);

} // namespace bitnet

#endif // BITNET_LIB_CODEGEN_CONTRACTION_H
