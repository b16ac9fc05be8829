// See MathMatchers.h.
#include "MathMatchers.h"

#include "dialects/ONNX/ONNXDialect.h"

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

bool bitnet::hasFloatRows(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() >= 2 && type.getElementType().isF32() &&
         !type.isDynamicDim(type.getRank() - 1);
}
