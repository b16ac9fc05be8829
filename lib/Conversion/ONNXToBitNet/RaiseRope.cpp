// Recognises rotary positions: the operator, and pairs of channels that are
// turned by products with cosines and sines.
//
// A pair is channel i with i + half ("half") or with its neighbour
// ("interleaved"). Exporters turn it in two ways: as a whole,
//
//   x * cos + join(-b, a) * sin      for parts a and b of x,
//
// with each angle twice, or part by part,
//
//   join(a * cos - b * sin, b * cos + a * sin).
#include "Heads.h"
#include "MathMatchers.h"
#include "Raise.h"
#include "RotaryPairs.h"
#include "dialects/BitNet/BitNetDialect.h"

using namespace mlir;
using namespace bitnet;
using onnx::isSameDim;

namespace {

/// What turns each pair of x.
struct Rotation {
  Value x, cos, sin;
  bool interleaved;
};

} // namespace

/// v where `value` is -v.
static Value matchNegative(Value value) {
  if (auto neg = value.getDefiningOp<onnx::NegOp>())
    return neg.getX();
  std::optional<WithConstant> mul = matchWithConstant<onnx::MulOp>(value);
  return mul && mul->constant == -1.0f ? mul->value : Value();
}

//===----------------------------------------------------------------------===//
// Angles of each position
//===----------------------------------------------------------------------===//

/// True for angles [batch or 1, sequence, channels / 2] of x.
static bool isAngles(Value angles, Value x) {
  auto type = cast<RankedTensorType>(angles.getType());
  return type.getRank() == 3 && type.getElementType().isF32() &&
         type.getDimSize(2) == getDimSize(x, 3) / 2 &&
         isOneOrSameDim(angles, 0, x, 0) && isSameDim(angles, 1, x, 2);
}

/// True if a factor of x, `copies` times as long as its angles, has one row for
/// each position: [batch or 1, 1, sequence, ..], or less in front.
static bool isFactor(Value factor, Value x, int64_t copies) {
  auto type = cast<RankedTensorType>(factor.getType());
  int64_t rank = type.getRank();
  if (rank < 2 || rank > 4 || !type.getElementType().isF32() ||
      type.getShape().back() * 2 != getDimSize(x, 3) * copies ||
      !isSameDim(factor, rank - 2, x, 2))
    return false;
  return (rank < 3 || type.getDimSize(rank - 3) == 1) &&
         (rank < 4 || isOneOrSameDim(factor, 0, x, 0));
}

/// A factor, with each angle once, as [batch or 1, sequence, channels / 2].
static Value dropHeads(PatternRewriter &rewriter, Location loc, Value factor) {
  int64_t rank = getRank(factor);
  if (rank == 3)
    return factor;
  auto type = cast<RankedTensorType>(factor.getType());
  ArrayRef<int64_t> shape = type.getShape();
  if (rank == 2)
    return onnx::UnsqueezeOp::create(
        rewriter, loc, type.clone({1, shape[0], shape[1]}), factor,
        createIntegers(rewriter, loc, {0}));
  auto unsqueeze = factor.getDefiningOp<onnx::UnsqueezeOp>();
  if (unsqueeze && getIntegers(unsqueeze.getAxes()) == std::vector<int64_t>{1})
    return unsqueeze.getData();
  return onnx::SqueezeOp::create(rewriter, loc,
                                 type.clone({shape[0], shape[2], shape[3]}),
                                 factor, createIntegers(rewriter, loc, {1}));
}

//===----------------------------------------------------------------------===//
// Rotations
//===----------------------------------------------------------------------===//

