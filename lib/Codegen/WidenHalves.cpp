// Computes halves in f32. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_WIDENHALVES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-widen-halves"

static bool isHalf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16();
}

/// The shape of a type with elements of f32.
static Type widened(Type type) {
  Type f32 = Float32Type::get(type.getContext());
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(f32);
  return f32;
}

/// Ops that hand bits on, and the conversions themselves.
static bool onlyMovesBits(Operation *op) {
  return isa<arith::BitcastOp, arith::ConstantOp, arith::ExtFOp,
             arith::SelectOp, arith::TruncFOp>(op);
}

namespace {

/// f(x) -> truncf(f(extf(x)))
struct WidenArithmetic : RewritePattern {
  WidenArithmetic(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa_and_present<arith::ArithDialect, math::MathDialect>(
            op->getDialect()) ||
        onlyMovesBits(op))
      return rewriter.notifyMatchFailure(op, "no arithmetic");
    if (llvm::none_of(op->getOperandTypes(), isHalf) &&
        llvm::none_of(op->getResultTypes(), isHalf))
      return rewriter.notifyMatchFailure(op, "no halves");

    Location loc = op->getLoc();
    Operation *wide = rewriter.clone(*op);
    rewriter.setInsertionPoint(wide);
    for (OpOperand &operand : wide->getOpOperands())
      if (Value x = operand.get(); isHalf(x.getType()))
        operand.set(
            arith::ExtFOp::create(rewriter, loc, widened(x.getType()), x));
    rewriter.setInsertionPointAfter(wide);
    SmallVector<Value> results;
    for (Value y : wide->getResults()) {
      Type type = y.getType();
      if (isHalf(type)) {
        y.setType(widened(type));
        y = arith::TruncFOp::create(rewriter, loc, type, y);
      }
      results.push_back(y);
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// truncf(x : f64) -> truncf(truncf(x) : f32)
struct NarrowInSteps : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    if (!isHalf(op.getType()) ||
        !getElementTypeOrSelf(op.getIn().getType()).isF64())
      return rewriter.notifyMatchFailure(op, "not from f64 to a half");
    Value narrow = arith::TruncFOp::create(rewriter, op.getLoc(),
                                           widened(op.getType()), op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), narrow);
    return success();
  }
};

struct WidenHalves : bitnet::impl::WidenHalvesBase<WidenHalves> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<NarrowInSteps, WidenArithmetic>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
