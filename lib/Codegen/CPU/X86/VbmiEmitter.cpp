// Tiles of five trits a byte: unpacked as FiveCodes.h says, and multiplied as
// VnniSteps.h says.
#include "FiveCodes.h"
#include "VnniSteps.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct VbmiEmitter : VnniSteps {
  using VnniSteps::VnniSteps;

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    SmallVector<Value> x;
    for (Value row : activations)
      x.push_back(repeatInLanes(b, row));
    FiveCodes unpacked = unpackFiveCodes(b, weights);
    SmallVector<Value> codes = mask(b, unpacked.four, 4);
    codes.push_back(unpacked.fifth);
    for (auto [field, masked] : llvm::enumerate(codes))
      for (int64_t row = 0; row < tile.rows; ++row) {
        Value &sum = sums[tile.fields * row + field];
        sum = dot(b, sum, masked, x[row]);
      }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; ++row) {
      MutableArrayRef<Value> sums =
          accumulators.slice(tile.fields * row, tile.fields);
      separate(b, sums.take_front(4));
      sums.back() = shiftDown(b, sums.back(), 6);
    }
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeVbmiEmitter(const Tile &tile) {
  return std::make_unique<VbmiEmitter>(tile);
}
