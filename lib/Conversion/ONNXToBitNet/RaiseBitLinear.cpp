// Recognises BitLinear layers: what the compiler is about.
//
// Another way to write activations is a matcher in ActivationQuantizers.cpp,
// another way to write weights one in TernaryWeights.cpp.
#include "ActivationQuantizers.h"
#include "MathMatchers.h"
#include "Raise.h"
#include "Rows.h"
#include "TernaryWeights.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// A product that is a BitLinear layer.
struct BitLinear {
  QuantizedActivations activations;
  WeightCodes weights;
  std::vector<int8_t> trits;
};

} // namespace

/// Values are looked at last: that is what takes time.
static Match<BitLinear> matchBitLinear(onnx::MatMulOp matmul) {
  Match<WeightCodes> weights = matchWeightCodes(matmul.getB());
  if (!weights)
    return weights.miss();
  Match<QuantizedActivations> activations =
      matchQuantizedActivations(matmul.getA());
  if (!activations)
    return activations.miss();
  Match<std::vector<int8_t>> trits = getTrits(*weights);
  if (!trits)
    return trits.miss();
  return BitLinear{*activations, std::move(*weights), std::move(*trits)};
}

Miss bitnet::explainFloatLayer(onnx::MatMulOp matmul) {
  return matchBitLinear(matmul).miss();
}

/// The name of a layer: its location without the operator at the end.
static std::string getLayerName(Location loc) {
  auto named = loc->findInstanceOf<NameLoc>();
  if (!named || named.getName().empty())
    return "weights";
  StringRef name = named.getName().getValue();
  name.consume_back("/MatMul");
  return name.str();
}

namespace {

/// matmul(quantized x, ternary weights) -> linear(x, weights)
struct RaiseBitLinear : OpRewritePattern<onnx::MatMulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::MatMulOp matmul,
                                PatternRewriter &rewriter) const override {
    Match<BitLinear> layer = matchBitLinear(matmul);
    if (!layer)
      return rewriter.notifyMatchFailure(matmul, layer.miss().reason);

    Location loc = matmul.getLoc();
    Value weights = createWeights(rewriter, loc, layer->weights,
                                  std::move(layer->trits), getLayerName(loc));
    Value scale = createScale(rewriter, loc, layer->weights);
    Value x = layer->activations.input;
    int64_t outputs = cast<RankedTensorType>(weights.getType()).getDimSize(0);
    auto linear =
        LinearOp::create(rewriter, loc, getRowsType(x, outputs),
                         collapseToRows(rewriter, loc, x), weights, scale,
                         /*bias=*/Value(), layer->activations.quantizer);
    linear->setAttr("bitnet.form",
                    rewriter.getStringAttr(layer->activations.form + "/" +
                                           layer->weights.form));
    rewriter.replaceOp(matmul,
                       expandFromRows(rewriter, linear, x, matmul.getType()));
    return success();
  }
};

/// add(linear(x), bias) -> linear(x, bias)
struct FoldBias : OpRewritePattern<onnx::AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AddOp add,
                                PatternRewriter &rewriter) const override {
    Value sum = isRowVector(add.getB(), add) ? add.getA() : add.getB();
    Value bias = getOther(add, sum);
    if (!isRowVector(bias, add))
      return rewriter.notifyMatchFailure(add, "no operand is a row vector");
    auto expand = sum.getDefiningOp<tensor::ExpandShapeOp>();
    auto linear = (expand ? expand.getSrc() : sum).getDefiningOp<LinearOp>();
    if (!linear)
      return rewriter.notifyMatchFailure(add, "sum is not of a linear");
    if (linear.getBias())
      return rewriter.notifyMatchFailure(add, "linear has a bias already");
    if (!linear->hasOneUse() || !sum.hasOneUse())
      return rewriter.notifyMatchFailure(add, "linear has another user");
    if (sum.getType() != add.getType())
      return rewriter.notifyMatchFailure(add, "sum changes the type");

    // The bias may be defined below the linear.
    Operation *biased = rewriter.clone(*linear);
    cast<LinearOp>(biased).getBiasMutable().assign(bias);
    Value result = biased->getResult(0);
    if (expand)
      result = tensor::ExpandShapeOp::create(
          rewriter, expand.getLoc(), expand.getType(), result,
          expand.getReassociationIndices(), expand.getMixedOutputShape());
    rewriter.replaceOp(add, result);
    return success();
  }
};

} // namespace

void bitnet::populateBitLinearPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldBias, RaiseBitLinear>(patterns.getContext());
}
