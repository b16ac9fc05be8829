// Weights are re-derived from the model's constants, never guessed: a single
// code outside of -1..1 refuses the layer.
#include "TernaryWeights.h"

#include "ConstantTensor.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"

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

/// The zero point, 0 if there is none.
static Match<int64_t> matchZeroPoint(onnx::DequantizeLinearOp dequantize) {
  if (!dequantize.getXZeroPoint())
    return int64_t(0);
  ElementsAttr constant = getConstant(dequantize.getXZeroPoint());
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

/// Checks that the scale is one number, or one number for each output.
static std::optional<Miss> checkScale(onnx::DequantizeLinearOp dequantize,
                                      const WeightCodes &weights) {
  if (dequantize.getBlockSize() != 0)
    return miss("the weights have a scale for each block of " +
                Twine(dequantize.getBlockSize()));
  if (weights.scale.size() == 1)
    return std::nullopt;
  int64_t axis = static_cast<int64_t>(dequantize.getAxis());
  if ((axis < 0 ? axis + 2 : axis) != (weights.outputMajor ? 0 : 1))
    return miss("the weights have a scale for each input, not each output");
  return std::nullopt;
}

Match<WeightCodes> bitnet::matchWeightCodes(Value value) {
  WeightCodes weights;
  weights.form = "W10";
  if (onnx::TransposeOp transpose = getMatrixTranspose(value)) {
    weights.outputMajor = true;
    value = transpose.getData();
  }
  auto dequantize = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!dequantize)
    return miss("the weights are not codes with a scale");
  weights.codes = getConstant(dequantize.getX());
  if (!weights.codes || weights.codes.getShapedType().getRank() != 2)
    return miss("the codes of the weights are not a constant matrix");

  std::optional<std::vector<float>> scale = getFloats(dequantize.getXScale());
  if (!scale)
    return miss("the scale of the weights is not a constant of f32");
  weights.scale = std::move(*scale);
  Match<int64_t> zeroPoint = matchZeroPoint(dequantize);
  if (!zeroPoint)
    return zeroPoint.miss();
  weights.zeroPoint = *zeroPoint;
  if (std::optional<Miss> scaleMiss = checkScale(dequantize, weights))
    return *scaleMiss;
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

Match<std::vector<int8_t>> bitnet::getTrits(const WeightCodes &weights) {
  std::optional<std::vector<int8_t>> codes = getCodes(weights.codes);
  if (!codes)
    return miss("the codes of the weights cannot be read as 2, 4 or 8 bits");
  ArrayRef<int64_t> shape = weights.codes.getShapedType().getShape();
  bool isUnsigned = weights.codes.getElementType().isUnsignedInteger();
  for (auto [i, code] : llvm::enumerate(*codes)) {
    int64_t trit =
        (isUnsigned ? static_cast<uint8_t>(code) : code) - weights.zeroPoint;
    if (trit < -1 || trit > 1)
      return miss("weight [" + Twine(i / shape[1]) + ", " +
                  Twine(i % shape[1]) + "] is " + Twine(trit) +
                  " times the scale, not -1, 0 or +1");
    code = static_cast<int8_t>(trit);
  }
  if (weights.outputMajor)
    return *codes;
  return transpose(*codes, shape[0], shape[1]);
}

/// A resource that owns `bytes`.
static AsmResourceBlob adopt(std::vector<int8_t> bytes) {
  auto owner = std::make_shared<std::vector<int8_t>>(std::move(bytes));
  ArrayRef<char> data(reinterpret_cast<const char *>(owner->data()),
                      owner->size());
  return AsmResourceBlob(
      data, alignof(int8_t), [owner](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
}

Value bitnet::createWeights(PatternRewriter &rewriter, Location loc,
                            const WeightCodes &weights,
                            std::vector<int8_t> trits, StringRef name) {
  SmallVector<int64_t> shape(weights.codes.getShapedType().getShape());
  if (!weights.outputMajor)
    std::swap(shape[0], shape[1]);
  auto type =
      RankedTensorType::get(shape, TritType::get(rewriter.getContext()));
  return ConstantOp::create(
      rewriter, loc,
      DenseResourceElementsAttr::get(type, name, adopt(std::move(trits))));
}

Value bitnet::createScale(PatternRewriter &rewriter, Location loc,
                          const WeightCodes &weights) {
  auto type = RankedTensorType::get(
      {static_cast<int64_t>(weights.scale.size())}, rewriter.getF32Type());
  return arith::ConstantOp::create(
      rewriter, loc,
      DenseElementsAttr::get(type, ArrayRef<float>(weights.scale)));
}
