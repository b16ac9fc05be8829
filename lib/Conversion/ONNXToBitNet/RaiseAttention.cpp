// Recognises attention: the operator, and its primitive spelling.
#include "AttentionScores.h"
#include "ConstantTensor.h"
#include "Heads.h"
#include "Raise.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using onnx::isSameDim;

//===----------------------------------------------------------------------===//
// Repeated heads
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

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

namespace {

/// All that bitnet.attention needs.
struct AttentionParts {
  Value query, key, value;
  SmallVector<MaskTerm> masks;
  float scale;
};

} // namespace

/// Takes keys and values as they are before their heads are repeated.
static void skipRepeats(AttentionParts &parts) {
  Value key = matchRepeatedHeads(parts.key);
  Value value = matchRepeatedHeads(parts.value);
  if (!key || !value || getDimSize(key, 1) != getDimSize(value, 1))
    return;
  parts.key = key;
  parts.value = value;
}

/// Checks what bitnet.attention wants of its operands.
static LogicalResult checkOperands(const AttentionParts &parts, Operation *root,
                                   PatternRewriter &rewriter) {
  Value query = parts.query, key = parts.key, value = parts.value;
  for (Value heads : {query, key, value})
    if (!isHeads(heads))
      return rewriter.notifyMatchFailure(root, "not 4-D tensors of f32");
  if (getDimSize(query, 3) != getDimSize(key, 3) ||
      getDimSize(key, 1) != getDimSize(value, 1) || getDimSize(key, 1) == 0 ||
      getDimSize(query, 1) % getDimSize(key, 1) != 0)
    return rewriter.notifyMatchFailure(root, "heads do not fit together");
  if (!isSameDim(key, 0, query, 0) || !isSameDim(value, 0, query, 0) ||
      !isSameDim(key, 2, value, 2))
    return rewriter.notifyMatchFailure(
        root, "batch or length may differ between operands");
  for (const MaskTerm &mask : parts.masks)
    if (Match<Value> found = matchMaskOperand(mask.value, query, key); !found)
      return rewriter.notifyMatchFailure(root, found.miss().reason);
  return success();
}

static void replaceByAttention(PatternRewriter &rewriter, Operation *root,
                               const AttentionParts &parts) {
  Location loc = root->getLoc();
  Value mask = createMask(rewriter, loc, parts.masks, parts.query, parts.key);
  replaceNamed(rewriter, root,
               AttentionOp::create(rewriter, loc, root->getResult(0).getType(),
                                   parts.query, parts.key, parts.value, mask,
                                   rewriter.getF32FloatAttr(parts.scale)));
}

//===----------------------------------------------------------------------===//
// The operator
//===----------------------------------------------------------------------===//

/// Checks what bitnet.attention has no word for.
static LogicalResult checkAttention(onnx::AttentionOp attention,
                                    PatternRewriter &rewriter) {
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
    AttentionParts parts{
        attention.getQ(), attention.getK(), attention.getV(), {}, 1.0f};
    skipRepeats(parts);
    if (Value mask = attention.getAttnMask()) {
      bool isTruth = getElementTypeOrSelf(mask).isInteger(1);
      parts.masks.push_back({isTruth ? MaskTerm::Seen : MaskTerm::Added, mask});
      // A shorter mask hides the other keys.
      if (getRank(mask) > 0 &&
          !isSameDim(mask, getRank(mask) - 1, parts.key, 2))
        return rewriter.notifyMatchFailure(attention,
                                           "mask may be shorter than the keys");
    }
    if (failed(checkOperands(parts, attention, rewriter)))
      return failure();
    parts.scale = getScale(attention);
    replaceByAttention(rewriter, attention, parts);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Primitive ops
//===----------------------------------------------------------------------===//

} // namespace

/// p where `weights` is p, or p with zeros for rows of NaN: those of queries
/// that see no key.
static Value skipNaNGuard(Value weights) {
  auto where = weights.getDefiningOp<onnx::WhereOp>();
  auto isNaN =
      where ? where.getCondition().getDefiningOp<onnx::IsNaNOp>() : nullptr;
  if (!isNaN || getScalar(where.getX()) != 0.0f || where.getY() != isNaN.getX())
    return weights;
  return where.getY();
}

/// Keys as [batch, heads, length, channels].
static Value orderKeys(PatternRewriter &rewriter,
                       const AttentionScores &scores) {
  if (llvm::equal(scores.keyOrder, llvm::seq<int64_t>(0, 4)))
    return scores.key;
  auto type = cast<RankedTensorType>(scores.key.getType());
  SmallVector<int64_t> shape;
  SmallVector<StringRef> names;
  for (int64_t dim : scores.keyOrder) {
    shape.push_back(type.getDimSize(dim));
    names.push_back(onnx::getDimName(scores.key, dim));
  }
  auto transpose = onnx::TransposeOp::create(
      rewriter, scores.key.getLoc(), type.clone(shape), scores.key,
      rewriter.getDenseI64ArrayAttr(scores.keyOrder));
  setDimNames(transpose, names);
  return transpose;
}

namespace {

/// softmax(scale * q . k^T + mask) . v -> attention(q, k, v, mask)
struct RaisePrimitiveAttention : OpRewritePattern<onnx::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    auto softmax = skipNaNGuard(matmul.getA()).getDefiningOp<onnx::SoftmaxOp>();
    if (!softmax)
      return rewriter.notifyMatchFailure(matmul, "no softmax of scores");
    int64_t rank = getRank(softmax.getOutput());
    auto axis = static_cast<int64_t>(softmax.getAxis());
    if (rank != 4 || (axis != -1 && axis != 3))
      return rewriter.notifyMatchFailure(matmul,
                                         "softmax is not over the keys");
    Match<AttentionScores> scores = matchAttentionScores(softmax.getInput());
    if (!scores)
      return rewriter.notifyMatchFailure(matmul, scores.miss().reason);
    if (getRank(scores->key) != 4)
      return rewriter.notifyMatchFailure(matmul, "keys are not 4-D");
    AttentionParts parts{scores->query, orderKeys(rewriter, *scores),
                         matmul.getB(), scores->masks, scores->scale};
    skipRepeats(parts);
    if (failed(checkOperands(parts, matmul, rewriter)))
      return failure();
    replaceByAttention(rewriter, matmul, parts);
    return success();
  }
};

} // namespace

void bitnet::populateAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseAttention, RaisePrimitiveAttention>(patterns.getContext());
}