/// x * cos + join(-b, a) * sin, where the sum's operands are in this order.
static Match<Rotation> matchTurnedWhole(Value straight, Value across) {
  auto left = straight.getDefiningOp<onnx::MulOp>(),
       right = across.getDefiningOp<onnx::MulOp>();
  if (!left || !right)
    return miss("not a sum of products");
  for (Value rotated : right->getOperands()) {
    Match<Parts> parts = matchJoin(rotated);
    if (!parts)
      continue;
    Value second = matchNegative(parts->first);
    Value x = second ? matchPartsOf({parts->second, second, parts->interleaved})
                     : Value();
    Value cos = x ? getOther(left, x) : Value();
    if (cos)
      return Rotation{x, cos, getOther(right, rotated), parts->interleaved};
  }
  return miss("no factor is a rotated operand");
}

/// The factor that `product` has besides `value`; null if it is no product.
static Value getFactorBeside(Value product, Value value) {
  auto mul = product.getDefiningOp<onnx::MulOp>();
  return mul ? getOther(mul, value) : Value();
}

/// cos and sin where first = a * cos - b * sin, second = b * cos + a * sin.
static Match<Rotation> matchTurnedParts(const Parts &turned) {
  auto sub = turned.first.getDefiningOp<onnx::SubOp>();
  auto add = turned.second.getDefiningOp<onnx::AddOp>();
  auto product = sub ? sub.getA().getDefiningOp<onnx::MulOp>() : nullptr;
  if (!add || !product)
    return miss("parts are not a difference and a sum of products");
  for (Value a : product->getOperands()) {
    Match<Part> part = matchPart(a);
    auto other = sub.getB().getDefiningOp<onnx::MulOp>();
    if (!part || part->isSecond || !other)
      continue;
    for (Value b : other->getOperands()) {
      Value cos = getOther(product, a), sin = getOther(other, b);
      if (matchPartsOf({a, b, turned.interleaved}) != part->x)
        continue;
      for (auto [left, right] : {std::pair(add.getA(), add.getB()),
                                 std::pair(add.getB(), add.getA())})
        if (getFactorBeside(left, b) == cos && getFactorBeside(right, a) == sin)
          return Rotation{part->x, cos, sin, turned.interleaved};
    }
  }
  return miss("parts are not turned by one angle");
}

static LogicalResult checkRotation(PatternRewriter &rewriter, Operation *root,
                                   const Rotation &rotation, int64_t copies) {
  Value x = rotation.x;
  if (!isHeads(x) || getDimSize(x, 3) % 2 != 0 ||
      root->getResult(0).getType() != x.getType())
    return rewriter.notifyMatchFailure(root, "not pairs of 4-D heads");
  for (Value factor : {rotation.cos, rotation.sin})
    if (!isFactor(factor, x, copies))
      return rewriter.notifyMatchFailure(root,
                                         "angles are not one set per position");
  return success();
}

static void replaceByRope(PatternRewriter &rewriter, Operation *root,
                          const Rotation &rotation) {
  Location loc = root->getLoc();
  replaceNamed(rewriter, root,
               RopeOp::create(rewriter, loc, rotation.x.getType(), rotation.x,
                              dropHeads(rewriter, loc, rotation.cos),
                              dropHeads(rewriter, loc, rotation.sin),
                              rotation.interleaved));
}

namespace {

/// x * cos + join(-b, a) * sin -> rope(x, cos, sin)
struct RaiseTurnedWhole : OpRewritePattern<onnx::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AddOp add,
                                PatternRewriter &rewriter) const override {
    Match<Rotation> rotation = matchTurnedWhole(add.getA(), add.getB());
    if (!rotation)
      rotation = matchTurnedWhole(add.getB(), add.getA());
    if (!rotation)
      return rewriter.notifyMatchFailure(add, rotation.miss().reason);
    if (failed(checkRotation(rewriter, add, *rotation, /*copies=*/2)))
      return failure();
    for (Value *factor : {&rotation->cos, &rotation->sin})
      if (!isTwice(*factor, rotation->interleaved))
        return rewriter.notifyMatchFailure(add, "a pair has two angles");
    for (Value *factor : {&rotation->cos, &rotation->sin})
      *factor = halve(rewriter, *factor);
    replaceByRope(rewriter, add, *rotation);
    return success();
  }
};

