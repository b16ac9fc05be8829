// One elementwise op and the matmuls that feed it, a block of threads for each
// tile.
#include "../MatmulTiling.h"
#include "Grid.h"

#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using bitnet::Tile;

namespace {

/// Panels [first, last), of which each gives `width` columns.
struct PanelRange {
  int64_t first, last, width;
};

class GridTiling {
public:
  GridTiling(RewriterBase &rewriter, linalg::GenericOp root)
      : rewriter(rewriter), root(root), b(root.getLoc(), rewriter) {}

  LogicalResult run() {
    b.setInsertionPoint(root);
    for (Value operand : root.getDpsInputs())
      if (auto matmul = operand.getDefiningOp<bitnet::MatmulOp>())
        if (!llvm::any_of(operands, [&](const bitnet::TileOperands &known) {
              return known.matmul == matmul;
            })) {
          FailureOr<bitnet::TileOperands> read =
              bitnet::getTileOperands(b, matmul);
          if (failed(read))
            return failure();
          operands.push_back(*read);
        }
    rewriter.replaceOp(root, emit());
    for (bitnet::TileOperands &read : operands)
      if (read.matmul->use_empty())
        rewriter.eraseOp(read.matmul);
    return success();
  }

private:
  /// The rows that fill the largest tiles, then what they leave.
  Value emit() {
    Value result = root.getDpsInits()[0];
    OpFoldResult rows = tensor::getMixedSize(
        b, b.getLoc(), operands[0].matmul.getActivations(), 0);
    OpFoldResult lower = b.getIndexAttr(0);
    AffineExpr d0, d1;
    bindDims(b.getContext(), d0, d1);
    for (auto name :
         operands[0].matmul.getTilesAttr().getAsRange<StringAttr>()) {
      const Tile &tile = *bitnet::findTile(name.getValue());
      OpFoldResult upper =
          fold(d1 + (d0 - d1).floorDiv(tile.rows) * tile.rows, {rows, lower});
      if (isEqualConstantIntOrValue(lower, upper))
        continue;
      for (const PanelRange &panels : splitPanels(tile))
        result = emitTiles(tile, {lower, upper}, panels, result);
      lower = upper;
    }
    return result;
  }

  OpFoldResult fold(AffineExpr expr, ArrayRef<OpFoldResult> values) {
    return affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, values);
  }

  /// Whole panels and a last, shorter one.
  SmallVector<PanelRange> splitPanels(const Tile &tile) {
    int64_t columns = operands[0].matmul.getType().getDimSize(1);
    int64_t panels = columns / tile.columns(), rest = columns % tile.columns();
    SmallVector<PanelRange> ranges;
    if (panels > 0)
      ranges.push_back({0, panels, tile.columns()});
    if (rest > 0)
      ranges.push_back({panels, panels + 1, rest});
    return ranges;
  }

  /// forall (row in rows by the tile's, panel) { sums; consumer }
  Value emitTiles(const Tile &tile, std::pair<OpFoldResult, OpFoldResult> rows,
                  const PanelRange &panels, Value init) {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<OpFoldResult> lower = {rows.first,
                                       b.getIndexAttr(panels.first)};
    SmallVector<OpFoldResult> upper = {rows.second,
                                       b.getIndexAttr(panels.last)};
    SmallVector<OpFoldResult> step = {b.getIndexAttr(tile.rows),
                                      b.getIndexAttr(1)};
    auto loop =
        scf::ForallOp::create(b, lower, upper, step, ValueRange{init},
                              bitnet::getBlockMapping(b.getContext(), 2));
    b.setInsertionPointToStart(loop.getBody());
    Value row = loop.getInductionVar(0), panel = loop.getInductionVar(1);
    SmallVector<OpFoldResult> place = {
        row, fold(b.getAffineDimExpr(0) * tile.columns(), {panel})};
    SmallVector<OpFoldResult> sizes = {b.getIndexAttr(tile.rows),
                                       b.getIndexAttr(panels.width)};
    Value done = consume(tile, loop, place, sizes);
    SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
    b.setInsertionPointToStart(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(b, done, loop.getRegionIterArgs()[0],
                                          place, sizes, ones);
    return loop.getResult(0);
  }

  /// The consumer on one tile of sums.
  Value consume(const Tile &tile, scf::ForallOp loop,
                ArrayRef<OpFoldResult> place, ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1)),
        zeros(2, b.getIndexAttr(0));
    DenseMap<Value, Value> sums;
    for (bitnet::TileOperands &read : operands) {
      Value block = emitBlock(tile, read, loop);
      sums[read.matmul] =
          tensor::ExtractSliceOp::create(b, block, zeros, sizes, ones);
    }
    Value out = tensor::ExtractSliceOp::create(b, loop.getRegionIterArgs()[0],
                                               place, sizes, ones);
    auto clone = cast<linalg::GenericOp>(b.clone(*root));
    FailureOr<TilingResult> tiled =
        cast<TilingInterface>(clone.getOperation())
            .getTiledImplementation(b, place, sizes);
    assert(succeeded(tiled) && "an elementwise op on tensors can be tiled");
    auto consumer = cast<linalg::GenericOp>(tiled->tiledOps[0]);
    consumer.getDpsInitsMutable()[0].set(out);
    for (OpOperand *operand : consumer.getDpsInputOperands()) {
      auto slice = operand->get().getDefiningOp<tensor::ExtractSliceOp>();
      if (!slice || !sums.contains(slice.getSource()))
        continue;
      operand->set(sums.lookup(slice.getSource()));
      if (slice->use_empty())
        rewriter.eraseOp(slice);
    }
    rewriter.eraseOp(clone);
    return consumer.getResult(0);
  }

  /// One tile of sums, in memory of the block of threads.
  Value emitBlock(const Tile &tile, bitnet::TileOperands &read,
                  scf::ForallOp loop) {
    auto type = MemRefType::get({tile.rows, tile.columns()}, b.getI32Type());
    Value memory = memref::AllocaOp::create(b, type);
    bitnet::TileBlockOp::create(
        b, read.bytes, loop.getInductionVar(1), read.matmul.getActivations(),
        loop.getInductionVar(0), read.sums, memory, tile.name);
    auto tensor = RankedTensorType::get(type.getShape(), b.getI32Type());
    return bufferization::ToTensorOp::create(b, tensor, memory,
                                             /*restrict=*/true);
  }

  RewriterBase &rewriter;
  linalg::GenericOp root;
  ImplicitLocOpBuilder b;
  SmallVector<bitnet::TileOperands> operands;
};

} // namespace

LogicalResult bitnet::tileMatmulsForGrid(RewriterBase &rewriter,
                                         linalg::GenericOp root) {
  return GridTiling(rewriter, root).run();
}
