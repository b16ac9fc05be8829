// Weights, the integer product and its rescaling, spelled out. See Passes.td.
#include "Elementwise.h"
#include "Patterns.h"

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/PackedLayout.h"
#include "dialects/BitNet/TritBytes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The weights of a packed resource, one byte each; null if its bytes are not
/// at hand.
static ElementsAttr unpackBytes(DenseResourceElementsAttr value,
                                RankedTensorType unpacked) {
  auto encoding =
      cast<PackedAttr>(cast<RankedTensorType>(value.getType()).getEncoding());
  PanelLayout layout = encoding.getLayout();
  int64_t n = unpacked.getDimSize(0), k = unpacked.getDimSize(1);
  AsmResourceBlob *blob = value.getRawHandle().getBlob();
  if (!blob ||
      static_cast<int64_t>(blob->getData().size()) != packedSize(n, k, layout))
    return {};
  AsmResourceBlob bytes = HeapAsmResourceBlob::allocate(n * k, /*align=*/64,
                                                        /*dataIsMutable=*/true);
  unpackPanel(reinterpret_cast<const uint8_t *>(blob->getData().data()), n, k,
              layout,
              reinterpret_cast<int8_t *>(bytes.getMutableData().data()));
  std::string key = (value.getRawHandle().getKey() + "_unpacked").str();
  return DenseResourceElementsAttr::get(unpacked, key, std::move(bytes));
}

/// The weights of a resource without an encoding, one byte each.
static ElementsAttr expand(DenseResourceElementsAttr value,
                           RankedTensorType type) {
  AsmResourceBlob *blob = value.getRawHandle().getBlob();
  if (!blob || !hasTrits(value) ||
      static_cast<int64_t>(blob->getData().size()) == type.getNumElements())
    return DenseResourceElementsAttr::get(type, value.getRawHandle());
  std::string key = (value.getRawHandle().getKey() + "_expanded").str();
  return DenseResourceElementsAttr::get(
      type, key,
      HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>(readTrits(value)));
}

namespace {

/// constant<trit> -> arith.constant<i8>
struct HoldWeightsAsBytes : OpConversionPattern<ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.use_empty()) {
      rewriter.eraseOp(op);
      return success();
    }
    auto value = dyn_cast<DenseResourceElementsAttr>(op.getValue());
    if (!value)
      return rewriter.notifyMatchFailure(op, "weights are not a resource");
    RankedTensorType type = op.getType();
    auto bytes = RankedTensorType::get(type.getShape(), rewriter.getI8Type());
    ElementsAttr weights =
        type.getEncoding() ? unpackBytes(value, bytes) : expand(value, bytes);
    if (!weights)
      return rewriter.notifyMatchFailure(op, "bytes don't fit the layout");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, bytes,
                                                   cast<TypedAttr>(weights));
    return success();
  }
};

} // namespace

/// The mean of `body(w)` over a matrix, summed in f64 and rounded once.
static Value meanOf(ImplicitLocOpBuilder &b, Value matrix, ElementBody body) {
  Type f64 = b.getF64Type();
  Value empty = tensor::EmptyOp::create(b, ArrayRef<int64_t>{}, f64);
  ReadTensor weights{matrix, b.getMultiDimIdentityMap(2)};
  Value sum = foldElements(
      b, {2, weights, {empty, selectDims(b, 2, {})}, b.getF64FloatAttr(0)},
      [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        Value wide = arith::ExtFOp::create(b, f64, body(b, x[0]));
        return arith::AddFOp::create(b, x[1], wide);
      });
  Value count = arith::IndexCastOp::create(
      b, b.getI64Type(),
      arith::MulIOp::create(b, tensor::DimOp::create(b, matrix, 0),
                            tensor::DimOp::create(b, matrix, 1)));
  Value mean =
      arith::DivFOp::create(b, tensor::ExtractOp::create(b, sum, ValueRange{}),
                            arith::SIToFPOp::create(b, f64, count));
  return arith::TruncFOp::create(b, b.getF32Type(), mean);
}

