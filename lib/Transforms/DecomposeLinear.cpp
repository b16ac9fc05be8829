// The heart: a trained layer becomes integer arithmetic. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/TritBytes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_DECOMPOSELINEAR
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-decompose-linear"

static bitnet::QuantizeOp createQuantize(OpBuilder &b,
                                         bitnet::LinearOp linear) {
  RankedTensorType input = linear.getInput().getType();
  auto scales =
      RankedTensorType::get(input.getShape().take_front(), b.getF32Type());
  return bitnet::QuantizeOp::create(b, linear.getLoc(),
                                    input.clone(b.getI8Type()), scales,
                                    linear.getInput(), linear.getQuantizer());
}

static Value createMatmul(OpBuilder &b, bitnet::LinearOp linear, Value codes,
                          Value weights) {
  auto product = bitnet::MatmulOp::create(
      b, linear.getLoc(), linear.getType().clone(b.getI32Type()), codes,
      weights, /*tiles=*/nullptr);
  // What a report will say of the layer.
  product->setDiscardableAttrs(linear->getDiscardableAttrDictionary());
  return product;
}

namespace {

/// linear(x, w) -> dequantize(matmul(quantize(x), w))
struct SplitLinear : OpRewritePattern<bitnet::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(bitnet::LinearOp linear,
                                PatternRewriter &rewriter) const override {
    if (cast<RankedTensorType>(linear.getScale().getType()).getRank() != 1)
      return rewriter.notifyMatchFailure(linear, "groups have their scales");
    bitnet::QuantizeOp quantize = createQuantize(rewriter, linear);
    Value product = createMatmul(rewriter, linear, quantize.getCodes(),
                                 linear.getWeights());
    rewriter.replaceOpWithNewOp<bitnet::DequantizeOp>(
        linear, linear.getType(), product, quantize.getScales(),
        linear.getScale(), linear.getBias(), linear.getInverse());
    return success();
  }
};

} // namespace

/// Columns [begin, begin + size) of weights, as a constant of their own.
static Value sliceWeights(OpBuilder &b, bitnet::ConstantOp weights,
                          ArrayRef<int8_t> trits, int64_t begin, int64_t size) {
  RankedTensorType type = weights.getType();
  int64_t n = type.getDimSize(0), k = type.getDimSize(1);
  std::vector<int8_t> slice;
  for (int64_t row = 0; row < n; ++row)
    llvm::append_range(slice, trits.slice(row * k + begin, size));
  auto value = cast<DenseResourceElementsAttr>(weights.getValue());
  return bitnet::ConstantOp::create(
      b, weights.getLoc(),
      DenseResourceElementsAttr::get(type.clone({n, size}),
                                     value.getRawHandle().getKey(),
                                     bitnet::makeTrits(slice)));
}

/// Columns [begin, begin + size) of codes.
static Value sliceCodes(OpBuilder &b, Value codes, int64_t begin,
                        int64_t size) {
  Location loc = codes.getLoc();
  SmallVector<OpFoldResult> offsets = {b.getIndexAttr(0),
                                       b.getIndexAttr(begin)};
  SmallVector<OpFoldResult> sizes = {tensor::getMixedSize(b, loc, codes, 0),
                                     b.getIndexAttr(size)};
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, loc, codes, offsets, sizes, strides);
}

/// Row `group` of scales.
static Value sliceScale(OpBuilder &b, Value scale, int64_t group) {
  auto type = cast<RankedTensorType>(scale.getType());
  SmallVector<OpFoldResult> offsets = {b.getIndexAttr(group),
                                       b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes = {b.getIndexAttr(1),
                                     b.getIndexAttr(type.getDimSize(1))};
  SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
  auto row = RankedTensorType::get({type.getDimSize(1)}, type.getElementType());
  return tensor::ExtractSliceOp::create(b, scale.getLoc(), row, scale, offsets,
                                        sizes, strides);
}

/// a + c, c being of the same shape or one row.
static Value createSum(OpBuilder &b, Value a, Value c) {
  auto rank = cast<RankedTensorType>(c.getType()).getRank();
  AffineMap all = b.getMultiDimIdentityMap(2);
  AffineMap other =
      rank == 2 ? all : AffineMap::get(2, 0, b.getAffineDimExpr(1));
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      b, a.getLoc(), tensor::getMixedSizes(b, a.getLoc(), a), b.getF32Type());
  return linalg::GenericOp::create(
             b, a.getLoc(), a.getType(), ValueRange{a, c}, empty,
             {all, other, all}, loops,
             [](OpBuilder &b, Location loc, ValueRange x) {
               Value sum = arith::AddFOp::create(b, loc, x[0], x[1]);
               linalg::YieldOp::create(b, loc, sum);
             })
      .getResult(0);
}

namespace {

/// linear(x, w), scales for groups of inputs
///   -> the sum of dequantize(matmul(columns of quantize(x), columns of w))
struct SplitGroups : OpRewritePattern<bitnet::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(bitnet::LinearOp linear,
                                PatternRewriter &rewriter) const override {
    if (cast<RankedTensorType>(linear.getScale().getType()).getRank() != 2)
      return rewriter.notifyMatchFailure(linear, "has no scales of groups");
    auto weights = linear.getWeights().getDefiningOp<bitnet::ConstantOp>();
    if (!weights || !bitnet::hasTrits(weights.getValue()))
      return rewriter.notifyMatchFailure(linear, "weights are not at hand");

    int64_t size = weights.getType().getDimSize(1) / linear.getGroups();
    std::vector<int8_t> trits = bitnet::readTrits(weights.getValue());
    bitnet::QuantizeOp quantize = createQuantize(rewriter, linear);
    Value sum;
    for (int64_t group = 0; group < linear.getGroups(); ++group) {
      Value product = createMatmul(
          rewriter, linear,
          sliceCodes(rewriter, quantize.getCodes(), group * size, size),
          sliceWeights(rewriter, weights, trits, group * size, size));
      Value scaled = bitnet::DequantizeOp::create(
          rewriter, linear.getLoc(), linear.getType(), product,
          quantize.getScales(), sliceScale(rewriter, linear.getScale(), group),
          /*bias=*/Value(), /*inverse=*/false);
      sum = sum ? createSum(rewriter, sum, scaled) : scaled;
    }
    if (linear.getBias())
      sum = createSum(rewriter, sum, linear.getBias());
    rewriter.replaceOp(linear, sum);
    return success();
  }
};

struct DecomposeLinear : bitnet::impl::DecomposeLinearBase<DecomposeLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitGroups, SplitLinear>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
