// Attention takes a block of threads for each query. See GPUPasses.td.
//
// The sums are those of the naive lowering, term by term, so that a device
// gives the bits of a CPU: scores and sums of weights in lane order, values by
// fma with the keys ascending.
#include "Grid.h"

#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#define DEBUG_TYPE "bitnet-give-queries-to-blocks"

namespace bitnet {
#define GEN_PASS_DEF_GIVEQUERIESTOBLOCKS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using Predicate = arith::CmpFPredicate;

/// Lanes of a sum, see lib/README.md.
static constexpr int64_t kLanes = 16;

/// Keys that a block weighs at a time: one for each thread.
static constexpr int64_t kKeys = bitnet::kBlockThreads;

/// The most channels of a head, for the block's memory.
static constexpr int64_t kMaxChannels = 1024;

static bool isSmall(Value tensor) {
  int64_t channels = cast<RankedTensorType>(tensor.getType()).getDimSize(3);
  return !ShapedType::isDynamic(channels) && channels <= kMaxChannels;
}

namespace {

/// The work of one block, for the query at [batch, head, query].
class QueryBlock {
public:
  QueryBlock(ImplicitLocOpBuilder &b, bitnet::AttentionOp op, ValueRange at)
      : b(b), op(op), at(at) {
    channels = op.getQuery().getType().getDimSize(3);
    valueChannels = op.getValue().getType().getDimSize(3);
    count = tensor::DimOp::create(b, op.getKey(), 2);
    int64_t heads = op.getQuery().getType().getDimSize(1),
            kvHeads = op.getKey().getType().getDimSize(1);
    kvHead = at[1];
    if (heads != kvHeads)
      kvHead = arith::DivUIOp::create(b, at[1], index(heads / kvHeads));
  }

  /// Memory with the sums of weight * value, and the sum of weights.
  std::pair<Value, Value> emit() {
    query = allocate(channels);
    forEach(channels, [&](Value i) {
      store(tensor::ExtractOp::create(b, op.getQuery(),
                                      ValueRange{at[0], at[1], at[2], i}),
            query, i);
    });
    Value largest = findLargest();
    Value weights = allocate(kKeys), sums = allocate(kLanes),
          values = allocate(valueChannels);
    forEach(kLanes, [&](Value i) { store(number(0), sums, i); });
    forEach(valueChannels, [&](Value i) { store(number(0), values, i); });
    auto chunks = scf::ForOp::create(b, index(0), count, index(kKeys));
    Value first = chunks.getInductionVar();
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(chunks.getBody()->getTerminator());
      forEach(kKeys, [&](Value i) {
        store(weigh(add(first, i), largest), weights, i);
      });
      forEach(kLanes, [&](Value i) { addWeights(weights, sums, i); });
      forEach(valueChannels,
              [&](Value i) { addValues(first, weights, values, i); });
    }
    return {values, addLanes(loadAll(sums))};
  }

private:
  using Body = llvm::function_ref<void(Value)>;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value number(float value) {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value larger(Value x, Value y) {
    Value isLarger = arith::CmpFOp::create(b, Predicate::OGT, x, y);
    return arith::SelectOp::create(b, isLarger, x, y);
  }

  /// Memory that the threads of the block have in common.
  Value allocate(int64_t size) {
    return memref::AllocaOp::create(b, MemRefType::get({size}, b.getF32Type()));
  }
  Value load(Value memory, Value i) {
    return memref::LoadOp::create(b, memory, i);
  }
  void store(Value value, Value memory, Value i) {
    memref::StoreOp::create(b, value, memory, i);
  }

  /// Iterations for the threads to share.
  void forEach(int64_t size, Body body) {
    auto loop = scf::ParallelOp::create(
        b, ValueRange{index(0)}, ValueRange{index(size)}, ValueRange{index(1)});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVars()[0]);
  }

  /// A loop of one thread that carries values.
  SmallVector<Value>
  repeat(Value from, Value to, int64_t step, ArrayRef<Value> init,
         llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(b, from, to, index(step), init);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    scf::YieldOp::create(
        b, body(loop.getInductionVar(), loop.getRegionIterArgs()));
    return loop.getResults();
  }

