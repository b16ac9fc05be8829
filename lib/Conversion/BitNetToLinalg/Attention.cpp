// Positions, caches and attention, spelled out. See Passes.td.
#include "Elementwise.h"
#include "Patterns.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

/// Loop dimension `dim`, or 0 where a tensor has only one batch or head.
static AffineExpr dimOrOnly(ImplicitLocOpBuilder &b, Value tensor,
                            int64_t dim) {
  bool isOnly = cast<RankedTensorType>(tensor.getType()).getDimSize(dim) == 1;
  return isOnly ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(dim);
}

//===----------------------------------------------------------------------===//
// rope and kv_append
//===----------------------------------------------------------------------===//

namespace {

/// The first or the second channels of all pairs: every (`stride`)th, from
/// `offset`.
struct Channels {
  int64_t offset, stride;
};

/// rope(x, cos, sin) -> (a * cos - b * sin, b * cos + a * sin)
struct TurnPairs : OpConversionPattern<RopeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RopeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getInput();
    int64_t half = op.getInput().getType().getDimSize(3) / 2;
    Channels first{0, 1}, second{half, 1};
    if (op.getInterleaved()) {
      first = {0, 2};
      second = {1, 2};
    }
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), x);
    Value result = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    sizes[3] = b.getIndexAttr(half);
    SmallVector<OpFoldResult> ones(4, b.getIndexAttr(1));
    for (Channels channels : {first, second}) {
      bool isFirst = channels.offset == 0;
      Value turned = turn(b, adaptor, sizes, {first, second}, isFirst);
      auto [offsets, strides] = place(b, channels);
      result = tensor::InsertSliceOp::create(b, turned, result, offsets, sizes,
                                             strides);
    }
    rewriter.replaceOp(op, castTo(b, op.getType(), result));
    return success();
  }

private:
  using Indices = SmallVector<OpFoldResult>;

  static std::pair<Indices, Indices> place(ImplicitLocOpBuilder &b,
                                           Channels channels) {
    Indices offsets(4, b.getIndexAttr(0)), strides(4, b.getIndexAttr(1));
    offsets[3] = b.getIndexAttr(channels.offset);
    strides[3] = b.getIndexAttr(channels.stride);
    return {offsets, strides};
  }

  static Value turn(ImplicitLocOpBuilder &b, OpAdaptor adaptor,
                    ArrayRef<OpFoldResult> sizes, ArrayRef<Channels> pair,
                    bool isFirst) {
    AffineMap identity = b.getMultiDimIdentityMap(4);
    SmallVector<ReadTensor> reads;
    for (Channels channels : pair) {
      auto [offsets, strides] = place(b, channels);
      reads.push_back({tensor::ExtractSliceOp::create(b, adaptor.getInput(),
                                                      offsets, sizes, strides),
                       identity});
    }
    for (Value angles : {adaptor.getCos(), adaptor.getSin()})
      reads.push_back({angles, AffineMap::get(4, 0,
                                              {dimOrOnly(b, angles, 0),
                                               b.getAffineDimExpr(2),
                                               b.getAffineDimExpr(3)},
                                              b.getContext())});
    auto turnOne = [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      auto product = [&](int64_t i, int64_t j) {
        return arith::MulFOp::create(b, x[i], x[j]);
      };
      if (isFirst)
        return arith::SubFOp::create(b, product(0, 2), product(1, 3));
      return arith::AddFOp::create(b, product(1, 2), product(0, 3));
    };
    return mapElements(b, reads, sizes, b.getF32Type(), turnOne);
  }
};

/// kv_append(past, update) -> both in one tensor, past first
struct InsertPastAndUpdate : OpConversionPattern<KvAppendOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(KvAppendOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto pastSizes = tensor::getMixedSizes(b, b.getLoc(), adaptor.getPast());
    auto newSizes = tensor::getMixedSizes(b, b.getLoc(), adaptor.getUpdate());
    SmallVector<OpFoldResult> sizes = pastSizes;
    AffineExpr past = b.getAffineSymbolExpr(0),
               added = b.getAffineSymbolExpr(1);
    sizes[2] = affine::makeComposedFoldedAffineApply(
        b, b.getLoc(), past + added, {pastSizes[2], newSizes[2]});
    SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(4, b.getIndexAttr(1));
    Value result =
        tensor::EmptyOp::create(b, sizes, op.getType().getElementType());
    result = tensor::InsertSliceOp::create(b, adaptor.getPast(), result,
                                           offsets, pastSizes, strides);
    offsets[2] = pastSizes[2];
    result = tensor::InsertSliceOp::create(b, adaptor.getUpdate(), result,
                                           offsets, newSizes, strides);
    rewriter.replaceOp(op, castTo(b, op.getType(), result));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// attention
//===----------------------------------------------------------------------===//

/// attention(q, k, v) -> softmax(scale * q . k) . v
struct SpellOutAttention : OpConversionPattern<AttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value scores = maskScores(b, op, adaptor, multiplyKeys(b, op, adaptor));
    Value powers = exponentiate(b, scores);
    Value sums = sumRows(b, powers);
    Value y = weighValues(b, op, adaptor, powers);
    SmallVector<ReadTensor> reads = {{y, b.getMultiDimIdentityMap(4)},
                                     {sums, selectDims(b, 4, {0, 1, 2})}};
    auto divide = [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      // A query that sees no key: 0 / 1.
      Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x[1],
                                            constant(b, 0));
      Value sum = arith::SelectOp::create(b, isEmpty, constant(b, 1), x[1]);
      return arith::DivFOp::create(b, x[0], sum);
    };
    y = mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), y),
                    b.getF32Type(), divide);
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }

