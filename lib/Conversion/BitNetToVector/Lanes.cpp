// Blocks, lanes and parallel parts as ops. See Lanes.h.
#include "bitnet/Conversion/BitNetToVector/Lanes.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value bitnet::rows::indexOf(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value bitnet::rows::f32Of(ImplicitLocOpBuilder &b, float value) {
  return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
}

Value bitnet::rows::splatOf(ImplicitLocOpBuilder &b, float value,
                            int64_t width) {
  auto type = VectorType::get(width, b.getF32Type());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, value));
}

Value bitnet::rows::broadcast(ImplicitLocOpBuilder &b, Value scalar,
                              int64_t width) {
  return vector::BroadcastOp::create(
      b, VectorType::get(width, scalar.getType()), scalar);
}

Value bitnet::rows::emptyTensor(ImplicitLocOpBuilder &b,
                                ArrayRef<OpFoldResult> sizes, Type element) {
  return tensor::EmptyOp::create(b, sizes, element);
}

SmallVector<Value> bitnet::rows::withLast(ValueRange indices, Value last) {
  SmallVector<Value> result(indices);
  result.push_back(last);
  return result;
}

Value bitnet::rows::readVector(ImplicitLocOpBuilder &b, Value tensor,
                               ValueRange indices, int64_t width) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  Value padding = arith::ConstantOp::create(b, b.getZeroAttr(element));
  bool inBounds = true;
  return vector::TransferReadOp::create(b, VectorType::get(width, element),
                                        tensor, indices, padding,
                                        ArrayRef<bool>(inBounds));
}

Value bitnet::rows::writeVector(ImplicitLocOpBuilder &b, Value vector,
                                Value tensor, ValueRange indices) {
  bool inBounds = true;
  return vector::TransferWriteOp::create(b, vector, tensor, indices,
                                         ArrayRef<bool>(inBounds))
      .getResult();
}

Value bitnet::rows::readBlock(ImplicitLocOpBuilder &b, Value tensor,
                              ValueRange leading, const LaneBlock &block) {
  return readVector(b, tensor, withLast(leading, block.offset), block.width);
}

void bitnet::rows::replaceWithCasts(RewriterBase &rewriter, Operation *op,
                                    ValueRange values) {
  SmallVector<Value> results;
  for (auto [value, type] : llvm::zip_equal(values, op->getResultTypes()))
    results.push_back(
        value.getType() == type
            ? value
            : tensor::CastOp::create(rewriter, op->getLoc(), type, value));
  rewriter.replaceOp(op, results);
}

/// The shape of x with another element type.
static Type typeLike(Value x, Type element) {
  if (auto vector = dyn_cast<VectorType>(x.getType()))
    return vector.clone(element);
  return element;
}

Value bitnet::rows::widen(ImplicitLocOpBuilder &b, Value x) {
  Type wide = typeLike(x, b.getF32Type());
  if (x.getType() == wide)
    return x;
  return arith::ExtFOp::create(b, wide, x);
}

Value bitnet::rows::roundTo(ImplicitLocOpBuilder &b, Type type, Value x) {
  if (type.isF32())
    return x;
  return widen(b, arith::TruncFOp::create(b, typeLike(x, type), x));
}

Value bitnet::rows::padToLanes(ImplicitLocOpBuilder &b, Value vector,
                               float neutral) {
  if (cast<VectorType>(vector.getType()).getDimSize(0) == kLanes)
    return vector;
  return vector::InsertStridedSliceOp::create(b, vector, splatOf(b, neutral),
                                              ArrayRef<int64_t>{0},
                                              ArrayRef<int64_t>{1});
}

Value bitnet::rows::larger(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, isLarger, x, y);
}

Value bitnet::rows::smaller(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value isSmaller = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  return arith::SelectOp::create(b, isSmaller, x, y);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value bitnet::rows::combineLanes(ImplicitLocOpBuilder &b, Value lanes,
                                 function_ref<Value(Value, Value)> combine) {
  for (int64_t half = kLanes / 2; half >= 1; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half));
    auto high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    lanes = combine(vector::ShuffleOp::create(b, lanes, lanes, low),
                    vector::ShuffleOp::create(b, lanes, lanes, high));
  }
  return vector::ExtractOp::create(b, lanes, ArrayRef<int64_t>{0});
}

Value bitnet::rows::addLanes(ImplicitLocOpBuilder &b, Value lanes) {
  return combineLanes(b, lanes, [&](Value low, Value high) -> Value {
    return arith::AddFOp::create(b, low, high);
  });
}

/// Adds to each lane of `low`, of x and y side by side, the one `distance`
/// behind it.
static Value foldLanes(ImplicitLocOpBuilder &b, Value x, Value y,
                       ArrayRef<int64_t> low, int64_t distance) {
  auto high =
      llvm::map_to_vector(low, [&](int64_t lane) { return lane + distance; });
  Value lows = vector::ShuffleOp::create(b, x, y, low);
  Value highs = vector::ShuffleOp::create(b, x, y, high);
  return arith::AddFOp::create(b, lows, highs);
}

/// Four lanes of each of four accumulators.
static Value foldFour(ImplicitLocOpBuilder &b, ArrayRef<Value> x) {
  SmallVector<int64_t> eight = {0,  1,  2,  3,  4,  5,  6,  7,
                                16, 17, 18, 19, 20, 21, 22, 23};
  SmallVector<int64_t> four = {0,  1,  2,  3,  8,  9,  10, 11,
                               16, 17, 18, 19, 24, 25, 26, 27};
  return foldLanes(b, foldLanes(b, x[0], x[1], eight, 8),
                   foldLanes(b, x[2], x[3], eight, 8), four, 4);
}

