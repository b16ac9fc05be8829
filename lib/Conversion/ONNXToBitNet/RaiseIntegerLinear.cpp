// Recognises BitLinear layers whose product is one of integers, in float or in
// int8, and is scaled afterwards by both scales at once.
#include "CreateLinear.h"
#include "MathMatchers.h"
#include "Raise.h"
#include "ScaleFactors.h"

using namespace mlir;
using namespace bitnet;

/// A product of two matrices, without anything added.
static bool isProduct(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnx::CastOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_present<onnx::GemmOp, onnx::MatMulIntegerOp, onnx::MatMulOp>(
      op);
}

namespace {

/// The two sides of a product.
struct Product {
  Value codes;
  Value weights;
  bool outputMajor = false;
  /// Of the weights.
  int64_t zeroPoint = 0;
};

} // namespace

/// MatMulInteger without a zero point of the activations.
static Match<Product> matchProduct(onnx::MatMulIntegerOp integer) {
  if (integer.getAZeroPoint())
    return miss("the activations have a zero point");
  Product product{integer.getA(), integer.getB()};
  if (!integer.getBZeroPoint())
    return product;
  Match<int64_t> zeroPoint = matchZeroPoint(integer.getBZeroPoint());
  if (!zeroPoint)
    return zeroPoint.miss();
  product.zeroPoint = *zeroPoint;
  return product;
}

/// MatMul or Gemm in f32, or MatMulInteger.
static Match<Product> matchProduct(Value sums) {
  if (auto cast = sums.getDefiningOp<onnx::CastOp>())
    sums = cast.getInput();
  if (!hasFloatRows(sums) && !sums.getDefiningOp<onnx::MatMulIntegerOp>())
    return miss("the sums have been rounded to 16 bits");
  if (auto matmul = sums.getDefiningOp<onnx::MatMulOp>())
    return Product{matmul.getA(), matmul.getB()};
  if (auto integer = sums.getDefiningOp<onnx::MatMulIntegerOp>())
    return matchProduct(integer);
  auto gemm = cast<onnx::GemmOp>(sums.getDefiningOp());
  if (gemm.getC() || gemm.getTransA() != 0 ||
      gemm.getAlpha().convertToFloat() != 1.0f)
    return miss("the product is scaled, turned or added to");
  return Product{gemm.getA(), gemm.getB(), gemm.getTransB() != 0};
}

/// The constants c where `value` is sums / (c * s), as it is written.
static std::optional<std::vector<float>> matchDivisor(Value value, Value sums,
                                                      Value s) {
  auto div = value.getDefiningOp<onnx::DivOp>();
  if (!div || div.getA() != sums)
    return std::nullopt;
  if (div.getB() == s)
    return std::vector<float>{1.0f};
  auto mul = div.getB().getDefiningOp<onnx::MulOp>();
  Value constant = mul ? getOther(mul, s) : Value();
  return constant ? getFloats(constant) : std::nullopt;
}

/// Multiplies the scale of weights by one constant, or one for each output.
static void scaleWeights(TernaryWeights &weights, ArrayRef<double> constants) {
  std::vector<float> &scale = weights.scale;
  if (constants.size() > 1 && scale.size() == 1)
    scale.resize(constants.size(), scale.front());
  for (size_t i = 0; i < scale.size(); ++i)
    scale[i] = static_cast<float>(scale[i] * constants[i % constants.size()]);
}

static Match<BitLinear> matchIntegerLinear(Value value) {
  Value sums = findBase(value, isProduct);
  if (!sums || sums == value)
    return miss("what is scaled is no product");
  if (cast<RankedTensorType>(sums.getType()).getShape() !=
      cast<RankedTensorType>(value.getType()).getShape())
    return miss("the scale changes the shape");
  Match<Product> product = matchProduct(sums);
  if (!product)
    return product.miss();
  Match<WeightMatrix> matrix =
      matchWeightMatrix(product->weights, product->outputMajor);
  if (!matrix)
    return matrix.miss();
  matrix->zeroPoint += product->zeroPoint;
  Match<QuantizedCodes> codes = matchQuantizedCodes(product->codes);
  if (!codes)
    return codes.miss();
  QuantizerAttr quantizer = codes->activations.quantizer;
  Match<std::vector<double>> constants =
      matchScaledBack(value, {sums, codes->scale, codes->magnitude,
                              quantizer.getLimitAsFloat()});
  if (!constants)
    return constants.miss();
  Match<TernaryWeights> weights = getTernaryWeights(*matrix);
  if (!weights)
    return weights.miss();
  std::optional<std::vector<float>> divisor =
      matchDivisor(value, sums, codes->scale);
  if (divisor && llvm::all_equal(weights->scale) &&
      weights->scale.front() == 1.0f) {
    weights->scale = std::move(*divisor);
    return BitLinear{codes->activations, std::move(*weights), /*inverse=*/true};
  }
  scaleWeights(*weights, *constants);
  return BitLinear{codes->activations, std::move(*weights)};
}

/// The last of the products and quotients that scale `sums`; null if none does.
static Value findScaled(Value sums) {
  Value scaled;
  for (Value value = sums; value && value.hasOneUse();) {
    Operation *user = *value.user_begin();
    bool isScaling = isa<onnx::DivOp, onnx::MulOp>(user);
    if (!isScaling && !(isa<onnx::CastOp>(user) && value == sums))
      break;
    value = user->getResult(0);
    if (isScaling)
      scaled = value;
  }
  return scaled;
}

Miss bitnet::explainIntegerProduct(Operation *product) {
  Match<Product> sides = matchProduct(product->getResult(0));
  if (!sides)
    return sides.miss();
  Value scaled = findScaled(product->getResult(0));
  Match<BitLinear> layer =
      scaled ? matchIntegerLinear(scaled)
             : Match<BitLinear>(miss("the sums are not scaled back"));
  return layer ? miss("the scaled sums are not rows of f32") : layer.miss();
}

namespace {

/// div(product(codes of x, weights), s * inverse scale),
/// mul(product(codes of x, weights), scale / s) and the like
///   -> linear(x, weights)
template <typename OpTy> struct RaiseIntegerLinear : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!hasFloatRows(op.getResult()))
      return rewriter.notifyMatchFailure(op, "result is not rows of f32");
    if (isScaledFurther(op.getResult()))
      return rewriter.notifyMatchFailure(op, "the scale goes on");
    Match<BitLinear> layer = matchIntegerLinear(op.getResult());
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
