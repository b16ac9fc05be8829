// Writes the k loop of each tile. See Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace bitnet {
#define GEN_PASS_DEF_EMITTILES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-emit-tiles"

/// Columns of the contraction in one group.
static constexpr int64_t kColumns = 4;

/// Flush periods up to this are unrolled, because LLVM would not.
static constexpr int64_t kUnrolled = 16;

/// But if there are more sums than this, only two steps are: LLVM would first
/// add up all the steps that it sees, for which there are no registers. Two
/// rows of AVX2 reach 93 instead of 80 % of the dot's limit (Zen 1).
static constexpr int64_t kUnrolledSums = 4;

namespace {

/// One `tile_dot` on memrefs and the loop that replaces it.
class TileLoop {
public:
  TileLoop(bitnet::TileDotOp dot, const bitnet::Tile &tile)
      : dot(dot), tile(tile), emitter(tile.makeEmitter(tile)),
        builder(dot.getLoc(), dot) {
    columns = cast<ShapedType>(dot.getActivations().getType()).getDimSize(1);
    for (int64_t row = 0; row < tile.rows; ++row)
      rows.push_back(arith::AddIOp::create(builder, dot.getRow(), index(row)));
  }

  /// Emits the loop and returns the tile's sums, exact.
  Value emit() {
    SmallVector<Value> accumulators = emitter->loop(builder, dot, rows);
    if (accumulators.empty()) {
      accumulators = mainLoop();
      tail(accumulators);
    }
    emitter->finish(builder, accumulators);
    return assemble(accumulators);
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, value);
  }

  /// Columns in one step.
  int64_t stepColumns() const { return kColumns * emitter->groups(); }

  /// Full steps in one round of the main loop.
  int64_t roundSteps() const {
    return std::max(emitter->flushPeriod(), tile.phases);
  }

  /// Steps of a flush period that are written one after the other.
  int64_t unrolledSteps() const {
    return hasManySums() ? loopedSteps() : kUnrolled;
  }

  /// Steps of one iteration of a loop over a flush period.
  int64_t loopedSteps() const {
    return emitter->flushPeriod() <= kUnrolled ? 2 : 1;
  }

  bool hasManySums() const { return tile.fields * tile.rows > kUnrolledSums; }

  /// Runs whole rounds and adds up their phases.
  SmallVector<Value> mainLoop() {
    SmallVector<Value> init;
    for (int64_t phase = 0; phase < tile.phases; ++phase)
      init.append(emitter->init(builder));
    int64_t rounds = columns / stepColumns() / roundSteps();
    if (rounds > 0) {
      int64_t groups = roundSteps() * emitter->groups();
      auto loop = scf::ForOp::create(builder, index(0), index(rounds * groups),
                                     index(groups), init);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      SmallVector<Value> sums(loop.getRegionIterArgs());
      round(loop.getInductionVar(), sums);
      scf::YieldOp::create(builder, sums);
      init.assign(loop.result_begin(), loop.result_end());
    }
    return addPhases(init);
  }

  /// One body of the main loop: a step for each phase, or a flush period.
  void round(Value k, MutableArrayRef<Value> sums) {
    if (emitter->flushPeriod() > 0)
      return flushed(k, emitter->flushPeriod(), sums, stepColumns());
    int64_t perPhase = sums.size() / tile.phases;
    for (int64_t phase = 0; phase < tile.phases; ++phase)
      step(advance(k, phase), stepColumns(),
           sums.slice(phase * perPhase, perPhase));
  }

  /// `steps` steps into narrow sums, then a flush.
  void flushed(Value k, int64_t steps, MutableArrayRef<Value> accumulators,
               int64_t lastColumns) {
    SmallVector<Value> narrow = emitter->initNarrow(builder);
    int64_t looped = 0;
    if (steps > unrolledSteps()) {
      int64_t whole = lastColumns == stepColumns() ? steps : steps - 1;
      looped = whole - whole % loopedSteps();
      narrow = stepLoop(k, looped, narrow);
    }
    for (int64_t i = looped; i < steps; ++i)
      step(advance(k, i), i + 1 == steps ? lastColumns : stepColumns(), narrow);
    emitter->flush(builder, narrow, accumulators);
  }

