// Tiles of NEON's dot products: sdot (dotprod) and usdot (i8mm).
//
// The bytes v & 63, v & 15 and v & 3 feed three accumulators, as x86's vpdpbusd
// does; `finish` takes neighbours' differences. The highest field is signed to
// sdot unless it is shifted down, which usdot does not need.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct DotEmitter : TileEmitter {
  DotEmitter(const Tile &tile, bool isUnsigned)
      : TileEmitter(tile), isUnsigned(isUnsigned) {}

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    Type bytes = weights.getType();
    SmallVector<Value, 4> codes;
    for (int64_t mask : {3, 15, 63})
      codes.push_back(arith::AndIOp::create(b, weights, splat(b, bytes, mask)));
    codes.push_back(isUnsigned ? weights
                               : Value(arith::ShRUIOp::create(
                                     b, weights, splat(b, bytes, 6))));
    for (auto [row, x] : llvm::enumerate(activations)) {
      Value all = repeatInLanes(b, x);
      for (int64_t field = 0; field < 4; ++field) {
        Value &sum = sums[4 * row + field];
        sum = callIntrinsic(b,
                            isUnsigned ? "llvm.aarch64.neon.usdot"
                                       : "llvm.aarch64.neon.sdot",
                            accumulatorType(b), {sum, codes[field], all});
      }
    }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; ++row) {
      MutableArrayRef<Value> a = accumulators.slice(4 * row, 4);
      if (isUnsigned)
        a[3] = difference(b, a[3], a[2], 6);
      a[2] = difference(b, a[2], a[1], 4);
      a[1] = difference(b, a[1], a[0], 2);
    }
  }

private:
  bool isUnsigned;
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeSdotEmitter(const Tile &tile) {
  return std::make_unique<DotEmitter>(tile, /*isUnsigned=*/false);
}

std::unique_ptr<TileEmitter> bitnet::makeUsdotEmitter(const Tile &tile) {
  return std::make_unique<DotEmitter>(tile, /*isUnsigned=*/true);
}
