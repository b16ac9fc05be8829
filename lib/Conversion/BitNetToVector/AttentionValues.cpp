// Weighted sums of values. See AttentionTile.h.
#include "AttentionTile.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

/// Accumulators that fit into the registers, beside what is added to them:
/// eight where each is one.
static int64_t countAccumulators(const AttentionTile &tile) {
  return tile.lanes / 2;
}

/// Keys whose values stay in the first cache while rows take turns: 16 kB of
/// 128 channels.
static constexpr int64_t kChunk = 2 * kLanes;

namespace {

/// Some rows and some blocks of channels whose sums are in registers.
struct Slab {
  const AttentionTile &tile;
  Value firstRow;
  SmallVector<LaneBlock> blocks;

  SmallVector<Value> rows(ImplicitLocOpBuilder &b) const {
    SmallVector<Value> result;
    for (int64_t i = 0; i < tile.rowsTogether(); ++i)
      result.push_back(b.createOrFold<arith::AddIOp>(firstRow, indexOf(b, i)));
    return result;
  }
};

} // namespace

/// sums + weight * value of one key, for each block of channels.
static SmallVector<Value> addValue(ImplicitLocOpBuilder &b, const Slab &slab,
                                   Value key, Value weight, ValueRange sums) {
  AttentionOp op = slab.tile.op;
  Value lanes = broadcast(b, weight);
  SmallVector<Value> next;
  for (auto [place, sum] : llvm::zip_equal(slab.blocks, sums)) {
    LaneBlock block = place;
    block.offset =
        b.createOrFold<arith::AddIOp>(block.offset, slab.tile.firstChannel);
    Value value = readBlock(b, op.getValue(),
                            {slab.tile.batch, slab.tile.kvHead, key}, block);
    value = padToLanes(b, widen(b, value), 0.0f);
    next.push_back(math::FmaOp::create(b, lanes, value, sum));
  }
  return next;
}

/// The same where the row has a weight for the key. A key without one may hold
/// anything, even NaN.
static SmallVector<Value> addIfWeighted(ImplicitLocOpBuilder &b,
                                        const Slab &slab, Value key,
                                        Value weight, ValueRange sums) {
  Value counts = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, weight,
                                       f32Of(b, 0.0f));
  auto branch = scf::IfOp::create(b, sums.getTypes(), counts,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, addValue(b, slab, key, weight, sums));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, sums);
  return SmallVector<Value>(branch.getResults());
}

using AddOne =
    function_ref<SmallVector<Value>(Value key, Value weight, ValueRange sums)>;

/// Adds the keys first, ..., first + 15 to all sums, one after the other.
static SmallVector<Value> addSixteen(ImplicitLocOpBuilder &b, const Slab &slab,
                                     Value scratch, Value first,
                                     ValueRange sums, AddOne addOne) {
  SmallVector<Value> rows = slab.rows(b);
  return forEachIndex(
      b, indexOf(b, kLanes), 1, sums, [&](Value index, ValueRange sums) {
        Value key = arith::AddIOp::create(b, first, index);
        SmallVector<Value> next;
        for (auto [i, row] : llvm::enumerate(rows)) {
          Value weight = tensor::ExtractOp::create(
              b, scratch, ValueRange{row, slab.tile.columnOf(b, key)});
          ValueRange ofRow =
              sums.slice(i * slab.blocks.size(), slab.blocks.size());
          llvm::append_range(next, addOne(key, weight, ofRow));
        }
        return next;
      });
}