  Value readKey(Value key, Value channel) {
    Value x = tensor::ExtractOp::create(
        b, op.getKey(), ValueRange{at[0], kvHead, key, channel});
    return widen(x);
  }

  Value widen(Value x) {
    if (x.getType().isF32())
      return x;
    return arith::ExtFOp::create(b, b.getF32Type(), x);
  }

  /// Adds lanes j and j + 8, then j + 4, j + 2, j + 1.
  Value addLanes(SmallVector<Value> lanes) {
    for (int64_t half = kLanes / 2; half >= 1; half /= 2)
      for (int64_t j = 0; j < half; ++j)
        lanes[j] = arith::AddFOp::create(b, lanes[j], lanes[j + half]);
    return lanes[0];
  }

  SmallVector<Value> loadAll(Value memory) {
    SmallVector<Value> lanes;
    for (int64_t j = 0; j < kLanes; ++j)
      lanes.push_back(load(memory, index(j)));
    return lanes;
  }

  /// q . k in lane order
  Value multiply(Value key) {
    auto step = [&](Value from, ValueRange sums, int64_t width) {
      SmallVector<Value> next(sums);
      for (int64_t lane = 0; lane < width; ++lane) {
        Value i = add(from, index(lane));
        next[lane] =
            math::FmaOp::create(b, load(query, i), readKey(key, i), next[lane]);
      }
      return next;
    };
    int64_t whole = channels / kLanes * kLanes;
    SmallVector<Value> zeros(kLanes, number(0));
    SmallVector<Value> lanes = repeat(
        index(0), index(whole), kLanes, zeros,
        [&](Value from, ValueRange sums) { return step(from, sums, kLanes); });
    return addLanes(step(index(whole), lanes, channels - whole));
  }

  /// Its score, minus infinity where the key is not seen.
  Value score(Value key) {
    Value factor = arith::ConstantOp::create(b, op.getScaleAttr());
    Value scaled = arith::MulFOp::create(b, multiply(key), factor);
    Value mask = op.getMask();
    if (!mask)
      return scaled;
    SmallVector<Value> place = {at[0], at[1], at[2], key};
    auto type = cast<RankedTensorType>(mask.getType());
    for (int64_t dim = 0; dim < 3; ++dim)
      if (type.getDimSize(dim) == 1)
        place[dim] = index(0);
    Value seen = tensor::ExtractOp::create(b, mask, place);
    if (seen.getType().isF32())
      return arith::AddFOp::create(b, scaled, seen);
    return arith::SelectOp::create(b, seen, scaled, number(-INFINITY));
  }

  /// The largest score: first of each thread's keys, then, by every thread, of
  /// them.
  Value findLargest() {
    Value memory = allocate(kKeys);
    forEach(kKeys, [&](Value thread) {
      SmallVector<Value> mine =
          repeat(thread, count, kKeys, number(-INFINITY),
                 [&](Value key, ValueRange known) -> SmallVector<Value> {
                   return {larger(score(key), known[0])};
                 });
      store(mine[0], memory, thread);
    });
    return repeat(index(0), index(kKeys), 1, number(-INFINITY),
                  [&](Value i, ValueRange known) -> SmallVector<Value> {
                    return {larger(load(memory, i), known[0])};
                  })[0];
  }

  /// exp(score - largest), 0 where the key is not seen or not there.
  Value weigh(Value key, Value largest) {
    Value isThere =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, key, count);
    auto choice = scf::IfOp::create(b, TypeRange{b.getF32Type()}, isThere,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, number(0));
    b.setInsertionPointToStart(choice.thenBlock());
    Value value = score(key);
    Value isHidden =
        arith::CmpFOp::create(b, Predicate::OEQ, value, number(-INFINITY));
    Value power =
        math::ExpOp::create(b, arith::SubFOp::create(b, value, largest));
    power = arith::SelectOp::create(b, isHidden, number(0), power);
    scf::YieldOp::create(b, power);
    return choice.getResult(0);
  }

