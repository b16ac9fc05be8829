// Tiles of a block of threads: products of four bytes at once.
#include "Grid.h"

#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

/// Columns of the contraction in a 32-bit word.
static constexpr int64_t kColumns = 4;

namespace {

/// One tile. Thread t reads lane t mod lanes of every vector of the panel that
/// its group has, t / lanes: neighbours read neighbouring words.
class GridBlock {
public:
  GridBlock(ImplicitLocOpBuilder &b, const bitnet::Tile &tile,
            bitnet::TileBlockOp block)
      : b(b), tile(tile), block(block) {
    columns = cast<ShapedType>(block.getActivations().getType()).getDimSize(1);
    groups = bitnet::kBlockThreads / tile.lanes;
    thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
    Value lanes = index(tile.lanes);
    lane = arith::RemUIOp::create(b, thread, lanes);
    group = arith::DivUIOp::create(b, thread, lanes);
    for (int64_t row = 0; row < tile.rows; ++row)
      rows.push_back(arith::AddIOp::create(b, block.getRow(), index(row)));
  }

  void emit() {
    SmallVector<Value> sums(tile.rows * tile.fields, word(0));
    sums = wholeVectors(sums);
    if (columns % kColumns)
      sums = lastVector(sums);
    addGroups(store(sums));
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value word(int64_t value) {
    return arith::ConstantOp::create(
        b, b.getI32IntegerAttr(static_cast<int32_t>(value)));
  }

  SmallVector<Value> wholeVectors(ArrayRef<Value> init) {
    auto loop = scf::ForOp::create(b, group, index(columns / kColumns),
                                   index(groups), init);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value vector = loop.getInductionVar();
    Value column = arith::MulIOp::create(b, vector, index(kColumns));
    SmallVector<Value> activations;
    for (Value row : rows)
      activations.push_back(load(block.getActivations(), {row, column},
                                 columns % kColumns ? 1 : kColumns));
    SmallVector<Value> sums(loop.getRegionIterArgs());
    step(loadWeights(vector), activations, sums);
    scf::YieldOp::create(b, sums);
    return loop.getResults();
  }

  /// Fewer than four columns, for the first group.
  SmallVector<Value> lastVector(ArrayRef<Value> init) {
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, group, index(0));
    SmallVector<Type> types(init.size(), b.getI32Type());
    auto first = scf::IfOp::create(b, types, isFirst, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(first.elseBlock());
    scf::YieldOp::create(b, init);
    b.setInsertionPointToStart(first.thenBlock());
    SmallVector<Value> activations;
    for (Value row : rows)
      activations.push_back(loadBytes(row));
    SmallVector<Value> sums(init);
    step(loadWeights(index(columns / kColumns)), activations, sums);
    scf::YieldOp::create(b, sums);
    return first.getResults();
  }

  /// Four bytes as a word.
  Value load(Value memref, ValueRange at, int64_t alignment) {
    auto bytes = VectorType::get({kColumns}, b.getI8Type());
    auto one = VectorType::get({1}, b.getI32Type());
    Value loaded = vector::LoadOp::create(b, bytes, memref, at,
                                          /*nontemporal=*/false,
                                          llvm::MaybeAlign(alignment));
    return vector::ExtractOp::create(
        b, vector::BitCastOp::create(b, one, loaded), 0);
  }

  Value loadWeights(Value vector) {
    Value at = arith::MulIOp::create(b, lane, index(kColumns));
    return load(block.getWeights(), {block.getPanel(), vector, at}, kColumns);
  }

  /// The last columns of a row, and zeros.
  Value loadBytes(Value row) {
    Value all = word(0);
    for (int64_t j = 0; j < columns % kColumns; ++j) {
      Value column = index(columns / kColumns * kColumns + j);
      Value byte = memref::LoadOp::create(b, block.getActivations(),
                                          ValueRange{row, column});
      byte = arith::ExtUIOp::create(b, b.getI32Type(), byte);
      byte = arith::ShLIOp::create(b, byte, word(8 * j));
      all = arith::OrIOp::create(b, all, byte);
    }
    return all;
  }

  void step(Value weights, ArrayRef<Value> activations,
            MutableArrayRef<Value> sums) {
    int64_t bits = 8 / tile.fields;
    Value mask = word(bits == 2 ? 0x03030303 : 0x01010101);
    for (int64_t field = 0; field < tile.fields; ++field) {
      Value codes = arith::ShRUIOp::create(b, weights, word(bits * field));
      codes = arith::AndIOp::create(b, codes, mask);
      for (auto [row, x] : llvm::enumerate(activations)) {
        Value &sum = sums[row * tile.fields + field];
        sum = bitnet::Dot4Op::create(b, b.getI32Type(), codes, x, sum);
      }
    }
  }

  /// Memory for the groups' sums: that of an earlier tile of the same work,
  /// which has done with it.
  Value findScratch() {
    auto type =
        MemRefType::get({groups, tile.rows, tile.columns()}, b.getI32Type());
    for (Operation &op : *b.getInsertionBlock())
      if (auto known = dyn_cast<memref::AllocaOp>(op);
          known && known.getType() == type)
        return known;
    return memref::AllocaOp::create(b, type);
  }

  /// The groups' sums side by side, [group, row, column].
  Value store(ArrayRef<Value> sums) {
    Value memory = findScratch();
    for (int64_t row = 0; row < tile.rows; ++row)
      for (int64_t field = 0; field < tile.fields; ++field) {
        Value column =
            arith::AddIOp::create(b, lane, index(field * tile.lanes));
        memref::StoreOp::create(b, sums[row * tile.fields + field], memory,
                                ValueRange{group, index(row), column});
      }
    gpu::BarrierOp::create(b);
    return memory;
  }

  /// sum(w * x) for each row and column: sum(code * x) - sum(x) for weights of
  /// -1, 0 and 1, twice the first sum for weights of -1 and 1.
  void addGroups(Value memory) {
    auto loop = scf::ForOp::create(b, thread, index(tile.rows * tile.columns()),
                                   index(bitnet::kBlockThreads));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value width = index(tile.columns());
    Value row = arith::DivUIOp::create(b, loop.getInductionVar(), width);
    Value column = arith::RemUIOp::create(b, loop.getInductionVar(), width);
    Value total = word(0);
    for (int64_t g = 0; g < groups; ++g)
      total = arith::AddIOp::create(
          b, total,
          memref::LoadOp::create(b, memory, ValueRange{index(g), row, column}));
    if (tile.fields == 8)
      total = arith::AddIOp::create(b, total, total);
    Value at = arith::AddIOp::create(b, block.getRow(), row);
    Value all = memref::LoadOp::create(b, block.getSums(), at);
    memref::StoreOp::create(b, arith::SubIOp::create(b, total, all),
                            block.getBlock(), ValueRange{row, column});
    b.setInsertionPointAfter(loop);
    gpu::BarrierOp::create(b);
  }

  ImplicitLocOpBuilder &b;
  const bitnet::Tile &tile;
  bitnet::TileBlockOp block;
  int64_t columns, groups;
  Value thread, lane, group;
  SmallVector<Value> rows;
};

class GridEmitter : public bitnet::TileEmitter {
public:
  using TileEmitter::TileEmitter;

  bool isBlock() const override { return true; }

  void step(ImplicitLocOpBuilder &, Value, ValueRange,
            MutableArrayRef<Value>) override {
    llvm_unreachable("a tile of a grid is a block");
  }

  void emitBlock(ImplicitLocOpBuilder &b, Operation *block) override {
    GridBlock(b, tile, cast<bitnet::TileBlockOp>(block)).emit();
  }
};

} // namespace

std::unique_ptr<bitnet::TileEmitter> bitnet::makeGridEmitter(const Tile &tile) {
  return std::make_unique<GridEmitter>(tile);
}
