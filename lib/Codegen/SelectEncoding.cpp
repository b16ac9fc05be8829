// Decides how weights are packed. See Passes.td.
#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileTable.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bitnet {
#define GEN_PASS_DEF_SELECTENCODING
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-select-encoding"

namespace {

struct SelectEncoding : bitnet::impl::SelectEncodingBase<SelectEncoding> {
  using SelectEncodingBase::SelectEncodingBase;

  void runOnOperation() override {
    if (tile == "naive")
      return;
    WalkResult result = getOperation().walk([&](bitnet::MatmulOp matmul) {
      RankedTensorType weights = matmul.getWeights().getType();
      if (!matmul.getWeights().getDefiningOp<bitnet::ConstantOp>() ||
          weights.getEncoding() ||
          !isa<bitnet::TritType>(weights.getElementType()))
        return WalkResult::advance();
      bitnet::TilePair tiles =
          bitnet::selectTiles(features, tile, weights.getDimSize(1));
      if (!tiles.row) {
        matmul.emitOpError("no tile '")
            << tile << "' fits this CPU and a contraction of "
            << weights.getDimSize(1);
        return WalkResult::interrupt();
      }
      matmul->setAttr("bitnet.encoding",
                      bitnet::PackedAttr::get(&getContext(), tiles.row->lanes,
                                              /*bits=*/2));
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
