// Shape functions and verifiers of activations and normalizations.
#include "dialects/ONNX/ONNXShapes.h"

using namespace mlir;
using namespace bitnet::onnx;

/// Checks that `operand` can be broadcast to `type` without enlarging it.
static LogicalResult verifyParameter(Operation *op, StringRef name,
                                     Value operand, RankedTensorType type) {
  auto found = cast<RankedTensorType>(operand.getType());
  FailureOr<SmallVector<int64_t>> common =
      broadcastShapes(op, {type.getShape(), found.getShape()});
  if (failed(common))
    return failure();
  if (failed(verifyCompatibleShape(*common, type.getShape())))
    return op->emitOpError()
           << name << " " << found << " is larger than " << type;
  return success();
}

LogicalResult bitnet::onnx::inferLayerNormalization(LayerNormalizationOp op,
                                                    InferredTypes &types) {
  RankedTensorType type = op.getX().getType();
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), type.getRank());
  if (failed(axis) ||
      failed(verifyParameter(op, "scale", op.getScale(), type)) ||
      (op.getBias() && failed(verifyParameter(op, "bias", op.getBias(), type))))
    return failure();
  types.push_back(type);
  if (op.getStatistics().empty())
    return success();
  Type stash = getElementTypeOf(op.getContext(), op.getStashType());
  if (!isa_and_present<FloatType>(stash))
    return op.emitOpError("stash_type must be a float type, found ")
           << op.getStashType();
  SmallVector<int64_t> shape(type.getShape());
  std::fill(shape.begin() + *axis, shape.end(), 1);
  size_t count = std::min<size_t>(op.getStatistics().size(), 2);
  types.append(count, RankedTensorType::get(shape, stash));
  return success();
}

LogicalResult bitnet::onnx::inferRMSNormalization(RMSNormalizationOp op,
                                                  InferredTypes &types) {
  RankedTensorType type = op.getX().getType();
  if (failed(normalizeAxis(op, op.getAxis(), type.getRank())) ||
      failed(verifyParameter(op, "scale", op.getScale(), type)))
    return failure();
  // The result has the type of the scale, says the schema.
  types.push_back(type.clone(op.getScale().getType().getElementType()));
  return success();
}

LogicalResult SoftmaxOp::verify() {
  return normalizeAxis(*this, getAxis(), getInput().getType().getRank());
}

LogicalResult LogSoftmaxOp::verify() {
  return normalizeAxis(*this, getAxis(), getInput().getType().getRank());
}

LogicalResult GeluOp::verify() {
  if (getApproximate() != "none" && getApproximate() != "tanh")
    return emitOpError("wants approximate = none or tanh, found '")
           << getApproximate() << "'";
  return success();
}
