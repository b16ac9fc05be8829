// Brings the spellings of one thing to one form, so that matchers are few.
//
// Each rewrite is exact: a layer that no matcher takes still computes what
// the model says.
#include "Heads.h"
#include "MathMatchers.h"
#include "Raise.h"

#include "mlir/IR/TypeUtilities.h"

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
    auto type = cast<RankedTensorType>(bound.getType());
    if (getScalar(bound) && type.getRank() == 0 &&
        x.getType() == op->getResult(0).getType())
      return Bounded{x, bound};
  }
  return std::nullopt;
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
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(max, max.getType(), bounded->x,
                                              bounded->bound, Value());
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
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(min, min.getType(), bounded->x,
                                              Value(), bounded->bound);
    return success();
  }
};

/// clip(clip(x, low, ), , high) -> clip(x, low, high)
struct MergeClips : OpRewritePattern<onnx::ClipOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ClipOp outer,
                                PatternRewriter &rewriter) const override {
    auto inner = outer.getX().getDefiningOp<onnx::ClipOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(outer, "input is not clipped");
    if (!inner.getLow() || inner.getHigh() || outer.getLow() ||
        !outer.getHigh())
      return rewriter.notifyMatchFailure(outer,
                                         "not a lower, then an upper bound");
    rewriter.replaceOpWithNewOp<onnx::ClipOp>(
        outer, outer.getType(), inner.getX(), inner.getLow(), outer.getHigh());
    return success();
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
               DropIdleReshape<onnx::ReshapeOp>, DropLoneConcat, DropUnitFactor,
               DropWidening, MaxToClip, MergeClips, MinToClip, SplitTranspose>(
      patterns.getContext());
}
