// See MathMatchers.h.
#include "MathMatchers.h"

#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

Value bitnet::matchSquare(Value result) {
  if (auto pow = result.getDefiningOp<onnx::PowOp>())
    return getScalar(pow.getY()) == 2.0f ? pow.getX() : Value();
  auto mul = result.getDefiningOp<onnx::MulOp>();
  return mul && mul.getA() == mul.getB() ? mul.getA() : Value();
}

Value bitnet::matchReciprocal(Value result) {
  if (auto reciprocal = result.getDefiningOp<onnx::ReciprocalOp>())
    return reciprocal.getX();
  auto div = result.getDefiningOp<onnx::DivOp>();
  return div && getScalar(div.getA()) == 1.0f ? div.getB() : Value();
}

bool bitnet::isRowVector(Value vector, Value rows) {
  auto type = cast<RankedTensorType>(vector.getType());
  auto rowsType = cast<RankedTensorType>(rows.getType());
  return type.getRank() == 1 && type.getElementType().isF32() &&
         type.hasStaticShape() &&
         type.getDimSize(0) == rowsType.getShape().back();
}

bool bitnet::hasRows(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() < 2 || type.isDynamicDim(type.getRank() - 1))
    return false;
  Type element = type.getElementType();
  return element.isF32() || element.isF16() || element.isBF16();
}

bool bitnet::hasFloatRows(Value value) {
  return hasRows(value) && getElementTypeOrSelf(value).isF32();
}