private:
  static AffineExpr kvHead(ImplicitLocOpBuilder &b, AttentionOp op) {
    int64_t group = op.getQuery().getType().getDimSize(1) /
                    op.getKey().getType().getDimSize(1);
    AffineExpr head = b.getAffineDimExpr(1);
    return group == 1 ? head : head.floorDiv(group);
  }

  static AffineMap mapOf(ImplicitLocOpBuilder &b, int64_t loops,
                         ArrayRef<AffineExpr> results) {
    return AffineMap::get(loops, 0, results, b.getContext());
  }

  /// q . k over [batch, head, query, key], by fma in lane order
  static Value multiplyKeys(ImplicitLocOpBuilder &b, AttentionOp op,
                            OpAdaptor adaptor) {
    Value q = toLanes(b, adaptor.getQuery()), k = toLanes(b, adaptor.getKey());
    AffineExpr batch = b.getAffineDimExpr(0), key = b.getAffineDimExpr(3),
               block = b.getAffineDimExpr(4), lane = b.getAffineDimExpr(5);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), adaptor.getQuery());
    sizes[3] = tensor::getMixedSize(b, b.getLoc(), k, 2);
    sizes.push_back(tensor::getMixedSize(b, b.getLoc(), k, 4));
    Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    Value lanes = foldElements(
        b,
        {6,
         {{q, selectDims(b, 6, {0, 1, 2, 4, 5})},
          {k, mapOf(b, 6, {batch, kvHead(b, op), key, block, lane})}},
         {empty, selectDims(b, 6, {0, 1, 2, 3, 5})},
         b.getF32FloatAttr(0)},
        [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
          return math::FmaOp::create(b, x[0], widen(b, x[1]), x[2]);
        });
    return addLanes(b, lanes);
  }

  /// scale * score + mask, minus infinity where the key is not seen
  static Value maskScores(ImplicitLocOpBuilder &b, AttentionOp op,
                          OpAdaptor adaptor, Value scores) {
    SmallVector<ReadTensor> reads = {{scores, b.getMultiDimIdentityMap(4)}};
    Value mask = adaptor.getMask();
    if (mask)
      reads.push_back(
          {mask, mapOf(b, 4,
                       {dimOrOnly(b, mask, 0), dimOrOnly(b, mask, 1),
                        dimOrOnly(b, mask, 2), b.getAffineDimExpr(3)})});
    auto scale = [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      Value factor = arith::ConstantOp::create(b, op.getScaleAttr());
      Value scaled = arith::MulFOp::create(b, x[0], factor);
      if (!mask)
        return scaled;
      if (x[1].getType().isF32())
        return arith::AddFOp::create(b, scaled, x[1]);
      return arith::SelectOp::create(b, x[1], scaled, constant(b, -INFINITY));
    };
    return mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), scores),
                       b.getF32Type(), scale);
  }

  /// exp(score - largest score of the query), 0 where the key is not seen
  static Value exponentiate(ImplicitLocOpBuilder &b, Value scores) {
    Value largest = foldLast(b, scores, b.getF32FloatAttr(-INFINITY),
                             [](ImplicitLocOpBuilder &b, ValueRange x) {
                               return larger(b, x[0], x[1]);
                             });
    SmallVector<ReadTensor> reads = {{scores, b.getMultiDimIdentityMap(4)},
                                     {largest, selectDims(b, 4, {0, 1, 2})}};
    auto power = [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      Value isHidden = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x[0],
                                             constant(b, -INFINITY));
      Value power =
          math::ExpOp::create(b, arith::SubFOp::create(b, x[0], x[1]));
      return arith::SelectOp::create(b, isHidden, constant(b, 0), power);
    };
    return mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), scores),
                       b.getF32Type(), power);
  }

  /// The sum of power * value by fma, over the keys that have a weight.
  static Value weighValues(ImplicitLocOpBuilder &b, AttentionOp op,
                           OpAdaptor adaptor, Value powers) {
    AffineExpr batch = b.getAffineDimExpr(0), channel = b.getAffineDimExpr(3),
               key = b.getAffineDimExpr(4);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), powers);
    sizes[3] = tensor::getMixedSize(b, b.getLoc(), adaptor.getValue(), 3);
    Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    auto addValue = [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
      Value isSeen = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x[0],
                                           constant(b, 0));
      Value sum = math::FmaOp::create(b, x[0], widen(b, x[1]), x[2]);
      return arith::SelectOp::create(b, isSeen, sum, x[2]);
    };
    return foldElements(b,
                        {5,
                         {{powers, selectDims(b, 5, {0, 1, 2, 4})},
                          {adaptor.getValue(),
                           mapOf(b, 5, {batch, kvHead(b, op), key, channel})}},
                         {empty, selectDims(b, 5, {0, 1, 2, 3})},
                         b.getF32FloatAttr(0)},
                        addValue);
  }
};

} // namespace

void bitnet::populateAttentionToLinalg(RewritePatternSet &patterns,
                                       const TypeConverter &types) {
  patterns.add<TurnPairs, InsertPastAndUpdate, SpellOutAttention>(
      types, patterns.getContext());
}
