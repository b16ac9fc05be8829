// Tiles of vpdpbusd: AVX-VNNI on 256 bits, AVX512-VNNI on 512.
#include "VnniSteps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

SmallVector<Value> VnniSteps::mask(ImplicitLocOpBuilder &b, Value bytes,
                                   int64_t fields) const {
  int64_t bits = 8 / fields;
  SmallVector<Value> masked;
  for (int64_t field = 0; field + 1 < fields; ++field) {
    Value below = splat(b, cast<VectorType>(bytes.getType()),
                        (int64_t(1) << (field + 1) * bits) - 1);
    masked.push_back(arith::AndIOp::create(b, bytes, below));
  }
  masked.push_back(bytes);
  return masked;
}

Value VnniSteps::dot(ImplicitLocOpBuilder &b, Value sum, Value codes,
                     Value x) const {
  StringRef name = tile.lanes == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                    : "llvm.x86.avx512.vpdpbusd.256";
  return LLVM::CallIntrinsicOp::create(b, accumulatorType(b),
                                       b.getStringAttr(name),
                                       ValueRange{sum, codes, x})
      .getResult(0);
}

Value VnniSteps::shiftDown(ImplicitLocOpBuilder &b, Value sum,
                           int64_t by) const {
  return arith::ShRSIOp::create(b, sum, splat(b, accumulatorType(b), by));
}

void VnniSteps::separate(ImplicitLocOpBuilder &b,
                         MutableArrayRef<Value> sums) const {
  auto fields = static_cast<int64_t>(sums.size());
  for (int64_t field = fields - 1; field > 0; --field) {
    Value scaled = arith::SubIOp::create(b, sums[field], sums[field - 1]);
    sums[field] = shiftDown(b, scaled, field * (8 / fields));
  }
}

namespace {

struct VnniEmitter : VnniSteps {
  using VnniSteps::VnniSteps;

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    SmallVector<Value> x;
    for (Value row : activations)
      x.push_back(repeatInLanes(b, row));
    for (auto [field, masked] : llvm::enumerate(mask(b, weights, tile.fields)))
      for (int64_t row = 0; row < tile.rows; ++row) {
        Value &sum = sums[tile.fields * row + field];
        sum = dot(b, sum, masked, x[row]);
      }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; ++row)
      separate(b, accumulators.slice(tile.fields * row, tile.fields));
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeVnniEmitter(const Tile &tile) {
  return std::make_unique<VnniEmitter>(tile);
}
