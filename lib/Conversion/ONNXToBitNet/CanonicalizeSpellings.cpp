// Brings the spellings of one thing to one form, so that matchers are few.
//
// Each rewrite is exact: a layer that no matcher takes still computes what
// the model says.
#include "Heads.h"
#include "MathMatchers.h"
#include "Raise.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using bitnet::onnx::isSameDim;

namespace {

/// x and a constant bound where `op` limits x to it.
struct Bounded {
  Value x;
  Value bound;
};

} // namespace

/// Max(x, c) or Min(x, c), in either order.
template <typename OpTy> static std::optional<Bounded> matchBounded(OpTy op) {
  if (op->getNumOperands() != 2)
    return std::nullopt;
  for (Value bound : op->getOperands()) {
    Value x = getOther(op, bound);
    if (getScalar(bound) && x.getType() == op->getResult(0).getType())
      return Bounded{x, bound};
  }
  return std::nullopt;
}

/// A constant in another shape.
static Value reshapeConstant(OpBuilder &b, Value constant,
                             ArrayRef<int64_t> shape) {
  ElementsAttr value = getConstant(constant);
  auto type = RankedTensorType::get(shape, value.getElementType());
  if (type == value.getType())
    return constant;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    value = DenseResourceElementsAttr::get(type, resource.getRawHandle());
  else
    value = cast<DenseElementsAttr>(value).reshape(type);
  return onnx::ConstantOp::create(b, constant.getLoc(), type, value);
}

namespace {

/// max(x, c) -> clip(x, c, )
struct MaxToClip : OpRewritePattern<onnx::MaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MaxOp max,
                                PatternRewriter &rewriter) const override {
    std::optional<Bounded> bounded = matchBounded(max);
    if (!bounded)
      return rewriter.notifyMatchFailure(max, "no bound is constant");
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(
        max, max.getType(), bounded->x,
        reshapeConstant(rewriter, bounded->bound, {}), Value());
    return success();
  }
};

/// min(x, c) -> clip(x, , c)
struct MinToClip : OpRewritePattern<onnx::MinOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MinOp min,
                                PatternRewriter &rewriter) const override {
    std::optional<Bounded> bounded = matchBounded(min);
    if (!bounded)
      return rewriter.notifyMatchFailure(min, "no bound is constant");
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(
        min, min.getType(), bounded->x, Value(),
        reshapeConstant(rewriter, bounded->bound, {}));
    return success();
  }
};

/// clip(clip(x, low, ), , high) -> clip(x, low, high), and the other way round
/// where low <= high
struct MergeClips : OpRewritePattern<onnx::ClipOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ClipOp outer,
                                PatternRewriter &rewriter) const override {
    auto inner = outer.getX().getDefiningOp<onnx::ClipOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(outer, "input is not clipped");
    bool isLowFirst = inner.getLow() && !inner.getHigh() && !outer.getLow();
    bool isHighFirst = inner.getHigh() && !inner.getLow() && !outer.getHigh();
    Value low = isLowFirst ? inner.getLow() : outer.getLow();
    Value high = isLowFirst ? outer.getHigh() : inner.getHigh();
    if ((!isLowFirst && !isHighFirst) || !low || !high)
      return rewriter.notifyMatchFailure(outer, "not one bound each");
    std::optional<float> least = getScalar(low), most = getScalar(high);
    if (isHighFirst && !(least && most && *least <= *most))
      return rewriter.notifyMatchFailure(outer, "the bounds may cross");
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(outer, outer.getType(),
                                              inner.getX(), low, high);
    return success();
  }
};

