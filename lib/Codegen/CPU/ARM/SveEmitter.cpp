// Tiles of SVE's sdot, for vectors of any length.
//
// A panel is read as a stream of bytes: with vectors of n x 128 bits, each 128
// bits hold the next group of four columns, so that n groups are summed side by
// side in one accumulator and added at the end. One packing fits all lengths.
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// The k loop of one tile, on scalable vectors.
class SveLoop {
public:
  SveLoop(ImplicitLocOpBuilder &b, TileDotOp dot, ValueRange rows)
      : b(b), dot(dot), rows(rows),
        columns(cast<ShapedType>(dot.getActivations().getType()).getDimSize(1)),
        bytes(VectorType::get({16}, b.getI8Type(), {true})),
        words(VectorType::get({4}, b.getI32Type(), {true})),
        vscale(vector::VectorScaleOp::create(b)) {}

  /// The sums of v & 3, v & 15, v & 63 and v >> 6 with the activations.
  SmallVector<Value> emit() {
    // In each part of a vector of activations another quarter of its words is
    // repeated: word w goes to lanes 4w to 4w + 3.
    Value lane = call("llvm.stepvector", words, {});
    Value word = arith::ShRUIOp::create(b, lane, splat(words, 2));
    for (int64_t part = 0; part < 4; ++part)
      spread.push_back(arith::AddIOp::create(b, word, broadcast(scaled(part))));

    SmallVector<Value> sums(4 * rows.size(), splat(words, 0));
    auto loop =
        scf::ForOp::create(b, index(0), index(columns), scaled(16), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    sums.assign(loop.getRegionIterArgs().begin(),
                loop.getRegionIterArgs().end());
    round(loop.getInductionVar(), sums);
    scf::YieldOp::create(b, sums);
    b.setInsertionPointAfter(loop);
    return addSegments(lane, loop.getResults());
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  /// value * vscale
  Value scaled(int64_t value) {
    return arith::MulIOp::create(b, vscale, index(value));
  }

  Value splat(VectorType type, int64_t value) {
    Attribute element = b.getIntegerAttr(type.getElementType(), value);
    return arith::ConstantOp::create(b, SplatElementsAttr::get(type, element));
  }

  Value broadcast(Value number) {
    Value word = arith::IndexCastOp::create(b, b.getI32Type(), number);
    return vector::BroadcastOp::create(b, words, word);
  }

  Value call(StringRef name, Type type, ValueRange operands) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name),
                                         operands)
        .getResult(0);
  }

  /// The bytes from `begin` on that are before `end`; zeros after that.
  Value load(Value memory, ValueRange indices, Value begin, int64_t end) {
    Type i64 = b.getI64Type();
    Value mask = call("llvm.get.active.lane.mask",
                      VectorType::get({16}, b.getI1Type(), {true}),
                      {arith::IndexCastOp::create(b, i64, begin),
                       arith::ConstantIntOp::create(b, end, 64)});
    return vector::MaskedLoadOp::create(b, bytes, memory, indices, mask,
                                        splat(bytes, 0));
  }

  /// A vector of activations of each row, and four vectors of weights.
  void round(Value column, MutableArrayRef<Value> sums) {
    SmallVector<Value> x;
    for (Value row : rows) {
      Value loaded = load(dot.getActivations(), {row, column}, column, columns);
      x.push_back(vector::BitCastOp::create(b, words, loaded));
    }
    Value group = arith::ShRUIOp::create(b, column, index(2));
    for (int64_t part = 0; part < 4; ++part) {
      Value at = arith::AddIOp::create(b, group, scaled(part));
      Value byte = arith::MulIOp::create(b, at, index(16));
      Value weights = load(dot.getWeights(), {dot.getPanel(), at, index(0)},
                           byte, 16 * llvm::divideCeil(columns, 4));
      step(weights, part, x, sums);
    }
  }

  void step(Value weights, int64_t part, ArrayRef<Value> x,
            MutableArrayRef<Value> sums) {
    SmallVector<Value, 4> codes;
    for (int64_t mask : {3, 15, 63})
      codes.push_back(arith::AndIOp::create(b, weights, splat(bytes, mask)));
    codes.push_back(arith::ShRUIOp::create(b, weights, splat(bytes, 6)));
    for (auto [row, activations] : llvm::enumerate(x)) {
      Value all =
          call("llvm.aarch64.sve.tbl", words, {activations, spread[part]});
      all = vector::BitCastOp::create(b, bytes, all);
      for (int64_t field = 0; field < 4; ++field) {
        Value &sum = sums[4 * row + field];
        sum = call("llvm.aarch64.sve.sdot", words, {sum, codes[field], all});
      }
    }
  }

  /// Adds every 128 bits to the first.
  SmallVector<Value> addSegments(Value lane, ValueRange sums) {
    auto loop = scf::ForOp::create(b, index(1), vscale, index(1), sums);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      Value offset = arith::MulIOp::create(b, loop.getInductionVar(), index(4));
      Value from = arith::AddIOp::create(b, lane, broadcast(offset));
      SmallVector<Value> next;
      for (auto [sum, all] : llvm::zip_equal(loop.getRegionIterArgs(), sums))
        next.push_back(arith::AddIOp::create(
            b, sum, call("llvm.aarch64.sve.tbl", words, {all, from})));
      scf::YieldOp::create(b, next);
    }
    auto lanes = VectorType::get({4}, b.getI32Type());
    return llvm::map_to_vector(loop.getResults(), [&](Value sum) -> Value {
      return vector::ScalableExtractOp::create(b, lanes, sum, 0);
    });
  }

  ImplicitLocOpBuilder &b;
  TileDotOp dot;
  ValueRange rows;
  int64_t columns;
  VectorType bytes, words;
  Value vscale;
  SmallVector<Value, 4> spread;
};

struct SveEmitter : TileEmitter {
  using TileEmitter::TileEmitter;

  SmallVector<Value> loop(ImplicitLocOpBuilder &b, TileDotOp dot,
                          ValueRange rows) override {
    return SveLoop(b, dot, rows).emit();
  }

  void step(ImplicitLocOpBuilder &, Value, ValueRange,
            MutableArrayRef<Value>) override {
    llvm_unreachable("the loop has no steps of fixed length");
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; ++row) {
      MutableArrayRef<Value> a = accumulators.slice(4 * row, 4);
      a[2] = difference(b, a[2], a[1], 4);
      a[1] = difference(b, a[1], a[0], 2);
    }
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeSveEmitter(const Tile &tile) {
  return std::make_unique<SveEmitter>(tile);
}
