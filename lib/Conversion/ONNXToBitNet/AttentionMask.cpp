// Makes one mask of all that a model does to its scores. See AttentionMask.h.
//
// How a model makes its masks does not matter here: causal or padded, by
// ranges, sums or lookups, a mask is computed once and every layer reads it. A
// float mask that only says "seen" or "hidden" becomes the truth value it was
// made of.
#include "AttentionMask.h"

#include "ConstantTensor.h"
#include "Heads.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using bitnet::onnx::isSameDim;

static bool isTruthValue(Value value) {
  return getElementTypeOrSelf(value).isInteger(1);
}

namespace {

/// A dimension of a value.
struct Dim {
  Value value;
  int64_t index;
};

/// Builds the mask of some queries and keys.
class MaskBuilder {
public:
  MaskBuilder(PatternRewriter &rewriter, Location loc, Value query, Value key)
      : rewriter(rewriter), loc(loc),
        scores{Dim{query, 0}, Dim{query, 1}, Dim{query, 2}, Dim{key, 2}} {}

  void add(MaskTerm term);

  /// All terms as one.
  Value finish();

private:
  Value toRankFour(Value value);
  Value fitToScores(Value value);
  Value sizeVector(Dim dim);

  template <typename OpTy> Value create(Type element, ValueRange operands);
  Value scalar(float number);

  PatternRewriter &rewriter;
  Location loc;
  std::array<Dim, 4> scores;
  Value seen, added;
};

} // namespace

/// An op whose result has the broadcast shape of its operands.
template <typename OpTy>
Value MaskBuilder::create(Type element, ValueRange operands) {
  SmallVector<int64_t> shape(4, 1);
  SmallVector<StringRef> names(4);
  for (Value operand : operands)
    for (int64_t dim = 0; dim < getRank(operand); ++dim)
      if (getDimSize(operand, dim) != 1) {
        shape[dim] = getDimSize(operand, dim);
        names[dim] = onnx::getDimName(operand, dim);
      }
  auto op = OpTy::create(rewriter, loc, RankedTensorType::get(shape, element),
                         operands);
  setDimNames(op, names);
  return op->getResult(0);
}

Value MaskBuilder::scalar(float number) {
  auto type = RankedTensorType::get({}, rewriter.getF32Type());
  return onnx::ConstantOp::create(rewriter, loc, type,
                                  DenseElementsAttr::get(type, number));
}

Value MaskBuilder::toRankFour(Value value) {
  int64_t missing = 4 - getRank(value);
  if (missing == 0)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(missing, 1), axes;
  SmallVector<StringRef> names(missing);
  for (int64_t axis = 0; axis < missing; ++axis)
    axes.push_back(axis);
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    shape.push_back(type.getDimSize(dim));
    names.push_back(onnx::getDimName(value, dim));
  }
  auto op = onnx::UnsqueezeOp::create(rewriter, loc, type.clone(shape), value,
                                      createIntegers(rewriter, loc, axes));
  setDimNames(op, names);
  return op;
}

/// A dimension of the scores as a vector of one element.
Value MaskBuilder::sizeVector(Dim dim) {
  auto type = RankedTensorType::get({1}, rewriter.getI64Type());
  return onnx::ShapeOp::create(rewriter, loc, type, dim.value,
                               rewriter.getI64IntegerAttr(dim.index),
                               rewriter.getI64IntegerAttr(dim.index + 1));
}

/// Repeats what is the same for all keys. A size of which nothing is known is
/// compared when the program runs, as the model's own broadcast would be.
Value MaskBuilder::fitToScores(Value value) {
  value = toRankFour(value);
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  SmallVector<StringRef> names;
  SmallVector<Value> sizes;
  bool fits = true;
  for (auto [dim, score] : llvm::enumerate(scores)) {
    bool staysOne = dim != 3 && type.getDimSize(dim) == 1;
    fits &= staysOne || isSameDim(value, dim, score.value, score.index);
    shape.push_back(staysOne ? 1 : getDimSize(score.value, score.index));
    names.push_back(staysOne ? "" : onnx::getDimName(score.value, score.index));
    sizes.push_back(staysOne ? createIntegers(rewriter, loc, {1})
                             : sizeVector(score));
  }
  if (fits)
    return value;
  auto vector = RankedTensorType::get({4}, rewriter.getI64Type());
  Value size = onnx::ConcatOp::create(rewriter, loc, vector, sizes, /*axis=*/0);
  auto expand =
      onnx::ExpandOp::create(rewriter, loc, type.clone(shape), value, size);
  setDimNames(expand, names);
  return expand;
}

/// The truth value that a float mask was made of, if it says nothing else:
/// where(c, 0, -inf).
static std::optional<MaskTerm> matchHiding(Value added) {
  auto where = added.getDefiningOp<onnx::WhereOp>();
  if (!where)
    return std::nullopt;
  std::optional<float> x = getScalar(where.getX()), y = getScalar(where.getY());
  if (x == 0.0f && y && std::isinf(*y) && *y < 0)
    return MaskTerm{MaskTerm::Seen, where.getCondition()};
  if (y == 0.0f && x && std::isinf(*x) && *x < 0)
    return MaskTerm{MaskTerm::Hidden, where.getCondition()};
  return std::nullopt;
}

void MaskBuilder::add(MaskTerm term) {
  if (term.kind == MaskTerm::Added)
    term = matchHiding(term.value).value_or(term);
  Value value = toRankFour(term.value);
  Type truth = rewriter.getI1Type(), number = rewriter.getF32Type();
  if (term.kind == MaskTerm::Hidden)
    value = create<onnx::NotOp>(truth, value);
  if (term.kind != MaskTerm::Added && !std::isinf(term.fill)) {
    value =
        create<onnx::WhereOp>(number, {value, scalar(0.0f), scalar(term.fill)});
    term.kind = MaskTerm::Added;
  }
  // The terms may be of different sizes only where one of them is 1.
  value = fitToScores(value);
  if (term.kind == MaskTerm::Added)
    added = added ? create<onnx::AddOp>(number, {added, value}) : value;
  else
    seen = seen ? create<onnx::AndOp>(truth, {seen, value}) : value;
}

Value MaskBuilder::finish() {
  if (!seen || !added)
    return seen ? seen : added;
  return create<onnx::WhereOp>(rewriter.getF32Type(),
                               {seen, added, scalar(-INFINITY)});
}

Match<Value> bitnet::matchMaskOperand(Value value, Value query, Value key) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!isTruthValue(value) && !type.getElementType().isF32())
    return miss("mask is neither a truth value nor f32");
  if (type.getRank() > 4)
    return miss("mask has more than 4 dimensions");
  std::array<Dim, 4> scores = {Dim{query, 0}, Dim{query, 1}, Dim{query, 2},
                               Dim{key, 2}};
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    const Dim &score = scores[4 - type.getRank() + dim];
    int64_t size = type.getDimSize(dim),
            wanted = getDimSize(score.value, score.index);
    if (size != 1 && !ShapedType::isDynamic(size) &&
        !ShapedType::isDynamic(wanted) && size != wanted)
      return miss("mask has another shape than the scores");
  }
  return value;
}

Value bitnet::createMask(PatternRewriter &rewriter, Location loc,
                         ArrayRef<MaskTerm> terms, Value query, Value key) {
  MaskBuilder builder(rewriter, loc, query, key);
  for (const MaskTerm &term : terms)
    builder.add(term);
  return builder.finish();
}
