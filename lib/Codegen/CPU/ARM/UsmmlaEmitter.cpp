// Tiles of NEON's matrix product usmmla (i8mm), for blocks of rows.
//
// It adds the products of two columns of weights and two rows of activations,
// eight bytes each, to 2x2 sums. Two groups of weights, zipped by words, are
// two columns and two more; all four fields of them at once.
#include "bitnet/Codegen/TileTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// Accumulator 8 * pair + 2 * field + half belongs to two rows and, of the four
/// lanes of a field, to the lower or the upper two columns.
struct UsmmlaEmitter : TileEmitter {
  explicit UsmmlaEmitter(const Tile &tile) : TileEmitter(tile) {
    assert(tile.rows % 2 == 0 && tile.lanes == 4 && "sums are of two rows");
  }

  int64_t groups() const override { return 2; }

  void step(ImplicitLocOpBuilder &b, Value weights, ValueRange activations,
            MutableArrayRef<Value> sums) override {
    SmallVector<Value, 3> pairs;
    for (int64_t row = 0; row < tile.rows; row += 2)
      pairs.push_back(vector::ShuffleOp::create(
          b, activations[row], activations[row + 1], consecutive(16)));
    for (int64_t half = 0; half < 2; ++half) {
      Value columns = zipColumns(b, weights, half);
      for (int64_t field = 0; field < 4; ++field) {
        Value codes = maskFields(b, columns, field);
        for (auto [pair, x] : llvm::enumerate(pairs)) {
          Value &sum = sums[8 * pair + 2 * field + half];
          sum = callIntrinsic(b, "llvm.aarch64.neon.usmmla", accumulatorType(b),
                              {sum, codes, x});
        }
      }
    }
  }

  void finish(ImplicitLocOpBuilder &b,
              MutableArrayRef<Value> accumulators) override {
    for (int64_t row = 0; row < tile.rows; row += 2) {
      MutableArrayRef<Value> two = accumulators.slice(4 * row, 8);
      SmallVector<Value> sums(two);
      for (int64_t field = 0; field < 4; ++field)
        for (int64_t i = 0; i < 2; ++i)
          two[4 * i + field] = vector::ShuffleOp::create(
              b, sums[2 * field], sums[2 * field + 1],
              ArrayRef<int64_t>{i, i + 2, i + 4, i + 6});
      separateFields(b, two.take_front(4));
      separateFields(b, two.drop_front(4));
    }
  }

private:
  static SmallVector<int64_t> consecutive(int64_t count) {
    return llvm::to_vector(llvm::seq<int64_t>(0, count));
  }

  /// Columns 2 * half and 2 * half + 1 of both groups, eight bytes of each.
  Value zipColumns(ImplicitLocOpBuilder &b, Value weights, int64_t half) {
    SmallVector<int64_t> bytes;
    for (int64_t column : {2 * half, 2 * half + 1})
      for (int64_t group = 0; group < 2; ++group)
        for (int64_t i = 0; i < 4; ++i)
          bytes.push_back(16 * group + 4 * column + i);
    return vector::ShuffleOp::create(b, weights, weights, bytes);
  }

  /// The fields up to the given one.
  Value maskFields(ImplicitLocOpBuilder &b, Value codes, int64_t field) {
    if (field == 3)
      return codes;
    Value mask = splat(b, codes.getType(), (4 << (2 * field)) - 1);
    return arith::AndIOp::create(b, codes, mask);
  }

  void separateFields(ImplicitLocOpBuilder &b, MutableArrayRef<Value> a) {
    for (int64_t field = 3; field > 0; --field)
      a[field] = difference(b, a[field], a[field - 1], 2 * field);
  }
};

} // namespace

std::unique_ptr<TileEmitter> bitnet::makeUsmmlaEmitter(const Tile &tile) {
  return std::make_unique<UsmmlaEmitter>(tile);
}
