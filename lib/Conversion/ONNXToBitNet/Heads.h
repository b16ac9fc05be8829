// What matchers of attention blocks ask about tensors of heads.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_HEADS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_HEADS_H

#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/IR/PatternMatch.h"

namespace bitnet {

inline int64_t getDimSize(mlir::Value value, int64_t dim) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getDimSize(dim);
}

inline int64_t getRank(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getRank();
}

/// True for [batch, heads, length, channels] of f32 with the last and the
/// number of heads known.
inline bool isHeads(mlir::Value value) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.getElementType().isF32() &&
         !type.isDynamicDim(1) && !type.isDynamicDim(3);
}

/// True if dimension `dim` of `value` is 1 or surely that of `other`.
inline bool isOneOrSameDim(mlir::Value value, int64_t dim, mlir::Value other,
                           int64_t otherDim) {
  return getDimSize(value, dim) == 1 ||
         onnx::isSameDim(value, dim, other, otherDim);
}

/// Says what the dimensions of the only result of `op` are called.
inline void setDimNames(mlir::Operation *op,
                        llvm::ArrayRef<llvm::StringRef> names) {
  mlir::Builder builder(op->getContext());
  op->setAttr(onnx::kDimsAttr,
              builder.getArrayAttr(builder.getStrArrayAttr(names)));
}

/// Replaces `root` by `op` and hands the names of its dimensions on.
inline void replaceNamed(mlir::PatternRewriter &rewriter, mlir::Operation *root,
                         mlir::Operation *op) {
  if (mlir::Attribute dims = root->getAttr(onnx::kDimsAttr))
    op->setAttr(onnx::kDimsAttr, dims);
  rewriter.replaceOp(root, op);
}

/// A constant vector of axes or sizes.
inline mlir::Value createIntegers(mlir::OpBuilder &builder, mlir::Location loc,
                                  llvm::ArrayRef<int64_t> integers) {
  auto type = mlir::RankedTensorType::get(
      {static_cast<int64_t>(integers.size())}, builder.getI64Type());
  return onnx::ConstantOp::create(
      builder, loc, type, mlir::DenseIntElementsAttr::get(type, integers));
}

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_HEADS_H
