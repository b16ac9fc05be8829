// The heart: a trained layer becomes integer arithmetic. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_DECOMPOSELINEAR
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-decompose-linear"

namespace {

/// linear(x, w) -> dequantize(matmul(quantize(x), w))
struct SplitLinear : OpRewritePattern<bitnet::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(bitnet::LinearOp linear,
                                PatternRewriter &rewriter) const override {
    Location loc = linear.getLoc();
    RankedTensorType input = linear.getInput().getType();
    auto codes = input.clone(rewriter.getI8Type());
    auto scales = RankedTensorType::get(input.getShape().take_front(),
                                        rewriter.getF32Type());
    auto sums = linear.getType().clone(rewriter.getI32Type());

    auto quantize = bitnet::QuantizeOp::create(
        rewriter, loc, codes, scales, linear.getInput(), linear.getQuantizer());
    auto product = bitnet::MatmulOp::create(
        rewriter, loc, sums, quantize.getCodes(), linear.getWeights(),
        /*tile=*/nullptr, /*row_tile=*/nullptr);
    // What a report will say of the layer.
    product->setDiscardableAttrs(linear->getDiscardableAttrDictionary());
    rewriter.replaceOpWithNewOp<bitnet::DequantizeOp>(
        linear, linear.getType(), product, quantize.getScales(),
        linear.getScale(), linear.getBias());
    return success();
  }
};

struct DecomposeLinear : bitnet::impl::DecomposeLinearBase<DecomposeLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitLinear>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
