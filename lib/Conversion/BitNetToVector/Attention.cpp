// bitnet.attention, a tile of queries at a time.
//
// Queries of all heads that share a key head are rows of one tile, so that keys
// and values are read once for all of them; a prompt's tiles have some queries
// of each head. For each tile: scores of all keys in a scratch, then their
// maximum, exponentials and sum, row after row, then the weighted values. A few
// queries of a long context are shared out by keys, then by channels.
//
// Nothing may depend on how many keys there are beyond those that a query sees,
// or on the other rows of its tile, so that a prompt gives the same bits at
// once, in chunks and token by token: sums run over keys in an order that their
// absolute position fixes, and a key that is not seen adds an exact zero or is
// skipped.
#include "AttentionTile.h"
#include "Patterns.h"

#include "dialects/BitNet/TileAttrs.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Channels of one iteration of the loop over channels: with two rows they keep
/// eight chains of fma going, which half as many would not.
static constexpr int64_t kSlab = 4 * kLanes;

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
  Value emitScores();
  Value emitSlabs(Value scores, Value destination);
  Value emitSlab(const AttentionTile &tile, ValueRange at, Value scores,
                 Value result);
  Value emitFewQueries(Value destination);
  Value createScratch(const AttentionTile &tile);
  Value writeRows(const AttentionTile &tile, Value scratch, Value result);
  Value writeRow(const AttentionTile &tile, Value row, Value scratch,
                 Value result);
  AttentionTile tileAt(ValueRange indices, int64_t queries);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  SeenKeys keys;
  /// Rows of a tile, from how many keys on there are two loops, and how many
  /// keys are an iteration of the first.
  int64_t rows, manyKeys, keysTogether;
  /// Heads of a tile, and tiles of heads that share a key head.
  int64_t heads, shares, channels;
  SmallVector<OpFoldResult> sizes;
  OpFoldResult tilesOfHeads;
  Value sequence;
};

} // namespace

AttentionEmitter::AttentionEmitter(ImplicitLocOpBuilder &b, AttentionOp op)
    : b(b), op(op), keys(b, op), rows(getDecision(op, kRowsTogetherAttr, 1)),
      manyKeys(getDecision(op, kManyKeysAttr, 0)),
      keysTogether(getDecision(op, kKeysTogetherAttr, kLanes)),
      sizes(tensor::getMixedSizes(b, b.getLoc(), op.getQuery())),
      sequence(getValueOrCreateConstantIndexOp(b, b.getLoc(), sizes[2])) {
  int64_t group = op.getQuery().getType().getDimSize(1) /
                  op.getKey().getType().getDimSize(1);
  heads = std::min(group, rows);
  while (group % heads != 0)
    --heads;
  shares = group / heads;
  channels = op.getValue().getType().getDimSize(3);
  sizes[3] = b.getIndexAttr(channels);
  tilesOfHeads = b.getIndexAttr(op.getQuery().getType().getDimSize(1) / heads);
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
  Value zero = indexOf(b, 0);
  AttentionTile tile{
      op,          keys,       heads,
      queries,     indices[0], kvHead,
      firstHead,   firstQuery, last,
      zero,        channels,   zero,
      keys.padded, Value(),    getDecision(op, kLanesTogetherAttr, kLanes)};
  tile.column = indexOf(b, kSums + tile.sumsWidth());
  return tile;
}

/// Writes sums / divisor of a row, [heads, queries, channels].
Value AttentionEmitter::writeRow(const AttentionTile &tile, Value row,
                                 Value scratch, Value result) {
  Value width = indexOf(b, heads);
  Value head = b.createOrFold<arith::RemUIOp>(row, width);
  Value query = b.createOrFold<arith::DivUIOp>(row, width);
  Value divisor = readVector(b, scratch, {row, indexOf(b, kDivisor)}, kLanes);
  for (const LaneBlock &block : blocksOf(b, tile.channels)) {
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

/// `result` is [heads, queries, channels], of which the last tile may have
/// fewer queries.
Value AttentionEmitter::writeRows(const AttentionTile &tile, Value scratch,
                                  Value result) {
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

Value AttentionEmitter::createScratch(const AttentionTile &tile) {
  Value columns = tile.columnOf(b, keys.padded);
  return emptyTensor(b,
                     {b.getIndexAttr(tile.rows()), getAsOpFoldResult(columns)},
                     b.getF32Type());
}

/// One iteration that does all.
Value AttentionEmitter::emitTile(const AttentionTile &tile, Value result) {
  ScoredTile scored = scoreKeys(b, tile, createScratch(tile));
  scored.scratch = weighKeys(b, tile, scored);
  return writeRows(tile, addValues(b, tile, scored), result);
}

/// All tiles of so many queries.
Value AttentionEmitter::emitTiles(int64_t queries, Value destination) {
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
  ParallelLoop loop{{sizes[0], tilesOfHeads, getAsOpFoldResult(blocks)},
                    {destination},
                    partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange at, ValueRange parts) -> SmallVector<Value> {
        return {emitTile(tileAt(at, queries), parts[0])};
      })[0];
}

/// All scores of queries one by one, some keys in each iteration: [batch, tiles
/// of heads, queries, heads, keys].
Value AttentionEmitter::emitScores() {
  SmallVector<OpFoldResult> all = {sizes[0], tilesOfHeads, sizes[2],
                                   b.getIndexAttr(heads),
                                   getAsOpFoldResult(keys.padded)};
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  auto firstOf = [&](ValueRange at) -> Value {
    return arith::MulIOp::create(b, at[3], indexOf(b, keysTogether));
  };
  auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
    Value first = firstOf(at);
    Value left = arith::SubIOp::create(b, keys.padded, first);
    Value count = arith::MinUIOp::create(b, left, indexOf(b, keysTogether));
    return {
        {{at[0], at[1], at[2], zero, first},
         {one, one, one, b.getIndexAttr(heads), count},
         RankedTensorType::get({heads, ShapedType::kDynamic}, b.getF32Type())}};
  };
  Value blocks =
      arith::CeilDivUIOp::create(b, keys.padded, indexOf(b, keysTogether));
  ParallelLoop loop{
      {sizes[0], tilesOfHeads, sizes[2], getAsOpFoldResult(blocks)},
      {emptyTensor(b, all, b.getF32Type())},
      partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange at, ValueRange parts) -> SmallVector<Value> {
        AttentionTile tile = tileAt(at.take_front(3), /*queries=*/1);
        tile.firstKey = firstOf(at);
        Value end =
            arith::AddIOp::create(b, tile.firstKey, indexOf(b, keysTogether));
        tile.endKey = arith::MinUIOp::create(b, end, keys.padded);
        tile.column = arith::SubIOp::create(b, indexOf(b, 0), tile.firstKey);
        return {scoreKeys(b, tile, parts[0]).scratch};
      })[0];
}

