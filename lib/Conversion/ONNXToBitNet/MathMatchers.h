// Small matchers named after the mathematics that they recognise.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_MATHMATCHERS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_MATHMATCHERS_H

#include "ConstantTensor.h"
#include "Match.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace bitnet {

/// The operand of a binary op that is not `operand`; null if neither is.
inline mlir::Value getOther(mlir::Operation *binary, mlir::Value operand) {
  if (binary->getOperand(0) == operand)
    return binary->getOperand(1);
  return binary->getOperand(1) == operand ? binary->getOperand(0)
                                          : mlir::Value();
}

/// A value and the constant beside it, in either order.
struct WithConstant {
  mlir::Value value;
  float constant;
};

/// op(v, c) or op(c, v), for a commutative op and a constant of one element.
template <typename OpTy>
std::optional<WithConstant> matchWithConstant(mlir::Value result) {
  auto op = result.getDefiningOp<OpTy>();
  if (!op)
    return std::nullopt;
  if (std::optional<float> constant = getScalar(op.getB()))
    return WithConstant{op.getA(), *constant};
  if (std::optional<float> constant = getScalar(op.getA()))
    return WithConstant{op.getB(), *constant};
  return std::nullopt;
}

/// v where `result` is `OpTy` of v along the last axis, which stays as 1.
template <typename OpTy>
Match<mlir::Value> matchRowReduction(mlir::Value result) {
  auto reduce = result.getDefiningOp<OpTy>();
  if (!reduce)
    return miss("nothing is reduced");
  int64_t rank =
      llvm::cast<mlir::RankedTensorType>(reduce.getData().getType()).getRank();
  std::optional<std::vector<int64_t>> axes;
  if (reduce.getAxes())
    axes = getIntegers(reduce.getAxes());
  if (!axes || axes->size() != 1)
    return miss("more than the last axis is reduced");
  int64_t axis = axes->front() < 0 ? axes->front() + rank : axes->front();
  if (axis != rank - 1)
    return miss("axis " + llvm::Twine(axis) + " is reduced, not the last");
  if (reduce.getKeepdims() == 0)
    return miss("the reduced dimension is dropped");
  return reduce.getData();
}

/// v where `result` is `OpTy` of all of v, one number of any rank.
template <typename OpTy>
Match<mlir::Value> matchWholeReduction(mlir::Value result) {
  auto reduce = result.getDefiningOp<OpTy>();
  if (!reduce)
    return miss("nothing is reduced");
  size_t rank =
      llvm::cast<mlir::RankedTensorType>(reduce.getData().getType()).getRank();
  if (!reduce.getAxes() && reduce.getNoopWithEmptyAxes() == 0)
    return reduce.getData();
  std::optional<std::vector<int64_t>> axes;
  if (reduce.getAxes())
    axes = getIntegers(reduce.getAxes());
  // Axes are distinct, so that as many as there are are all.
  if (!axes || axes->size() != rank)
    return miss("a part of the axes is reduced");
  return reduce.getData();
}

/// v where `result` is v^2, as Pow(v, 2) or Mul(v, v).
mlir::Value matchSquare(mlir::Value result);

/// v where `result` is 1 / v, as Reciprocal(v) or Div(1, v).
mlir::Value matchReciprocal(mlir::Value result);

/// True for a vector of f32 as long as the rows of `rows`.
bool isRowVector(mlir::Value vector, mlir::Value rows);

/// True for rows of a known length of f32, f16 or bf16: a tensor of rank 2 or
/// more.
bool hasRows(mlir::Value value);

/// The same for f32 alone.
bool hasFloatRows(mlir::Value value);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_MATHMATCHERS_H
