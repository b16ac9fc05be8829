// Norms and rotations of rows, spelled out. See Passes.td.
#include "Elementwise.h"
#include "Patterns.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

/// sqrt(mean(x^2) + epsilon) of each row
static Value rootMeanSquares(ImplicitLocOpBuilder &b, Value input,
                             FloatAttr epsilon) {
  Value squares = mapLike(b, input, b.getF32Type(),
                          [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                            return arith::MulFOp::create(b, x[0], x[0]);
                          });
  Value count = sizeAsFloat(b, input, 1);
  return mapLike(b, sumRows(b, squares), b.getF32Type(),
                 [&](ImplicitLocOpBuilder &b, ValueRange sum) -> Value {
                   Value mean = arith::DivFOp::create(b, sum[0], count);
                   Value shifted = arith::AddFOp::create(
                       b, mean, arith::ConstantOp::create(b, epsilon));
                   return math::SqrtOp::create(b, shifted);
                 });
}

/// (x / root) * gain [+ bias]
static Value normalize(ImplicitLocOpBuilder &b, Value input, Value roots,
                       ArrayRef<Value> gainAndBias) {
  SmallVector<ReadTensor> reads = {{input, b.getMultiDimIdentityMap(2)},
                                   {roots, selectDims(b, 2, {0})}};
  for (Value vector : gainAndBias)
    reads.push_back({vector, selectDims(b, 2, {1})});
  return mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), input),
                     b.getF32Type(),
                     [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                       Value y = arith::DivFOp::create(b, x[0], x[1]);
                       y = arith::MulFOp::create(b, y, x[2]);
                       if (gainAndBias.size() == 1)
                         return y;
                       return arith::AddFOp::create(b, y, x[3]);
                     });
}

namespace {

/// rms_norm(x) -> (x / sqrt(mean(x^2) + epsilon)) * gain
struct DivideByRoot : OpConversionPattern<RmsNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RmsNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getInput();
    Value roots = rootMeanSquares(b, x, op.getEpsilonAttr());
    Value y = normalize(b, x, roots, adaptor.getGain());
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }
};

/// layer_norm(x) -> (d / sqrt(mean(d^2) + epsilon)) * gain + bias, d = x - mean
struct CentreAndDivide : OpConversionPattern<LayerNormOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(LayerNormOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getInput();
    Value count = sizeAsFloat(b, x, 1);
    SmallVector<ReadTensor> reads = {{x, b.getMultiDimIdentityMap(2)},
                                     {sumRows(b, x), selectDims(b, 2, {0})}};
    Value centred = mapElements(
        b, reads, tensor::getMixedSizes(b, b.getLoc(), x), b.getF32Type(),
        [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
          Value mean = arith::DivFOp::create(b, x[1], count);
          return arith::SubFOp::create(b, x[0], mean);
        });
    Value roots = rootMeanSquares(b, centred, op.getEpsilonAttr());
    Value y =
        normalize(b, centred, roots, {adaptor.getGain(), adaptor.getBias()});
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }
};

/// hadamard(x) -> (a, b) -> (a + b, a - b) for all pairs at distance 1, 2, 4,
/// ... in a block, then a product with 1 / sqrt(block)
struct AddAndSubtractPairs : OpConversionPattern<HadamardOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(HadamardOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    int64_t block = op.getBlock();
    Value y = adaptor.getInput();
    for (int64_t distance = 1; distance < block; distance *= 2)
      y = addAndSubtract(b, y, distance);
    float scale =
        static_cast<float>(1.0 / std::sqrt(static_cast<double>(block)));
    y = mapLike(b, y, b.getF32Type(),
                [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                  return arith::MulFOp::create(b, x[0], constant(b, scale));
                });
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }

private:
  static Value addAndSubtract(ImplicitLocOpBuilder &b, Value x,
                              int64_t distance) {
    auto type = cast<RankedTensorType>(x.getType());
    int64_t pairs = type.getDimSize(1) / (2 * distance);
    SmallVector<OpFoldResult> sizes = {
        tensor::getMixedSize(b, b.getLoc(), x, 0), b.getIndexAttr(pairs),
        b.getIndexAttr(2), b.getIndexAttr(distance)};
    auto split = RankedTensorType::get({type.getDimSize(0), pairs, 2, distance},
                                       b.getF32Type());
    SmallVector<ReassociationIndices> groups = {{0}, {1, 2, 3}};
    Value from = tensor::ExpandShapeOp::create(b, split, x, groups, sizes);
    Value to = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    sizes[2] = b.getIndexAttr(1);
    SmallVector<OpFoldResult> strides(4, b.getIndexAttr(1));
    SmallVector<OpFoldResult> first(4, b.getIndexAttr(0)), second = first;
    second[2] = b.getIndexAttr(1);
    SmallVector<Value> pair;
    for (ArrayRef<OpFoldResult> offsets : {first, second})
      pair.push_back(
          tensor::ExtractSliceOp::create(b, from, offsets, sizes, strides));
    Value sums = mapLike(b, pair, b.getF32Type(),
                         [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                           return arith::AddFOp::create(b, x[0], x[1]);
                         });
    Value differences =
        mapLike(b, pair, b.getF32Type(),
                [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                  return arith::SubFOp::create(b, x[0], x[1]);
                });
    to = tensor::InsertSliceOp::create(b, sums, to, first, sizes, strides);
    to = tensor::InsertSliceOp::create(b, differences, to, second, sizes,
                                       strides);
    return tensor::CollapseShapeOp::create(b, type, to, groups);
  }
};

} // namespace

void bitnet::populateNormToLinalg(RewritePatternSet &patterns,
                                  const TypeConverter &types) {
  patterns.add<DivideByRoot, CentreAndDivide, AddAndSubtractPairs>(
      types, patterns.getContext());
}