static Value meanMagnitude(ImplicitLocOpBuilder &b, Value matrix) {
  return meanOf(b, matrix, [](ImplicitLocOpBuilder &b, ValueRange w) -> Value {
    return math::AbsFOp::create(b, w[0]);
  });
}

namespace {

/// ternarize(w) -> clamp(roundeven(w * (1 / gamma)), -1, 1)
struct RoundWeights : OpConversionPattern<TernarizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TernarizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value weights = adaptor.getWeights();
    Value floor = arith::ConstantOp::create(b, op.getFloorAttr());
    Value gamma = larger(b, meanMagnitude(b, weights), floor);
    Value inverse = arith::DivFOp::create(b, constant(b, 1), gamma);
    auto round = [&](ImplicitLocOpBuilder &b, ValueRange w) -> Value {
      Value scaled = arith::MulFOp::create(b, w[0], inverse);
      Value rounded = math::RoundEvenOp::create(b, scaled);
      Value clamped =
          smaller(b, larger(b, rounded, constant(b, -1)), constant(b, 1));
      return arith::FPToSIOp::create(b, b.getI8Type(), clamped);
    };
    Value codes = mapLike(b, weights, b.getI8Type(), round);
    rewriter.replaceOp(op, {codes, tensor::FromElementsOp::create(b, gamma)});
    return success();
  }
};

/// binarize(w) -> w - mean(w) > 0 ? 1 : -1
struct TakeSigns : OpConversionPattern<BinarizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(BinarizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value weights = adaptor.getWeights();
    Value alpha = meanOf(
        b, weights, [](ImplicitLocOpBuilder &, ValueRange w) { return w[0]; });
    auto sign = [&](ImplicitLocOpBuilder &b, ValueRange w) -> Value {
      Value isAbove =
          arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, w[0], alpha);
      return arith::SelectOp::create(b, isAbove,
                                     arith::ConstantIntOp::create(b, 1, 8),
                                     arith::ConstantIntOp::create(b, -1, 8));
    };
    Value codes = mapLike(b, weights, b.getI8Type(), sign);
    Value beta = meanMagnitude(b, weights);
    rewriter.replaceOp(op, {codes, tensor::FromElementsOp::create(b, beta)});
    return success();
  }
};

//===----------------------------------------------------------------------===//
// A layer and its three steps
//===----------------------------------------------------------------------===//

} // namespace

/// sum + x * w, of int8 codes
static Value multiplyAndAdd(ImplicitLocOpBuilder &b, ValueRange args) {
  Value x = arith::ExtSIOp::create(b, b.getI32Type(), args[0]);
  Value w = arith::ExtSIOp::create(b, b.getI32Type(), args[1]);
  return arith::AddIOp::create(b, args[2], arith::MulIOp::create(b, x, w));
}

static QuantizeOp quantizeInput(OpBuilder &b, LinearOp op) {
  RankedTensorType input = op.getInput().getType();
  Type scales =
      RankedTensorType::get(input.getShape().take_front(), b.getF32Type());
  return QuantizeOp::create(b, op.getLoc(), input.clone(b.getI8Type()), scales,
                            op.getInput(), op.getQuantizer());
}

