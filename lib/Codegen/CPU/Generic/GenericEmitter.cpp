// Tiles for any CPU: plain 32-bit vector arithmetic, no intrinsic.
//
// Slower than an instruction set's own dot product, and right everywhere: what
// an unknown machine runs, and what the others are compared with.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct GenericEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    VectorType lanes = accumulatorType(b);
    Value words = vector::BitCastOp::create(b, lanes, weights);
    int64_t bits = 8 / tile.fields;
    for (int64_t column = 0; column < 4; ++column) {
      SmallVector<Value> x;
      for (Value row : activations)
        x.push_back(broadcastColumn(b, row, column));
      for (int64_t field = 0; field < tile.fields; ++field) {
        Value codes = extractCodes(b, words, 8 * column + bits * field);
        for (int64_t row = 0; row < tile.rows; ++row) {
          Value product = arith::MulIOp::create(b, codes, x[row]);
          Value &sum = sums[tile.fields * row + field];
          sum = arith::AddIOp::create(b, sum, product);
        }
      }
    }
  }

private:
  Value broadcastColumn(ImplicitLocOpBuilder &b, Value x, int64_t column) {
    Value byte = vector::ExtractOp::create(b, x, column);
    Value word = arith::ExtSIOp::create(b, b.getI32Type(), byte);
    return vector::BroadcastOp::create(b, accumulatorType(b), word);
  }

  Value extractCodes(ImplicitLocOpBuilder &b, Value words, int64_t shift) {
    VectorType lanes = accumulatorType(b);
    Value down = arith::ShRUIOp::create(b, words, splat(b, lanes, shift));
    return arith::AndIOp::create(b, down,
                                 splat(b, lanes, (1 << 8 / tile.fields) - 1));
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeGenericEmitter(const Tile &tile) {
  return std::make_unique<GenericEmitter>(tile);
}
