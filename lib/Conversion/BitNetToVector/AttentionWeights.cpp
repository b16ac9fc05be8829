// Scores of keys, and what becomes of them. See AttentionTile.h.
#include "AttentionTile.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Keys that a row is compared with at once. With two rows that are eight
/// chains of fma, enough to hide its latency, and few enough for the registers
/// of every target.
static constexpr int64_t kKeys = 4;

static constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// The block of a query, or of a key, as f32.
static Value readPadded(ImplicitLocOpBuilder &b, Value tensor,
                        ValueRange leading, const LaneBlock &block) {
  return padToLanes(b, widen(b, readBlock(b, tensor, leading, block)), 0.0f);
}

/// scale * (query . key) of some rows, from `firstRow` on, with four keys:
/// vector<4xf32> for each row. Keys behind the last one repeat it.
static SmallVector<Value> compare(ImplicitLocOpBuilder &b,
                                  const AttentionTile &tile, Value firstRow,
                                  Value firstKey) {
  AttentionOp op = tile.op;
  SmallVector<AttentionRow> rows;
  for (int64_t i = 0; i < tile.rowsTogether(); ++i)
    rows.push_back(
        tile.rowAt(b, b.createOrFold<arith::AddIOp>(firstRow, indexOf(b, i))));
  Value last = arith::SubIOp::create(b, tile.keys.total, indexOf(b, 1));
  SmallVector<Value> keys;
  for (int64_t i = 0; i < kKeys; ++i)
    keys.push_back(arith::MinUIOp::create(
        b, b.createOrFold<arith::AddIOp>(firstKey, indexOf(b, i)), last));

  SmallVector<Value> products(rows.size() * kKeys, splatOf(b, 0.0f));
  for (const LaneBlock &block :
       blocksOf(b, op.getKey().getType().getDimSize(3))) {
    SmallVector<Value> k;
    for (Value key : keys)
      k.push_back(
          readPadded(b, op.getKey(), {tile.batch, tile.kvHead, key}, block));
    for (auto [i, row] : llvm::enumerate(rows)) {
      Value q =
          readPadded(b, op.getQuery(), {row.batch, row.head, row.query}, block);
      for (int64_t j = 0; j < kKeys; ++j) {
        Value &sum = products[i * kKeys + j];
        sum = math::FmaOp::create(b, q, k[j], sum);
      }
    }
  }
  SmallVector<Value> scores;
  if (rows.size() == 2) {
    auto [first, second] = addLanesOfEight(b, products);
    scores = {first, second};
  } else {
    scores = {addLanesOfFour(b, products)};
  }
  Value scale = splatOf(b, op.getScale().convertToFloat(), kKeys);
  for (Value &score : scores)
    score = arith::MulFOp::create(b, score, scale);
  return scores;
}

/// Compares all rows with the keys first, ..., first + 15.
static Value scoreBlock(ImplicitLocOpBuilder &b, const AttentionTile &tile,
                        Value first, Value scratch) {
  int64_t together = tile.rowsTogether();
  auto compareFour = [&](Value key, ValueRange carried) {
    Value firstKey = arith::AddIOp::create(b, first, key);
    return forEachIndex(
        b, indexOf(b, tile.rows()), together, carried,
        [&](Value row, ValueRange carried) -> SmallVector<Value> {
          Value written = carried[0];
          SmallVector<Value> scores = compare(b, tile, row, firstKey);
          for (auto [i, score] : llvm::enumerate(scores))
            written =
                writeVector(b, score, written,
                            {b.createOrFold<arith::AddIOp>(row, indexOf(b, i)),
                             tile.columnOf(b, firstKey)});
          return {written};
        });
  };
  return forEachIndex(b, indexOf(b, kLanes), kKeys, scratch, compareFour)[0];
}

/// True if any row sees any of the keys first, ..., first + 15.
static Value isAnySeen(ImplicitLocOpBuilder &b, const AttentionTile &tile,
                       Value first) {
  // Rows of a query are neighbours and, mostly, see the same.
  int64_t step = tile.keys.differAmongHeads() ? 1 : tile.heads;
  Value seen;
  for (int64_t row = 0; row < tile.rows(); row += step) {
    Value one = tile.keys.seenBy(b, tile.rowAt(b, indexOf(b, row)), first);
    seen = seen ? arith::OrIOp::create(b, seen, one).getResult() : one;
  }
  return vector::ReductionOp::create(b, vector::CombiningKind::OR, seen);
}