namespace {

/// linear(x, w), scales for groups of inputs
///   -> y[m, n] = sum over g of float(sum of q * w in g) * (scale[g, n] / s[m])
struct AddGroups : OpConversionPattern<LinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (cast<RankedTensorType>(op.getScale().getType()).getRank() != 2)
      return rewriter.notifyMatchFailure(op, "groups have no scales");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    QuantizeOp quantized = quantizeInput(rewriter, op);
    Value sums = sumInGroups(b, quantized.getCodes(), adaptor.getWeights(),
                             op.getGroups());
    Value m = adaptor.getInput();
    SmallVector<OpFoldResult> sizes = {
        tensor::getMixedSize(b, b.getLoc(), m, 0),
        tensor::getMixedSize(b, b.getLoc(), adaptor.getWeights(), 0)};
    Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    // Loops m, n and g, the last one of which adds up.
    ReadTensor products{sums, selectDims(b, 3, {0, 2, 1})};
    ReadTensor scales{quantized.getScales(), selectDims(b, 3, {0})};
    ReadTensor weightScales{adaptor.getScale(), selectDims(b, 3, {2, 1})};
    Value y =
        foldElements(b,
                     {3,
                      {products, scales, weightScales},
                      {empty, selectDims(b, 3, {0, 1})},
                      b.getF32FloatAttr(0)},
                     [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                       Value ratio = arith::DivFOp::create(b, x[2], x[1]);
                       Value sum =
                           arith::SIToFPOp::create(b, b.getF32Type(), x[0]);
                       Value scaled = arith::MulFOp::create(b, sum, ratio);
                       return arith::AddFOp::create(b, x[3], scaled);
                     });
    if (op.getBias())
      y = mapElements(b,
                      {{y, b.getMultiDimIdentityMap(2)},
                       {adaptor.getBias(), selectDims(b, 2, {1})}},
                      sizes, b.getF32Type(),
                      [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                        return arith::AddFOp::create(b, x[0], x[1]);
                      });
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }

private:
  /// The sum of x[m, g * size + i] * w[n, g * size + i] as [m, g, n].
  static Value sumInGroups(ImplicitLocOpBuilder &b, Value x, Value w,
                           int64_t groups) {
    auto split = [&](Value tensor) {
      auto type = cast<RankedTensorType>(tensor.getType());
      SmallVector<OpFoldResult> sizes = {
          tensor::getMixedSize(b, b.getLoc(), tensor, 0),
          b.getIndexAttr(groups), b.getIndexAttr(type.getDimSize(1) / groups)};
      return tensor::ExpandShapeOp::create(
                 b,
                 RankedTensorType::get(
                     {type.getDimSize(0), groups, type.getDimSize(1) / groups},
                     type.getElementType()),
                 tensor, SmallVector<ReassociationIndices>{{0}, {1, 2}}, sizes)
          .getResult();
    };
    SmallVector<OpFoldResult> sizes = {
        tensor::getMixedSize(b, b.getLoc(), x, 0), b.getIndexAttr(groups),
        tensor::getMixedSize(b, b.getLoc(), w, 0)};
    Value empty = tensor::EmptyOp::create(b, sizes, b.getI32Type());
    return foldElements(b,
                        {4,
                         {{split(x), selectDims(b, 4, {0, 1, 3})},
                          {split(w), selectDims(b, 4, {2, 1, 3})}},
                         {empty, selectDims(b, 4, {0, 1, 2})},
                         b.getI32IntegerAttr(0)},
                        multiplyAndAdd);
  }
};

/// linear(x, w) -> dequantize(matmul(quantize(x), w))
struct SplitLinear : OpConversionPattern<LinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LinearOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (cast<RankedTensorType>(op.getScale().getType()).getRank() != 1)
      return rewriter.notifyMatchFailure(op, "groups have scales of their own");
    QuantizeOp quantized = quantizeInput(rewriter, op);
    Value sums = MatmulOp::create(
        rewriter, op.getLoc(), op.getType().clone(rewriter.getI32Type()),
        quantized.getCodes(), op.getWeights(), /*tiles=*/nullptr);
    rewriter.replaceOpWithNewOp<DequantizeOp>(
        op, op.getType(), sums, quantized.getScales(), op.getScale(),
        op.getBias(), op.getInverse());
    return success();
  }
};

