// Raises what it recognises and leaves the rest. See Passes.td.
#include "Raise.h"
#include "bitnet/Conversion/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTONNXTOBITNET
#include "bitnet/Conversion/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "convert-onnx-to-bitnet"

namespace {

struct ConvertONNXToBitNet
    : bitnet::impl::ConvertONNXToBitNetBase<ConvertONNXToBitNet> {
  using ConvertONNXToBitNetBase::ConvertONNXToBitNetBase;

  void runOnOperation() override {
    if (failed(expandContribOps()) ||
        failed(rewrite({bitnet::populateSpellingPatterns,
                        bitnet::populateReductionSpellingPatterns,
                        bitnet::populateShareEmbeddingPatterns,
                        bitnet::populateSimplifyAttentionPatterns})) ||
        failed(rewrite({bitnet::populateRopePatterns,
                        bitnet::populateKvAppendPatterns,
                        bitnet::populateAttentionPatterns})) ||
        failed(rewrite({bitnet::populateBitLinearPatterns,
                        bitnet::populateHadamardPatterns,
                        bitnet::populateIntegerLinearPatterns,
                        bitnet::populateEmbeddingPatterns,
                        bitnet::populateNormPatterns})))
      return signalPassFailure();
    if (explain)
      bitnet::explainFloatLayers(getOperation());
    shareSizes();
    if (failed(rewrite({bitnet::populateFlattenPatterns})))
      return signalPassFailure();
  }

private:
  LogicalResult expandContribOps() {
    auto result = getOperation().walk([](bitnet::onnx::MatMulNBitsOp matmul) {
      return succeeded(bitnet::expandMatMulNBits(matmul))
                 ? WalkResult::advance()
                 : WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  LogicalResult rewrite(ArrayRef<void (*)(RewritePatternSet &)> populates) {
    RewritePatternSet patterns(&getContext());
    for (auto *populate : populates)
      populate(patterns);
    // Layers in order: a layer then sees the rows of the one before it.
    return applyPatternsGreedily(
        getOperation(), std::move(patterns),
        GreedyRewriteConfig().setUseTopDownTraversal(true));
  }

  /// Makes one value of each size, so that equal shapes are seen to be equal.
  void shareSizes() {
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
