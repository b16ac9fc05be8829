// Merges elementwise ops and keeps them on rows. See Passes.td.
#include "bitnet/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-fuse-elementwise"

namespace {

/// A producer joins its only reader: a second one would compute it again, and
/// so would a reader with more loops (a factor for each row stays one).
bool isComputedOnce(OpOperand *fused) {
  Operation *producer = fused->get().getDefiningOp();
  auto rows = dyn_cast_or_null<linalg::LinalgOp>(producer);
  auto reader = cast<linalg::LinalgOp>(fused->getOwner());
  return rows && producer->hasOneUse() &&
         rows.getNumLoops() == reader.getNumLoops();
}

struct FuseElementwise : bitnet::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isComputedOnce);
    linalg::populateFoldReshapeOpsByCollapsingPatterns(
        patterns, [](OpOperand *) { return true; });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns,
                                                         &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