/// One iteration over some channels: each computes all weights, which is little
/// beside reading values.
Value AttentionEmitter::emitSlab(const AttentionTile &tile, ValueRange at,
                                 Value scores, Value result) {
  auto copyRow = [&](Value row, ValueRange carried) {
    return forEachIndex(
        b, keys.padded, kLanes, carried,
        [&](Value key, ValueRange carried) -> SmallVector<Value> {
          Value x =
              readVector(b, scores, {at[0], at[1], at[2], row, key}, kLanes);
          return {writeVector(b, x, carried[0], {row, tile.columnOf(b, key)})};
        });
  };
  Value scratch = forEachIndex(b, indexOf(b, tile.rows()), 1,
                               createScratch(tile), copyRow)[0];
  ScoredTile scored{scratch, keys.padded};
  scored.scratch = weighKeys(b, tile, scored);
  return writeRows(tile, addValues(b, tile, scored), result);
}

/// The weighted values, given all scores.
Value AttentionEmitter::emitSlabs(Value scores, Value destination) {
  OpFoldResult one = b.getIndexAttr(1);
  auto slabAt = [&](ValueRange at) {
    AttentionTile tile = tileAt(at.take_front(3), /*queries=*/1);
    tile.firstChannel = arith::MulIOp::create(b, at[3], indexOf(b, kSlab));
    tile.channels = kSlab;
    tile.column = indexOf(b, kSums + tile.sumsWidth());
    return tile;
  };
  auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
    AttentionTile tile = slabAt(at);
    return {{{at[0], tile.firstHead, at[2], tile.firstChannel},
             {one, b.getIndexAttr(heads), one, b.getIndexAttr(kSlab)},
             RankedTensorType::get({heads, 1, kSlab}, b.getF32Type())}};
  };
  ParallelLoop loop{
      {sizes[0], tilesOfHeads, sizes[2], b.getIndexAttr(channels / kSlab)},
      {destination},
      partsOf};
  return forEachInParallel(
      b, loop, [&](ValueRange at, ValueRange parts) -> SmallVector<Value> {
        return {emitSlab(slabAt(at), at, scores, parts[0])};
      })[0];
}

namespace {
using Emit = function_ref<Value()>;
} // namespace

/// Whichever of two values is asked for.
static Value emitEither(ImplicitLocOpBuilder &b, Value condition, Emit first,
                        Emit second, Type type) {
  auto branch = scf::IfOp::create(b, type, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, first());
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, second());
  return branch.getResult(0);
}

/// Each query by itself, as in decoding.
Value AttentionEmitter::emitFewQueries(Value destination) {
  if (!manyKeys || channels % kSlab != 0 || channels == kSlab)
    return emitTiles(1, destination);
  Value hasManyKeys = arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                                            keys.total, indexOf(b, manyKeys));
  return emitEither(
      b, hasManyKeys, [&] { return emitSlabs(emitScores(), destination); },
      [&] { return emitTiles(1, destination); }, destination.getType());
}

Value AttentionEmitter::emit() {
  Value destination = emptyTensor(b, sizes, b.getF32Type());
  int64_t queries = std::max<int64_t>(rows / heads, 2);
  Value isPrompt = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, sequence,
                                         indexOf(b, queries));
  return emitEither(
      b, isPrompt, [&] { return emitTiles(queries, destination); },
      [&] { return emitFewQueries(destination); }, destination.getType());
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