/// Adds a block of 16 keys, quickly if all rows have a weight for each of them.
static SmallVector<Value> addBlock(ImplicitLocOpBuilder &b, const Slab &slab,
                                   Value scratch, Value first,
                                   ValueRange sums) {
  Value all;
  for (Value row : slab.rows(b)) {
    Value weights =
        readVector(b, scratch, {row, slab.tile.columnOf(b, first)}, kLanes);
    Value count = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, weights,
                                        splatOf(b, 0.0f));
    all = all ? arith::AndIOp::create(b, all, count).getResult() : count;
  }
  all = vector::ReductionOp::create(b, vector::CombiningKind::AND, all);
  auto branch =
      scf::IfOp::create(b, sums.getTypes(), all, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(
      b, addSixteen(b, slab, scratch, first, sums,
                    [&](Value key, Value weight, ValueRange sums) {
                      return addValue(b, slab, key, weight, sums);
                    }));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(
      b, addSixteen(b, slab, scratch, first, sums,
                    [&](Value key, Value weight, ValueRange sums) {
                      return addIfWeighted(b, slab, key, weight, sums);
                    }));
  return SmallVector<Value>(branch.getResults());
}

/// Where the sums of a slab are kept between chunks of keys.
static SmallVector<SmallVector<Value>> sumsOf(ImplicitLocOpBuilder &b,
                                              const Slab &slab) {
  SmallVector<SmallVector<Value>> places;
  for (Value row : slab.rows(b))
    for (const LaneBlock &block : slab.blocks)
      places.push_back({row, b.createOrFold<arith::AddIOp>(block.offset,
                                                           indexOf(b, kSums))});
  return places;
}

/// Adds the keys of the chunk at `first` to the sums of a slab.
static Value addChunk(ImplicitLocOpBuilder &b, const Slab &slab, Value first,
                      const ScoredTile &weighed) {
  Value scratch = weighed.scratch;
  SmallVector<SmallVector<Value>> places = sumsOf(b, slab);
  SmallVector<Value> sums;
  for (ValueRange place : places)
    sums.push_back(readVector(b, scratch, place, kLanes));
  Value left = arith::SubIOp::create(b, weighed.end, first);
  Value count = arith::MinUIOp::create(b, left, indexOf(b, kChunk));
  sums = forEachIndex(b, count, kLanes, sums, [&](Value key, ValueRange sums) {
    return addBlock(b, slab, scratch, arith::AddIOp::create(b, first, key),
                    sums);
  });
  for (auto [place, sum] : llvm::zip_equal(places, sums))
    scratch = writeVector(b, sum, scratch, place);
  return scratch;
}

/// All sums are zero at first.
static Value clearSums(ImplicitLocOpBuilder &b, const AttentionTile &tile,
                       Value scratch) {
  return forEachIndex(b, indexOf(b, tile.rows()), 1, scratch,
                      [&](Value row, ValueRange carried) -> SmallVector<Value> {
                        Value cleared = carried[0];
                        for (int64_t i = 0; i < tile.sumsWidth(); i += kLanes)
                          cleared = writeVector(b, splatOf(b, 0.0f), cleared,
                                                {row, indexOf(b, kSums + i)});
                        return {cleared};
                      })[0];
}

Value bitnet::rows::addValues(ImplicitLocOpBuilder &b,
                              const AttentionTile &tile,
                              const ScoredTile &weighed) {
  Value scratch = clearSums(b, tile, weighed.scratch);
  int64_t together = tile.rowsTogether();
  SmallVector<LaneBlock> blocks = blocksOf(b, tile.channels);
  size_t width = std::max<int64_t>(countAccumulators(tile) / together, 1);
  auto addToRows = [&](Value first, Value row, Value scratch) {
    for (size_t i = 0; i < blocks.size(); i += width) {
      size_t count = std::min(width, blocks.size() - i);
      Slab slab{tile, row,
                SmallVector<LaneBlock>(ArrayRef(blocks).slice(i, count))};
      scratch = addChunk(b, slab, first, {scratch, weighed.end});
    }
    return scratch;
  };
  return forEachIndex(
      b, weighed.end, kChunk, scratch, [&](Value first, ValueRange carried) {
        return forEachIndex(
            b, indexOf(b, tile.rows()), together, carried,
            [&](Value row, ValueRange carried) -> SmallVector<Value> {
              return {addToRows(first, row, carried[0])};
            });
      })[0];
}
