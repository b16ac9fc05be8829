// bitnet.attention, one query at a time.
//
// Each query is a row of its own: scores of all keys in a scratch row, their
// maximum, exponentials and sum, then the weighted values.
//
// Nothing may depend on how many keys there are beyond those that a query sees,
// so that a prompt gives the same bits at once, in chunks and token by token:
// sums run over keys in an order that their absolute position fixes, and a key
// that is not seen adds an exact zero or is skipped.
#include "Patterns.h"
#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Keys that are compared at once: enough chains of fma to hide its latency.
static constexpr int64_t kKeys = 4;

/// Accumulators of values that fit into the registers of every target.
static constexpr int64_t kValueAccumulators = 8;

static constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

namespace {

/// What one iteration computes: a query of some heads that share keys.
struct QueryHeads {
  Value batch, query, kvHead;
  SmallVector<Value> heads;
};

/// Emits attention for the queries of one op.
class AttentionEmitter {
public:
  AttentionEmitter(ImplicitLocOpBuilder &b, AttentionOp op);

  /// The whole op.
  Value emit();

private:
  /// One iteration; `result` has a row for each head.
  Value emitHeads(const QueryHeads &at, Value result);
  QueryHeads headsOf(ValueRange at);

  bool hasFloatMask() {
    return op.getMask() && op.getMask().getType().getElementType().isF32();
  }
  Value padMask();
  Value readMask(const QueryHeads &at, Value first);
  Value seenKeys(const QueryHeads &at, Value first);

  SmallVector<Value> readQuery(const QueryHeads &at, Value head);
  Value scoresOf(const QueryHeads &at, ArrayRef<Value> query, Value first);
  SmallVector<Value> scoreAllKeys(const QueryHeads &at, Value scratch);
  SmallVector<Value> exponentiate(int64_t head, Value largest, Value scratch);
  SmallVector<Value> weighValues(const QueryHeads &at, Value weights);
  SmallVector<Value> addValues(const QueryHeads &at, Value key,
                               ArrayRef<Value> weights, ValueRange sums);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
  int64_t channels, valueChannels;
  /// Heads of an iteration, and iterations that share a key head.
  int64_t width, shares;
  Value total, padded, mask;
};

} // namespace

/// How many heads an iteration computes: some of those that share keys, unless
/// each has its own mask.
static int64_t headsTogether(AttentionOp op) {
  int64_t group = op.getQuery().getType().getDimSize(1) /
                  op.getKey().getType().getDimSize(1);
  if (op.getMask() && op.getMask().getType().getDimSize(1) != 1)
    return 1;
  int64_t blocks =
      llvm::divideCeil(op.getValue().getType().getDimSize(3), kLanes);
  int64_t width =
      std::min(group, std::max<int64_t>(kValueAccumulators / blocks, 1));
  while (group % width != 0)
    --width;
  return width;
}

AttentionEmitter::AttentionEmitter(ImplicitLocOpBuilder &b, AttentionOp op)
    : b(b), op(op), channels(op.getKey().getType().getDimSize(3)),
      valueChannels(op.getValue().getType().getDimSize(3)),
      width(headsTogether(op)) {
  shares = op.getQuery().getType().getDimSize(1) /
           op.getKey().getType().getDimSize(1) / width;
  // The mask's own size, so that layers that share a mask share its copy.
  Value source = op.getMask() ? Value(op.getMask()) : Value(op.getKey());
  total =
      b.createOrFold<tensor::DimOp>(source, indexOf(b, op.getMask() ? 3 : 2));
  Value blocks = arith::CeilDivUIOp::create(b, total, indexOf(b, kLanes));
  padded = b.createOrFold<arith::MulIOp>(blocks, indexOf(b, kLanes));
  if (op.getMask())
    mask = padMask();
}

//===----------------------------------------------------------------------===//
// Mask
//===----------------------------------------------------------------------===//

