// What shape functions are made of: axes, broadcasting, element types.
#include "dialects/ONNX/ONNXShapes.h"

#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace bitnet::onnx;

Type bitnet::onnx::getElementTypeOf(MLIRContext *context, int64_t number) {
  auto integer = [&](unsigned width, bool isUnsigned = false) {
    return IntegerType::get(context, width,
                            isUnsigned ? IntegerType::Unsigned
                                       : IntegerType::Signless);
  };
  // clang-format off
  switch (number) {
  case 1: return Float32Type::get(context);
  case 2: return integer(8, true);
  case 3: return integer(8);
  case 4: return integer(16, true);
  case 5: return integer(16);
  case 6: return integer(32);
  case 7: return integer(64);
  case 9: return integer(1);
  case 10: return Float16Type::get(context);
  case 11: return Float64Type::get(context);
  case 12: return integer(32, true);
  case 13: return integer(64, true);
  case 16: return BFloat16Type::get(context);
  case 21: return integer(4, true);
  case 22: return integer(4);
  case 25: return integer(2, true);
  case 26: return integer(2);
  default: return {};
  }
  // clang-format on
}

FailureOr<int64_t> bitnet::onnx::normalizeAxis(Operation *op, int64_t axis,
                                               int64_t rank) {
  if (axis < -rank || axis >= rank) {
    op->emitOpError("axis ") << axis << " lies outside of rank " << rank;
    return failure();
  }
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>>
bitnet::onnx::normalizeAxes(Operation *op, ArrayRef<int64_t> axes,
                            int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normal = normalizeAxis(op, axis, rank);
    if (failed(normal))
      return failure();
    if (llvm::is_contained(result, *normal)) {
      op->emitOpError("axis ") << axis << " is given twice";
      return failure();
    }
    result.push_back(*normal);
  }
  return result;
}

FailureOr<int64_t> bitnet::onnx::broadcastSizes(int64_t a, int64_t b) {
  if (a == b || b == 1)
    return a;
  if (a == 1)
    return b;
  if (ShapedType::isDynamic(a))
    return b;
  if (ShapedType::isDynamic(b))
    return a;
  return failure();
}

FailureOr<SmallVector<int64_t>>
bitnet::onnx::broadcastShapes(Operation *op,
                              ArrayRef<ArrayRef<int64_t>> shapes) {
  SmallVector<int64_t> result;
  for (ArrayRef<int64_t> shape : shapes) {
    if (shape.size() > result.size())
      result.insert(result.begin(), shape.size() - result.size(), 1);
    size_t offset = result.size() - shape.size();
    for (auto [index, size] : llvm::enumerate(shape)) {
      int64_t &dim = result[offset + index];
      FailureOr<int64_t> common = broadcastSizes(dim, size);
      if (failed(common)) {
        op->emitOpError("cannot broadcast size ")
            << dim << " and size " << size << " of dimension "
            << offset + index;
        return failure();
      }
      dim = *common;
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Families
//===----------------------------------------------------------------------===//

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

LogicalResult bitnet::onnx::inferSameAsFirst(Operation *op,
                                             InferredTypes &types) {
  types.push_back(typeOf(op->getOperand(0)));
  return success();
}

LogicalResult bitnet::onnx::inferBoolOfFirst(Operation *op,
                                             InferredTypes &types) {
  types.push_back(
      typeOf(op->getOperand(0)).clone(IntegerType::get(op->getContext(), 1)));
  return success();
}

/// The common shape of all operands, which must have one element type.
static FailureOr<RankedTensorType> broadcastOperands(Operation *op) {
  if (op->getNumOperands() == 0) {
    op->emitOpError("has no operands");
    return failure();
  }
  Type element = typeOf(op->getOperand(0)).getElementType();
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : op->getOperands()) {
    if (typeOf(operand).getElementType() != element) {
      op->emitOpError("wants operands of one type, found ")
          << element << " and " << typeOf(operand).getElementType();
      return failure();
    }
    shapes.push_back(typeOf(operand).getShape());
  }
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(op, shapes);
  if (failed(shape))
    return failure();
  return RankedTensorType::get(*shape, element);
}

LogicalResult bitnet::onnx::inferBroadcast(Operation *op,
                                           InferredTypes &types) {
  FailureOr<RankedTensorType> type = broadcastOperands(op);
  if (failed(type))
    return failure();
  types.push_back(*type);
  return success();
}

LogicalResult bitnet::onnx::inferBroadcastBool(Operation *op,
                                               InferredTypes &types) {
  FailureOr<RankedTensorType> type = broadcastOperands(op);
  if (failed(type))
    return failure();
  types.push_back(cast<RankedTensorType>(
      type->clone(IntegerType::get(op->getContext(), 1))));
  return success();
}
