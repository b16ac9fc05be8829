// See ConstantReductions.h.
#include "ConstantReductions.h"

#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace bitnet;

/// A pairwise sum adds leaves of at most so many elements, in 8 lanes.
static constexpr int64_t kLeaf = 128, kLanes = 8;

static Value createInts(OpBuilder &b, Location loc, ArrayRef<int64_t> ints) {
  auto type = RankedTensorType::get({static_cast<int64_t>(ints.size())},
                                    b.getI64Type());
  return onnx::ConstantOp::create(b, loc, type,
                                  DenseElementsAttr::get(type, ints));
}

/// Sums over axis `axis` of `x` seen as a tensor of `shape`.
static Value sumAs(OpBuilder &b, Value x, SmallVector<int64_t> shape,
                   int64_t axis) {
  Location loc = x.getLoc();
  Type element = cast<RankedTensorType>(x.getType()).getElementType();
  Value seen =
      onnx::ReshapeOp::create(b, loc, RankedTensorType::get(shape, element), x,
                              createInts(b, loc, shape));
  shape.erase(shape.begin() + axis);
  return onnx::ReduceSumOp::create(b, loc,
                                   RankedTensorType::get(shape, element), seen,
                                   createInts(b, loc, axis), /*keepdims=*/0);
}

/// The elements of a leaf if halving `size` gives equal ones.
static std::optional<int64_t> getLeaf(int64_t size) {
  while (size > kLeaf) {
    if (size % (2 * kLanes) != 0)
      return std::nullopt;
    size /= 2;
  }
  return size >= kLanes && size % kLanes == 0 ? std::optional<int64_t>(size)
                                              : std::nullopt;
}

/// The sum of all of x as a tensor of one element.
static Value sumInPairs(OpBuilder &b, Value x, int64_t size, int64_t leaf) {
  Value lanes = sumAs(b, x, {size / leaf, leaf / kLanes, kLanes}, 1);
  for (int64_t count = size / leaf * kLanes; count > 1; count /= 2)
    lanes = sumAs(b, lanes, {count / 2, 2}, 1);
  return lanes;
}

/// sum / count in the shape of the result
static Value finish(OpBuilder &b, Operation *op, Value sum, int64_t count) {
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value result = onnx::ReshapeOp::create(b, loc, type, sum,
                                         createInts(b, loc, type.getShape()));
  if (isa<onnx::ReduceSumOp>(op))
    return result;
  auto scalar = RankedTensorType::get({}, b.getF32Type());
  Value divisor = onnx::ConstantOp::create(
      b, loc, scalar,
      DenseElementsAttr::get(scalar, static_cast<float>(count)));
  return onnx::DivOp::create(b, loc, type, result, divisor);
}

/// ONNX's number of a type.
static int64_t getTypeNumber(Type type) {
  if (type.isF16())
    return 10;
  if (type.isBF16())
    return 16;
  return type.isF32() ? 1 : 11;
}

static Value castTo(OpBuilder &b, Value x, Type element) {
  auto type = cast<RankedTensorType>(x.getType());
  return onnx::CastOp::create(b, x.getLoc(), type.clone(element), x,
                              getTypeNumber(element));
}

/// The same reduction in a wider type, rounded once.
static void widen(OpBuilder &b, Operation *op, Type wide) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  op->setOperand(0, castTo(b, op->getOperand(0), wide));
  op->getResult(0).setType(type.clone(wide));
  b.setInsertionPointAfter(op);
  Value rounded = castTo(b, op->getResult(0), type.getElementType());
  op->getResult(0).replaceAllUsesExcept(rounded, rounded.getDefiningOp());
}

void bitnet::refineReduction(OpBuilder &b, Operation *op) {
  if (!isa<onnx::ReduceMeanOp, onnx::ReduceSumOp>(op))
    return;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto input = cast<RankedTensorType>(op->getOperand(0).getType());
  Type element = type.getElementType();
  bool isHalf = element.isF16() || element.isBF16();
  if ((!element.isF32() && !isHalf) || input.getNumElements() == 0)
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  // PyTorch adds halves in f32.
  if (isHalf) {
    widen(b, op, b.getF32Type());
    b.setInsertionPoint(op);
  }
  int64_t size = input.getNumElements();
  std::optional<int64_t> leaf = getLeaf(size);
  if (type.getNumElements() != 1 || !leaf)
    return widen(b, op, b.getF64Type());
  Value sum = sumInPairs(b, op->getOperand(0), size, *leaf);
  op->getResult(0).replaceAllUsesWith(finish(b, op, sum, size));
  op->erase();
}