/// matmul(x, w) -> y[m, n] = sum of x[m, k] * w[n, k] in i32
struct MultiplyAndAdd : OpConversionPattern<MatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MatmulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getActivations(), w = adaptor.getWeights();
    SmallVector<OpFoldResult> sizes = {
        tensor::getMixedSize(b, b.getLoc(), x, 0),
        tensor::getMixedSize(b, b.getLoc(), w, 0)};
    Value empty = tensor::EmptyOp::create(b, sizes, b.getI32Type());
    ReadTensor rows{x, selectDims(b, 3, {0, 2})};
    ReadTensor columns{w, selectDims(b, 3, {1, 2})};
    Value sums = foldElements(b,
                              {3,
                               {rows, columns},
                               {empty, selectDims(b, 3, {0, 1})},
                               b.getI32IntegerAttr(0)},
                              multiplyAndAdd);
    rewriter.replaceOp(op, castTo(b, op.getType(), sums));
    return success();
  }
};

/// dequantize(x) -> y[m, n] = float(x[m, n]) * (weight_scale / scales[m]), or
/// float(x[m, n]) / (weight_scale * scales[m]), then + bias[n]. A factor that
/// is the same for a whole row is computed once.
struct Rescale : OpConversionPattern<DequantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    AffineMap row = selectDims(b, 2, {0}), column = selectDims(b, 2, {1});
    Type f32 = b.getF32Type(), element = op.getType().getElementType();
    bool inverse = op.getInverse();
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), adaptor.getInput());
    SmallVector<ReadTensor> reads = {
        {adaptor.getInput(), b.getMultiDimIdentityMap(2)},
        {adaptor.getScales(), row}};
    bool onePerTensor = op.getWeightScale().getType().getDimSize(0) == 1;
    if (onePerTensor)
      reads[1].tensor = factorsOfRows(b, adaptor, inverse);
    else
      reads.push_back({adaptor.getWeightScale(), column});
    if (adaptor.getBias())
      reads.push_back({adaptor.getBias(), column});

    auto rescale = [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      Value factor = onePerTensor ? x[1] : factorOf(b, x[2], x[1], inverse);
      Value sum = arith::SIToFPOp::create(b, f32, x[0]);
      Value y = inverse ? arith::DivFOp::create(b, sum, factor).getResult()
                        : arith::MulFOp::create(b, sum, factor).getResult();
      if (op.getBias())
        y = arith::AddFOp::create(b, y, x[onePerTensor ? 2 : 3]);
      return narrow(b, element, y);
    };
    Value result = mapElements(b, reads, sizes, element, rescale);
    rewriter.replaceOp(op, castTo(b, op.getType(), result));
    return success();
  }

private:
  /// What a sum is multiplied by, or divided by if it is `inverse`.
  static Value factorOf(ImplicitLocOpBuilder &b, Value weightScale, Value scale,
                        bool inverse) {
    if (inverse)
      return arith::MulFOp::create(b, weightScale, scale);
    return arith::DivFOp::create(b, weightScale, scale);
  }

  /// The factor of each row.
  static Value factorsOfRows(ImplicitLocOpBuilder &b, OpAdaptor adaptor,
                             bool inverse) {
    AffineMap first = AffineMap::get(1, 0, b.getAffineConstantExpr(0));
    SmallVector<ReadTensor> reads = {
        {adaptor.getWeightScale(), first},
        {adaptor.getScales(), b.getMultiDimIdentityMap(1)}};
    return mapElements(
        b, reads, tensor::getMixedSizes(b, b.getLoc(), adaptor.getScales()),
        b.getF32Type(), [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
          return factorOf(b, x[0], x[1], inverse);
        });
  }
};

} // namespace

void bitnet::populateLinearToLinalg(RewritePatternSet &patterns,
                                    const TypeConverter &types) {
  patterns.add<AddGroups, HoldWeightsAsBytes, RoundWeights, TakeSigns,
               SplitLinear, MultiplyAndAdd, Rescale>(types,
                                                     patterns.getContext());
}