/// The mask up to a whole block of keys, of which the last ones are hidden.
/// Truth values become bytes: vectors of i1 are read as bits, which is not how
/// i1 lies in memory.
Value AttentionEmitter::padMask() {
  Value source = op.getMask();
  TypedAttr hidden = b.getI8IntegerAttr(0);
  if (hasFloatMask())
    hidden = b.getF32FloatAttr(kMinusInfinity);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), source);
  SmallVector<OpFoldResult> paddedSizes = sizes;
  paddedSizes[3] = getAsOpFoldResult(padded);
  Value fill = arith::ConstantOp::create(b, hidden);
  Value all = linalg::FillOp::create(
                  b, fill, emptyTensor(b, paddedSizes, hidden.getType()))
                  .getResult(0);

  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(4, b.getIndexAttr(1));
  Value slice = tensor::ExtractSliceOp::create(b, all, offsets, sizes, strides);
  AffineMap identity = b.getMultiDimIdentityMap(4);
  SmallVector<utils::IteratorType> iterators(4, utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      b, slice.getType(), source, slice,
      ArrayRef<AffineMap>{identity, identity}, iterators,
      [&](OpBuilder &body, Location loc, ValueRange args) {
        Value element = args[0];
        if (!hasFloatMask())
          element =
              arith::ExtUIOp::create(body, loc, hidden.getType(), element);
        linalg::YieldOp::create(body, loc, element);
      });
  return tensor::InsertSliceOp::create(b, copy.getResult(0), all, offsets,
                                       sizes, strides);
}

/// What the mask says of the keys first, first + 1, ...
Value AttentionEmitter::readMask(const QueryHeads &at, Value first) {
  auto shape = op.getMask().getType().getShape();
  Value zero = indexOf(b, 0);
  return readVector(b, mask,
                    {shape[0] == 1 ? zero : at.batch,
                     shape[1] == 1 ? zero : at.heads[0],
                     shape[2] == 1 ? zero : at.query, first},
                    kKeys);
}

/// Which of the keys first, first + 1, ... the query sees.
Value AttentionEmitter::seenKeys(const QueryHeads &at, Value first) {
  if (!mask) {
    Value left = arith::SubIOp::create(b, total, first);
    return vector::CreateMaskOp::create(
        b, VectorType::get(kKeys, b.getI1Type()), left);
  }
  Value read = readMask(at, first);
  if (hasFloatMask())
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, read,
                                 splatOf(b, kMinusInfinity, kKeys));
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(read.getType()));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, read, none);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

SmallVector<Value> AttentionEmitter::readQuery(const QueryHeads &at,
                                               Value head) {
  SmallVector<Value> query;
  for (const LaneBlock &block : blocksOf(b, channels))
    query.push_back(padToLanes(
        b, readBlock(b, op.getQuery(), {at.batch, head, at.query}, block),
        0.0f));
  return query;
}

/// scale * (query . key) + mask of four keys. Keys behind the last one repeat
/// it.
Value AttentionEmitter::scoresOf(const QueryHeads &at, ArrayRef<Value> query,
                                 Value first) {
  Value last = arith::SubIOp::create(b, total, indexOf(b, 1));
  SmallVector<Value> products(kKeys, splatOf(b, 0.0f));
  for (int64_t i = 0; i < kKeys; ++i) {
    Value key = arith::AddIOp::create(b, first, indexOf(b, i));
    key = arith::MinUIOp::create(b, key, last);
    for (auto [block, q] : llvm::zip_equal(blocksOf(b, channels), query)) {
      Value k = widen(
          b, readBlock(b, op.getKey(), {at.batch, at.kvHead, key}, block));
      products[i] =
          math::FmaOp::create(b, q, padToLanes(b, k, 0.0f), products[i]);
    }
  }
  Value scale = splatOf(b, op.getScale().convertToFloat(), kKeys);
  Value scores = arith::MulFOp::create(b, addLanesOfFour(b, products), scale);
  if (hasFloatMask())
    scores = arith::AddFOp::create(b, scores, readMask(at, first));
  return scores;
}

/// The largest of four lanes.
static Value largestOfKeys(ImplicitLocOpBuilder &b, Value lanes) {
  Value largest = vector::ExtractOp::create(b, lanes, ArrayRef<int64_t>{0});
  for (int64_t i = 1; i < kKeys; ++i)
    largest = larger(
        b, vector::ExtractOp::create(b, lanes, ArrayRef<int64_t>{i}), largest);
  return largest;
}

