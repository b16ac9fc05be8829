// Shape functions and verifiers of the operators that compute.
#include "dialects/ONNX/ONNXKnownInts.h"
#include "dialects/ONNX/ONNXShapes.h"

using namespace mlir;
using namespace bitnet::onnx;

LogicalResult bitnet::onnx::inferClip(ClipOp op, InferredTypes &types) {
  RankedTensorType type = op.getX().getType();
  for (Value bound : {op.getLow(), op.getHigh()}) {
    auto boundType = bound ? cast<RankedTensorType>(bound.getType()) : nullptr;
    if (!boundType)
      continue;
    if (boundType.getElementType() != type.getElementType())
      return op.emitOpError("wants bounds of type ")
             << type.getElementType() << ", found "
             << boundType.getElementType();
    if (!boundType.hasStaticShape() || boundType.getNumElements() != 1)
      return op.emitOpError("wants scalar bounds, found ") << boundType;
  }
  types.push_back(type);
  return success();
}

LogicalResult bitnet::onnx::inferPow(PowOp op, InferredTypes &types) {
  RankedTensorType base = op.getX().getType();
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(op, {base.getShape(), op.getY().getType().getShape()});
  if (failed(shape))
    return failure();
  types.push_back(RankedTensorType::get(*shape, base.getElementType()));
  return success();
}

