// Brings the spellings of a largest magnitude to one form.
//
// As in CanonicalizeSpellings.cpp, each rewrite is exact.
#include "MathMatchers.h"
#include "Raise.h"
#include "dialects/ONNX/ONNXDims.h"

using namespace mlir;
using namespace bitnet;

/// True if both reduce the same elements and keep the same shape.
static bool reduceAlike(onnx::ReduceMaxOp max, onnx::ReduceMinOp min) {
  auto axesOf = [](Value axes) {
    return axes ? getIntegers(axes) : std::vector<int64_t>();
  };
  std::optional<std::vector<int64_t>> axes = axesOf(max.getAxes());
  return axes && axes == axesOf(min.getAxes()) &&
         max.getData() == min.getData() &&
         max.getKeepdims() == min.getKeepdims() &&
         max.getNoopWithEmptyAxes() == 0 && min.getNoopWithEmptyAxes() == 0;
}

namespace {

/// max(reduce_max(x), -reduce_min(x)) -> reduce_max(|x|)
struct MaxOfExtremes : OpRewritePattern<onnx::MaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MaxOp op,
                                PatternRewriter &rewriter) const override {
    if (op->getNumOperands() != 2)
      return rewriter.notifyMatchFailure(op, "not of two operands");
    for (Value largest : op->getOperands()) {
      auto max = largest.getDefiningOp<onnx::ReduceMaxOp>();
      auto neg = getOther(op, largest).getDefiningOp<onnx::NegOp>();
      auto min = neg ? neg.getX().getDefiningOp<onnx::ReduceMinOp>() : nullptr;
      if (!max || !min || !reduceAlike(max, min))
        continue;
      Value abs = onnx::AbsOp::create(rewriter, op.getLoc(),
                                      max.getData().getType(), max.getData());
      Operation *reduced = rewriter.clone(*max);
      reduced->setOperand(0, abs);
      rewriter.replaceOp(op, reduced);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "not of both extremes of a tensor");
  }
};

/// top_k(x, 1) -> reduce_max(x), where nobody asks for the position
struct TopOneToReduceMax : OpRewritePattern<onnx::TopKOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::TopKOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<std::vector<int64_t>> k = getIntegers(op.getK());
    if (!k || k->size() != 1 || k->front() != 1 || op.getLargest() == 0)
      return rewriter.notifyMatchFailure(op, "not the largest element alone");
    if (!op.getIndices().use_empty())
      return rewriter.notifyMatchFailure(op, "its position is wanted");
    auto type = RankedTensorType::get({1}, rewriter.getI64Type());
    Value axes = onnx::ConstantOp::create(
        rewriter, op.getLoc(), type,
        DenseElementsAttr::get(type, static_cast<int64_t>(op.getAxis())));
    Value max = onnx::ReduceMaxOp::create(
        rewriter, op.getLoc(), op.getValues().getType(), op.getX(), axes,
        /*keepdims=*/1, /*noop_with_empty_axes=*/0);
    rewriter.replaceAllUsesWith(op.getValues(), max);
    rewriter.eraseOp(op);
    return success();
  }
};

/// unsqueeze(reduce(x) without its last dimension) -> reduce(x) that keeps it
struct KeepLastDimension : OpRewritePattern<onnx::UnsqueezeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::UnsqueezeOp op,
                                PatternRewriter &rewriter) const override {
    Operation *reduce = op.getData().getDefiningOp();
    if (!isa_and_present<onnx::ReduceMaxOp, onnx::ReduceMeanOp,
                         onnx::ReduceMinOp, onnx::ReduceSumOp>(reduce))
      return rewriter.notifyMatchFailure(op, "nothing is reduced");
    auto type = cast<RankedTensorType>(op.getType());
    if (!isLast(op.getAxes(), type.getRank()) ||
        reduce->getNumOperands() != 2 ||
        !isLast(reduce->getOperand(1), type.getRank()) ||
        cast<RankedTensorType>(reduce->getOperand(0).getType()).getRank() !=
            type.getRank())
      return rewriter.notifyMatchFailure(op, "not the last dimension alone");
    Operation *kept = rewriter.clone(*reduce);
    kept->setAttr("keepdims", rewriter.getI64IntegerAttr(1));
    kept->removeAttr(onnx::kDimsAttr);
    kept->getResult(0).setType(type);
    rewriter.replaceOp(op, kept);
    return success();
  }

private:
  static bool isLast(Value axes, int64_t rank) {
    std::optional<std::vector<int64_t>> numbers = getIntegers(axes);
    return numbers && numbers->size() == 1 &&
           (numbers->front() == -1 || numbers->front() == rank - 1);
  }
};

/// reduce_l1(x) -> reduce_sum(|x|)
struct SumOfMagnitudes : OpRewritePattern<onnx::ReduceL1Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ReduceL1Op op,
                                PatternRewriter &rewriter) const override {
    Value abs = onnx::AbsOp::create(rewriter, op.getLoc(),
                                    op.getData().getType(), op.getData());
    rewriter.replaceOpWithNewOp<onnx::ReduceSumOp>(
        op, op.getType(), abs, op.getAxes(), op.getKeepdims(),
        op.getNoopWithEmptyAxes());
    return success();
  }
};

/// reduce_sum(rows) / their length -> reduce_mean(rows)
struct SumOverCount : OpRewritePattern<onnx::DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::DivOp op,
                                PatternRewriter &rewriter) const override {
    Match<Value> rows = matchRowReduction<onnx::ReduceSumOp>(op.getA());
    if (!rows)
      return rewriter.notifyMatchFailure(op, rows.miss().reason);
    int64_t length =
        cast<RankedTensorType>((*rows).getType()).getShape().back();
    std::optional<float> count = getScalar(op.getB());
    if (ShapedType::isDynamic(length) || !count ||
        *count != static_cast<float>(length) ||
        op.getType() != op.getA().getType())
      return rewriter.notifyMatchFailure(op, "not over the length of a row");
    auto sum = op.getA().getDefiningOp<onnx::ReduceSumOp>();
    rewriter.replaceOpWithNewOp<onnx::ReduceMeanOp>(
        op, op.getType(), *rows, sum.getAxes(), sum.getKeepdims(),
        sum.getNoopWithEmptyAxes());
    return success();
  }
};

} // namespace

void bitnet::populateReductionSpellingPatterns(RewritePatternSet &patterns) {
  patterns.add<KeepLastDimension, MaxOfExtremes, SumOfMagnitudes, SumOverCount,
               TopOneToReduceMax>(patterns.getContext());
}
