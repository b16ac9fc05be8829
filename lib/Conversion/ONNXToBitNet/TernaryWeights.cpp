// Weights are re-derived from the model's constants, never guessed: a single
// value outside of {-s, 0, +s} refuses the layer.
#include "TernaryWeights.h"

#include "ConstantTensor.h"
#include "WeightSources.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/TritBytes.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace bitnet;

/// Weights turned from [n, k] to [k, n] before they are multiplied.
static onnx::TransposeOp getMatrixTranspose(Value weights) {
  auto transpose = weights.getDefiningOp<onnx::TransposeOp>();
  if (!transpose || cast<RankedTensorType>(weights.getType()).getRank() != 2)
    return nullptr;
  std::optional<ArrayRef<int64_t>> perm = transpose.getPerm();
  bool swaps = !perm || *perm == ArrayRef<int64_t>{1, 0};
  return swaps ? transpose : nullptr;
}

/// True for constant codes, and for halves that become f32: it changes no
/// value.
static bool isExact(onnx::CastOp cast) {
  Type from = getElementTypeOrSelf(cast.getInput());
  if (isa<IntegerType>(from))
    return getConstant(cast.getInput()) != nullptr;
  return (from.isF16() || from.isBF16()) &&
         getElementTypeOrSelf(cast.getType()).isF32();
}

Match<int64_t> bitnet::matchZeroPoint(Value zeroPoint) {
  ElementsAttr constant = getConstant(zeroPoint);
  std::optional<std::vector<int8_t>> codes;
  if (constant)
    codes = getCodes(constant);
  if (!codes)
    return miss("the zero point of the weights is not constant");
  for (int8_t code : *codes)
    if (code != codes->front())
      return miss("the weights have several zero points");
  return int64_t(codes->front());
}

/// The scales of blocks as [blocks, outputs]; a single block where all of them
/// along the inputs are equal.
static std::vector<float> orderBlocks(const WeightMatrix &weights,
                                      ArrayRef<float> scale) {
  int64_t outputs = weights.getOutputs();
  int64_t blocks = scale.size() / outputs;
  std::vector<float> ordered;
  for (int64_t i = 0; i < blocks; ++i)
    for (int64_t n = 0; n < outputs; ++n)
      ordered.push_back(
          scale[weights.outputMajor ? n * blocks + i : i * outputs + n]);
  bool areEqual = llvm::all_of(llvm::seq(ordered.size()), [&](size_t i) {
    return ordered[i] == ordered[i % outputs];
  });
  if (areEqual)
    ordered.resize(outputs);
  if (llvm::all_equal(ordered))
    ordered.resize(1);
  return ordered;
}

/// One number for each block of inputs of each output.
static Match<std::vector<float>>
matchBlocks(onnx::DequantizeLinearOp dequantize, const WeightMatrix &weights,
            ArrayRef<float> scale) {
  auto type = cast<RankedTensorType>(dequantize.getXScale().getType());
  int64_t outputAxis = weights.outputMajor ? 0 : 1;
  auto axis = static_cast<int64_t>(dequantize.getAxis());
  if ((axis < 0 ? axis + 2 : axis) == outputAxis || type.getRank() != 2 ||
      type.getDimSize(outputAxis) != weights.getOutputs())
    return miss("the weights have blocks along their outputs");
  std::vector<float> ordered = orderBlocks(weights, scale);
  int64_t blocks = type.getDimSize(1 - outputAxis);
  if (static_cast<int64_t>(ordered.size()) > weights.getOutputs() &&
      weights.getInputs() !=
          blocks * static_cast<int64_t>(dequantize.getBlockSize()))
    return miss("the last block of inputs is shorter than the others");
  return ordered;
}

/// One number, one for each output, or one for each block of each output.
static Match<std::vector<float>> matchScale(onnx::DequantizeLinearOp dequantize,
                                            const WeightMatrix &weights) {
  std::optional<std::vector<float>> scale = getFloats(dequantize.getXScale());
  if (!scale)
    return miss("the scale of the weights is not a constant of floats");
  if (dequantize.getBlockSize() != 0)
    return matchBlocks(dequantize, weights, *scale);
  if (scale->size() == 1)
    return *scale;
  auto axis = static_cast<int64_t>(dequantize.getAxis());
  if ((axis < 0 ? axis + 2 : axis) != (weights.outputMajor ? 0 : 1))
    return miss("the weights have a scale for each input, not each output");
  return *scale;
}

/// The constant itself, and the form that it has come from.
static bool setConstant(WeightMatrix &weights, Value value, StringRef form) {
  weights.values = getConstant(value);
  if (!weights.values || weights.values.getShapedType().getRank() != 2)
    return false;
  auto known = value.getDefiningOp()->getAttrOfType<StringAttr>(kFormAttr);
  weights.form = known ? known.str() : form.str();
  return true;
}

