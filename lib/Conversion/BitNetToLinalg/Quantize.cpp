// Quantizers of activations, spelled out. See Passes.td.
#include "Elementwise.h"
#include "Patterns.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

/// The largest magnitude of each row, or the sum of its magnitudes.
static Value reduceRows(ImplicitLocOpBuilder &b, Scheme scheme, Value input) {
  Value magnitudes =
      mapLike(b, input, b.getF32Type(),
              [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                return math::AbsFOp::create(b, widen(b, x[0]));
              });
  if (scheme == Scheme::Absmean)
    return sumRows(b, magnitudes);
  return foldLast(b, magnitudes, b.getF32FloatAttr(0),
                  [](ImplicitLocOpBuilder &b, ValueRange x) {
                    return larger(b, x[0], x[1]);
                  });
}

/// For each row what `combine` makes of a value of each row, all of them for
/// one value of the tensor.
static Value combineRows(ImplicitLocOpBuilder &b, Value rows, TypedAttr init,
                         ElementBody combine) {
  Value folded = foldLast(b, rows, init, combine);
  Value all = tensor::ExtractOp::create(b, folded, ValueRange{});
  return mapLike(b, rows, b.getF32Type(),
                 [&](ImplicitLocOpBuilder &, ValueRange) { return all; });
}

/// x - min(x) of each row, or of the tensor. A NaN is no minimum.
static Value shiftToZero(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                         Value input) {
  auto init = b.getFloatAttr(b.getF32Type(), INFINITY);
  auto smallest = [](ImplicitLocOpBuilder &b, ValueRange x) {
    return smaller(b, x[0], x[1]);
  };
  if (!getElementTypeOrSelf(input).isF32())
    input = mapLike(
        b, input, b.getF32Type(),
        [](ImplicitLocOpBuilder &b, ValueRange x) { return widen(b, x[0]); });
  Value low = foldLast(b, input, init, smallest);
  if (quantizer.getGranularity() == Granularity::Tensor)
    low = combineRows(b, low, init, smallest);
  return mapElements(
      b, {{input, b.getMultiDimIdentityMap(2)}, {low, selectDims(b, 2, {0})}},
      tensor::getMixedSizes(b, b.getLoc(), input), b.getF32Type(),
      [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        return roundTo(b, quantizer.getArithmeticType(),
                       arith::SubFOp::create(b, x[0], x[1]));
      });
}

/// The magnitude that stands for the limit, for each row.
static Value magnitudesOf(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                          Value input) {
  Scheme scheme = quantizer.getScheme();
  bool isMean = scheme == Scheme::Absmean;
  bool perTensor = quantizer.getGranularity() == Granularity::Tensor;
  Value rows = reduceRows(b, scheme, input);
  Value count = sizeAsFloat(b, input, 1);
  if (perTensor) {
    rows = combineRows(b, rows, b.getF32FloatAttr(0),
                       [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                         if (isMean)
                           return arith::AddFOp::create(b, x[1], x[0]);
                         return larger(b, x[0], x[1]);
                       });
    count = arith::MulFOp::create(b, count, sizeAsFloat(b, input, 0));
  }
  if (!isMean)
    return rows;
  return mapLike(b, rows, b.getF32Type(),
                 [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                   Value mean = arith::DivFOp::create(b, x[0], count);
                   return roundTo(b, quantizer.getArithmeticType(), mean);
                 });
}

/// limit / max(magnitude, floor), or limit * (1 / max(magnitude, floor))
static Value scalesOf(ImplicitLocOpBuilder &b, QuantizerAttr quantizer,
                      Value magnitudes) {
  Type type = quantizer.getArithmeticType();
  return mapLike(
      b, magnitudes, b.getF32Type(),
      [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        Value limit = constant(b, quantizer.getLimitAsFloat());
        Value floor = constant(b, quantizer.getFloorAsFloat());
        Value divisor = larger(b, x[0], floor);
        if (!quantizer.getReciprocal())
          return roundTo(b, type, arith::DivFOp::create(b, limit, divisor));
        Value inverse =
            roundTo(b, type, arith::DivFOp::create(b, constant(b, 1), divisor));
        return roundTo(b, type, arith::MulFOp::create(b, inverse, limit));
      });
}

namespace {

/// quantize(x) -> clamp(roundeven(x * s), low, high), s = limit / magnitude
struct ScaleAndRound : OpConversionPattern<QuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(QuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value input = adaptor.getInput();
    QuantizerAttr quantizer = op.getQuantizer();
    Value scales = scalesOf(b, quantizer, magnitudesOf(b, quantizer, input));
    if (quantizer.getScheme() == Scheme::Shifted)
      input = shiftToZero(b, quantizer, input);
    SmallVector<ReadTensor> reads = {{input, b.getMultiDimIdentityMap(2)},
                                     {scales, selectDims(b, 2, {0})}};
    auto round = [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      Value scaled = roundTo(b, quantizer.getArithmeticType(),
                             arith::MulFOp::create(b, widen(b, x[0]), x[1]));
      Value rounded = math::RoundEvenOp::create(b, scaled);
      // The larger of a NaN and `low` is `low`.
      Value clamped =
          smaller(b, larger(b, rounded, constant(b, quantizer.getLow())),
                  constant(b, quantizer.getHigh()));
      return arith::FPToSIOp::create(b, b.getI8Type(), clamped);
    };
    Value codes =
        mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), input),
                    b.getI8Type(), round);
    rewriter.replaceOp(op, {castTo(b, op.getCodes().getType(), codes),
                            castTo(b, op.getScales().getType(), scales)});
    return success();
  }
};

/// norm_quantize(x) -> quantize(rms_norm(x))
struct SplitNormQuantize : OpConversionPattern<NormQuantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(NormQuantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto norm = RmsNormOp::create(rewriter, op.getLoc(),
                                  op.getInput().getType(), adaptor.getInput(),
                                  adaptor.getGain(), op.getEpsilonAttr());
    rewriter.replaceOpWithNewOp<QuantizeOp>(op, op.getResultTypes(), norm,
                                            op.getQuantizer());
    return success();
  }
};

} // namespace

void bitnet::populateQuantizeToLinalg(RewritePatternSet &patterns,
                                      const TypeConverter &types) {
  patterns.add<ScaleAndRound, SplitNormQuantize>(types, patterns.getContext());
}
