// Verifiers of the ops around the layers.
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace bitnet;

/// Checks a row op: result like the input, and vectors as long as a row.
static LogicalResult verifyRows(Operation *op, Type input, Type result,
                                ValueRange vectors) {
  if (failed(verifyCompatibleShape(input, result)))
    return op->emitOpError("result must have the shape of the input");
  int64_t row = cast<ShapedType>(input).getDimSize(1);
  for (Value vector : vectors) {
    int64_t size = cast<ShapedType>(vector.getType()).getDimSize(0);
    if (failed(verifyCompatibleShape({size}, {row})))
      return op->emitOpError("scales rows of ")
             << row << " elements by a vector of " << size;
  }
  return success();
}

LogicalResult RmsNormOp::verify() {
  return verifyRows(*this, getInput().getType(), getType(), getGain());
}

LogicalResult LayerNormOp::verify() {
  return verifyRows(*this, getInput().getType(), getType(),
                    {getGain(), getBias()});
}

LogicalResult NormQuantizeOp::verify() {
  if (failed(verifyCompatibleShape({getInput().getType().getDimSize(0)},
                                   getScales().getType().getShape())))
    return emitOpError("must give one scale for each row");
  if (failed(verifyQuantizer(*this, getInput().getType(), getQuantizer())))
    return failure();
  return verifyRows(*this, getInput().getType(), getCodes().getType(),
                    getGain());
}

LogicalResult RopeOp::verify() {
  ArrayRef<int64_t> x = getInput().getType().getShape();
  if (failed(verifyCompatibleShape(getInput().getType(), getType())))
    return emitOpError("result must have the shape of the input");
  if (ShapedType::isDynamic(x[3]) || x[3] % 2 != 0)
    return emitOpError("rotates pairs, so the last dimension must be even");
  for (Value angle : {getCos(), getSin()}) {
    ArrayRef<int64_t> shape = cast<ShapedType>(angle.getType()).getShape();
    if (shape[2] != x[3] / 2)
      return emitOpError("needs ")
             << x[3] / 2 << " angles for each position, not " << shape[2];
    if (failed(verifyCompatibleShape({shape[1]}, {x[2]})) ||
        (shape[0] != 1 && failed(verifyCompatibleShape({shape[0]}, {x[0]}))))
      return emitOpError("needs angles for each of its positions");
  }
  return success();
}

LogicalResult AttentionOp::verify() {
  ArrayRef<int64_t> q = getQuery().getType().getShape();
  ArrayRef<int64_t> k = getKey().getType().getShape();
  ArrayRef<int64_t> v = getValue().getType().getShape();
  for (int64_t size : {q[1], q[3], k[1], v[1], v[3]})
    if (ShapedType::isDynamic(size))
      return emitOpError("needs static numbers of heads and channels");
  if (q[3] != k[3])
    return emitOpError("compares queries of ")
           << q[3] << " channels with keys of " << k[3];
  if (k[1] != v[1] || q[1] % k[1] != 0)
    return emitOpError("cannot group ")
           << q[1] << " heads over " << k[1] << " key and " << v[1]
           << " value heads";
  if (failed(verifyCompatibleShape({k[0], k[2]}, {v[0], v[2]})) ||
      failed(verifyCompatibleShape({q[0]}, {k[0]})))
    return emitOpError("keys and values must agree in batch and length");
  if (failed(verifyCompatibleShape({q[0], q[1], q[2], v[3]},
                                   getType().getShape())))
    return emitOpError("result must have the shape of the query");
  if (!getMask())
    return success();
  ArrayRef<int64_t> m = getMask().getType().getShape();
  if ((m[0] != 1 && failed(verifyCompatibleShape({m[0]}, {q[0]}))) ||
      (m[1] != 1 && m[1] != q[1]) ||
      (m[2] != 1 && failed(verifyCompatibleShape({m[2]}, {q[2]}))) ||
      failed(verifyCompatibleShape({m[3]}, {k[2]})))
    return emitOpError("mask must cover each query and key");
  return success();
}

LogicalResult KvAppendOp::verify() {
  ArrayRef<int64_t> past = getPast().getType().getShape();
  ArrayRef<int64_t> update = getUpdate().getType().getShape();
  ArrayRef<int64_t> result = getType().getShape();
  for (int64_t i : {0, 1, 3})
    if (failed(verifyCompatibleShape({past[i]}, {update[i]})) ||
        failed(verifyCompatibleShape({past[i]}, {result[i]})))
      return emitOpError("past, update and result differ in dimension ") << i;
  if (!ShapedType::isDynamicShape({past[2], update[2], result[2]}) &&
      past[2] + update[2] != result[2])
    return emitOpError("appends ") << update[2] << " to " << past[2]
                                   << " positions, which is not " << result[2];
  return success();
}

LogicalResult HadamardOp::verify() {
  int64_t row = getInput().getType().getDimSize(1);
  if (failed(verifyCompatibleShape(getInput().getType(), getType())))
    return emitOpError("result must have the shape of the input");
  if (getBlock() < 1 || !llvm::isPowerOf2_64(getBlock()))
    return emitOpError("block must be a power of two, not ") << getBlock();
  if (ShapedType::isDynamic(row) || row % getBlock() != 0)
    return emitOpError("block of ") << getBlock() << " must divide the row";
  return success();
}

LogicalResult
RmsNormOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
LayerNormOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
NormQuantizeOp::reifyResultShapes(OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult RopeOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
HadamardOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
KvAppendOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  if (failed(reifyFromFirstOperand(*this, builder, shapes)) ||
      !getType().isDynamicDim(2))
    return success();
  AffineExpr past, added;
  bindSymbols(getContext(), past, added);
  OpFoldResult update = tensor::getMixedSize(builder, getLoc(), getUpdate(), 2);
  shapes[0][2] = affine::makeComposedFoldedAffineApply(
      builder, getLoc(), past + added, {shapes[0][2], update});
  return success();
}
