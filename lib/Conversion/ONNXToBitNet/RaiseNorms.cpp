// Recognises normalizations of rows, as operators and in primitive spelling.
#include "MathMatchers.h"
#include "Raise.h"
#include "Rows.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// v / sqrt(mean(v^2) + epsilon), for each row of v
struct NormalizedRows {
  Value input;
  float epsilon;
};

/// A vector that scales or shifts rows, and the rows.
struct WithRowVector {
  Value rows;
  Value vector;
};

} // namespace

/// op(rows, vector) or op(vector, rows)
template <typename OpTy>
static std::optional<WithRowVector> matchWithRowVector(OpTy op) {
  for (auto [rows, vector] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())})
    if (hasFloatRows(rows) && isRowVector(vector, rows))
      return WithRowVector{rows, vector};
  return std::nullopt;
}

/// sqrt(mean(v^2) + epsilon)
static Match<NormalizedRows> matchRowDeviation(Value deviation) {
  auto sqrt = deviation.getDefiningOp<onnx::SqrtOp>();
  if (!sqrt)
    return miss("rows are not divided by a square root");
  std::optional<WithConstant> sum = matchWithConstant<onnx::AddOp>(sqrt.getX());
  if (!sum)
    return miss("no constant is added below the square root");
  Match<Value> squares = matchRowReduction<onnx::ReduceMeanOp>(sum->value);
  if (!squares)
    return miss("not a mean of each row: " + squares.miss().reason);
  Value input = matchSquare(*squares);
  if (!input)
    return miss("not a mean of squares");
  return NormalizedRows{input, sum->constant};
}

/// Div(v, deviation) or Mul(v, 1 / deviation)
static Match<NormalizedRows> matchNormalizedRows(Value value) {
  Value rows, deviation;
  if (auto div = value.getDefiningOp<onnx::DivOp>()) {
    rows = div.getA();
    deviation = div.getB();
  } else if (auto mul = value.getDefiningOp<onnx::MulOp>()) {
    for (Value factor : mul->getOperands())
      if (Value divisor = matchReciprocal(factor)) {
        deviation = divisor;
        rows = getOther(mul, factor);
      }
  }
  if (!rows)
    return miss("nothing is divided by a deviation");
  Match<NormalizedRows> normalized = matchRowDeviation(deviation);
  if (normalized && normalized->input != rows)
    return miss("the deviation is of other rows");
  return normalized;
}

/// x where `value` is x - mean(x) for each row
static Value matchCenteredRows(Value value) {
  auto sub = value.getDefiningOp<onnx::SubOp>();
  if (!sub)
    return nullptr;
  Match<Value> rows = matchRowReduction<onnx::ReduceMeanOp>(sub.getB());
  return rows && *rows == sub.getA() ? sub.getA() : Value();
}

/// True if a norm operator works on the last dimension only, in f32.
template <typename OpTy>
static LogicalResult checkNorm(OpTy norm, PatternRewriter &rewriter) {
  Value x = norm.getX();
  int64_t axis = static_cast<int64_t>(norm.getAxis());
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  if (!hasFloatRows(x))
    return rewriter.notifyMatchFailure(norm, "input is not rows of f32");
  if (axis != -1 && axis != rank - 1)
    return rewriter.notifyMatchFailure(norm, "normalizes several dimensions");
  if (norm.getStashType() != 1)
    return rewriter.notifyMatchFailure(norm, "mean is not computed in f32");
  if (!isRowVector(norm.getScale(), x))
    return rewriter.notifyMatchFailure(norm, "gain is not a row vector");
  return success();
}

static void replaceByRmsNorm(PatternRewriter &rewriter, Operation *root,
                             NormalizedRows rows, Value gain) {
  Value input = collapseToRows(rewriter, root->getLoc(), rows.input);
  Value norm =
      RmsNormOp::create(rewriter, root->getLoc(), input.getType(), input, gain,
                        rewriter.getF32FloatAttr(rows.epsilon));
  rewriter.replaceOp(root, expandFromRows(rewriter, norm, rows.input,
                                          root->getResult(0).getType()));
}

