// Lets ops that work on each row by itself work on two dimensions.
//
// Without them a residual stream would change between [batch, sequence, k] and
// [rows, k] at every sum, and each reshape would be a wall to fusion.
#include "MathMatchers.h"
#include "Raise.h"
#include "Rows.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDims.h"

using namespace mlir;
using namespace bitnet;

/// A scalar or a row vector means the same beside rows and beside batches.
static bool broadcastsAlongRows(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() <= 1;
}

/// True if both have the same sizes before the last.
static bool haveSameLeadingSizes(tensor::ExpandShapeOp a,
                                 tensor::ExpandShapeOp b) {
  SmallVector<OpFoldResult> sizesOfA = a.getMixedOutputShape();
  SmallVector<OpFoldResult> sizesOfB = b.getMixedOutputShape();
  return ArrayRef(sizesOfA).drop_back() == ArrayRef(sizesOfB).drop_back();
}

namespace {

/// f(expand(a), expand(b), vector) -> expand(f(a, b, vector))
struct FlattenElementwise : RewritePattern {
  FlattenElementwise(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!op->hasTrait<onnx::Elementwise>())
      return rewriter.notifyMatchFailure(op, "not elementwise");
    tensor::ExpandShapeOp like;
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      tensor::ExpandShapeOp expand = getExpansion(operand);
      if (!expand && !broadcastsAlongRows(operand))
        return rewriter.notifyMatchFailure(op, "an operand is not rows");
      if (expand && like && !haveSameLeadingSizes(expand, like))
        return rewriter.notifyMatchFailure(op, "rows are grouped otherwise");
      if (expand && !like)
        like = expand;
      operands.push_back(expand ? expand.getSrc() : operand);
    }
    if (!like)
      return rewriter.notifyMatchFailure(op, "no operand is rows");

    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *flat = rewriter.clone(*op);
    flat->setOperands(operands);
    flat->removeAttr(onnx::kDimsAttr);
    flat->getResult(0).setType(
        getRowsType(op->getResult(0), type.getShape().back()));
    rewriter.replaceOp(op, expandFromRows(rewriter, flat->getResult(0),
                                          like.getResult(), type));
    return success();
  }
};

/// matmul(x, w) -> expand(matmul(collapse(x), w))
struct FlattenMatMul : OpRewritePattern<onnx::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    auto weights = cast<RankedTensorType>(matmul.getB().getType());
    auto type = cast<RankedTensorType>(matmul.getType());
    if (weights.getRank() != 2 || type.getRank() <= 2)
      return rewriter.notifyMatchFailure(matmul, "not batches by a matrix");
    if (!hasRows(matmul.getA()) || weights.isDynamicDim(1))
      return rewriter.notifyMatchFailure(matmul, "rows of unknown length");
    auto rows = onnx::MatMulOp::create(
        rewriter, matmul.getLoc(),
        getRowsType(matmul.getA(), weights.getDimSize(1)),
        collapseToRows(rewriter, matmul.getLoc(), matmul.getA()),
        matmul.getB());
    if (Attribute layer = matmul->getAttr(kFloatLayerAttr))
      rows->setAttr(kFloatLayerAttr, layer);
    rewriter.replaceOp(matmul,
                       expandFromRows(rewriter, rows, matmul.getA(), type));
    return success();
  }
};

/// gather(table, ids) -> expand(gather(table, collapse(ids)))
struct FlattenEmbedding : OpRewritePattern<onnx::GatherOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::GatherOp gather,
                                PatternRewriter &rewriter) const override {
    Value ids = gather.getIndices();
    int64_t rank = cast<RankedTensorType>(ids.getType()).getRank();
    auto table = cast<RankedTensorType>(gather.getData().getType());
    if (gather.getAxis() != 0 || table.getRank() != 2 ||
        !hasRows(gather.getData()))
      return rewriter.notifyMatchFailure(gather, "not rows of a table");
    if (rank < 2)
      return rewriter.notifyMatchFailure(gather, "ids are flat");

    Location loc = gather.getLoc();
    ReassociationIndices all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    SmallVector<OpFoldResult> sizes = getSizes(rewriter, loc, ids);
    Value flat = tensor::CollapseShapeOp::create(
        rewriter, loc, ids, ArrayRef<ReassociationIndices>{all});
    auto type = RankedTensorType::get(
        {cast<RankedTensorType>(flat.getType()).getDimSize(0),
         table.getDimSize(1)},
        table.getElementType());
    Value rows = onnx::GatherOp::create(rewriter, loc, type, gather.getData(),
                                        flat, /*axis=*/0);
    rewriter.replaceOp(gather,
                       expandFromRows(rewriter, rows, sizes, gather.getType()));
    return success();
  }
};

} // namespace

void bitnet::populateEmbeddingPatterns(RewritePatternSet &patterns) {
  patterns.add<FlattenEmbedding>(patterns.getContext());
}

void bitnet::populateFlattenPatterns(RewritePatternSet &patterns) {
  patterns.add<FlattenElementwise, FlattenMatMul>(patterns.getContext());
}
