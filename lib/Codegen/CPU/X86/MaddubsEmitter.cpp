// Tiles of vpmaddubsw, for AVX2.
//
// A pair of products is summed in 16 bits. Codes are at most 2 in fields 0 and
// 2 and, masked in place, 8 in fields 1 and 3: a pair adds 2 * 8 * 127 = 2032
// or -2048, and 16 steps stay within -32768..32512. Then the sums are widened.
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
    Value zero = splat(b, narrowType(b), b.getI16IntegerAttr(0));
    return SmallVector<Value>(4 * tile.rows, zero);
  }

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    auto bytes = cast<VectorType>(weights.getType());
    Value low = splat(b, bytes, b.getI8IntegerAttr(3));
    Value high = splat(b, bytes, b.getI8IntegerAttr(12));
    Value upper = upperFields(b, weights);
    Value fields[] = {arith::AndIOp::create(b, weights, low),
                      arith::AndIOp::create(b, weights, high),
                      arith::AndIOp::create(b, upper, low),
                      arith::AndIOp::create(b, upper, high)};
    for (auto [row, x] : llvm::enumerate(activations)) {
      Value all = repeatInLanes(b, x);
      for (int64_t i = 0; i < 4; ++i) {
        Value pairs = call(b, "llvm.x86.avx2.pmadd.ub.sw", narrowType(b),
                           {fields[i], all});
        Value &sum = sums[4 * row + i];
        sum = arith::AddIOp::create(b, sum, pairs);
      }
    }
  }

  void flush(ImplicitLocOpBuilder &b, ValueRange narrow,
             MutableArrayRef<Value> accumulators) override {
    Value one = splat(b, narrowType(b), b.getI16IntegerAttr(1));
    for (auto [sum, accumulator] : llvm::zip_equal(narrow, accumulators)) {
      Value wide =
          call(b, "llvm.x86.avx2.pmadd.wd", accumulatorType(b), {sum, one});
      accumulator = arith::AddIOp::create(b, accumulator, wide);
    }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    Value two = splat(b, accumulatorType(b), b.getI32IntegerAttr(2));
    for (int64_t i = 1; i < 4 * tile.rows; i += 2)
      accumulators[i] = arith::ShRSIOp::create(b, accumulators[i], two);
  }

private:
  VectorType narrowType(OpBuilder &b) const {
    return VectorType::get({2 * tile.lanes}, b.getI16Type());
  }

  Value splat(ImplicitLocOpBuilder &b, VectorType type, Attribute value) {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, value));
  }

  Value call(ImplicitLocOpBuilder &b, StringRef name, Type type,
             ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name),
                                         operands)
        .getResult(0);
  }

  /// Fields 2 and 3 where 0 and 1 were; by 16-bit lanes, since x86 has no 8-bit
  /// shift. What crosses a byte is masked away.
  Value upperFields(ImplicitLocOpBuilder &b, Value weights) {
    Value words = vector::BitCastOp::create(b, narrowType(b), weights);
    Value four = splat(b, narrowType(b), b.getI16IntegerAttr(4));
    Value down = arith::ShRUIOp::create(b, words, four);
    return vector::BitCastOp::create(b, weights.getType(), down);
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeMaddubsEmitter(const Tile &tile) {
  return std::make_unique<MaddubsEmitter>(tile);
}