/// round(clip(x, low, high)) -> clip(round(x), low, high), for whole bounds
struct RoundFirst : OpRewritePattern<onnx::RoundOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::RoundOp round,
                                PatternRewriter &rewriter) const override {
    auto clip = round.getX().getDefiningOp<onnx::ClipOp>();
    if (!clip || !clip->hasOneUse())
      return rewriter.notifyMatchFailure(round, "input is not clipped for it");
    for (Value bound : {clip.getLow(), clip.getHigh()}) {
      std::optional<float> number = bound ? getScalar(bound) : 0.0f;
      if (!number || std::nearbyint(*number) != *number)
        return rewriter.notifyMatchFailure(clip, "a bound is not whole");
    }
    Value first = onnx::RoundOp::create(rewriter, round.getLoc(),
                                        round.getType(), clip.getX());
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(round, round.getType(), first,
                                              clip.getLow(), clip.getHigh());
    return success();
  }
};

/// A constant row of shape [1, .., n] beside something of as many dimensions or
/// more -> one of shape [n]
struct DropLeadingUnits : OpRewritePattern<onnx::ConstantOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ConstantOp constant,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(constant.getType());
    if (type.getRank() < 2 || !isa<FloatType>(type.getElementType()) ||
        type.getShape().back() != type.getNumElements())
      return rewriter.notifyMatchFailure(constant, "not a row of floats");
    Value row;
    for (OpOperand &use : llvm::make_early_inc_range(constant->getUses())) {
      if (!broadcastsTo(use.getOwner(), type.getRank(), constant))
        continue;
      if (!row)
        row = reshapeConstant(rewriter, constant, type.getNumElements());
      rewriter.modifyOpInPlace(use.getOwner(), [&] { use.set(row); });
    }
    if (!row)
      return rewriter.notifyMatchFailure(constant, "its units count");
    return success();
  }

private:
  static bool broadcastsTo(Operation *user, int64_t rank, Value constant) {
    if (isa<onnx::GemmOp>(user))
      return user->getNumOperands() == 3 && user->getOperand(2) == constant &&
             user->getOperand(0) != constant && user->getOperand(1) != constant;
    if (!isa<onnx::AddOp, onnx::DivOp, onnx::MulOp, onnx::SubOp>(user))
      return false;
    Value other = getOther(user, constant);
    return other != constant &&
           cast<RankedTensorType>(other.getType()).getRank() >= rank;
  }
};

/// x * 1 -> x
struct DropUnitFactor : OpRewritePattern<onnx::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MulOp mul,
                                PatternRewriter &rewriter) const override {
    std::optional<WithConstant> product =
        matchWithConstant<onnx::MulOp>(mul.getResult());
    if (!product || product->constant != 1.0f)
      return rewriter.notifyMatchFailure(mul, "no factor is 1");
    if (product->value.getType() != mul.getType())
      return rewriter.notifyMatchFailure(mul, "factor changes the type");
    rewriter.replaceOp(mul, product->value);
    return success();
  }
};

/// cast(x to its own type) -> x
struct DropIdleCast : OpRewritePattern<onnx::CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::CastOp cast,
                                PatternRewriter &rewriter) const override {
    if (cast.getInput().getType() != cast.getType())
      return rewriter.notifyMatchFailure(cast, "changes the type");
    rewriter.replaceOp(cast, cast.getInput());
    return success();
  }
};

/// cast(f(cast(x))) -> f(x), for halves that are widened on the way and an f
/// that gives one of them, but for its sign
struct DropWidening : OpRewritePattern<onnx::CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::CastOp narrow,
                                PatternRewriter &rewriter) const override {
    Operation *op = narrow.getInput().getDefiningOp();
    if (!isa_and_present<onnx::AbsOp, onnx::ReduceMaxOp>(op))
      return rewriter.notifyMatchFailure(narrow, "not of elements as they are");
    auto widen = op->getOperand(0).getDefiningOp<onnx::CastOp>();
    if (!widen || !isWidening(widen))
      return rewriter.notifyMatchFailure(narrow, "nothing is widened");
    if (getElementTypeOrSelf(widen.getInput()) != getElementTypeOrSelf(narrow))
      return rewriter.notifyMatchFailure(narrow, "changes the type");
    Operation *direct = rewriter.clone(*op);
    direct->setOperand(0, widen.getInput());
    direct->getResult(0).setType(narrow.getType());
    rewriter.replaceOp(narrow, direct);
    return success();
  }

