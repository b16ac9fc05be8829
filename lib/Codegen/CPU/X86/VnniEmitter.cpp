// Tiles of vpdpbusd: AVX-VNNI on 256 bits, AVX512-VNNI on 512.
//
// No field is shifted into place. The bytes v, v & 63, v & 15 and v & 3 feed
// four accumulators; neighbours differ by one field's products, times 64, 16
// and 4, which `finish` takes out.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct VnniEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    auto bytes = cast<VectorType>(weights.getType());
    SmallVector<Value, 4> masked = {weights};
    for (int64_t mask : {63, 15, 3})
      masked.push_back(arith::AndIOp::create(
          b, weights,
          arith::ConstantOp::create(
              b, DenseElementsAttr::get(bytes, b.getI8IntegerAttr(mask)))));
    for (auto [row, x] : llvm::enumerate(activations)) {
      Value all = repeatInLanes(b, x);
      for (int64_t i = 0; i < 4; ++i) {
        Value &sum = sums[4 * row + i];
        sum = dot(b, sum, masked[i], all);
      }
    }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; ++row) {
      MutableArrayRef<Value> a = accumulators.slice(4 * row, 4);
      Value field3 = difference(b, a[0], a[1], 6);
      Value field2 = difference(b, a[1], a[2], 4);
      Value field1 = difference(b, a[2], a[3], 2);
      Value field0 = a[3];
      a[0] = field0, a[1] = field1, a[2] = field2, a[3] = field3;
    }
  }

private:
  Value dot(ImplicitLocOpBuilder &b, Value sum, Value codes, Value x) {
    StringRef name = tile.lanes == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                      : "llvm.x86.avx512.vpdpbusd.256";
    return LLVM::CallIntrinsicOp::create(b, accumulatorType(b),
                                         b.getStringAttr(name),
                                         ValueRange{sum, codes, x})
        .getResult(0);
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeVnniEmitter(const Tile &tile) {
  return std::make_unique<VnniEmitter>(tile);
}
