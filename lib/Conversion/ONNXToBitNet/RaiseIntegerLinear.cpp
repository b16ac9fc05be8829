// Recognises BitLinear layers whose product is one of integers, in float or in
// int8, and is scaled afterwards by both scales at once.
#include "CreateLinear.h"
#include "MathMatchers.h"
#include "Raise.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// sums / activationScale * weightScale
struct ScaledSums {
  Value sums;
  Value activationScale;
  float weightScale;
};

} // namespace

/// Div(sums, Mul(s, inverse weight scale))
static Match<ScaledSums> matchScaledBack(onnx::DivOp div) {
  std::optional<WithConstant> product =
      matchWithConstant<onnx::MulOp>(div.getB());
  if (!product)
    return miss("the divisor has no constant in it");
  if (!(product->constant > 0.0f))
    return miss("the inverse scale of the weights is not positive");
  return ScaledSums{div.getA(), product->value, 1.0f / product->constant};
}

/// Div(constant, s), or Mul(Reciprocal(s), constant)
static std::optional<WithConstant> matchRescale(Value value) {
  if (auto div = value.getDefiningOp<onnx::DivOp>())
    if (std::optional<float> constant = getScalar(div.getA()))
      return WithConstant{div.getB(), *constant};
  std::optional<WithConstant> product = matchWithConstant<onnx::MulOp>(value);
  Value s = product ? matchReciprocal(product->value) : Value();
  return s ? std::optional<WithConstant>({s, product->constant}) : std::nullopt;
}

/// Mul(sums, weight scale / s)
static Match<ScaledSums> matchScaledBack(onnx::MulOp mul) {
  for (Value factor : mul->getOperands())
    if (std::optional<WithConstant> rescale = matchRescale(factor))
      return ScaledSums{getOther(mul, factor), rescale->value,
                        rescale->constant};
  return miss("no factor is a constant over a scale");
}

/// The two sides of MatMul in f32, or of MatMulInteger without zero points.
static Match<std::pair<Value, Value>> matchIntegerProduct(Value sums) {
  if (auto cast = sums.getDefiningOp<onnx::CastOp>())
    sums = cast.getInput();
  if (auto matmul = sums.getDefiningOp<onnx::MatMulOp>()) {
    if (!hasFloatRows(sums))
      return miss("the sums have been rounded to 16 bits");
    return std::pair<Value, Value>(matmul.getA(), matmul.getB());
  }
  auto integer = sums.getDefiningOp<onnx::MatMulIntegerOp>();
  if (!integer)
    return miss("what is scaled is no product");
  if (integer.getAZeroPoint() || integer.getBZeroPoint())
    return miss("the product has zero points");
  return std::pair<Value, Value>(integer.getA(), integer.getB());
}

static Match<BitLinear> matchIntegerLinear(const ScaledSums &scaled) {
  Match<std::pair<Value, Value>> product = matchIntegerProduct(scaled.sums);
  if (!product)
    return product.miss();
  Match<WeightMatrix> matrix =
      matchWeightMatrix(product->second, /*outputMajor=*/false);
  if (!matrix)
    return matrix.miss();
  Match<QuantizedCodes> codes = matchQuantizedCodes(product->first);
  if (!codes)
    return codes.miss();
  if (codes->scale != scaled.activationScale)
    return miss("the sums are scaled back by another scale");
  Match<TernaryWeights> weights = getTernaryWeights(*matrix);
  if (!weights)
    return weights.miss();
  for (float &scale : weights->scale)
    scale *= scaled.weightScale;
  return BitLinear{codes->activations, std::move(*weights)};
}

/// The first thing that fails for `op`, if it scales sums.
template <typename OpTy> static Miss explain(OpTy op) {
  Match<ScaledSums> scaled = matchScaledBack(op);
  return scaled ? matchIntegerLinear(*scaled).miss() : scaled.miss();
}

Miss bitnet::explainIntegerProduct(Operation *product) {
  Match<std::pair<Value, Value>> sides =
      matchIntegerProduct(product->getResult(0));
  if (!sides)
    return sides.miss();
  for (Operation *user : product->getUsers()) {
    if (auto cast = dyn_cast<onnx::CastOp>(user); cast && cast->hasOneUse())
      user = *cast->user_begin();
    if (auto div = dyn_cast<onnx::DivOp>(user))
      return explain(div);
    if (auto mul = dyn_cast<onnx::MulOp>(user))
      return explain(mul);
  }
  return miss("the sums are not scaled back");
}

namespace {

/// div(product(codes of x, weights), s * inverse scale) and
/// mul(product(codes of x, weights), scale / s) -> linear(x, weights)
template <typename OpTy> struct RaiseIntegerLinear : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!hasFloatRows(op.getResult()))
      return rewriter.notifyMatchFailure(op, "result is not rows of f32");
    Match<ScaledSums> scaled = matchScaledBack(op);
    if (!scaled)
      return rewriter.notifyMatchFailure(op, scaled.miss().reason);
    if (cast<RankedTensorType>(scaled->sums.getType()).getShape() !=
        cast<RankedTensorType>(op.getType()).getShape())
      return rewriter.notifyMatchFailure(op, "the scale changes the shape");
    Match<BitLinear> layer = matchIntegerLinear(*scaled);
    if (!layer)
      return rewriter.notifyMatchFailure(op, layer.miss().reason);
    rewriter.replaceOp(
        op, createLinear(rewriter, op.getResult(), std::move(*layer), Value()));
    return success();
  }
};

} // namespace

void bitnet::populateIntegerLinearPatterns(RewritePatternSet &patterns) {
  patterns
      .add<RaiseIntegerLinear<onnx::DivOp>, RaiseIntegerLinear<onnx::MulOp>>(
          patterns.getContext());
}
