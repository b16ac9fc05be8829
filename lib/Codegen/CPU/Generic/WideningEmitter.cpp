// Tiles of 8-bit products summed in 16 bits: NEON (smlal) and RISC-V's vectors
// (vwmaccsu).
//
// Plain arithmetic, for machines without a dot product that multiply and widen
// in one instruction. Each byte of weights has a sum of its own: a product is
// from -256 to 254, so 128 of them fit. Then the four bytes of a lane are
// added.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct WideningEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  int64_t flushPeriod() const override { return 128; }

  SmallVector<Value> initNarrow(ImplicitLocOpBuilder &b) override {
    return SmallVector<Value>(4 * tile.rows, splat(b, narrowType(b), 0));
  }

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    SmallVector<Value> x;
    for (Value row : activations)
      x.push_back(
          arith::ExtSIOp::create(b, narrowType(b), repeatInLanes(b, row)));
    for (int64_t field = 0; field < 4; ++field) {
      Value codes = extractCodes(b, weights, field);
      for (int64_t row = 0; row < tile.rows; ++row) {
        Value &sum = sums[4 * row + field];
        Value products = arith::MulIOp::create(b, codes, x[row]);
        sum = arith::AddIOp::create(b, sum, products);
      }
    }
  }

  void flush(ImplicitLocOpBuilder &b, ValueRange narrow,
             MutableArrayRef<Value> accumulators) override {
    for (auto [sum, accumulator] : llvm::zip_equal(narrow, accumulators)) {
      Value pairs = addHalves(b, sum, b.getI32Type());
      accumulator = arith::AddIOp::create(b, accumulator, addWords(b, pairs));
    }
  }

private:
  VectorType narrowType(OpBuilder &b) const {
    return VectorType::get({4 * tile.lanes}, b.getI16Type());
  }

  Value extractCodes(ImplicitLocOpBuilder &b, Value weights, int64_t field) {
    Type bytes = weights.getType();
    if (field > 0)
      weights = arith::ShRUIOp::create(b, weights, splat(b, bytes, 2 * field));
    if (field < 3)
      weights = arith::AndIOp::create(b, weights, splat(b, bytes, 3));
    return arith::ExtUIOp::create(b, narrowType(b), weights);
  }

  /// Adds neighbours of 16 bits in 32.
  Value addHalves(ImplicitLocOpBuilder &b, Value sums, Type wide) {
    auto pairs = VectorType::get({2 * tile.lanes}, wide);
    Value both = vector::BitCastOp::create(b, pairs, sums);
    Value half = splat(b, pairs, 16);
    Value high = arith::ShRSIOp::create(b, both, half);
    Value low = arith::ShLIOp::create(b, both, half);
    low = arith::ShRSIOp::create(b, low, half);
    return arith::AddIOp::create(b, low, high);
  }

  /// Adds neighbours of 32 bits.
  Value addWords(ImplicitLocOpBuilder &b, Value sums) {
    auto pairs = VectorType::get({tile.lanes}, b.getI64Type());
    Value both = vector::BitCastOp::create(b, pairs, sums);
    Value high = arith::ShRUIOp::create(b, both, splat(b, pairs, 32));
    VectorType lanes = accumulatorType(b);
    return arith::AddIOp::create(b, arith::TruncIOp::create(b, lanes, both),
                                 arith::TruncIOp::create(b, lanes, high));
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeWideningEmitter(const Tile &tile) {
  return std::make_unique<WideningEmitter>(tile);
}