static void replaceByLayerNorm(PatternRewriter &rewriter, Operation *root,
                               NormalizedRows rows, ValueRange gainAndBias) {
  Value input = collapseToRows(rewriter, root->getLoc(), rows.input);
  Value norm = LayerNormOp::create(rewriter, root->getLoc(), input.getType(),
                                   input, gainAndBias[0], gainAndBias[1],
                                   rewriter.getF32FloatAttr(rows.epsilon));
  rewriter.replaceOp(root, expandFromRows(rewriter, norm, rows.input,
                                          root->getResult(0).getType()));
}

namespace {

/// RMSNormalization(x, gain) -> rms_norm(x, gain)
struct RaiseRmsNormalization : OpRewritePattern<onnx::RMSNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::RMSNormalizationOp norm,
                                PatternRewriter &rewriter) const override {
    if (failed(checkNorm(norm, rewriter)))
      return failure();
    replaceByRmsNorm(rewriter, norm,
                     {norm.getX(), norm.getEpsilon().convertToFloat()},
                     norm.getScale());
    return success();
  }
};

/// x / sqrt(mean(x^2) + epsilon) * gain -> rms_norm(x, gain)
struct RaisePrimitiveRmsNorm : OpRewritePattern<onnx::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MulOp mul,
                                PatternRewriter &rewriter) const override {
    std::optional<WithRowVector> scaled = matchWithRowVector(mul);
    if (!scaled)
      return rewriter.notifyMatchFailure(mul, "no gain for rows of f32");
    Match<NormalizedRows> rows = matchNormalizedRows(scaled->rows);
    if (!rows)
      return rewriter.notifyMatchFailure(mul, rows.miss().reason);
    if (matchCenteredRows(rows->input))
      return rewriter.notifyMatchFailure(mul, "rows are centered");
    replaceByRmsNorm(rewriter, mul, *rows, scaled->vector);
    return success();
  }
};

/// LayerNormalization(x, gain, bias) -> layer_norm(x, gain, bias)
struct RaiseLayerNormalization : OpRewritePattern<onnx::LayerNormalizationOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::LayerNormalizationOp norm,
                                PatternRewriter &rewriter) const override {
    if (failed(checkNorm(norm, rewriter)))
      return failure();
    if (!norm.getStatistics().empty())
      return rewriter.notifyMatchFailure(norm, "mean or deviation is used");
    Value bias = norm.getBias();
    if (!bias)
      bias = arith::ConstantOp::create(
          rewriter, norm.getLoc(),
          rewriter.getZeroAttr(norm.getScale().getType()));
    if (!isRowVector(bias, norm.getX()))
      return rewriter.notifyMatchFailure(norm, "bias is not a row vector");
    replaceByLayerNorm(rewriter, norm,
                       {norm.getX(), norm.getEpsilon().convertToFloat()},
                       {norm.getScale(), bias});
    return success();
  }
};

/// c / sqrt(mean(c^2) + epsilon) * gain + bias, with c = x - mean(x)
///   -> layer_norm(x, gain, bias)
struct RaisePrimitiveLayerNorm : OpRewritePattern<onnx::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AddOp add,
                                PatternRewriter &rewriter) const override {
    std::optional<WithRowVector> shifted = matchWithRowVector(add);
    if (!shifted)
      return rewriter.notifyMatchFailure(add, "no bias for rows of f32");
    auto mul = shifted->rows.getDefiningOp<onnx::MulOp>();
    std::optional<WithRowVector> scaled;
    if (mul)
      scaled = matchWithRowVector(mul);
    if (!scaled)
      return rewriter.notifyMatchFailure(add, "no gain for rows of f32");
    Match<NormalizedRows> rows = matchNormalizedRows(scaled->rows);
    if (!rows)
      return rewriter.notifyMatchFailure(add, rows.miss().reason);
    Value x = matchCenteredRows(rows->input);
    if (!x)
      return rewriter.notifyMatchFailure(add, "rows are not centered");
    replaceByLayerNorm(rewriter, add, {x, rows->epsilon},
                       {scaled->vector, shifted->vector});
    return success();
  }
};

} // namespace

void bitnet::populateNormPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseLayerNormalization, RaisePrimitiveLayerNorm,
               RaisePrimitiveRmsNorm, RaiseRmsNormalization>(
      patterns.getContext());
}
