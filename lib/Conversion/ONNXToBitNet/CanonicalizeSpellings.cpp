// Brings the spellings of one thing to one form, so that matchers are few.
//
// Each rewrite is exact: a layer that no matcher takes still computes what
// the model says.
#include "MathMatchers.h"
#include "Raise.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// x and a constant bound of f32 where `op` limits x to it.
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

} // namespace

void bitnet::populateSpellingPatterns(RewritePatternSet &patterns) {
  patterns.add<DropIdentity, DropIdleCast, DropUnitFactor, MaxToClip,
               MergeClips, MinToClip>(patterns.getContext());
}
