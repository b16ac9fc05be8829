// Recognises caches of keys and values.
#include "Heads.h"
#include "Raise.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace bitnet;

/// An input of the model, as caches are.
static bool isFunctionArgument(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner()->isEntryBlock() &&
         isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

/// True if `value` leaves the function or is attended to, maybe after heads
/// have been repeated.
static bool isCacheUse(Operation *user) {
  return isa<func::ReturnOp, onnx::AttentionOp, AttentionOp, onnx::UnsqueezeOp>(
      user);
}

namespace {

/// Concat(past, update) along the positions -> kv_append(past, update)
struct RaiseKvAppend : OpRewritePattern<onnx::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::ConcatOp concat,
                                PatternRewriter &rewriter) const override {
    ValueRange inputs = concat.getInputs();
    auto axis = static_cast<int64_t>(concat.getAxis());
    if (inputs.size() != 2 || !isHeads(inputs[0]) || !isHeads(inputs[1]))
      return rewriter.notifyMatchFailure(concat, "not two 4-D tensors of f32");
    if (axis != 2 && axis != -2)
      return rewriter.notifyMatchFailure(concat, "does not join positions");
    if (!onnx::isSameDim(inputs[0], 0, inputs[1], 0) ||
        !onnx::isSameDim(inputs[0], 1, inputs[1], 1) ||
        !onnx::isSameDim(inputs[0], 3, inputs[1], 3))
      return rewriter.notifyMatchFailure(concat,
                                         "sizes may differ between inputs");
    if (!isFunctionArgument(inputs[0]))
      return rewriter.notifyMatchFailure(concat, "past is not an input");
    if (llvm::none_of(concat->getUsers(), isCacheUse))
      return rewriter.notifyMatchFailure(concat, "result is not attended to");
    replaceNamed(rewriter, concat,
                 KvAppendOp::create(rewriter, concat.getLoc(), concat.getType(),
                                    inputs[0], inputs[1]));
    return success();
  }
};

} // namespace

void bitnet::populateKvAppendPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseKvAppend>(patterns.getContext());
}
