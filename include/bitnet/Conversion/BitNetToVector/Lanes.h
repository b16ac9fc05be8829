// The words in which the row ops are written: blocks of a row, sums in lane
// order, parallel loops over parts of a result.
//
// A row is read in blocks of 16 elements on every target, whatever its vectors
// are: 16 f32 lanes are one register of 512 bits, two of 256, four of 128. So
// lane i of an accumulator takes the elements i, i + 16, i + 32, ..., and the
// bits of a sum depend on the row alone.
#ifndef BITNET_CONVERSION_BITNETTOVECTOR_LANES_H
#define BITNET_CONVERSION_BITNETTOVECTOR_LANES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace bitnet::rows {

/// Lanes of a block and of every accumulator.
inline constexpr int64_t kLanes = 16;

/// Blocks of one iteration of a row loop; also the number of accumulators that
/// a reduction may have whose order doesn't matter.
inline constexpr int64_t kPhases = 4;

/// Some neighbouring elements of a row: 16, or fewer at its end.
struct LaneBlock {
  mlir::Value offset;
  int64_t width;
  /// Number of the block in its loop iteration, below kPhases.
  int64_t phase;
};

/// Gives the elements of a block as a vector of `width` elements.
using BlockReader = llvm::function_ref<mlir::Value(const LaneBlock &)>;

/// Emits code for a block, given values carried from block to block.
using BlockBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    const LaneBlock &, mlir::ValueRange)>;

/// Runs `body` over a row of `size` elements, block after block, and returns
/// the carried values.
llvm::SmallVector<mlir::Value> forEachBlock(mlir::ImplicitLocOpBuilder &b,
                                            int64_t size,
                                            mlir::ValueRange carried,
                                            BlockBody body);

/// All blocks of a short row, for code that is written out.
llvm::SmallVector<LaneBlock> blocksOf(mlir::ImplicitLocOpBuilder &b,
                                      int64_t size);

/// Emits `body` as a serial loop over [0, count) by `step`.
llvm::SmallVector<mlir::Value> forEachIndex(
    mlir::ImplicitLocOpBuilder &b, mlir::Value count, int64_t step,
    mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                      mlir::ValueRange)>
        body);

/// The hyper-rectangle of a result that one iteration computes, and the type
/// in which the iteration sees it (dimensions of size 1 may be dropped).
struct ResultPart {
  llvm::SmallVector<mlir::OpFoldResult> offsets, sizes;
  mlir::RankedTensorType type;
};

/// A parallel loop over `counts`. Each iteration gets its part of each of the
/// `destinations` and returns the parts with their new contents.
struct ParallelLoop {
  llvm::SmallVector<mlir::OpFoldResult> counts;
  llvm::SmallVector<mlir::Value> destinations;
  llvm::function_ref<llvm::SmallVector<ResultPart>(mlir::ValueRange indices)>
      partsOf;
};
llvm::SmallVector<mlir::Value> forEachInParallel(
    mlir::ImplicitLocOpBuilder &b, const ParallelLoop &loop,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange indices,
                                                      mlir::ValueRange parts)>
        body);

/// An uninitialized tensor of the given sizes.
mlir::Value emptyTensor(mlir::ImplicitLocOpBuilder &b,
                        llvm::ArrayRef<mlir::OpFoldResult> sizes,
                        mlir::Type element);

/// `indices` and a last one.
llvm::SmallVector<mlir::Value> withLast(mlir::ValueRange indices,
                                        mlir::Value last);

/// Loads and stores of neighbouring elements, all of them in bounds.
mlir::Value readVector(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                       mlir::ValueRange indices, int64_t width);
mlir::Value writeVector(mlir::ImplicitLocOpBuilder &b, mlir::Value vector,
                        mlir::Value tensor, mlir::ValueRange indices);

/// The elements of a block of the row at `leading` indices.
mlir::Value readBlock(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                      mlir::ValueRange leading, const LaneBlock &block);

/// Replaces `op` by `values`, cast to its types where those know less or more.
void replaceWithCasts(mlir::RewriterBase &rewriter, mlir::Operation *op,
                      mlir::ValueRange values);

/// Constants.
mlir::Value indexOf(mlir::ImplicitLocOpBuilder &b, int64_t value);
mlir::Value f32Of(mlir::ImplicitLocOpBuilder &b, float value);
/// A vector of `width` equal lanes.
mlir::Value splatOf(mlir::ImplicitLocOpBuilder &b, float value,
                    int64_t width = kLanes);

/// `scalar` in each lane of a vector of `width`.
mlir::Value broadcast(mlir::ImplicitLocOpBuilder &b, mlir::Value scalar,
                      int64_t width = kLanes);

/// A scalar or vector of f32, f16 or bf16 as f32.
mlir::Value widen(mlir::ImplicitLocOpBuilder &b, mlir::Value x);
/// The f32 that is nearest to x among the values of a float type.
mlir::Value roundTo(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                    mlir::Value x);

/// Extends the last block of a row to 16 lanes by lanes that hold `neutral`.
mlir::Value padToLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value vector,
                       float neutral);

/// The larger of x and y; y where one is NaN. A compare and a select, since
/// NaN rules make arith.maximumf three instructions instead of one.
mlir::Value larger(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
/// The smaller of x and y; y where one is NaN.
mlir::Value smaller(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                    mlir::Value y);

/// Combines 16 lanes as a tree: lane j takes lane j + 8, then j + 4, j + 2, j
/// + 1.
mlir::Value
combineLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value lanes,
             llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
mlir::Value addLanes(mlir::ImplicitLocOpBuilder &b, mlir::Value lanes);
/// Adds the lanes of four accumulators, each in this order, into four lanes.
mlir::Value addLanesOfFour(mlir::ImplicitLocOpBuilder &b,
                           llvm::ArrayRef<mlir::Value> lanes);
/// The same of eight accumulators: those of the first four and of the last.
std::pair<mlir::Value, mlir::Value>
addLanesOfEight(mlir::ImplicitLocOpBuilder &b,
                llvm::ArrayRef<mlir::Value> lanes);
mlir::Value largestLane(mlir::ImplicitLocOpBuilder &b, mlir::Value lanes);

/// The sum of a row in lane order.
mlir::Value sumOfRow(mlir::ImplicitLocOpBuilder &b, int64_t size,
                     BlockReader elements);

} // namespace bitnet::rows

#endif // BITNET_CONVERSION_BITNETTOVECTOR_LANES_H
