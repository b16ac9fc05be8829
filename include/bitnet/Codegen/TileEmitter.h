// What one instruction set adds to the k loop of a tile.
#ifndef BITNET_CODEGEN_TILEEMITTER_H
#define BITNET_CODEGEN_TILEEMITTER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

#include <memory>

namespace bitnet {

struct Tile;
class TileDotOp;

/// Writes the steps of a k loop. The loop itself, its tail, the prefetch and
/// the sums of the activations belong to `EmitTiles.cpp`.
///
/// Accumulators are vectors of i32, for each row of activations one for each
/// field of the weights' bytes. A step may keep narrower sums for `flushPeriod`
/// steps; `flush` then adds them to the accumulators.
class TileEmitter {
public:
  explicit TileEmitter(const Tile &tile) : tile(tile) {}
  virtual ~TileEmitter() = default;

  /// Groups of four columns in a step.
  virtual int64_t groups() const { return 1; }

  /// Steps after which narrow sums must be flushed; 0 if there are none.
  virtual int64_t flushPeriod() const { return 0; }

  /// Zero accumulators for all rows of the tile.
  virtual llvm::SmallVector<mlir::Value> init(mlir::ImplicitLocOpBuilder &b);

  /// Zero narrow sums, for an emitter with a flush period.
  virtual llvm::SmallVector<mlir::Value>
  initNarrow(mlir::ImplicitLocOpBuilder &b) {
    return {};
  }

  /// Adds the products of one vector of weights (4 * lanes bytes) with four
  /// activations of each row (vector<4xi8>) to `sums`: the narrow ones where
  /// there are any, else the accumulators. With several groups both are as many
  /// times longer, group after group.
  virtual void step(mlir::ImplicitLocOpBuilder &b, mlir::Value weights,
                    mlir::ValueRange activations,
                    llvm::MutableArrayRef<mlir::Value> sums) = 0;

  /// Adds narrow sums to the accumulators.
  virtual void flush(mlir::ImplicitLocOpBuilder &b, mlir::ValueRange narrow,
                     llvm::MutableArrayRef<mlir::Value> accumulators) {}

  /// Writes the whole loop over k, where vectors have no fixed length and steps
  /// no fixed number of columns. `rows` are the indices of the activations'.
  /// Returns the accumulators to finish, none to have the loop written in
  /// steps.
  virtual llvm::SmallVector<mlir::Value>
  loop(mlir::ImplicitLocOpBuilder &b, TileDotOp dot, mlir::ValueRange rows);

  /// Turns accumulators into the sums of code * activation, field by field.
  virtual void finish(mlir::ImplicitLocOpBuilder &b,
                      llvm::MutableArrayRef<mlir::Value> accumulators) {}

  /// Whether the tile is a block in memory, `tile_block`, instead of a vector.
  /// Such an emitter writes all of it by `emitBlock`, and none of the above.
  virtual bool isBlock() const { return false; }

  /// Writes what a `tile_block` on memrefs does before it.
  virtual void emitBlock(mlir::ImplicitLocOpBuilder &b,
                         mlir::Operation *block) {}

protected:
  /// vector<lanes x i32>
  mlir::VectorType accumulatorType(mlir::OpBuilder &b) const;

  /// The same value in every element.
  static mlir::Value splat(mlir::ImplicitLocOpBuilder &b, mlir::Type vector,
                           int64_t value);

  static mlir::Value callIntrinsic(mlir::ImplicitLocOpBuilder &b,
                                   llvm::StringRef name, mlir::Type result,
                                   mlir::ValueRange operands);

  /// (high - low) >> shift, of accumulators.
  mlir::Value difference(mlir::ImplicitLocOpBuilder &b, mlir::Value high,
                         mlir::Value low, int64_t shift) const;

  /// Four activations (vector<4xi8>) in every lane: vector<4 * lanes x i8>.
  mlir::Value repeatInLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value x) const;

  const Tile &tile;
};

} // namespace bitnet

#endif // BITNET_CODEGEN_TILEEMITTER_H
