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

namespace {

/// Some rows and keys that are compared, as leading indices of the queries and
/// of the keys.
struct Pairs {
  const AttentionTile &tile;
  SmallVector<SmallVector<Value>> queries, keys;
};

} // namespace

/// Lanes first, ..., first + tile.lanes - 1 of query . key, for each query and
/// key.
static SmallVector<Value> multiply(ImplicitLocOpBuilder &b, const Pairs &pairs,
                                   int64_t first) {
  AttentionOp op = pairs.tile.op;
  int64_t lanes = pairs.tile.lanes;
  Value zeros = splatOf(b, 0.0f, lanes);
  SmallVector<Value> products(pairs.queries.size() * pairs.keys.size(), zeros);
  for (const LaneBlock &block :
       blocksOf(b, op.getKey().getType().getDimSize(3))) {
    int64_t width = std::min(block.width - first, lanes);
    Value offset =
        b.createOrFold<arith::AddIOp>(block.offset, indexOf(b, first));
    auto read = [&](Value tensor, ValueRange leading) -> Value {
      if (width <= 0)
        return zeros;
      Value x =
          widen(b, readVector(b, tensor, withLast(leading, offset), width));
      if (width == lanes)
        return x;
      return vector::InsertStridedSliceOp::create(
          b, x, zeros, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
    };
    SmallVector<Value> k;
    for (ValueRange key : pairs.keys)
      k.push_back(read(op.getKey(), key));
    for (auto [i, query] : llvm::enumerate(pairs.queries)) {
      Value q = read(op.getQuery(), query);
      for (auto [j, key] : llvm::enumerate(k)) {
        Value &sum = products[i * k.size() + j];
        sum = math::FmaOp::create(b, q, key, sum);
      }
    }
  }
  return products;
}

/// All 16 lanes: more registers than there are, if all were computed at once.
static SmallVector<Value> multiplyInParts(ImplicitLocOpBuilder &b,
                                          const Pairs &pairs) {
  int64_t lanes = pairs.tile.lanes;
  if (lanes == kLanes)
    return multiply(b, pairs, 0);
  SmallVector<Value> all(pairs.queries.size() * pairs.keys.size(),
                         splatOf(b, 0.0f));
  for (int64_t first = 0; first < kLanes; first += lanes)
    for (auto [whole, part] : llvm::zip_equal(all, multiply(b, pairs, first)))
      whole = vector::InsertStridedSliceOp::create(
          b, part, whole, ArrayRef<int64_t>{first}, ArrayRef<int64_t>{1});
  return all;
}

/// scale * (query . key) of some rows, from `firstRow` on, with four keys:
/// vector<4xf32> for each row. Keys behind the last one repeat it.
static SmallVector<Value> compare(ImplicitLocOpBuilder &b,
                                  const AttentionTile &tile, Value firstRow,
                                  Value firstKey) {
  Pairs pairs{tile, {}, {}};
  for (int64_t i = 0; i < tile.rowsTogether(); ++i) {
    AttentionRow row =
        tile.rowAt(b, b.createOrFold<arith::AddIOp>(firstRow, indexOf(b, i)));
    pairs.queries.push_back({row.batch, row.head, row.query});
  }
  Value last = arith::SubIOp::create(b, tile.keys.total, indexOf(b, 1));
  for (int64_t i = 0; i < kKeys; ++i)
    pairs.keys.push_back(
        {tile.batch, tile.kvHead,
         arith::MinUIOp::create(
             b, b.createOrFold<arith::AddIOp>(firstKey, indexOf(b, i)), last)});

  SmallVector<Value> products = multiplyInParts(b, pairs);
  SmallVector<Value> scores;
  if (pairs.queries.size() == 2) {
    auto [first, second] = addLanesOfEight(b, products);
    scores = {first, second};
  } else {
    scores = {addLanesOfFour(b, products)};
  }
  AttentionOp op = tile.op;
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
