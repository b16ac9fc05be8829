// bitnet.attention, a tile of queries at a time.
//
// Queries of all heads that share a key head are rows of one tile, so that keys
// and values are read once for all of them; a prompt's tiles have some queries
// of each head. For each tile: scores of all keys in a scratch, then their
// maximum, exponentials and sum, row after row, then the weighted values.
//
// Nothing may depend on how many keys there are beyond those that a query sees,
// or on the other rows of its tile, so that a prompt gives the same bits at
// once, in chunks and token by token: sums run over keys in an order that their
// absolute position fixes, and a key that is not seen adds an exact zero or is
// skipped.
#include "AttentionTile.h"
#include "Patterns.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Rows of a prompt's tile: many enough to take keys and values from the second
/// cache without waiting for it.
static constexpr int64_t kRows = 16;

AttentionRow AttentionTile::rowAt(ImplicitLocOpBuilder &b, Value index) const {
  Value width = indexOf(b, heads);
  Value head = b.createOrFold<arith::RemUIOp>(index, width);
  Value query = b.createOrFold<arith::DivUIOp>(index, width);
  query = b.createOrFold<arith::AddIOp>(firstQuery, query);
  if (queries != 1)
    query = arith::MinUIOp::create(b, query, lastQuery);
  return {batch, b.createOrFold<arith::AddIOp>(firstHead, head), query};
}

namespace {

/// Emits attention for the queries of one op.
class AttentionEmitter {
public:
  AttentionEmitter(ImplicitLocOpBuilder &b, AttentionOp op);

  /// The whole op.
  Value emit();

private:
  Value emitTiles(int64_t queries, Value destination);
  Value emitTile(const AttentionTile &tile, Value result);
  Value writeRow(const AttentionTile &tile, Value row, Value scratch,
                 Value result);
  AttentionTile tileAt(ValueRange indices, int64_t queries);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  SeenKeys keys;
  /// Heads of a tile, and tiles of heads that share a key head.
  int64_t heads, shares;
  SmallVector<OpFoldResult> sizes;
  Value sequence;
};

} // namespace

AttentionEmitter::AttentionEmitter(ImplicitLocOpBuilder &b, AttentionOp op)
    : b(b), op(op), keys(b, op),
      sizes(tensor::getMixedSizes(b, b.getLoc(), op.getQuery())),
      sequence(getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[2])) {
  int64_t group = op.getQuery().getType().getDimSize(1) /
                  op.getKey().getType().getDimSize(1);
  heads = std::min(group, kRows);
  while (group % heads != 0)
    --heads;
  shares = group / heads;
  sizes[3] = b.getIndexAttr(op.getValue().getType().getDimSize(3));
}

/// The tile of an iteration over [batch, tiles of heads, tiles of queries].
/// What early queries see is little, what late ones do is much: they take
/// turns, so that every share of a thread has some of both.
AttentionTile AttentionEmitter::tileAt(ValueRange indices, int64_t queries) {
  Value block = indices[2], one = indexOf(b, 1), two = indexOf(b, 2);
  Value last = arith::SubIOp::create(b, sequence, one);
  if (queries != 1) {
    Value half = arith::DivUIOp::create(b, block, two);
    Value isOdd = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                        arith::RemUIOp::create(b, block, two),
                                        indexOf(b, 0));
    Value lastBlock = arith::DivUIOp::create(b, last, indexOf(b, queries));
    block = arith::SelectOp::create(
        b, isOdd, arith::SubIOp::create(b, lastBlock, half), half);
  }
  Value kvHead = b.createOrFold<arith::DivUIOp>(indices[1], indexOf(b, shares));
  Value firstHead =
      b.createOrFold<arith::MulIOp>(indices[1], indexOf(b, heads));
  Value firstQuery = b.createOrFold<arith::MulIOp>(block, indexOf(b, queries));
  return {op,     keys,      heads,      queries, indices[0],
          kvHead, firstHead, firstQuery, last};
}

