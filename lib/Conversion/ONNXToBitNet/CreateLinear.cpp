// See CreateLinear.h.
#include "CreateLinear.h"

#include "Rows.h"

using namespace mlir;
using namespace bitnet;

/// The name of a layer: its location without the operator at the end.
static std::string getLayerName(Location loc) {
  auto named = loc->findInstanceOf<NameLoc>();
  if (!named || named.getName().empty())
    return "weights";
  StringRef name = named.getName().getValue();
  for (StringRef op : {"/MatMul", "/Gemm", "/Div", "/Mul"})
    if (name.consume_back(op))
      break;
  return name.str();
}

LinearOp bitnet::getLinear(Value value) {
  auto expand = value.getDefiningOp<tensor::ExpandShapeOp>();
  auto linear = (expand ? expand.getSrc() : value).getDefiningOp<LinearOp>();
  if (!linear || !linear->hasOneUse() || !value.hasOneUse())
    return nullptr;
  return linear;
}

Value bitnet::createLinear(PatternRewriter &rewriter, Value like,
                           BitLinear &&layer, Value bias) {
  Location loc = like.getLoc();
  std::string form = layer.activations.form.str() + "/" + layer.weights.form;
  int64_t outputs = layer.weights.outputs;
  std::vector<float> scales = std::move(layer.weights.scale);
  Value weights =
      createWeights(rewriter, loc, std::move(layer.weights), getLayerName(loc));
  Value scale = createScale(rewriter, loc, scales);
  Value x = layer.activations.input;
  auto linear = LinearOp::create(rewriter, loc, getRowsType(x, outputs),
                                 collapseToRows(rewriter, loc, x), weights,
                                 scale, bias, layer.activations.quantizer);
  linear->setAttr("bitnet.form", rewriter.getStringAttr(form));
  return expandFromRows(rewriter, linear, x, like.getType());
}

Value bitnet::cloneLinear(PatternRewriter &rewriter, Value value,
                          LinearOp linear, Value scale, Value bias) {
  // The new operands may be defined below the linear.
  auto cloned = cast<LinearOp>(rewriter.clone(*linear));
  cloned.getScaleMutable().assign(scale);
  if (bias)
    cloned.getBiasMutable().assign(bias);
  auto expand = value.getDefiningOp<tensor::ExpandShapeOp>();
  if (!expand)
    return cloned;
  return tensor::ExpandShapeOp::create(
      rewriter, expand.getLoc(), expand.getType(), cloned,
      expand.getReassociationIndices(), expand.getMixedOutputShape());
}
