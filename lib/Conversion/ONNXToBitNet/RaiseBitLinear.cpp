// Recognises BitLinear layers: what the compiler is about.
//
// Another way to write activations is a matcher in ActivationQuantizers.cpp,
// another way to write weights one in TernaryWeights.cpp.
#include "CreateLinear.h"
#include "MathMatchers.h"
#include "Raise.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace bitnet;

/// Values are looked at last: that is what takes time.
static Match<BitLinear> matchBitLinear(Value x, Value w, bool outputMajor) {
  Match<WeightMatrix> matrix = matchWeightMatrix(w, outputMajor);
  if (!matrix)
    return matrix.miss();
  Match<QuantizedActivations> activations = matchQuantizedActivations(x);
  if (!activations)
    return activations.miss();
  Match<TernaryWeights> weights = getTernaryWeights(*matrix);
  if (!weights)
    return weights.miss();
  if (weights->hasGroups() && !hasFloatRows(x))
    return miss("the sums of groups of inputs are rounded to 16 bits");
  return BitLinear{*activations, std::move(*weights)};
}

static Match<BitLinear> matchMatMul(onnx::MatMulOp matmul) {
  return matchBitLinear(matmul.getA(), matmul.getB(), /*outputMajor=*/false);
}

/// True for a row vector of f32, and for a constant one of halves.
static bool isBias(Value bias, Value rows) {
  auto type = cast<RankedTensorType>(bias.getType());
  return isRowVector(bias, rows) ||
         (getConstant(bias) && isa<FloatType>(type.getElementType()) &&
          type.getShape() ==
              cast<RankedTensorType>(rows.getType()).getShape().take_back());
}

static Match<BitLinear> matchGemm(onnx::GemmOp gemm) {
  if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f ||
      gemm.getBeta().convertToFloat() != 1.0f)
    return miss("scales or turns its operands");
  Value bias = gemm.getC();
  if (bias && !isBias(bias, gemm.getResult()))
    return miss("bias is not a row vector");
  return matchBitLinear(gemm.getA(), gemm.getB(), gemm.getTransB() != 0);
}

Miss bitnet::explainFloatProduct(Operation *product) {
  if (auto gemm = dyn_cast<onnx::GemmOp>(product))
    return matchGemm(gemm).miss();
  return matchMatMul(cast<onnx::MatMulOp>(product)).miss();
}

/// A constant of halves in f32, in which `linear` adds; any other value itself.
static Value widenConstant(PatternRewriter &rewriter, Value value) {
  ElementsAttr constant = getConstant(value);
  if (!constant || constant.getElementType().isF32())
    return value;
  std::optional<std::vector<float>> floats = getFloats(constant);
  if (!floats)
    return value;
  auto type = cast<RankedTensorType>(
      constant.getShapedType().clone(rewriter.getF32Type()));
  return arith::ConstantOp::create(
      rewriter, value.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(*floats)));
}

namespace {

/// matmul(quantized x, ternary weights) -> linear(x, weights)
struct RaiseBitLinear : OpRewritePattern<onnx::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    Match<BitLinear> layer = matchMatMul(matmul);
    if (!layer)
      return rewriter.notifyMatchFailure(matmul, layer.miss().reason);
    rewriter.replaceOp(matmul, createLinear(rewriter, matmul.getResult(),
                                            std::move(*layer), Value()));
    return success();
  }
};

/// gemm(quantized x, ternary weights, bias) -> linear(x, weights, bias)
struct RaiseGemm : OpRewritePattern<onnx::GemmOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::GemmOp gemm,
                                PatternRewriter &rewriter) const override {
    Match<BitLinear> layer = matchGemm(gemm);
    if (!layer)
      return rewriter.notifyMatchFailure(gemm, layer.miss().reason);
    Value bias = gemm.getC();
    if (bias)
      bias = widenConstant(rewriter, bias);
    rewriter.replaceOp(gemm, createLinear(rewriter, gemm.getResult(),
                                          std::move(*layer), bias));
    return success();
  }
};

/// add(linear(x), bias) -> linear(x, bias)
struct FoldBias : OpRewritePattern<onnx::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AddOp add,
                                PatternRewriter &rewriter) const override {
    Value sum = isRowVector(add.getB(), add) ? add.getA() : add.getB();
    Value bias = getOther(add, sum);
    if (!isRowVector(bias, add))
      return rewriter.notifyMatchFailure(add, "no operand is a row vector");
    LinearOp linear = getLinear(sum);
    if (!linear)
      return rewriter.notifyMatchFailure(add, "sum is not of a linear alone");
    if (linear.getBias())
      return rewriter.notifyMatchFailure(add, "linear has a bias already");
    if (sum.getType() != add.getType())
      return rewriter.notifyMatchFailure(add, "sum changes the type");
    rewriter.replaceOp(
        add, cloneLinear(rewriter, sum, linear, linear.getScale(), bias));
    return success();
  }
};

/// mul(linear(x, weights of scale 1, bias), s) -> linear(x, s, bias * s): the
/// scale of weights that were stored as -1, 0 and +1. Or div, by its inverse.
template <typename OpTy> struct FoldScale : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Value scaled = op.getA(), factor = op.getB();
    if (isa<onnx::MulOp>(op) && getConstant(scaled))
      std::swap(scaled, factor);
    LinearOp linear = getLinear(scaled);
    std::optional<std::vector<float>> factors = getFloats(factor);
    if (!linear || !factors || scaled.getType() != op.getType() ||
        (factors->size() != 1 && !isRowVector(factor, scaled)))
      return rewriter.notifyMatchFailure(op, "not a linear and a constant");
    if (!linear.getType().getElementType().isF32())
      return rewriter.notifyMatchFailure(
          op, "what is scaled has been rounded to 16 bits");
    DenseFPElementsAttr unit;
    if (!matchPattern(linear.getScale(), m_Constant(&unit)) ||
        !unit.isSplat() || unit.template getSplatValue<float>() != 1.0f)
      return rewriter.notifyMatchFailure(op, "linear has a scale already");
    std::optional<std::vector<float>> bias;
    if (linear.getBias() && !(bias = getFloats(linear.getBias())))
      return rewriter.notifyMatchFailure(op, "bias is not constant");

    Value scaledBias;
    if (bias) {
      for (auto [i, value] : llvm::enumerate(*bias))
        value = apply(value, (*factors)[factors->size() == 1 ? 0 : i]);
      scaledBias = arith::ConstantOp::create(
          rewriter, op.getLoc(),
          DenseElementsAttr::get(linear.getBias().getType(),
                                 ArrayRef<float>(*bias)));
    }
    for (float &value : *factors)
      value = apply(1.0f, value);
    Value scale = createScale(rewriter, op.getLoc(), *factors,
                              linear.getType().getDimSize(1));
    // 1 is its own inverse.
    rewriter.modifyOpInPlace(linear, [&] { linear.setInverse(false); });
    rewriter.replaceOp(
        op, cloneLinear(rewriter, scaled, linear, scale, scaledBias));
    return success();
  }

private:
  static float apply(float value, float factor) {
    return std::is_same_v<OpTy, onnx::MulOp> ? value * factor : value / factor;
  }
};

} // namespace

void bitnet::populateBitLinearPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldBias, FoldScale<onnx::DivOp>, FoldScale<onnx::MulOp>,
               RaiseBitLinear, RaiseGemm>(patterns.getContext());
}
