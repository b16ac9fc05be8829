// A tensor [.., k] as rows [m, k], and back.
//
// Row ops work on two dimensions; the reshapes around two neighbours cancel
// out, so that a model's residual stream becomes two-dimensional by itself.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_ROWS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_ROWS_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace bitnet {

/// The expansion of rows that `value` is, if it is one.
mlir::tensor::ExpandShapeOp getExpansion(mlir::Value value);

/// The type of `value` as rows, with `columns` in each.
mlir::RankedTensorType getRowsType(mlir::Value value, int64_t columns);

/// All leading dimensions of `value` as one.
mlir::Value collapseToRows(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value value);

/// The sizes of a tensor. A dimension that has the name of an input's is read
/// from there: so what is equal in a model is one value in the program.
llvm::SmallVector<mlir::OpFoldResult>
getSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// `rows` with the sizes `leading` before the last, as a tensor of `type`.
mlir::Value expandFromRows(mlir::OpBuilder &builder, mlir::Value rows,
                           llvm::ArrayRef<mlir::OpFoldResult> leading,
                           mlir::Type type);

/// `rows` with the leading dimensions of `like`.
mlir::Value expandFromRows(mlir::OpBuilder &builder, mlir::Value rows,
                           mlir::Value like, mlir::Type type);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_ROWS_H
