// Norms of rows, and a norm with the quantizer after it. See Passes.td.
#include "Patterns.h"
#include "QuantizeRow.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// sqrt(mean(x^2) + epsilon), the squares rounded before they are added.
static Value rootMeanSquare(ImplicitLocOpBuilder &b, int64_t size,
                            FloatAttr epsilon, BlockReader elements) {
  Value sum = sumOfRow(b, size, [&](const LaneBlock &block) -> Value {
    Value x = elements(block);
    return arith::MulFOp::create(b, x, x);
  });
  Value mean = arith::DivFOp::create(b, sum, f32Of(b, size));
  Value shifted =
      arith::AddFOp::create(b, mean, arith::ConstantOp::create(b, epsilon));
  return math::SqrtOp::create(b, shifted);
}

/// (x / root) * gain: a true division, as in the body of RMSNormalization-23.
static Value normalized(ImplicitLocOpBuilder &b, Value x, Value root,
                        Value gain) {
  int64_t width = cast<VectorType>(x.getType()).getDimSize(0);
  Value quotient = arith::DivFOp::create(b, x, broadcast(b, root, width));
  return arith::MulFOp::create(b, quotient, gain);
}

/// A parallel loop over the rows of `input`; `element` gives each block of a
/// row of the result, `prepare` what it needs to know of the row.
template <typename Prepare, typename Element>
static Value mapRows(ImplicitLocOpBuilder &b, Value input, Prepare prepare,
                     Element element) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), input);
  int64_t size = *getConstantIntValue(sizes[1]);
  auto partsOf = [&](ValueRange row) -> SmallVector<ResultPart> {
    return {{{row[0], b.getIndexAttr(0)},
             {b.getIndexAttr(1), sizes[1]},
             RankedTensorType::get(size, b.getF32Type())}};
  };
  ParallelLoop loop{
      {sizes[0]}, {emptyTensor(b, sizes, b.getF32Type())}, partsOf};
  auto results =
      forEachInParallel(b, loop, [&](ValueRange row, ValueRange parts) {
        auto facts = prepare(row[0]);
        return forEachBlock(
            b, size, parts,
            [&](const LaneBlock &block, ValueRange y) -> SmallVector<Value> {
              return {writeVector(b, element(block, row[0], facts), y[0],
                                  block.offset)};
            });
      });
  return results[0];
}

namespace {

/// rms_norm(x) -> for each row: root mean square, (x / root) * gain
struct NormalizeEachRow : OpRewritePattern<RmsNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RmsNormOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getInput().getType();
    if (type.isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "length of a row is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto prepare = [&](Value row) {
      return rootMeanSquare(b, type.getDimSize(1), op.getEpsilonAttr(),
                            [&](const LaneBlock &block) {
                              return readBlock(b, op.getInput(), row, block);
                            });
    };
    auto element = [&](const LaneBlock &block, Value row, Value root) {
      return normalized(b, readBlock(b, op.getInput(), row, block), root,
                        readBlock(b, op.getGain(), {}, block));
    };
    replaceWithCasts(rewriter, op, mapRows(b, op.getInput(), prepare, element));
    return success();
  }
};

/// layer_norm(x) -> for each row: mean, root mean square of what differs from
/// it, ((x - mean) / root) * gain + bias
struct NormalizeAroundMean : OpRewritePattern<LayerNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerNormOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getInput().getType();
    if (type.isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "length of a row is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    int64_t size = type.getDimSize(1);
    auto centred = [&](const LaneBlock &block, Value row, Value mean) -> Value {
      Value x = readBlock(b, op.getInput(), row, block);
      return arith::SubFOp::create(b, x, broadcast(b, mean, block.width));
    };
    auto prepare = [&](Value row) {
      Value sum = sumOfRow(b, size, [&](const LaneBlock &block) {
        return readBlock(b, op.getInput(), row, block);
      });
      Value mean = arith::DivFOp::create(b, sum, f32Of(b, size));
      Value root = rootMeanSquare(
          b, size, op.getEpsilonAttr(),
          [&](const LaneBlock &block) { return centred(block, row, mean); });
      return std::pair(mean, root);
    };
    auto element = [&](const LaneBlock &block, Value row,
                       std::pair<Value, Value> facts) -> Value {
      Value y = normalized(b, centred(block, row, facts.first), facts.second,
                           readBlock(b, op.getGain(), {}, block));
      return arith::AddFOp::create(b, y, readBlock(b, op.getBias(), {}, block));
    };
    replaceWithCasts(rewriter, op, mapRows(b, op.getInput(), prepare, element));
    return success();
  }
};

/// norm_quantize(x) -> for each row: root mean square, then the quantizer on
/// normalized elements, which are computed twice instead of stored
struct QuantizeNormalizedRow : OpRewritePattern<NormQuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(NormQuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Value input = op.getInput();
    RankedTensorType type = op.getInput().getType();
    if (type.isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "length of a row is unknown");
    if (op.getQuantizer().getGranularity() == Granularity::Tensor)
      return rewriter.notifyMatchFailure(op, "rows share one scale");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), input);
    auto results = quantizeRows(b, sizes, [&](Value row, Value codes) {
      auto elements = [&](const LaneBlock &block) {
        return readBlock(b, input, row, block);
      };
      Value root =
          rootMeanSquare(b, type.getDimSize(1), op.getEpsilonAttr(), elements);
      return quantizeRow(
          b, op.getQuantizer(), codes, [&](const LaneBlock &block) {
            return normalized(b, elements(block), root,
                              readBlock(b, op.getGain(), {}, block));
          });
    });
    replaceWithCasts(rewriter, op, results);
    return success();
  }
};

/// norm_quantize(x) -> quantize(rms_norm(x)), where one scale for all rows
/// needs a sweep over the tensor in between
struct SplitNormQuantize : OpRewritePattern<NormQuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(NormQuantizeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getQuantizer().getGranularity() != Granularity::Tensor)
      return rewriter.notifyMatchFailure(op, "each row has its scale");
    auto norm =
        RmsNormOp::create(rewriter, op.getLoc(), op.getInput().getType(),
                          op.getInput(), op.getGain(), op.getEpsilonAttr());
    rewriter.replaceOpWithNewOp<QuantizeOp>(op, op.getResultTypes(), norm,
                                            op.getQuantizer());
    return success();
  }
};

} // namespace

void bitnet::populateNormToVector(RewritePatternSet &patterns) {
  patterns.add<NormalizeEachRow, NormalizeAroundMean, QuantizeNormalizedRow,
               SplitNormQuantize>(patterns.getContext());
}