/// Writes the scores of each head to its row of `scratch`, minus infinity for
/// keys that are not seen. Returns the scratch and the largest scores.
SmallVector<Value> AttentionEmitter::scoreAllKeys(const QueryHeads &at,
                                                  Value scratch) {
  SmallVector<SmallVector<Value>> queries;
  for (Value head : at.heads)
    queries.push_back(readQuery(at, head));

  Value hidden = splatOf(b, kMinusInfinity, kKeys);
  SmallVector<Value> carried(1 + width, hidden);
  carried[0] = scratch;
  auto scored =
      forEachIndex(b, padded, kKeys, carried, [&](Value first, ValueRange old) {
        Value seen = seenKeys(at, first);
        Value any =
            vector::ReductionOp::create(b, vector::CombiningKind::OR, seen);
        SmallVector<Type> types(width, hidden.getType());
        auto branch = scf::IfOp::create(b, types, any, /*withElseRegion=*/true);
        {
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(branch.thenBlock());
          SmallVector<Value> scores;
          for (ArrayRef<Value> query : queries)
            scores.push_back(arith::SelectOp::create(
                b, seen, scoresOf(at, query, first), hidden));
          scf::YieldOp::create(b, scores);
          b.setInsertionPointToStart(branch.elseBlock());
          scf::YieldOp::create(b, SmallVector<Value>(width, hidden));
        }
        SmallVector<Value> next(old);
        for (int64_t head = 0; head < width; ++head) {
          Value scores = branch.getResult(head);
          next[0] = writeVector(b, scores, next[0], {indexOf(b, head), first});
          next[1 + head] = larger(b, scores, next[1 + head]);
        }
        return next;
      });
  for (Value &largest : MutableArrayRef(scored).drop_front())
    largest = largestOfKeys(b, largest);
  return scored;
}

//===----------------------------------------------------------------------===//
// Softmax and values
//===----------------------------------------------------------------------===//

/// Replaces the scores of a head by exp(score - largest), and by zero where
/// the key is not seen. Returns the scratch and the sum in lane order.
SmallVector<Value> AttentionEmitter::exponentiate(int64_t head, Value largest,
                                                  Value scratch) {
  Value offset = broadcast(b, largest);
  Value hidden = splatOf(b, kMinusInfinity), zero = splatOf(b, 0.0f);
  auto result = forEachIndex(
      b, padded, kLanes, {scratch, zero},
      [&](Value first, ValueRange old) -> SmallVector<Value> {
        SmallVector<Value> at = {indexOf(b, head), first};
        Value score = readVector(b, old[0], at, kLanes);
        Value power =
            math::ExpOp::create(b, arith::SubFOp::create(b, score, offset));
        Value isHidden =
            arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, score, hidden);
        power = arith::SelectOp::create(b, isHidden, zero, power);
        return {writeVector(b, power, old[0], at),
                arith::AddFOp::create(b, old[1], power)};
      });
  result[1] = addLanes(b, result[1]);
  return result;
}

/// sums + weights * values of one key, for each head and block of channels.
SmallVector<Value> AttentionEmitter::addValues(const QueryHeads &at, Value key,
                                               ArrayRef<Value> weights,
                                               ValueRange sums) {
  SmallVector<Value> next;
  SmallVector<Value> values;
  for (const LaneBlock &block : blocksOf(b, valueChannels))
    values.push_back(
        padToLanes(b,
                   widen(b, readBlock(b, op.getValue(),
                                      {at.batch, at.kvHead, key}, block)),
                   0.0f));
  for (Value weight : weights) {
    Value lanes = broadcast(b, weight);
    for (Value value : values)
      next.push_back(math::FmaOp::create(b, lanes, value, sums[next.size()]));
  }
  return next;
}