private:
  static bool isWidening(onnx::CastOp cast) {
    Type from = getElementTypeOrSelf(cast.getInput());
    return (from.isF16() || from.isBF16()) &&
           getElementTypeOrSelf(cast.getType()).isF32();
  }
};

/// identity(x) -> x
struct DropIdentity : OpRewritePattern<onnx::IdentityOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::IdentityOp identity,
                                PatternRewriter &rewriter) const override {
    if (identity.getInput().getType() != identity.getType())
      return rewriter.notifyMatchFailure(identity, "changes the type");
    rewriter.replaceOp(identity, identity.getInput());
    return success();
  }
};

/// concat(x) -> x
struct DropLoneConcat : OpRewritePattern<onnx::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ConcatOp concat,
                                PatternRewriter &rewriter) const override {
    if (concat.getInputs().size() != 1 ||
        concat.getInputs()[0].getType() != concat.getType())
      return rewriter.notifyMatchFailure(concat, "has something to join");
    rewriter.replaceOp(concat, concat.getInputs());
    return success();
  }
};

/// reshape(x) -> x and expand(x) -> x, if no size changes
template <typename OpTy> struct DropIdleReshape : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value x = op->getOperand(0), result = op->getResult(0);
    if (x.getType() != result.getType())
      return rewriter.notifyMatchFailure(op, "changes the type");
    for (int64_t dim = 0; dim < getRank(x); ++dim)
      if (!isSameDim(x, dim, result, dim))
        return rewriter.notifyMatchFailure(op, "may change a size");
    rewriter.replaceOp(op, x);
    return success();
  }
};

/// How PyTorch transposes the last two dimensions of keys before opset 23:
/// reshape(transpose(reshape(x, [b * h, t, d]))) -> transpose(x)
struct SplitTranspose : OpRewritePattern<onnx::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ReshapeOp outer,
                                PatternRewriter &rewriter) const override {
    auto transpose = outer.getData().getDefiningOp<onnx::TransposeOp>();
    auto inner = transpose
                     ? transpose.getData().getDefiningOp<onnx::ReshapeOp>()
                     : nullptr;
    if (!inner || transpose.getPerm() != ArrayRef<int64_t>{0, 2, 1})
      return rewriter.notifyMatchFailure(outer, "no transposed matrices");
    Value x = inner.getData(), merged = inner.getReshaped(),
          result = outer.getReshaped();
    if (getRank(x) != 4 || getRank(result) != 4)
      return rewriter.notifyMatchFailure(outer, "not matrices of heads");
    bool keepsMatrices =
        isSameDim(x, 2, merged, 1) && isSameDim(x, 3, merged, 2);
    bool keepsHeads = isSameDim(x, 0, result, 0) && isSameDim(x, 1, result, 1);
    bool isTransposed =
        isSameDim(x, 2, result, 3) && isSameDim(x, 3, result, 2);
    if (!keepsMatrices || !keepsHeads || !isTransposed)
      return rewriter.notifyMatchFailure(outer, "a size may change");
    auto direct =
        onnx::TransposeOp::create(rewriter, outer.getLoc(), outer.getType(), x,
                                  rewriter.getDenseI64ArrayAttr({0, 1, 3, 2}));
    replaceNamed(rewriter, outer, direct);
    return success();
  }
};

} // namespace

void bitnet::populateSpellingPatterns(RewritePatternSet &patterns) {
  patterns.add<DropIdentity, DropIdleCast, DropIdleReshape<onnx::ExpandOp>,
               DropIdleReshape<onnx::ReshapeOp>, DropLeadingUnits,
               DropLoneConcat, DropUnitFactor, DropWidening, MaxToClip,
               MergeClips, MinToClip, RoundFirst, SplitTranspose>(
      patterns.getContext());
}