LogicalResult bitnet::onnx::inferWhere(WhereOp op, InferredTypes &types) {
  RankedTensorType x = op.getX().getType(), y = op.getY().getType();
  if (x.getElementType() != y.getElementType())
    return op.emitOpError("wants operands of one type, found ")
           << x.getElementType() << " and " << y.getElementType();
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(
      op, {op.getCondition().getType().getShape(), x.getShape(), y.getShape()});
  if (failed(shape))
    return failure();
  types.push_back(RankedTensorType::get(*shape, x.getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// `shape` with `axes` reduced to 1 or dropped.
static SmallVector<int64_t> reduceShape(ArrayRef<int64_t> shape,
                                        ArrayRef<int64_t> axes, bool keepDims) {
  SmallVector<int64_t> result;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      result.push_back(size);
    else if (keepDims)
      result.push_back(1);
  }
  return result;
}

/// The type of a reduction along axes that only the program knows.
static RankedTensorType reduceUnknown(RankedTensorType type, int64_t count,
                                      bool keepDims) {
  int64_t rank = keepDims ? type.getRank() : type.getRank() - count;
  if (rank < 0 || ShapedType::isDynamic(count))
    return {};
  SmallVector<int64_t> shape(rank, ShapedType::kDynamic);
  return RankedTensorType::get(shape, type.getElementType());
}

LogicalResult bitnet::onnx::inferReduce(Operation *op, InferredTypes &types) {
  auto type = cast<RankedTensorType>(op->getOperand(0).getType());
  auto flag = [&](StringRef name) {
    auto attribute = op->getAttrOfType<IntegerAttr>(name);
    return attribute && attribute.getInt() != 0;
  };
  bool keepDims = !op->getAttr("keepdims") || flag("keepdims");
  Value axesOperand = op->getNumOperands() > 1 ? op->getOperand(1) : Value();
  std::optional<SmallVector<int64_t>> axes = SmallVector<int64_t>();
  if (axesOperand)
    axes = getConstantInts(axesOperand);
  if (!axes) {
    auto axesType = cast<RankedTensorType>(axesOperand.getType());
    types.push_back(reduceUnknown(type, axesType.getDimSize(0), keepDims));
    return success();
  }
  if (axes->empty() && flag("noop_with_empty_axes")) {
    types.push_back(type);
    return success();
  }
  FailureOr<SmallVector<int64_t>> normal =
      normalizeAxes(op, *axes, type.getRank());
  if (failed(normal))
    return failure();
  if (normal->empty())
    normal = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  types.push_back(type.clone(reduceShape(type.getShape(), *normal, keepDims)));
  return success();
}

template <typename OpTy>
static LogicalResult inferArgReduceOf(OpTy op, InferredTypes &types) {
  RankedTensorType type = op.getData().getType();
  FailureOr<int64_t> axis = normalizeAxis(op, op.getAxis(), type.getRank());
  if (failed(axis))
    return failure();
  types.push_back(RankedTensorType::get(
      reduceShape(type.getShape(), {*axis}, op.getKeepdims() != 0),
      IntegerType::get(op.getContext(), 64)));
  return success();
}

LogicalResult bitnet::onnx::inferArgReduce(Operation *op,
                                           InferredTypes &types) {
  if (auto argMax = dyn_cast<ArgMaxOp>(op))
    return inferArgReduceOf(argMax, types);
  return inferArgReduceOf(cast<ArgMinOp>(op), types);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

static LogicalResult verifyContraction(Operation *op, int64_t a, int64_t b) {
  if (succeeded(verifyCompatibleShape({a}, {b})))
    return success();
  return op->emitOpError("contracts ") << a << " columns with " << b << " rows";
}

/// The result shape of numpy.matmul.
static FailureOr<SmallVector<int64_t>>
inferProduct(Operation *op, ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.empty() || b.empty()) {
    op->emitOpError("wants operands of rank 1 or more, found a scalar");
    return failure();
  }
  int64_t rowsOfB = b.size() == 1 ? b.front() : b[b.size() - 2];
  if (failed(verifyContraction(op, a.back(), rowsOfB)))
    return failure();
  ArrayRef<int64_t> batchOfA = a.drop_back(std::min<size_t>(2, a.size()));
  ArrayRef<int64_t> batchOfB = b.drop_back(std::min<size_t>(2, b.size()));
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes(op, {batchOfA, batchOfB});
  if (failed(shape))
    return failure();
  if (a.size() > 1)
    shape->push_back(a[a.size() - 2]);
  if (b.size() > 1)
    shape->push_back(b.back());
  return shape;
}

LogicalResult bitnet::onnx::inferMatMul(MatMulOp op, InferredTypes &types) {
  RankedTensorType a = op.getA().getType(), b = op.getB().getType();
  if (a.getElementType() != b.getElementType())
    return op.emitOpError("wants operands of one type, found ")
           << a.getElementType() << " and " << b.getElementType();
  FailureOr<SmallVector<int64_t>> shape =
      inferProduct(op, a.getShape(), b.getShape());
  if (failed(shape))
    return failure();
  types.push_back(RankedTensorType::get(*shape, a.getElementType()));
  return success();
}

LogicalResult bitnet::onnx::inferMatMulInteger(MatMulIntegerOp op,
                                               InferredTypes &types) {
  FailureOr<SmallVector<int64_t>> shape = inferProduct(
      op, op.getA().getType().getShape(), op.getB().getType().getShape());
  if (failed(shape))
    return failure();
  types.push_back(
      RankedTensorType::get(*shape, IntegerType::get(op.getContext(), 32)));
  return success();
}

LogicalResult bitnet::onnx::inferMatMulNBits(MatMulNBitsOp op,
                                             InferredTypes &types) {
  RankedTensorType a = op.getA().getType();
  if (op.getK() <= 0 || op.getN() <= 0 || op.getBlockSize() <= 0)
    return op.emitOpError("wants sizes above 0");
  if (op.getBits() != 2 && op.getBits() != 4)
    return op.emitOpError("has codes of ")
           << op.getBits() << " bits, supported are 2 and 4";
  if (a.getRank() == 0)
    return op.emitOpError("wants operands of rank 1 or more, found a scalar");
  if (failed(verifyContraction(op, a.getShape().back(), op.getK())))
    return failure();
  int64_t blocks = llvm::divideCeil(op.getK(), op.getBlockSize());
  int64_t bytes = op.getN() * blocks * (op.getBlockSize() * op.getBits() / 8);
  RankedTensorType b = op.getB().getType();
  RankedTensorType scales = op.getScales().getType();
  if (!b.hasStaticShape() || b.getNumElements() != bytes)
    return op.emitOpError("wants ") << bytes << " bytes of codes, found " << b;
  if (!scales.hasStaticShape() || scales.getNumElements() != op.getN() * blocks)
    return op.emitOpError("wants ")
           << op.getN() * blocks << " scales, found " << scales;
  SmallVector<int64_t> shape(a.getShape());
  shape.back() = op.getN();
  types.push_back(RankedTensorType::get(shape, a.getElementType()));
  return success();
}

LogicalResult bitnet::onnx::inferGemm(GemmOp op, InferredTypes &types) {
  RankedTensorType a = op.getA().getType(), b = op.getB().getType();
  if (a.getRank() != 2 || b.getRank() != 2)
    return op.emitOpError("wants matrices, found ") << a << " and " << b;
  if (a.getElementType() != b.getElementType())
    return op.emitOpError("wants operands of one type, found ")
           << a.getElementType() << " and " << b.getElementType();
  bool transA = op.getTransA() != 0, transB = op.getTransB() != 0;
  if (failed(verifyContraction(op, a.getDimSize(transA ? 0 : 1),
                               b.getDimSize(transB ? 1 : 0))))
    return failure();
  SmallVector<int64_t> shape = {a.getDimSize(transA ? 1 : 0),
                                b.getDimSize(transB ? 0 : 1)};
  if (op.getC()) {
    // The addend may not enlarge the product.
    ArrayRef<int64_t> addend = op.getC().getType().getShape();
    FailureOr<SmallVector<int64_t>> common =
        broadcastShapes(op, {shape, addend});
    if (failed(common))
      return failure();
    if (failed(verifyCompatibleShape(*common, shape)))
      return op.emitOpError("addend ")
             << op.getC().getType() << " is larger than the product";
  }
  types.push_back(RankedTensorType::get(shape, a.getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

LogicalResult ModOp::verify() {
  if (isa<FloatType>(getA().getType().getElementType()) && getFmod() == 0)
    return emitOpError("wants fmod = 1 for floats, found 0");
  return success();
}

LogicalResult BitShiftOp::verify() {
  if (getDirection() != "LEFT" && getDirection() != "RIGHT")
    return emitOpError("wants direction LEFT or RIGHT, found '")
           << getDirection() << "'";
  return success();
}