/// The weighted sum of values over keys in ascending order. A key without
/// weight is skipped: it may hold anything, even NaN.
SmallVector<Value> AttentionEmitter::weighValues(const QueryHeads &at,
                                                 Value weights) {
  int64_t blocks = llvm::divideCeil(valueChannels, kLanes);
  SmallVector<Value> sums(width * blocks, splatOf(b, 0.0f));
  return forEachIndex(b, total, 1, sums, [&](Value key, ValueRange old) {
    SmallVector<Value> ofKey;
    Value counts;
    for (int64_t head = 0; head < width; ++head) {
      Value weight = tensor::ExtractOp::create(
          b, weights, ValueRange{indexOf(b, head), key});
      Value isSeen = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, weight,
                                           f32Of(b, 0.0f));
      counts =
          counts ? arith::OrIOp::create(b, counts, isSeen).getResult() : isSeen;
      ofKey.push_back(weight);
    }
    auto branch = scf::IfOp::create(b, old.getTypes(), counts,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, addValues(at, key, ofKey, old));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, old);
    return SmallVector<Value>(branch.getResults());
  });
}

//===----------------------------------------------------------------------===//
// Loop over queries
//===----------------------------------------------------------------------===//

Value AttentionEmitter::emitHeads(const QueryHeads &at, Value result) {
  Value scratch = emptyTensor(
      b, {b.getIndexAttr(width), getAsOpFoldResult(padded)}, b.getF32Type());
  SmallVector<Value> scored = scoreAllKeys(at, scratch);
  scratch = scored[0];
  SmallVector<Value> divisors;
  Value zero = f32Of(b, 0.0f), one = f32Of(b, 1.0f);
  for (int64_t head = 0; head < width; ++head) {
    auto summed = exponentiate(head, scored[1 + head], scratch);
    scratch = summed[0];
    // A query that sees no key has sums of zero: 0 / 1.
    Value isEmpty =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, summed[1], zero);
    divisors.push_back(arith::SelectOp::create(b, isEmpty, one, summed[1]));
  }
  SmallVector<Value> sums = weighValues(at, scratch);
  SmallVector<LaneBlock> blocks = blocksOf(b, valueChannels);
  for (auto [i, sum] : llvm::enumerate(sums)) {
    const LaneBlock &block = blocks[i % blocks.size()];
    int64_t head = i / blocks.size();
    Value y = arith::DivFOp::create(b, sum, broadcast(b, divisors[head]));
    if (block.width != kLanes)
      y = vector::ExtractStridedSliceOp::create(b, y, ArrayRef<int64_t>{0},
                                                ArrayRef<int64_t>{block.width},
                                                ArrayRef<int64_t>{1});
    result = writeVector(b, y, result, {indexOf(b, head), block.offset});
  }
  return result;
}

/// The heads of iteration [batch, head / width, query].
QueryHeads AttentionEmitter::headsOf(ValueRange at) {
  QueryHeads result{at[0], at[2], at[1], {}};
  if (shares != 1)
    result.kvHead = arith::DivUIOp::create(b, at[1], indexOf(b, shares));
  Value first = arith::MulIOp::create(b, at[1], indexOf(b, width));
  for (int64_t head = 0; head < width; ++head)
    result.heads.push_back(
        b.createOrFold<arith::AddIOp>(first, indexOf(b, head)));
  return result;
}

Value AttentionEmitter::emit() {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), op.getQuery());
  sizes[3] = b.getIndexAttr(valueChannels);
  int64_t heads = op.getQuery().getType().getDimSize(1);
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  auto partsOf = [&](ValueRange at) -> SmallVector<ResultPart> {
    Value first = arith::MulIOp::create(b, at[1], indexOf(b, width));
    return {{{at[0], first, at[2], zero},
             {one, b.getIndexAttr(width), one, sizes[3]},
             RankedTensorType::get({width, valueChannels}, b.getF32Type())}};
  };
  ParallelLoop loop{{sizes[0], b.getIndexAttr(heads / width), sizes[2]},
                    {emptyTensor(b, sizes, b.getF32Type())},
                    partsOf};
  auto results = forEachInParallel(
      b, loop, [&](ValueRange at, ValueRange parts) -> SmallVector<Value> {
        return {emitHeads(headsOf(at), parts[0])};
      });
  return results[0];
}

namespace {

/// attention(q, k, v) -> for each query: scores, softmax, weighted values
struct AttendFromEachQuery : OpRewritePattern<AttentionOp> {
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
  patterns.add<AttendFromEachQuery>(patterns.getContext());
}