ScoredTile bitnet::rows::scoreKeys(ImplicitLocOpBuilder &b,
                                   const AttentionTile &tile, Value scratch) {
  Value count = b.createOrFold<arith::SubIOp>(tile.endKey, tile.firstKey);
  auto scored = forEachIndex(
      b, count, kLanes, {scratch, indexOf(b, 0)},
      [&](Value index, ValueRange carried) -> SmallVector<Value> {
        Value first = b.createOrFold<arith::AddIOp>(tile.firstKey, index);
        auto branch =
            scf::IfOp::create(b, carried.getTypes(), isAnySeen(b, tile, first),
                              /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToStart(branch.thenBlock());
        Value written = scoreBlock(b, tile, first, carried[0]);
        Value end = arith::AddIOp::create(b, first, indexOf(b, kLanes));
        scf::YieldOp::create(b, ValueRange{written, end});
        b.setInsertionPointToStart(branch.elseBlock());
        scf::YieldOp::create(b, carried);
        return SmallVector<Value>(branch.getResults());
      });
  return {scored[0], scored[1]};
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Masks the scores of a row. Returns the scratch and the largest score.
static SmallVector<Value> maskRow(ImplicitLocOpBuilder &b,
                                  const AttentionTile &tile, Value row,
                                  const ScoredTile &scored) {
  AttentionRow query = tile.rowAt(b, row);
  auto masked = forEachIndex(
      b, scored.end, kLanes, {scored.scratch, splatOf(b, kMinusInfinity)},
      [&](Value first, ValueRange carried) -> SmallVector<Value> {
        SmallVector<Value> at = {row, tile.columnOf(b, first)};
        Value scores = readVector(b, carried[0], at, kLanes);
        scores = tile.keys.maskScores(b, query, first, scores);
        return {writeVector(b, scores, carried[0], at),
                larger(b, scores, carried[1])};
      });
  masked[1] = largestLane(b, masked[1]);
  return masked;
}

/// Replaces the scores of a row by exp(score - largest), and by zero where the
/// key is not seen. Returns the scratch and the sum in lane order.
static SmallVector<Value> exponentiateRow(ImplicitLocOpBuilder &b,
                                          const AttentionTile &tile, Value row,
                                          const ScoredTile &scored,
                                          Value largest) {
  Value offset = broadcast(b, largest);
  Value hidden = splatOf(b, kMinusInfinity), zero = splatOf(b, 0.0f);
  auto result = forEachIndex(
      b, scored.end, kLanes, {scored.scratch, zero},
      [&](Value first, ValueRange carried) -> SmallVector<Value> {
        SmallVector<Value> at = {row, tile.columnOf(b, first)};
        Value score = readVector(b, carried[0], at, kLanes);
        Value power =
            math::ExpOp::create(b, arith::SubFOp::create(b, score, offset));
        Value isHidden =
            arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, score, hidden);
        power = arith::SelectOp::create(b, isHidden, zero, power);
        return {writeVector(b, power, carried[0], at),
                arith::AddFOp::create(b, carried[1], power)};
      });
  result[1] = addLanes(b, result[1]);
  return result;
}

Value bitnet::rows::weighKeys(ImplicitLocOpBuilder &b,
                              const AttentionTile &tile,
                              const ScoredTile &scored) {
  Value zero = f32Of(b, 0.0f), one = f32Of(b, 1.0f);
  return forEachIndex(
      b, indexOf(b, tile.rows()), 1, scored.scratch,
      [&](Value row, ValueRange carried) -> SmallVector<Value> {
        auto masked = maskRow(b, tile, row, {carried[0], scored.end});
        auto weights =
            exponentiateRow(b, tile, row, {masked[0], scored.end}, masked[1]);
        // A query that sees no key has sums of zero: 0 / 1.
        Value isEmpty = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ,
                                              weights[1], zero);
        Value divisor = arith::SelectOp::create(b, isEmpty, one, weights[1]);
        return {writeVector(b, broadcast(b, divisor), weights[0],
                            {row, indexOf(b, kDivisor)})};
      })[0];
}