  /// A loop of `count` whole steps from group k on, and what `sums` are then.
  SmallVector<Value> stepLoop(Value k, int64_t count, ArrayRef<Value> sums) {
    int64_t steps = loopedSteps();
    auto loop = scf::ForOp::create(builder, k, advance(k, count),
                                   index(steps * emitter->groups()), sums);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next(loop.getRegionIterArgs());
    for (int64_t i = 0; i < steps; ++i)
      step(advance(loop.getInductionVar(), i), stepColumns(), next);
    scf::YieldOp::create(builder, next);
    return loop.getResults();
  }

  /// The steps that do not fill a round, and the columns that do not fill a
  /// step.
  void tail(MutableArrayRef<Value> accumulators) {
    int64_t steps = llvm::divideCeil(columns, stepColumns());
    int64_t done = columns / stepColumns() / roundSteps() * roundSteps();
    int64_t last = columns - (steps - 1) * stepColumns();
    if (done == steps)
      return;
    Value k = index(done * emitter->groups());
    if (emitter->flushPeriod() > 0)
      return flushed(k, steps - done, accumulators, last);
    for (int64_t i = 0; i < steps - done; ++i)
      step(advance(k, i), i + 1 == steps - done ? last : stepColumns(),
           accumulators);
  }

  /// The group that is `steps` steps behind group k.
  Value advance(Value k, int64_t steps) {
    if (steps == 0)
      return k;
    return arith::AddIOp::create(builder, k, index(steps * emitter->groups()));
  }

  /// One step at group k, of which `width` columns are there.
  void step(Value k, int64_t width, MutableArrayRef<Value> sums) {
    prefetch(k);
    Value weights = loadWeights(k, width);
    SmallVector<Value> activations;
    for (Value row : rows)
      activations.push_back(loadActivations(row, k, width));
    emitter->step(builder, weights, activations, sums);
  }

  void prefetch(Value k) {
    if (dot.getPrefetch() == 0)
      return;
    int64_t vectors = dot.getPrefetch() / (kColumns * tile.lanes);
    memref::PrefetchOp::create(
        builder, dot.getWeights(),
        ValueRange{dot.getPanel(), advance(k, vectors), index(0)},
        /*isWrite=*/false, /*localityHint=*/3,
        /*isDataCache=*/true);
  }

  /// The groups from k that have any of `width` columns, filled up with zeros.
  Value loadWeights(Value k, int64_t width) {
    int64_t length = kColumns * tile.lanes;
    auto bytes = VectorType::get({length}, builder.getI8Type());
    auto load = [&](int64_t group) -> Value {
      Value at = group ? arith::AddIOp::create(builder, k, index(group)) : k;
      return vector::LoadOp::create(builder, bytes, dot.getWeights(),
                                    ValueRange{dot.getPanel(), at, index(0)});
    };
    if (emitter->groups() == 1)
      return load(0);
    auto full =
        VectorType::get({length * emitter->groups()}, builder.getI8Type());
    Value all = arith::ConstantOp::create(builder, builder.getZeroAttr(full));
    for (int64_t group = 0; group * kColumns < width; ++group)
      all = vector::InsertStridedSliceOp::create(
          builder, load(group), all, ArrayRef<int64_t>{group * length},
          ArrayRef<int64_t>{1});
    return all;
  }

