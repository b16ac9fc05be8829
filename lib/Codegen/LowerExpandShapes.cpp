// Turns expanded shapes into plain views. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_LOWEREXPANDSHAPES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-lower-expand-shapes"

/// The stride before `inner` in a group of dimensions: inner stride x size.
static OpFoldResult outerStride(OpBuilder &b, Location loc, OpFoldResult stride,
                                OpFoldResult size) {
  AffineExpr s0, s1;
  bindSymbols(b.getContext(), s0, s1);
  return affine::makeComposedFoldedAffineApply(b, loc, s0 * s1, {stride, size});
}

namespace {

/// expand_shape(x) -> reinterpret_cast(x) with the sizes that it names
struct CastExpandShape : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp expand,
                                PatternRewriter &rewriter) const override {
    Location loc = expand.getLoc();
    auto source = memref::ExtractStridedMetadataOp::create(rewriter, loc,
                                                           expand.getSrc());
    SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
    SmallVector<OpFoldResult> strides(sizes.size());
    SmallVector<OpFoldResult> outer = source.getConstifiedMixedStrides();
    for (auto [group, stride] :
         llvm::zip_equal(expand.getReassociationIndices(), outer)) {
      OpFoldResult next = stride;
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = next;
        next = outerStride(rewriter, loc, next, sizes[dim]);
      }
    }
    auto [known, offset] = expand.getResultType().getStridesAndOffset();
    for (auto [dim, stride] : llvm::enumerate(known))
      if (!ShapedType::isDynamic(stride))
        strides[dim] = rewriter.getIndexAttr(stride);
    OpFoldResult start = source.getConstifiedMixedOffset();
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
        expand, expand.getResultType(), source.getBaseBuffer(), start, sizes,
        strides);
    return success();
  }
};

struct LowerExpandShapes
    : bitnet::impl::LowerExpandShapesBase<LowerExpandShapes> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CastExpandShape>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
