// Recognises what lies between the layers of an attention block: rotary
// positions, caches of keys and values, and attention itself.
#include "ConstantTensor.h"
#include "Raise.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using onnx::isSameDim;

/// True for [batch, heads, length, channels] of f32 with the last and the
/// number of heads known.
static bool isHeads(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.getElementType().isF32() &&
         !type.isDynamicDim(1) && !type.isDynamicDim(3);
}

static int64_t getDimSize(Value value, int64_t dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

/// True if dimension `dim` of `value` is 1 or surely that of `other`.
static bool isOneOrSameDim(Value value, int64_t dim, Value other,
                           int64_t otherDim) {
  return getDimSize(value, dim) == 1 || isSameDim(value, dim, other, otherDim);
}

/// Replaces `root` by `op` and hands the names of its dimensions on.
static void replaceNamed(PatternRewriter &rewriter, Operation *root,
                         Operation *op) {
  if (Attribute dims = root->getAttr(onnx::kDimsAttr))
    op->setAttr(onnx::kDimsAttr, dims);
  rewriter.replaceOp(root, op);
}

//===----------------------------------------------------------------------===//
// Rotary positions
//===----------------------------------------------------------------------===//

/// True for angles [batch or 1, sequence, channels / 2] of x.
static bool isAngles(Value angles, Value x) {
  auto type = cast<RankedTensorType>(angles.getType());
  return type.getRank() == 3 && type.getElementType().isF32() &&
         type.getDimSize(2) == getDimSize(x, 3) / 2 &&
         isOneOrSameDim(angles, 0, x, 0) && isSameDim(angles, 1, x, 2);
}

namespace {

/// RotaryEmbedding(x, cos, sin) -> rope(x, cos, sin)
struct RaiseRope : OpRewritePattern<onnx::RotaryEmbeddingOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::RotaryEmbeddingOp rotary,
                                PatternRewriter &rewriter) const override {
    Value x = rotary.getX();
    if (!isHeads(x))
      return rewriter.notifyMatchFailure(rotary, "input is not 4-D of f32");
    if (rotary.getPositionIds())
      return rewriter.notifyMatchFailure(rotary, "angles are looked up");
    auto rotated = static_cast<int64_t>(rotary.getRotaryEmbeddingDim());
    if (getDimSize(x, 3) % 2 != 0 ||
        (rotated != 0 && rotated != getDimSize(x, 3)))
      return rewriter.notifyMatchFailure(rotary, "some channels stay");
    if (!isAngles(rotary.getCosCache(), x) ||
        !isAngles(rotary.getSinCache(), x))
      return rewriter.notifyMatchFailure(rotary,
                                         "angles are not one set per position");
    replaceNamed(rewriter, rotary,
                 RopeOp::create(rewriter, rotary.getLoc(), rotary.getType(), x,
                                rotary.getCosCache(), rotary.getSinCache(),
                                rotary.getInterleaved() != 0));
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// x [b, h, t, d] where `value` is [b, h * n, t, d] with each head n times:
/// Reshape(Expand(Unsqueeze(x, 2))). Null for anything else.
static Value matchRepeatedHeads(Value value) {
  auto reshape = value.getDefiningOp<onnx::ReshapeOp>();
  auto expand =
      reshape ? reshape.getData().getDefiningOp<onnx::ExpandOp>() : nullptr;
  auto unsqueeze =
      expand ? expand.getInput().getDefiningOp<onnx::UnsqueezeOp>() : nullptr;
  if (!unsqueeze || !isHeads(unsqueeze.getData()) ||
      getIntegers(unsqueeze.getAxes()) != std::vector<int64_t>{2})
    return nullptr;

  Value x = unsqueeze.getData();
  Value wide = expand.getOutput();
  if (cast<RankedTensorType>(wide.getType()).getRank() != 5 ||
      !isHeads(value) || ShapedType::isDynamic(getDimSize(wide, 2)) ||
      getDimSize(value, 1) != getDimSize(x, 1) * getDimSize(wide, 2))
    return nullptr;
  // Nothing else may be repeated, and nothing may move between dimensions.
  bool onlyHeads = isSameDim(x, 0, wide, 0) && isSameDim(x, 1, wide, 1) &&
                   isSameDim(x, 2, wide, 3) && isSameDim(x, 3, wide, 4);
  bool inPlace = isSameDim(x, 0, value, 0) && isSameDim(x, 2, value, 2) &&
                 isSameDim(x, 3, value, 3);
  return onlyHeads && inPlace ? x : Value();
}

/// The keys or values as they are before heads are repeated.
static Value skipRepeat(Value value) {
  Value heads = matchRepeatedHeads(value);
  return heads ? heads : value;
}

/// Checks what bitnet.attention has no word for.
static LogicalResult checkAttention(onnx::AttentionOp attention,
                                    PatternRewriter &rewriter) {
  for (Value heads : {attention.getQ(), attention.getK(), attention.getV()})
    if (!isHeads(heads))
      return rewriter.notifyMatchFailure(attention, "not 4-D tensors of f32");
  if (attention.getPastKey() || attention.getPastValue() ||
      attention.getNonpadKvSeqlen())
    return rewriter.notifyMatchFailure(attention, "has a cache of its own");
  if (attention.getIsCausal() != 0)
    return rewriter.notifyMatchFailure(attention, "is causal without a mask");
  if (attention.getSoftcap().convertToFloat() != 0.0f)
    return rewriter.notifyMatchFailure(attention, "caps its scores");
  if (!attention.getPresent().empty())
    return rewriter.notifyMatchFailure(attention, "gives more than its result");
  return success();
}

/// True for truth values [batch or 1, heads or 1, sequence, total].
static bool isMask(Value mask, Value query, Value key) {
  auto type = cast<RankedTensorType>(mask.getType());
  return type.getRank() == 4 && type.getElementType().isInteger(1) &&
         isOneOrSameDim(mask, 0, query, 0) &&
         isOneOrSameDim(mask, 1, query, 1) && isSameDim(mask, 2, query, 2) &&
         isSameDim(mask, 3, key, 2);
}

/// 1 / sqrt(channels) where the model gives no scale.
static float getScale(onnx::AttentionOp attention) {
  if (std::optional<APFloat> scale = attention.getScale())
    return scale->convertToFloat();
  return 1.0f / std::sqrt(static_cast<float>(getDimSize(attention.getQ(), 3)));
}

namespace {

/// Attention(q, repeat(k), repeat(v), mask) -> attention(q, k, v, mask)
struct RaiseAttention : OpRewritePattern<onnx::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AttentionOp attention,
                                PatternRewriter &rewriter) const override {
    if (failed(checkAttention(attention, rewriter)))
      return failure();
    Value query = attention.getQ();
    Value key = skipRepeat(attention.getK());
    Value value = skipRepeat(attention.getV());
    if (getDimSize(key, 1) != getDimSize(value, 1)) {
      key = attention.getK();
      value = attention.getV();
    }
    if (!isSameDim(key, 0, query, 0) || !isSameDim(value, 0, query, 0) ||
        !isSameDim(key, 2, value, 2))
      return rewriter.notifyMatchFailure(
          attention, "batch or length may differ between operands");
    Value mask = attention.getAttnMask();
    if (mask && !isMask(mask, query, key))
      return rewriter.notifyMatchFailure(
          attention, "mask is not a truth value for each query and key");
    replaceNamed(
        rewriter, attention,
        AttentionOp::create(rewriter, attention.getLoc(),
                            attention.getY().getType(), query, key, value, mask,
                            rewriter.getF32FloatAttr(getScale(attention))));
    return success();
  }
};

} // namespace

void bitnet::populateAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseAttention, RaiseKvAppend, RaiseRope>(patterns.getContext());
}
