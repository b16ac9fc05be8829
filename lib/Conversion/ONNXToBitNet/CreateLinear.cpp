// See CreateLinear.h.
#include "CreateLinear.h"

#include "Rows.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bitnet;

/// The norm of activations may be a part of the layer: then it was computed in
/// the layer's module.
static bool hasNormInside(Value x, Location layer) {
  Operation *op = x.getDefiningOp();
  if (auto expand = dyn_cast_or_null<tensor::ExpandShapeOp>(op))
    op = expand.getSrc().getDefiningOp();
  if (!isa_and_present<RmsNormOp, LayerNormOp>(op))
    return false;
  std::string module = getModuleName(getNodePath(layer));
  std::string inner = getModuleName(getNodePath(op->getLoc()));
  return !module.empty() && StringRef(inner).starts_with(module);
}

/// True for a rotation by a Hadamard matrix, in whatever shape.
static bool isRotated(Value x) {
  Operation *op = x.getDefiningOp();
  while (isa_and_present<onnx::ReshapeOp, tensor::CastOp,
                         tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
    op = op->getOperand(0).getDefiningOp();
  return isa_and_present<HadamardOp>(op);
}

/// The forms of activations and weights in the catalogue, such as "A1/W10".
static std::string getForm(const BitLinear &layer) {
  bool isRotation = isRotated(layer.activations.input);
  return (isRotation ? "A8" : layer.activations.form.str()) + "/" +
         (layer.weights.hasGroups() ? "W12" : layer.weights.form);
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
  std::string form = getForm(layer);
  if (hasNormInside(layer.activations.input, loc))
    form = "A4+" + form;
  int64_t outputs = layer.weights.outputs;
  int64_t sourceBytes = layer.weights.sourceBytes;
  std::vector<float> scales = std::move(layer.weights.scale);
  std::string name = getModuleName(getNodePath(loc));
  Value weights = createWeights(rewriter, loc, std::move(layer.weights),
                                name.empty() ? "weights" : name);
  Value scale = createScale(rewriter, loc, scales, outputs);
  Value x = layer.activations.input;
  auto type = getRowsType(x, outputs).clone(getElementTypeOrSelf(like));
  auto linear =
      LinearOp::create(rewriter, loc, cast<RankedTensorType>(type),
                       collapseToRows(rewriter, loc, x), weights, scale, bias,
                       layer.activations.quantizer, layer.inverse);
  linear->setAttr(kFormAttr, rewriter.getStringAttr(form));
  linear->setAttr(kSourceBytesAttr, rewriter.getI64IntegerAttr(sourceBytes));
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
