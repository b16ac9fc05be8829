// Sizes of tensors as values, and checks of them when the program runs.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_SIZES_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_SIZES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet {

using Sizes = llvm::SmallVector<mlir::OpFoldResult>;

mlir::RankedTensorType typeOf(mlir::Value tensor);

mlir::OpFoldResult sizeOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                          int64_t dim);
Sizes sizesOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);

/// A size as a value of type index.
mlir::Value indexOf(mlir::ImplicitLocOpBuilder &b, mlir::OpFoldResult size);
mlir::Value indexOf(mlir::ImplicitLocOpBuilder &b, int64_t size);

/// True if an index surely is not negative: it is made of sizes.
bool isSize(mlir::Value index);

/// Integer scalars to index and back.
mlir::Value toIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value integer);
mlir::Value fromIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value index,
                      mlir::Type type);

/// Arithmetic that folds when it can.
mlir::Value compare(mlir::ImplicitLocOpBuilder &b,
                    mlir::arith::CmpIPredicate predicate, mlir::Value a,
                    mlir::Value c);
mlir::Value select(mlir::ImplicitLocOpBuilder &b, mlir::Value condition,
                   mlir::Value a, mlir::Value c);
template <typename OpTy>
mlir::Value fold(mlir::ImplicitLocOpBuilder &b, mlir::Value a, mlir::Value c) {
  return b.createOrFold<OpTy>(a, c);
}
mlir::OpFoldResult addSizes(mlir::ImplicitLocOpBuilder &b, mlir::OpFoldResult a,
                            mlir::OpFoldResult c);
mlir::OpFoldResult productOf(mlir::ImplicitLocOpBuilder &b,
                             llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The larger of x and 0; x itself if it is a size.
mlir::Value atLeastZero(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// Fails with `message` when the program runs, unless `condition` holds. A
/// condition that is known to hold leaves no trace.
void check(mlir::ImplicitLocOpBuilder &b, mlir::Value condition,
           const llvm::Twine &message);
void checkNotNegative(mlir::ImplicitLocOpBuilder &b, mlir::Value index,
                      const llvm::Twine &message);
void checkSame(mlir::ImplicitLocOpBuilder &b, mlir::OpFoldResult a,
               mlir::OpFoldResult c, const llvm::Twine &message);

/// `sizes` with the static ones of `type`, which the program checks.
Sizes refine(mlir::ImplicitLocOpBuilder &b,
             llvm::ArrayRef<mlir::OpFoldResult> sizes,
             mlir::RankedTensorType type);

mlir::Value emptyTensor(mlir::ImplicitLocOpBuilder &b,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes,
                        mlir::Type element);
mlir::Value filledTensor(mlir::ImplicitLocOpBuilder &b,
                         llvm::ArrayRef<mlir::OpFoldResult> sizes,
                         mlir::TypedAttr value);

/// Where a slice lies.
struct SliceRange {
  Sizes offsets, sizes, strides;

  /// All of a tensor of `sizes`; what is not, is set afterwards.
  SliceRange(mlir::OpBuilder &b, llvm::ArrayRef<mlir::OpFoldResult> sizes)
      : offsets(sizes.size(), b.getIndexAttr(0)), sizes(sizes),
        strides(sizes.size(), b.getIndexAttr(1)) {}
};

/// As tensor.extract_slice and tensor.insert_slice, whose verifiers don't
/// accept slices known to be empty.
mlir::Value extractSlice(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                         const SliceRange &range);
mlir::Value insertSlice(mlir::ImplicitLocOpBuilder &b, mlir::Value slice,
                        mlir::Value tensor, const SliceRange &range);

/// `value` as a tensor of `type`, which differs in what is static at most.
mlir::Value castTo(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                   mlir::Type type);

/// `value` with dimensions merged, or split, by `groups`.
using Groups = llvm::SmallVector<mlir::ReassociationIndices>;
mlir::Value collapse(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                     const Groups &groups);
mlir::Value expand(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                   const Groups &groups,
                   llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// `value` with dimensions of size 1 inserted at `dims` of the result, which
/// are in rising order.
mlir::Value insertUnitDims(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                           llvm::ArrayRef<int64_t> dims);
/// The same in reverse: `dims` have size 1.
mlir::Value dropUnitDims(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                         llvm::ArrayRef<int64_t> dims);

/// `value` with dimension i being its dimension perm[i].
mlir::Value transpose(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                      llvm::ArrayRef<int64_t> perm);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_SIZES_H
