// Folds a norm into the quantization after it. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_FUSENORMQUANTIZE
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-fuse-norm-quantize"

namespace {

/// quantize(rms_norm(x, gain)) -> norm_quantize(x, gain)
struct FoldNormIntoQuantize : OpRewritePattern<bitnet::QuantizeOp> {
  FoldNormIntoQuantize(MLIRContext *context, Pass::Statistic &numFused)
      : OpRewritePattern(context), numFused(numFused) {}

  LogicalResult matchAndRewrite(bitnet::QuantizeOp quantize,
                                PatternRewriter &rewriter) const override {
    auto norm = quantize.getInput().getDefiningOp<bitnet::RmsNormOp>();
    if (!norm)
      return rewriter.notifyMatchFailure(quantize, "input is not an rms_norm");
    if (!norm->hasOneUse())
      return rewriter.notifyMatchFailure(norm, "norm has another user");

    rewriter.replaceOpWithNewOp<bitnet::NormQuantizeOp>(
        quantize, quantize.getResultTypes(), norm.getInput(), norm.getGain(),
        norm.getEpsilonAttr(), quantize.getQuantizer());
    ++numFused;
    return success();
  }

  Pass::Statistic &numFused;
};

struct FuseNormQuantize : bitnet::impl::FuseNormQuantizeBase<FuseNormQuantize> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldNormIntoQuantize>(&getContext(), numFused);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