/// Writes sums / divisor of a row, [heads, queries, channels].
Value AttentionEmitter::writeRow(const AttentionTile &tile, Value row,
                                 Value scratch, Value result) {
  Value width = indexOf(b, heads);
  Value head = b.createOrFold<arith::RemUIOp>(row, width);
  Value query = b.createOrFold<arith::DivUIOp>(row, width);
  Value divisor = readVector(b, scratch, {row, indexOf(b, kDivisor)}, kLanes);
  for (const LaneBlock &block :
       blocksOf(b, op.getValue().getType().getDimSize(3))) {
    Value at = b.createOrFold<arith::AddIOp>(block.offset, indexOf(b, kSums));
    Value sum = readVector(b, scratch, {row, at}, kLanes);
    Value y = arith::DivFOp::create(b, sum, divisor);
    if (block.width != kLanes)
      y = vector::ExtractStridedSliceOp::create(b, y, ArrayRef<int64_t>{0},
                                                ArrayRef<int64_t>{block.width},
                                                ArrayRef<int64_t>{1});
    result = writeVector(b, y, result, {head, query, block.offset});
  }
  return result;
}

/// One iteration; `result` is [heads, queries, channels], of which the last
/// tile may have fewer queries.
Value AttentionEmitter::emitTile(const AttentionTile &tile, Value result) {
  Value columns = weightAt(b, op, keys.padded);
  Value scratch =
      emptyTensor(b, {b.getIndexAttr(tile.rows()), getAsOpFoldResult(columns)},
                  b.getF32Type());
  ScoredTile scored = scoreKeys(b, tile, scratch);
  scored.scratch = weighKeys(b, tile, scored);
  scratch = addValues(b, tile, scored);
  Value left = arith::SubIOp::create(b, sequence, tile.firstQuery);
  Value count = arith::MinUIOp::create(b, left, indexOf(b, tile.queries));
  Value rows = arith::MulIOp::create(b, count, indexOf(b, heads));
  if (tile.queries == 1)
    rows = indexOf(b, heads);
  return forEachIndex(b, rows, 1, result,
                      [&](Value row, ValueRange carried) -> SmallVector<Value> {
                        return {writeRow(tile, row, scratch, carried[0])};
                      })[0];
}

/// All tiles of so many queries.
Value AttentionEmitter::emitTiles(int64_t queries, Value destination) {
  int64_t channels = *getConstantIntValue(sizes[3]);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value blocks = arith::CeilDivUIOp::create(b, sequence, indexOf(b, queries));
  auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
    AttentionTile tile = tileAt(at, queries);
    OpFoldResult count = one;
    if (queries != 1) {
      Value left = arith::SubIOp::create(b, sequence, tile.firstQuery);
      count = arith::MinUIOp::create(b, left, indexOf(b, queries)).getResult();
    }
    int64_t size = queries == 1 ? 1 : ShapedType::kDynamic;
    return {{{at[0], tile.firstHead, tile.firstQuery, zero},
             {one, b.getIndexAttr(heads), count, sizes[3]},
             RankedTensorType::get({heads, size, channels}, b.getF32Type())}};
  };
  int64_t tilesOfHeads = op.getQuery().getType().getDimSize(1) / heads;
  ParallelLoop loop{
      {sizes[0], b.getIndexAttr(tilesOfHeads), getAsOpFoldResult(blocks)},
      {destination},
      partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange at, ValueRange parts) -> SmallVector<Value> {
        return {emitTile(tileAt(at, queries), parts[0])};
      })[0];
}

Value AttentionEmitter::emit() {
  Value destination = emptyTensor(b, sizes, b.getF32Type());
  int64_t queries = std::max<int64_t>(kRows / heads, 1);
  Value isLong = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, sequence,
                                       indexOf(b, queries));
  auto branch = scf::IfOp::create(b, destination.getType(), isLong,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, emitTiles(queries, destination));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, emitTiles(1, destination));
  return branch.getResult(0);
}

namespace {

/// attention(q, k, v) -> for each tile: scores, softmax, weighted values
struct AttendInTiles : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    replaceWithCasts(rewriter, op, AttentionEmitter(b, op).emit());
    return success();
  }
};

} // namespace

void bitnet::populateAttentionToVector(RewritePatternSet &patterns) {
  patterns.add<AttendInTiles>(patterns.getContext());
}
