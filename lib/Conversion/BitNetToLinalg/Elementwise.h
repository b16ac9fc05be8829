// The words of the naive lowering: elementwise ops, reductions, and sums in
// lane order (lane i of 16 adds elements i, i + 16, ..., then lanes are added
// as a tree), the order of every float sum of a row in this project.
#ifndef BITNET_LIB_CONVERSION_BITNETTOLINALG_ELEMENTWISE_H
#define BITNET_LIB_CONVERSION_BITNETTOLINALG_ELEMENTWISE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet::naive {

/// A tensor, and which of its elements a loop iteration reads.
struct ReadTensor {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// Computes one element from the elements read.
using ElementBody = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                                   mlir::ValueRange)>;

/// (d0, ..., dn) -> (d_i for each i of `dims`)
mlir::AffineMap selectDims(mlir::ImplicitLocOpBuilder &b, int64_t rank,
                           llvm::ArrayRef<int64_t> dims);

/// A tensor of `sizes` whose elements `body` computes one by one.
mlir::Value mapElements(mlir::ImplicitLocOpBuilder &b,
                        llvm::ArrayRef<ReadTensor> inputs,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes,
                        mlir::Type element, ElementBody body);

/// The same for inputs of the shape of the first one.
mlir::Value mapLike(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange inputs,
                    mlir::Type element, ElementBody body);

/// A loop nest over `loops` dimensions that folds elements into `result`, which
/// starts as `init`; the reduced dimensions run in ascending order. The body
/// gets the elements read and, last, the result so far.
struct Fold {
  int64_t loops;
  llvm::ArrayRef<ReadTensor> inputs;
  ReadTensor result;
  mlir::TypedAttr init;
};
mlir::Value foldElements(mlir::ImplicitLocOpBuilder &b, const Fold &fold,
                         ElementBody body);

/// Folds the last dimension of `tensor`, in ascending order.
mlir::Value foldLast(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                     mlir::TypedAttr init, ElementBody body);

/// [..., K] -> [..., ceil(K / 16), 16], padded with zeros.
mlir::Value toLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);
/// [..., 16] -> [...]: lane j takes lane j + 8, then j + 4, j + 2, j + 1.
mlir::Value addLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);
/// The sums of the last dimension in lane order.
mlir::Value sumRows(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);

/// The size of a dimension as f32.
mlir::Value sizeAsFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                        int64_t dim);

/// The larger of x and y; y where one is NaN.
mlir::Value larger(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value smaller(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                    mlir::Value y);
mlir::Value constant(mlir::ImplicitLocOpBuilder &b, float value);

/// A scalar of f32, f16 or bf16 as f32.
mlir::Value widen(mlir::ImplicitLocOpBuilder &b, mlir::Value x);
/// A scalar of f32 as a shorter float type, halves to even.
mlir::Value narrow(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                   mlir::Value x);
/// The f32 that is nearest to x among the values of `type`.
mlir::Value roundTo(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                    mlir::Value x);

/// `value`, or a cast of it to `type`.
mlir::Value castTo(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                   mlir::Value value);

} // namespace bitnet::naive

#endif // BITNET_LIB_CONVERSION_BITNETTOLINALG_ELEMENTWISE_H
