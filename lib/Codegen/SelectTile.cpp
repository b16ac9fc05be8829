// Decides which rows of the tile table compute a matmul. See Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bitnet {
#define GEN_PASS_DEF_SELECTTILE
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-select-tile"

namespace {

struct SelectTile : bitnet::impl::SelectTileBase<SelectTile> {
  using SelectTileBase::SelectTileBase;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([&](bitnet::MatmulOp matmul) {
      RankedTensorType weights = matmul.getWeights().getType();
      auto encoding =
          dyn_cast_or_null<bitnet::PackedAttr>(weights.getEncoding());
      if (!encoding)
        return WalkResult::advance();
      bitnet::TilePair tiles =
          bitnet::selectTiles(features, tile, weights.getDimSize(1));
      if (!tiles.row || tiles.row->lanes != encoding.getLanes()) {
        matmul.emitOpError("no tile reads weights packed as ") << encoding;
        return WalkResult::interrupt();
      }
      matmul.setTile(tiles.block->name);
      matmul.setRowTile(tiles.row->name);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
