// bitnet.kv_append as copies of rows. See Passes.td.
#include "Patterns.h"
#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Copies all rows of `from` at [batch, head] to `to`, the first one to
/// `first`.
static Value copyRows(ImplicitLocOpBuilder &b, Value from, ValueRange at,
                      Value to, Value first) {
  Value rows = tensor::DimOp::create(b, from, indexOf(b, 2));
  int64_t size = cast<RankedTensorType>(from.getType()).getDimSize(3);
  auto copied = forEachIndex(b, rows, 1, to, [&](Value row, ValueRange to) {
    Value target = arith::AddIOp::create(b, first, row);
    return forEachBlock(
        b, size, to,
        [&](const LaneBlock &block, ValueRange to) -> SmallVector<Value> {
          Value x = readBlock(b, from, withLast(at, row), block);
          return {writeVector(b, x, to[0], {target, block.offset})};
        });
  });
  return copied[0];
}

namespace {

/// kv_append(past, update) -> for each batch and head: copy past, copy update
struct CopyPastAndUpdate : OpRewritePattern<KvAppendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(KvAppendOp op,
                                PatternRewriter &rewriter) const override {
    int64_t size = op.getPast().getType().getDimSize(3);
    if (ShapedType::isDynamic(size))
      return rewriter.notifyMatchFailure(op, "length of a row is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), op.getPast());
    Value past = tensor::DimOp::create(b, op.getPast(), indexOf(b, 2));
    Value update = tensor::DimOp::create(b, op.getUpdate(), indexOf(b, 2));
    sizes[2] = getAsOpFoldResult(b.createOrFold<arith::AddIOp>(past, update));
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    int64_t rows = getConstantIntValue(sizes[2]).value_or(ShapedType::kDynamic);
    Type element = op.getPast().getType().getElementType();
    auto rowsType = RankedTensorType::get({rows, size}, element);
    auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
      return {{{at[0], at[1], zero, zero},
               {one, one, sizes[2], sizes[3]},
               rowsType}};
    };
    ParallelLoop loop{
        {sizes[0], sizes[1]}, {emptyTensor(b, sizes, element)}, partsOf};
    auto results = forEachInParallel(
        b, loop, [&](ValueRange at, ValueRange to) -> SmallVector<Value> {
          Value joined = copyRows(b, op.getPast(), at, to[0], indexOf(b, 0));
          return {copyRows(b, op.getUpdate(), at, joined, past)};
        });
    replaceWithCasts(rewriter, op, results);
    return success();
  }
};

} // namespace

void bitnet::populateKvAppendToVector(RewritePatternSet &patterns) {
  patterns.add<CopyPastAndUpdate>(patterns.getContext());
}
