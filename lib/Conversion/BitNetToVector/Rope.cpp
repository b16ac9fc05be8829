// bitnet.rope as a loop over positions. See Passes.td.
#include "Patterns.h"
#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

namespace {

/// One position of a sequence: what its pairs of channels are turned by.
struct Position {
  Value batch, sequence;
  /// Indices of the angles; their batch may be the only one.
  SmallVector<Value> angles;
};

/// The two channels of some pairs.
struct Pair {
  Value a, b;
};

} // namespace

/// (a * cos - b * sin, b * cos + a * sin), each product and sum rounded.
static Pair turn(ImplicitLocOpBuilder &b, Pair x, Value cos, Value sin) {
  auto product = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, x, y);
  };
  return {arith::SubFOp::create(b, product(x.a, cos), product(x.b, sin)),
          arith::AddFOp::create(b, product(x.b, cos), product(x.a, sin))};
}

/// Turns the pairs of a block and writes them to row `head` of `y`.
static Value turnBlock(ImplicitLocOpBuilder &b, RopeOp op,
                       const Position &position, Value head,
                       const LaneBlock &block, Value y) {
  Value cos = readBlock(b, op.getCos(), position.angles, block);
  Value sin = readBlock(b, op.getSin(), position.angles, block);
  SmallVector<Value> row = {position.batch, head, position.sequence};
  Value input = op.getInput();
  if (op.getInterleaved()) {
    Value first = arith::MulIOp::create(b, block.offset, indexOf(b, 2));
    auto pairs = vector::DeinterleaveOp::create(
        b, readVector(b, input, withLast(row, first), 2 * block.width));
    Pair turned = turn(b, {pairs.getRes1(), pairs.getRes2()}, cos, sin);
    Value joined = vector::InterleaveOp::create(b, turned.a, turned.b);
    return writeVector(b, joined, y, {head, first});
  }
  Value half = indexOf(b, op.getInput().getType().getDimSize(3) / 2);
  Value second = arith::AddIOp::create(b, block.offset, half);
  Value low = readVector(b, input, withLast(row, block.offset), block.width);
  Value high = readVector(b, input, withLast(row, second), block.width);
  Pair turned = turn(b, {low, high}, cos, sin);
  y = writeVector(b, turned.a, y, {head, block.offset});
  return writeVector(b, turned.b, y, {head, second});
}

namespace {

/// rope(x, cos, sin) -> for each position: turn the pairs of all heads
struct TurnEachPosition : OpRewritePattern<RopeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RopeOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getInput().getType();
    if (type.isDynamicDim(1))
      return rewriter.notifyMatchFailure(op, "number of heads is unknown");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    int64_t heads = type.getDimSize(1), channels = type.getDimSize(3);
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), op.getInput());
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
      return {{{at[0], zero, at[1], zero},
               {one, sizes[1], one, sizes[3]},
               RankedTensorType::get({heads, channels}, b.getF32Type())}};
    };
    ParallelLoop loop{
        {sizes[0], sizes[2]}, {emptyTensor(b, sizes, b.getF32Type())}, partsOf};
    bool oneBatch = op.getCos().getType().getDimSize(0) == 1;
    auto results =
        forEachInParallel(b, loop, [&](ValueRange at, ValueRange parts) {
          Value batch = oneBatch ? indexOf(b, 0) : at[0];
          Position position{at[0], at[1], {batch, at[1]}};
          return forEachHead(b, op, position, parts);
        });
    replaceWithCasts(rewriter, op, results);
    return success();
  }

private:
  static SmallVector<Value> forEachHead(ImplicitLocOpBuilder &b, RopeOp op,
                                        const Position &position,
                                        ValueRange parts) {
    RankedTensorType type = op.getInput().getType();
    auto turnHead = [&](Value head, ValueRange y) {
      return forEachBlock(
          b, type.getDimSize(3) / 2, y,
          [&](const LaneBlock &block, ValueRange y) -> SmallVector<Value> {
            return {turnBlock(b, op, position, head, block, y[0])};
          });
    };
    return forEachIndex(b, indexOf(b, type.getDimSize(1)), 1, parts, turnHead);
  }
};

} // namespace

void bitnet::populateRopeToVector(RewritePatternSet &patterns) {
  patterns.add<TurnEachPosition>(patterns.getContext());
}
