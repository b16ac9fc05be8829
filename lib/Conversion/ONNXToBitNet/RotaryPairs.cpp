// Recognises pairs of channels and repeated angles. See RotaryPairs.h.
#include "RotaryPairs.h"

#include "ConstantTensor.h"
#include "Heads.h"

using namespace mlir;
using namespace bitnet;

static bool isLastAxis(int64_t axis, Value value) {
  return axis == -1 || axis == getRank(value) - 1;
}

/// x where `value` is unsqueeze(x, -1).
static Value matchNewLastAxis(Value value) {
  auto unsqueeze = value.getDefiningOp<onnx::UnsqueezeOp>();
  auto axes = unsqueeze ? getIntegers(unsqueeze.getAxes()) : std::nullopt;
  if (!axes || axes->size() != 1 || !isLastAxis(axes->front(), value))
    return nullptr;
  return unsqueeze.getData();
}

Match<Parts> bitnet::matchJoin(Value value) {
  auto reshape = value.getDefiningOp<onnx::ReshapeOp>();
  Value joined = reshape ? reshape.getData() : value;
  auto concat = joined.getDefiningOp<onnx::ConcatOp>();
  if (!concat || concat.getInputs().size() != 2 ||
      !isLastAxis(concat.getAxis(), joined))
    return miss("not two parts along the last axis");
  ValueRange inputs = concat.getInputs();
  if (!reshape) {
    if (inputs[0].getType() != inputs[1].getType())
      return miss("parts are not halves");
    return Parts{inputs[0], inputs[1], false};
  }
  Value first = matchNewLastAxis(inputs[0]),
        second = matchNewLastAxis(inputs[1]);
  if (!first || !second || getRank(value) != getRank(first) ||
      getDimSize(value, getRank(value) - 1) !=
          2 * getDimSize(first, getRank(first) - 1))
    return miss("parts are not interleaved");
  return Parts{first, second, true};
}

Match<Part> bitnet::matchPart(Value value) {
  if (auto split = value.getDefiningOp<onnx::SplitOp>()) {
    Value x = split.getInput();
    if (split->getNumResults() != 2 || !isLastAxis(split.getAxis(), x) ||
        split.getResult(0).getType() != split.getResult(1).getType())
      return miss("not cut into halves");
    return Part{x, value == split.getResult(1), false};
  }
  auto slice = value.getDefiningOp<onnx::SliceOp>();
  if (!slice)
    return miss("not a slice");
  Value x = slice.getData();
  auto starts = getIntegers(slice.getStarts());
  auto axes = slice.getAxes() ? getIntegers(slice.getAxes()) : std::nullopt;
  auto steps = slice.getSteps() ? getIntegers(slice.getSteps())
                                : std::optional(std::vector<int64_t>{1});
  if (!starts || !axes || !steps || starts->size() != 1 ||
      !isLastAxis(axes->front(), x))
    return miss("not a constant slice of the last axis");
  int64_t channels = getDimSize(x, getRank(x) - 1), start = starts->front();
  if (start < 0)
    start += channels;
  bool interleaved = steps->front() == 2;
  int64_t second = interleaved ? 1 : channels / 2;
  // A slice of the right start and length is the right one.
  if ((steps->front() != 1 && !interleaved) || channels % 2 != 0 ||
      getDimSize(value, getRank(value) - 1) != channels / 2 ||
      (start != 0 && start != second))
    return miss("not one channel of each pair");
  return Part{x, start != 0, interleaved};
}

Value bitnet::matchPartsOf(const Parts &parts) {
  Match<Part> first = matchPart(parts.first), second = matchPart(parts.second);
  if (!first || !second || first->x != second->x || first->isSecond ||
      !second->isSecond || first->interleaved != parts.interleaved ||
      second->interleaved != parts.interleaved)
    return nullptr;
  return first->x;
}

//===----------------------------------------------------------------------===//
// Angles that are there twice
//===----------------------------------------------------------------------===//

/// Ops that work on each element, or move no element along the last axis.
static bool keepsLastAxis(Operation *op) {
  if (auto unsqueeze = dyn_cast<onnx::UnsqueezeOp>(op)) {
    auto axes = getIntegers(unsqueeze.getAxes());
    return axes && llvm::none_of(*axes, [&](int64_t axis) {
             return isLastAxis(axis, unsqueeze.getExpanded());
           });
  }
  if (auto gather = dyn_cast<onnx::GatherOp>(op))
    return !isLastAxis(gather.getAxis(), gather.getData());
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    auto axes = slice.getAxes() ? getIntegers(slice.getAxes()) : std::nullopt;
    return axes && llvm::none_of(*axes, [&](int64_t axis) {
             return isLastAxis(axis, slice.getData());
           });
  }
  if (auto mul = dyn_cast<onnx::MulOp>(op))
    return getScalar(mul.getB()) && getRank(mul.getB()) == 0;
  return isa<onnx::CastOp, onnx::CosOp, onnx::IdentityOp, onnx::SinOp>(op);
}

/// The first of two equal halves of the rows of a constant; none if the halves
/// differ.
static std::optional<std::vector<float>> halveConstant(Value value) {
  std::optional<std::vector<float>> all = getFloats(value);
  int64_t rank = getRank(value);
  int64_t row = rank > 0 ? getDimSize(value, rank - 1) : 1;
  if (!all || row % 2 != 0)
    return std::nullopt;
  std::vector<float> halves;
  for (auto start = all->begin(); start != all->end(); start += row) {
    if (!std::equal(start, start + row / 2, start + row / 2))
      return std::nullopt;
    halves.insert(halves.end(), start, start + row / 2);
  }
  return halves;
}

bool bitnet::isTwice(Value value, bool interleaved) {
  Operation *op = value.getDefiningOp();
  if (!op || getRank(value) == 0)
    return false;
  Match<Parts> parts = matchJoin(value);
  if (parts && parts->first == parts->second)
    return parts->interleaved == interleaved;
  if (isa<onnx::ConstantOp>(op))
    return !interleaved && halveConstant(value).has_value();
  return keepsLastAxis(op) && isTwice(op->getOperand(0), interleaved);
}

Value bitnet::halve(PatternRewriter &rewriter, Value value) {
  Operation *op = value.getDefiningOp();
  Match<Parts> parts = matchJoin(value);
  if (parts && parts->first == parts->second)
    return parts->first;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() /= 2;
  if (isa<onnx::ConstantOp>(op))
    return onnx::ConstantOp::create(
        rewriter, op->getLoc(), type.clone(shape),
        DenseElementsAttr::get(type.clone(shape),
                               ArrayRef<float>(*halveConstant(value))));
  Value operand = halve(rewriter, op->getOperand(0));
  Operation *half = rewriter.clone(*op);
  half->setOperand(0, operand);
  half->getResult(0).setType(type.clone(shape));
  return half->getResult(0);
}
