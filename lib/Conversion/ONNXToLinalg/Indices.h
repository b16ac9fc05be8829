// Indices as ONNX has them: negative ones count from the end.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_INDICES_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_INDICES_H

#include "Elements.h"

namespace bitnet {

/// `index` counted from the front of `size`; out of range if it was.
inline mlir::Value fromFront(mlir::ImplicitLocOpBuilder &b, mlir::Value index,
                             mlir::Value size) {
  index = toIndex(b, index);
  mlir::Value isNegative =
      compare(b, mlir::arith::CmpIPredicate::slt, index, indexOf(b, 0));
  return select(b, isNegative, fold<mlir::arith::AddIOp>(b, index, size),
                index);
}

inline mlir::Value isInRange(mlir::ImplicitLocOpBuilder &b, mlir::Value index,
                             mlir::Value size) {
  return compare(b, mlir::arith::CmpIPredicate::ult, fromFront(b, index, size),
                 size);
}

inline constexpr llvm::StringLiteral kOutOfRange = "an index is out of range";

/// Checks all elements of `indices` before any is used, so that the loops that
/// use them have no checks. The last dimension counts through `sizes`; a single
/// size is that of all.
inline void checkIndices(mlir::ImplicitLocOpBuilder &b, mlir::Value indices,
                         mlir::ValueRange sizes) {
  int64_t rank = typeOf(indices).getRank();
  mlir::Value areInRange = reduceElements(
      b, indices, llvm::to_vector(llvm::seq<int64_t>(0, rank)),
      b.getBoolAttr(true),
      [&](mlir::ImplicitLocOpBuilder &inner, mlir::ValueRange x) {
        mlir::Value size = sizes.front();
        for (int64_t k = 1, end = sizes.size(); k < end; ++k) {
          mlir::Value last = mlir::linalg::IndexOp::create(inner, rank - 1);
          mlir::Value isHere = compare(inner, mlir::arith::CmpIPredicate::eq,
                                       last, indexOf(inner, k));
          size = select(inner, isHere, sizes[k], size);
        }
        return fold<mlir::arith::AndIOp>(inner, x[1],
                                         isInRange(inner, x[0], size));
      });
  check(b, scalarOf(b, areInRange), kOutOfRange);
}

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_INDICES_H