Match<WeightMatrix> bitnet::matchWeightMatrix(Value value, bool outputMajor) {
  WeightMatrix weights;
  weights.outputMajor = outputMajor;
  if (std::optional<WeightSources> sources = findWeightSources(value))
    weights.sourceBytes = sources->sourceBytes;
  if (onnx::TransposeOp transpose = getMatrixTranspose(value)) {
    weights.outputMajor = !outputMajor;
    value = transpose.getData();
  }
  if (auto cast = value.getDefiningOp<onnx::CastOp>(); cast && isExact(cast))
    value = cast.getInput();
  auto dequantize = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!dequantize) {
    if (!setConstant(weights, value, "W3"))
      return miss("the weights are not a constant matrix");
    if (!isa<FloatType>(weights.values.getElementType())) {
      weights.scale = {1.0f};
      weights.form = "W11";
    }
    return weights;
  }
  bool blocked = dequantize.getBlockSize() != 0;
  if (!setConstant(weights, dequantize.getX(), blocked ? "W12" : "W10"))
    return miss("the codes of the weights are not a constant matrix");
  Match<std::vector<float>> scale = matchScale(dequantize, weights);
  if (!scale)
    return scale.miss();
  weights.scale = std::move(*scale);
  if (!dequantize.getXZeroPoint())
    return weights;
  Match<int64_t> zeroPoint = matchZeroPoint(dequantize.getXZeroPoint());
  if (!zeroPoint)
    return zeroPoint.miss();
  weights.zeroPoint = *zeroPoint;
  return weights;
}

/// [k, n] -> [n, k], by strips of outputs that share cache lines.
static std::vector<int8_t> transpose(ArrayRef<int8_t> codes, int64_t inputs,
                                     int64_t outputs) {
  constexpr int64_t kStrip = 64;
  std::vector<int8_t> result(codes.size());
  for (int64_t begin = 0; begin < outputs; begin += kStrip)
    for (int64_t k = 0; k < inputs; ++k)
      for (int64_t n = begin; n < std::min(begin + kStrip, outputs); ++n)
        result[n * inputs + k] = codes[k * outputs + n];
  return result;
}

/// -1, 0 and +1 in the order of the codes.
static Match<std::vector<int8_t>> getTrits(const WeightMatrix &weights) {
  std::optional<std::vector<int8_t>> codes = getCodes(weights.values);
  if (!codes)
    return miss("the codes of the weights cannot be read as 2, 4 or 8 bits");
  ArrayRef<int64_t> shape = weights.values.getShapedType().getShape();
  bool isUnsigned = weights.values.getElementType().isUnsignedInteger();
  for (auto [i, code] : llvm::enumerate(*codes)) {
    int64_t trit =
        (isUnsigned ? static_cast<uint8_t>(code) : code) - weights.zeroPoint;
    if (trit < -1 || trit > 1)
      return miss("weight [" + Twine(i / shape[1]) + ", " +
                  Twine(i % shape[1]) + "] is " + Twine(trit) +
                  " times the scale, not -1, 0 or +1");
    code = static_cast<int8_t>(trit);
  }
  return std::move(*codes);
}

/// Of codes, in their order.
static Match<TernaryWeights> getTernaryCodes(const WeightMatrix &weights) {
  Match<std::vector<int8_t>> trits = getTrits(weights);
  if (!trits)
    return trits.miss();
  return TernaryWeights{std::move(*trits),   weights.getOutputs(),
                        weights.getInputs(), weights.scale,
                        weights.form,        weights.sourceBytes};
}

Match<TernaryWeights> bitnet::getTernaryWeights(const WeightMatrix &weights) {
  Match<TernaryWeights> ternary =
      isa<FloatType>(weights.values.getElementType())
          ? getTernaryFloats(weights)
          : getTernaryCodes(weights);
  if (ternary && !weights.outputMajor)
    ternary->trits =
        transpose(ternary->trits, ternary->inputs, ternary->outputs);
  return ternary;
}

Value bitnet::createWeights(PatternRewriter &rewriter, Location loc,
                            TernaryWeights &&weights, StringRef name) {
  auto type = RankedTensorType::get({weights.outputs, weights.inputs},
                                    TritType::get(rewriter.getContext()));
  return ConstantOp::create(
      rewriter, loc,
      DenseResourceElementsAttr::get(type, name, makeTrits(weights.trits)));
}

Value bitnet::createScale(PatternRewriter &rewriter, Location loc,
                          ArrayRef<float> scale, int64_t outputs) {
  auto size = static_cast<int64_t>(scale.size());
  SmallVector<int64_t> shape = {size};
  if (size > outputs && size > 1)
    shape = {size / outputs, outputs};
  auto type = RankedTensorType::get(shape, rewriter.getF32Type());
  return arith::ConstantOp::create(rewriter, loc,
                                   DenseElementsAttr::get(type, scale));
}
