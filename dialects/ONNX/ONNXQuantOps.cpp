// Shape functions of the operators of quantization.
#include "dialects/ONNX/ONNXShapes.h"

using namespace mlir;
using namespace bitnet::onnx;

namespace {
/// How a scale lies on the tensor that it scales.
struct ScaleLayout {
  RankedTensorType tensor, scale;
  int64_t axis, blockSize;
};
} // namespace

static LogicalResult verifyBlocks(Operation *op, const ScaleLayout &layout,
                                  int64_t axis) {
  if (layout.scale.getRank() != layout.tensor.getRank())
    return op->emitOpError("wants one scale per block, found ") << layout.scale;
  SmallVector<int64_t> wanted(layout.tensor.getShape());
  if (!ShapedType::isDynamic(wanted[axis]))
    wanted[axis] = llvm::divideCeil(wanted[axis], layout.blockSize);
  if (failed(verifyCompatibleShape(wanted, layout.scale.getShape())))
    return op->emitOpError("wants one scale per block of ")
           << layout.blockSize << " along axis " << axis << ", found "
           << layout.scale;
  return success();
}

/// One element, or one per index along `axis`, or one per block.
static LogicalResult verifyScale(Operation *op, const ScaleLayout &layout) {
  if (layout.blockSize < 0)
    return op->emitOpError("wants block_size >= 0, found ") << layout.blockSize;
  bool isScalar =
      layout.scale.hasStaticShape() && layout.scale.getNumElements() == 1;
  if (layout.blockSize == 0 && isScalar)
    return success();
  FailureOr<int64_t> axis =
      normalizeAxis(op, layout.axis, layout.tensor.getRank());
  if (failed(axis))
    return failure();
  if (layout.blockSize > 0)
    return verifyBlocks(op, layout, *axis);
  if (layout.scale.getRank() != 1 ||
      failed(verifyCompatibleShape({layout.scale.getDimSize(0)},
                                   {layout.tensor.getDimSize(*axis)})))
    return op->emitOpError("wants a scale for each of ")
           << layout.tensor.getDimSize(*axis) << " indices of axis " << *axis
           << ", found " << layout.scale;
  return success();
}

static LogicalResult verifyZeroPoint(Operation *op, Value zeroPoint,
                                     RankedTensorType scale, Type code) {
  if (!zeroPoint)
    return success();
  auto type = cast<RankedTensorType>(zeroPoint.getType());
  if (type.getElementType() != code)
    return op->emitOpError("wants a zero point of type ")
           << code << ", found " << type.getElementType();
  auto isScalar = [](RankedTensorType type) {
    return type.hasStaticShape() && type.getNumElements() == 1;
  };
  if (isScalar(type) && isScalar(scale))
    return success();
  if (failed(verifyCompatibleShape(type.getShape(), scale.getShape())))
    return op->emitOpError("wants a zero point of the scale's shape, found ")
           << type;
  return success();
}

/// The type of a result whose type number is `number`, or else `other`.
static FailureOr<Type> getResultElement(Operation *op, int64_t number,
                                        Type other) {
  Type type = number ? getElementTypeOf(op->getContext(), number) : other;
  if (type)
    return type;
  op->emitOpError("unsupported output_dtype ") << number;
  return failure();
}

LogicalResult bitnet::onnx::inferDequantizeLinear(DequantizeLinearOp op,
                                                  InferredTypes &types) {
  RankedTensorType x = op.getX().getType(), scale = op.getXScale().getType();
  if (failed(verifyScale(op, {x, scale, op.getAxis(), op.getBlockSize()})) ||
      failed(
          verifyZeroPoint(op, op.getXZeroPoint(), scale, x.getElementType())))
    return failure();
  FailureOr<Type> element =
      getResultElement(op, op.getOutputDtype(), scale.getElementType());
  if (failed(element))
    return failure();
  types.push_back(x.clone(*element));
  return success();
}

LogicalResult bitnet::onnx::inferQuantizeLinear(QuantizeLinearOp op,
                                                InferredTypes &types) {
  RankedTensorType x = op.getX().getType(), scale = op.getYScale().getType();
  if (failed(verifyScale(op, {x, scale, op.getAxis(), op.getBlockSize()})))
    return failure();
  Value zeroPoint = op.getYZeroPoint();
  Type byDefault =
      zeroPoint ? cast<RankedTensorType>(zeroPoint.getType()).getElementType()
                : getElementTypeOf(op.getContext(), 2);
  FailureOr<Type> element =
      getResultElement(op, op.getOutputDtype(), byDefault);
  if (failed(element) ||
      failed(verifyZeroPoint(op, zeroPoint, scale, *element)))
    return failure();
  types.push_back(x.clone(*element));
  return success();
}

LogicalResult
bitnet::onnx::inferDynamicQuantizeLinear(DynamicQuantizeLinearOp op,
                                         InferredTypes &types) {
  RankedTensorType x = op.getX().getType();
  Type code = getElementTypeOf(op.getContext(), 2);
  types.push_back(x.clone(code));
  types.push_back(RankedTensorType::get({}, x.getElementType()));
  types.push_back(RankedTensorType::get({}, code));
  return success();
}