/// join(a * cos - b * sin, b * cos + a * sin) -> rope(join(a, b), cos, sin)
template <typename OpTy> struct RaiseTurnedParts : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Match<Parts> turned = matchJoin(op->getResult(0));
    if (!turned)
      return rewriter.notifyMatchFailure(op, turned.miss().reason);
    Match<Rotation> rotation = matchTurnedParts(*turned);
    if (!rotation)
      return rewriter.notifyMatchFailure(op, rotation.miss().reason);
    if (failed(checkRotation(rewriter, op, *rotation, /*copies=*/1)))
      return failure();
    replaceByRope(rewriter, op, *rotation);
    return success();
  }
};

/// RotaryEmbedding(x, cos, sin) -> rope(x, cos, sin)
struct RaiseRotaryEmbedding : OpRewritePattern<onnx::RotaryEmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::RotaryEmbeddingOp rotary,
                                PatternRewriter &rewriter) const override {
    Value x = rotary.getX();
    if (!isHeads(x))
      return rewriter.notifyMatchFailure(rotary, "input is not 4-D of f32");
    if (rotary.getPositionIds())
      return rewriter.notifyMatchFailure(rotary, "angles are looked up");
    auto rotated = static_cast<int64_t>(rotary.getRotaryEmbeddingDim());
    if (getDimSize(x, 3) % 2 != 0 ||
        (rotated != 0 && rotated != getDimSize(x, 3)))
      return rewriter.notifyMatchFailure(rotary, "some channels stay");
    if (!isAngles(rotary.getCosCache(), x) ||
        !isAngles(rotary.getSinCache(), x))
      return rewriter.notifyMatchFailure(rotary,
                                         "angles are not one set per position");
    replaceNamed(rewriter, rotary,
                 RopeOp::create(rewriter, rotary.getLoc(), rotary.getType(), x,
                                rotary.getCosCache(), rotary.getSinCache(),
                                rotary.getInterleaved() != 0));
    return success();
  }
};

/// RotaryEmbedding(x, cos, sin, ids) -> RotaryEmbedding(x, cos[ids], sin[ids])
struct LookUpAngles : OpRewritePattern<onnx::RotaryEmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::RotaryEmbeddingOp rotary,
                                PatternRewriter &rewriter) const override {
    Value ids = rotary.getPositionIds();
    if (!ids)
      return rewriter.notifyMatchFailure(rotary, "angles are not looked up");
    auto lookUp = [&](Value cache) -> Value {
      auto type = cast<RankedTensorType>(cache.getType());
      SmallVector<int64_t> shape(
          cast<RankedTensorType>(ids.getType()).getShape());
      shape.push_back(type.getDimSize(1));
      auto gather = onnx::GatherOp::create(
          rewriter, rotary.getLoc(), type.clone(shape), cache, ids, /*axis=*/0);
      SmallVector<StringRef> names;
      for (int64_t dim = 0; dim < 2; ++dim)
        names.push_back(onnx::getDimName(ids, dim));
      names.push_back("");
      setDimNames(gather, names);
      return gather;
    };
    Value cos = lookUp(rotary.getCosCache()),
          sin = lookUp(rotary.getSinCache());
    rewriter.modifyOpInPlace(rotary, [&] {
      rotary.getCosCacheMutable().assign(cos);
      rotary.getSinCacheMutable().assign(sin);
      rotary.getPositionIdsMutable().clear();
    });
    return success();
  }
};

} // namespace

void bitnet::populateRopePatterns(RewritePatternSet &patterns) {
  patterns
      .add<LookUpAngles, RaiseRotaryEmbedding, RaiseTurnedParts<onnx::ConcatOp>,
           RaiseTurnedParts<onnx::ReshapeOp>, RaiseTurnedWhole>(
          patterns.getContext());
}
