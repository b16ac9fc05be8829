// Verifiers and folds of a BitNet layer and its three steps.
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bitnet;

#define GET_OP_CLASSES
#include "dialects/BitNet/BitNetOps.cpp.inc"

/// The longest contraction whose sum of int8 values must fit in int32.
static constexpr int64_t kMaxContraction = INT32_MAX / 128;

/// Checks that a scale or bias, or each row of it, has one element or
/// `columns`.
static LogicalResult verifyPerColumn(Operation *op, StringRef what,
                                     Value vector, int64_t columns) {
  int64_t size = cast<ShapedType>(vector.getType()).getShape().back();
  if (size != 1 && failed(verifyCompatibleShape({size}, {columns})))
    return op->emitOpError() << what << " must have 1 or " << columns
                             << " elements, not " << size;
  return success();
}

static LogicalResult verifyContraction(Operation *op, ArrayRef<int64_t> x,
                                       ArrayRef<int64_t> w,
                                       ArrayRef<int64_t> y) {
  if (failed(verifyCompatibleShape({x[1]}, {w[1]})))
    return op->emitOpError("contracts ")
           << x[1] << " activations with " << w[1] << " weights";
  if (failed(verifyCompatibleShape({x[0], w[0]}, y)))
    return op->emitOpError("result must be ") << x[0] << "x" << w[0];
  if (x[1] > kMaxContraction)
    return op->emitOpError("contraction of ")
           << x[1] << " elements can overflow i32; the limit is "
           << kMaxContraction;
  return success();
}

LogicalResult bitnet::verifyQuantizer(Operation *op, Type input,
                                      QuantizerAttr quantizer) {
  Type element = getElementTypeOrSelf(input);
  Type arithmetic = quantizer.getArithmeticType();
  if (arithmetic.isF32() || arithmetic == element)
    return success();
  return op->emitOpError("quantizes ")
         << element << " by arithmetic in " << arithmetic;
}

LogicalResult
bitnet::reifyFromFirstOperand(Operation *op, OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  Value first = op->getOperand(0);
  for (Type type : op->getResultTypes()) {
    SmallVector<OpFoldResult> &shape = shapes.emplace_back();
    for (auto [dim, size] :
         llvm::enumerate(cast<ShapedType>(type).getShape())) {
      if (ShapedType::isDynamic(size))
        shape.push_back(
            tensor::getMixedSize(builder, op->getLoc(), first, dim));
      else
        shape.push_back(builder.getIndexAttr(size));
    }
  }
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult LinearOp::verify() {
  ArrayRef<int64_t> w = getWeights().getType().getShape();
  if (failed(verifyContraction(*this, getInput().getType().getShape(), w,
                               getType().getShape())) ||
      failed(verifyPerColumn(*this, "scale", getScale(), w[0])) ||
      failed(verifyQuantizer(*this, getInput().getType(), getQuantizer())))
    return failure();
  if (getGroups() < 1 || w[1] % getGroups() != 0)
    return emitOpError("cannot have scales for ")
           << getGroups() << " groups of " << w[1] << " inputs";
  if (getGroups() > 1 && getInverse())
    return emitOpError("cannot divide by the scales of groups");
  if (getGroups() > 1 && !getType().getElementType().isF32())
    return emitOpError("adds groups in f32, not in ")
           << getType().getElementType();
  return getBias() ? verifyPerColumn(*this, "bias", getBias(), w[0])
                   : success();
}

LogicalResult TernarizeOp::verify() {
  if (failed(
          verifyCompatibleShape(getWeights().getType(), getCodes().getType())))
    return emitOpError("codes must have the shape of the weights");
  return success();
}

LogicalResult BinarizeOp::verify() {
  if (failed(
          verifyCompatibleShape(getWeights().getType(), getCodes().getType())))
    return emitOpError("codes must have the shape of the weights");
  return success();
}

LogicalResult QuantizeOp::verify() {
  if (failed(verifyCompatibleShape(getInput().getType(), getCodes().getType())))
    return emitOpError("codes must have the shape of the input");
  if (failed(verifyCompatibleShape({getInput().getType().getDimSize(0)},
                                   getScales().getType().getShape())))
    return emitOpError("must give one scale for each row");
  return verifyQuantizer(*this, getInput().getType(), getQuantizer());
}

LogicalResult MatmulOp::verify() {
  return verifyContraction(*this, getActivations().getType().getShape(),
                           getWeights().getType().getShape(),
                           getType().getShape());
}

LogicalResult DequantizeOp::verify() {
  ArrayRef<int64_t> y = getType().getShape();
  if (failed(verifyCompatibleShape(getInput().getType(), getType())))
    return emitOpError("result must have the shape of the input");
  if (failed(verifyCompatibleShape({y[0]}, getScales().getType().getShape())))
    return emitOpError("needs one activation scale for each row");
  if (failed(verifyPerColumn(*this, "weight scale", getWeightScale(), y[1])))
    return failure();
  return getBias() ? verifyPerColumn(*this, "bias", getBias(), y[1])
                   : success();
}

LogicalResult ScaledMatmulOp::verify() {
  ArrayRef<int64_t> codes = getCodes().getType().getShape();
  ArrayRef<int64_t> scales = getScales().getType().getShape();
  if (getBits() != 8 && getBits() != 4)
    return emitOpError("has codes of ") << getBits() << " bits, not 8 or 4";
  if (codes.size() != 4 || codes[2] != kPanelRows || codes[3] != kLanes)
    return emitOpError("wants codes of shape panels x blocks x 4 x 16");
  if (scales.size() != 3 || scales[0] != codes[0] || scales[2] != kPanelRows)
    return emitOpError("wants scales of shape ") << codes[0] << " x groups x 4";
  if (scales[1] == 0 || codes[1] % scales[1] != 0)
    return emitOpError("cannot have scales for ")
           << scales[1] << " groups of " << codes[1] << " blocks";
  if (failed(verifyCompatibleShape({getInput().getType().getDimSize(1)},
                                   {getInputs()})))
    return emitOpError("contracts ")
           << getInput().getType().getDimSize(1) << " activations with "
           << getInputs() << " codes";
  int64_t rows = getInput().getType().getDimSize(0);
  int64_t columns = getType().getDimSize(1);
  if (failed(verifyCompatibleShape({rows}, {getType().getDimSize(0)})) ||
      llvm::divideCeil(columns, kPanelRows) != static_cast<uint64_t>(codes[0]))
    return emitOpError("gives rows of ")
           << codes[0] << " panels of 4, not of " << columns;
  return success();
}

/// A product has the rows of the activations and a column for each row of the
/// weights.
static LogicalResult reifyProduct(Operation *op, OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  Location loc = op->getLoc();
  shapes.push_back({tensor::getMixedSize(builder, loc, op->getOperand(0), 0),
                    tensor::getMixedSize(builder, loc, op->getOperand(1), 0)});
  return success();
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  return reifyProduct(*this, builder, shapes);
}

LogicalResult
QuantizeOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  return reifyProduct(*this, builder, shapes);
}

LogicalResult
DequantizeOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}

LogicalResult
ScaledMatmulOp::reifyResultShapes(OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  return reifyFromFirstOperand(*this, builder, shapes);
}
