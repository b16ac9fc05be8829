// Tiles of vpmaddubsw, for AVX2.
//
// A pair of products is summed in 16 bits. Fields are masked in place in the
// lower half of a byte and, shifted down, in the upper one: they are at most 8.
// A pair adds 2 * 8 * 127 = 2032 or -2048, and 16 steps stay within
// -32768..32512. Then the sums are widened.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

struct MaddubsEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  int64_t flushPeriod() const override { return 16; }

  SmallVector<Value> initNarrow(ImplicitLocOpBuilder &b) override {
    Value zero = splat(b, narrowType(b), 0);
    return SmallVector<Value>(tile.fields * tile.rows, zero);
  }

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    auto bytes = cast<VectorType>(weights.getType());
    SmallVector<Value> all;
    for (Value x : activations)
      all.push_back(repeatInLanes(b, x));
    Value halves[] = {weights, upperFields(b, weights)};
    for (int64_t field = 0; field < tile.fields; ++field) {
      Value mask = splat(b, bytes, ((1 << bits()) - 1) << shiftOf(field));
      Value half = halves[2 * field / tile.fields];
      Value codes = arith::AndIOp::create(b, half, mask);
      for (int64_t row = 0; row < tile.rows; ++row) {
        Value pairs = call(b, "llvm.x86.avx2.pmadd.ub.sw", narrowType(b),
                           {codes, all[row]});
        Value &sum = sums[tile.fields * row + field];
        sum = arith::AddIOp::create(b, sum, pairs);
      }
    }
  }

  void flush(ImplicitLocOpBuilder &b, ValueRange narrow,
             MutableArrayRef<Value> accumulators) override {
    Value one = splat(b, narrowType(b), 1);
    for (auto [sum, accumulator] : llvm::zip_equal(narrow, accumulators)) {
      Value wide =
          call(b, "llvm.x86.avx2.pmadd.wd", accumulatorType(b), {sum, one});
      accumulator = arith::AddIOp::create(b, accumulator, wide);
    }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (auto [i, sum] : llvm::enumerate(accumulators))
      if (int64_t shift = shiftOf(static_cast<int64_t>(i) % tile.fields))
        sum =
            arith::ShRSIOp::create(b, sum, splat(b, accumulatorType(b), shift));
  }

private:
  VectorType narrowType(OpBuilder &b) const {
    return VectorType::get({2 * tile.lanes}, b.getI16Type());
  }

  int64_t bits() const { return 8 / tile.fields; }

  /// By how many bits a field lies above the start of its half of the byte.
  int64_t shiftOf(int64_t field) const {
    return field % (tile.fields / 2) * bits();
  }

  Value call(ImplicitLocOpBuilder &b, StringRef name, Type type,
             ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name),
                                         operands)
        .getResult(0);
  }

  /// The upper half of each byte where the lower was; by 16-bit lanes, since
  /// x86 has no 8-bit shift. What crosses a byte is masked away.
  Value upperFields(ImplicitLocOpBuilder &b, Value weights) {
    Value words = vector::BitCastOp::create(b, narrowType(b), weights);
    Value four = splat(b, narrowType(b), 4);
    Value down = arith::ShRUIOp::create(b, words, four);
    return vector::BitCastOp::create(b, weights.getType(), down);
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeMaddubsEmitter(const Tile &tile) {
  return std::make_unique<MaddubsEmitter>(tile);
}