  /// Adds every 16th weight to a lane.
  void addWeights(Value weights, Value sums, Value lane) {
    Value sum = load(sums, lane);
    for (int64_t j = 0; j < kKeys; j += kLanes)
      sum = arith::AddFOp::create(b, sum, load(weights, add(lane, index(j))));
    store(sum, sums, lane);
  }

  /// Adds weight * value for the chunk's keys, ascending, to a channel.
  void addValues(Value first, Value weights, Value values, Value channel) {
    Value rest = arith::SubIOp::create(b, count, first);
    Value end = arith::MinUIOp::create(b, rest, index(kKeys));
    auto addOne = [&](Value i, ValueRange sum) -> SmallVector<Value> {
      Value weight = load(weights, i);
      Value x = tensor::ExtractOp::create(
          b, op.getValue(), ValueRange{at[0], kvHead, add(first, i), channel});
      Value next = math::FmaOp::create(b, weight, widen(x), sum[0]);
      Value isSeen =
          arith::CmpFOp::create(b, Predicate::UNE, weight, number(0));
      return {arith::SelectOp::create(b, isSeen, next, sum[0])};
    };
    SmallVector<Value> sum =
        repeat(index(0), end, 1, load(values, channel), addOne);
    store(sum[0], values, channel);
  }

  ImplicitLocOpBuilder &b;
  bitnet::AttentionOp op;
  ValueRange at;
  int64_t channels, valueChannels;
  Value count, kvHead, query;
};

struct GiveQueriesToBlocks
    : bitnet::impl::GiveQueriesToBlocksBase<GiveQueriesToBlocks> {
  void runOnOperation() override {
    SmallVector<bitnet::AttentionOp> ops;
    getOperation().walk([&](bitnet::AttentionOp op) {
      if (isSmall(op.getQuery()) && isSmall(op.getValue()))
        ops.push_back(op);
    });
    for (bitnet::AttentionOp op : ops)
      tile(op);
  }

private:
  static void tile(bitnet::AttentionOp op) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    auto sizes = tensor::getMixedSizes(b, b.getLoc(), op.getQuery());
    int64_t channels = op.getValue().getType().getDimSize(3);
    sizes[3] = b.getIndexAttr(channels);
    Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
    sizes.pop_back();
    auto loop =
        scf::ForallOp::create(b, sizes, ValueRange{empty},
                              bitnet::getBlockMapping(b.getContext(), 3));
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> at = loop.getInductionVars();
    auto [values, sum] = QueryBlock(b, op, at).emit();
    SmallVector<OpFoldResult> place(at.begin(), at.end()),
        ones(4, b.getIndexAttr(1)), part = ones;
    place.push_back(b.getIndexAttr(0));
    part[3] = b.getIndexAttr(channels);
    Value result = divide(b, values, sum, channels);
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(
        b, result, loop.getRegionIterArgs()[0], place, part, ones);
    b.setInsertionPointAfter(loop);
    Value done = loop.getResult(0);
    if (done.getType() != op.getType())
      done = tensor::CastOp::create(b, op.getType(), done);
    op.replaceAllUsesWith(done);
    op.erase();
  }

  /// values / sum; of a query that sees no key 0 / 1.
  static Value divide(ImplicitLocOpBuilder &b, Value values, Value sum,
                      int64_t channels) {
    Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
    Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
    Value isEmpty = arith::CmpFOp::create(b, Predicate::OEQ, sum, zero);
    Value divisor = arith::SelectOp::create(b, isEmpty, one, sum);
    auto type = RankedTensorType::get({channels}, b.getF32Type());
    Value tensor = bufferization::ToTensorOp::create(b, type, values,
                                                     /*restrict=*/true);
    Value empty = tensor::EmptyOp::create(b, type.getShape(), b.getF32Type());
    AffineMap id = b.getMultiDimIdentityMap(1);
    auto body = [&](OpBuilder &nested, Location loc, ValueRange x) {
      linalg::YieldOp::create(
          nested, loc,
          arith::DivFOp::create(nested, loc, x[0], divisor).getResult());
    };
    return linalg::GenericOp::create(
               b, type, tensor, empty, ArrayRef<AffineMap>{id, id},
               ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
               body)
        .getResult(0);
  }
};

} // namespace
