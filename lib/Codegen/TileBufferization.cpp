// Tells one-shot bufferization that a tile_dot only reads.
#include "bitnet/Codegen/TileBufferization.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace {

struct TileDotBufferization
    : BufferizableOpInterface::ExternalModel<TileDotBufferization,
                                             bitnet::TileDotOp> {
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
    TileDotOp::attachInterface<TileDotBufferization>(*context);
  });
}