  /// Activations 4k .. 4k + width - 1 of a row, filled up with zeros.
  Value loadActivations(Value row, Value k, int64_t width) {
    auto nsw =
        arith::IntegerOverflowFlags::nsw | arith::IntegerOverflowFlags::nuw;
    Value column = arith::MulIOp::create(builder, k, index(kColumns), nsw);
    auto type = VectorType::get({width}, builder.getI8Type());
    Value loaded = vector::LoadOp::create(builder, type, dot.getActivations(),
                                          ValueRange{row, column});
    if (width == stepColumns())
      return loaded;
    auto full = VectorType::get({stepColumns()}, builder.getI8Type());
    Value zero = arith::ConstantOp::create(builder, builder.getZeroAttr(full));
    return vector::InsertStridedSliceOp::create(
        builder, loaded, zero, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{1});
  }

  SmallVector<Value> addPhases(ArrayRef<Value> sums) {
    int64_t perPhase = sums.size() / tile.phases;
    SmallVector<Value> total(sums.take_front(perPhase));
    for (int64_t i = perPhase, e = sums.size(); i < e; ++i) {
      Value &sum = total[i % perPhase];
      sum = arith::AddIOp::create(builder, sum, sums[i]);
    }
    return total;
  }

  /// sum(w * x) as one vector of the tile's shape: sum(code * x) - sum(x) for
  /// weights of -1, 0 and 1, twice the first sum for weights of -1 and 1.
  Value assemble(ArrayRef<Value> sums) {
    Value result =
        arith::ConstantOp::create(builder, builder.getZeroAttr(dot.getType()));
    auto lanes = VectorType::get({tile.lanes}, builder.getI32Type());
    for (int64_t row = 0; row < tile.rows; ++row) {
      Value sum = memref::LoadOp::create(builder, dot.getSums(), rows[row]);
      Value all = vector::BroadcastOp::create(builder, lanes, sum);
      for (int64_t field = 0; field < tile.fields; ++field) {
        Value codes = sums[tile.fields * row + field];
        if (tile.fields == 8)
          codes = arith::AddIOp::create(builder, codes, codes);
        Value exact = arith::SubIOp::create(builder, codes, all);
        result = vector::InsertStridedSliceOp::create(
            builder, exact, result, ArrayRef<int64_t>{row, field * tile.lanes},
            ArrayRef<int64_t>{1});
      }
    }
    return result;
  }

  bitnet::TileDotOp dot;
  const bitnet::Tile &tile;
  std::unique_ptr<bitnet::TileEmitter> emitter;
  ImplicitLocOpBuilder builder;
  int64_t columns;
  SmallVector<Value> rows;
};

struct EmitTiles : bitnet::impl::EmitTilesBase<EmitTiles> {
  void runOnOperation() override {
    SmallVector<Operation *> tiles;
    getOperation().walk([&](Operation *op) {
      if (isa<bitnet::TileDotOp, bitnet::TileBlockOp>(op))
        tiles.push_back(op);
    });
    for (Operation *op : tiles)
      if (failed(emit(op)))
        return signalPassFailure();
  }

private:
  static LogicalResult emit(Operation *op) {
    auto name = op->getAttrOfType<StringAttr>("tile");
    const bitnet::Tile *tile = bitnet::findTile(name);
    if (!tile)
      return op->emitOpError("names no row of the tile table: ")
             << name.getValue();
    if (!isa<MemRefType>(op->getOperand(0).getType()))
      return op->emitOpError("must be bufferized before its loop is written");
    auto dot = dyn_cast<bitnet::TileDotOp>(op);
    auto type = dot ? cast<ShapedType>(dot.getType())
                    : cast<bitnet::TileBlockOp>(op).getBlock().getType();
    if (type.getDimSize(0) != tile->rows ||
        type.getDimSize(1) != tile->columns())
      return op->emitOpError("gives a tile of ")
             << type.getDimSize(0) << "x" << type.getDimSize(1)
             << ", but its row says " << tile->rows << "x" << tile->columns();
    if (dot) {
      dot.replaceAllUsesWith(TileLoop(dot, *tile).emit());
    } else {
      ImplicitLocOpBuilder builder(op->getLoc(), op);
      tile->makeEmitter(*tile)->emitBlock(builder, op);
    }
    op->erase();
    return success();
  }
};

} // namespace
