// Tells one-shot bufferization that a tile only reads tensors.
#include "bitnet/Codegen/TileBufferization.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace {

/// Of either tile op. The block that a tile_block writes is no tensor.
template <typename TileOp>
struct TileBufferization
    : BufferizableOpInterface::ExternalModel<TileBufferization<TileOp>,
                                             TileOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true;
  }

  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const AnalysisState &) const {
    return false;
  }

  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<TensorType>(operand.get().getType()))
        continue;
      FailureOr<Value> buffer =
          getBuffer(rewriter, operand.get(), options, state);
      if (failed(buffer))
        return failure();
      rewriter.modifyOpInPlace(op, [&] { operand.set(*buffer); });
    }
    return success();
  }
};

} // namespace

void bitnet::registerTileBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, BitNetDialect *) {
    TileDotOp::attachInterface<TileBufferization<TileDotOp>>(*context);
    TileBlockOp::attachInterface<TileBufferization<TileBlockOp>>(*context);
  });
}