Value bitnet::rows::addLanesOfFour(ImplicitLocOpBuilder &b, ArrayRef<Value> x) {
  Value all = foldFour(b, x);
  all = foldLanes(b, all, all, {0, 1, 4, 5, 8, 9, 12, 13}, 2);
  return foldLanes(b, all, all, {0, 2, 4, 6}, 1);
}

std::pair<Value, Value> bitnet::rows::addLanesOfEight(ImplicitLocOpBuilder &b,
                                                      ArrayRef<Value> x) {
  Value first = foldFour(b, x.take_front(4)),
        last = foldFour(b, x.drop_front(4));
  // From here on accumulators i and i + 4 share a quarter, since many CPUs are
  // quicker to move lanes within 128 bits.
  Value all =
      foldLanes(b, first, last,
                {0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29}, 2);
  all = foldLanes(b, all, all,
                  {0, 2, 0, 2, 4, 6, 4, 6, 8, 10, 8, 10, 12, 14, 12, 14}, 1);
  auto take = [&](ArrayRef<int64_t> lanes) -> Value {
    return vector::ShuffleOp::create(b, all, all, lanes);
  };
  return {take({0, 4, 8, 12}), take({1, 5, 9, 13})};
}

Value bitnet::rows::largestLane(ImplicitLocOpBuilder &b, Value lanes) {
  return combineLanes(
      b, lanes, [&](Value low, Value high) { return larger(b, high, low); });
}

Value bitnet::rows::sumOfRow(ImplicitLocOpBuilder &b, int64_t size,
                             BlockReader elements) {
  auto sum = forEachBlock(
      b, size, splatOf(b, 0.0f),
      [&](const LaneBlock &block, ValueRange sum) -> SmallVector<Value> {
        Value x = padToLanes(b, elements(block), 0.0f);
        return {arith::AddFOp::create(b, sum[0], x)};
      });
  return addLanes(b, sum[0]);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static SmallVector<Value>
emitFor(ImplicitLocOpBuilder &b, std::array<Value, 3> bounds,
        ValueRange carried,
        function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, bounds[0], bounds[1], bounds[2], carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  // Without carried values the loop already has its terminator.
  if (!carried.empty())
    scf::YieldOp::create(b, next);
  return loop.getResults();
}

SmallVector<Value> bitnet::rows::forEachIndex(
    ImplicitLocOpBuilder &b, Value count, int64_t step, ValueRange carried,
    function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  return emitFor(b, {indexOf(b, 0), count, indexOf(b, step)}, carried, body);
}

SmallVector<Value> bitnet::rows::forEachBlock(ImplicitLocOpBuilder &b,
                                              int64_t size, ValueRange carried,
                                              BlockBody body) {
  constexpr int64_t stride = kPhases * kLanes;
  SmallVector<Value> values(carried);
  int64_t done = 0;
  if (size >= 2 * stride) {
    done = size - size % stride;
    auto phases = [&](Value offset, ValueRange args) {
      SmallVector<Value> next(args);
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        Value at =
            b.createOrFold<arith::AddIOp>(offset, indexOf(b, phase * kLanes));
        next = body({at, kLanes, phase}, next);
      }
      return next;
    };
    values = forEachIndex(b, indexOf(b, done), stride, values, phases);
  }
  for (int64_t phase = 0; done < size; done += kLanes, ++phase) {
    int64_t width = std::min(kLanes, size - done);
    values = body({indexOf(b, done), width, phase % kPhases}, values);
  }
  return values;
}

SmallVector<LaneBlock> bitnet::rows::blocksOf(ImplicitLocOpBuilder &b,
                                              int64_t size) {
  SmallVector<LaneBlock> blocks;
  for (int64_t offset = 0; offset < size; offset += kLanes)
    blocks.push_back({indexOf(b, offset), std::min(kLanes, size - offset),
                      offset / kLanes % kPhases});
  return blocks;
}

SmallVector<Value> bitnet::rows::forEachInParallel(
    ImplicitLocOpBuilder &b, const ParallelLoop &loop,
    function_ref<SmallVector<Value>(ValueRange, ValueRange)> body) {
  auto forall = scf::ForallOp::create(b, loop.counts, loop.destinations,
                                      /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(forall.getTerminator());
  SmallVector<Value> indices = forall.getInductionVars();
  SmallVector<ResultPart> parts = loop.partsOf(indices);
  SmallVector<Value> slices;
  SmallVector<SmallVector<OpFoldResult>> strides;
  for (auto [part, whole] :
       llvm::zip_equal(parts, forall.getRegionIterArgs())) {
    strides.emplace_back(part.offsets.size(), b.getIndexAttr(1));
    slices.push_back(tensor::ExtractSliceOp::create(
        b, part.type, whole, part.offsets, part.sizes, strides.back()));
  }
  SmallVector<Value> computed = body(indices, slices);
  b.setInsertionPointToEnd(forall.getTerminator().getBody());
  for (auto [part, slice, whole, stride] :
       llvm::zip_equal(parts, computed, forall.getRegionIterArgs(), strides))
    tensor::ParallelInsertSliceOp::create(b, slice, whole, part.offsets,
                                          part.sizes, stride);
  return forall.getResults();
}
