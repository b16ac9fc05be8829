// Says of each product that stays why it is no BitLinear layer, and which form
// of one it resembles.
#include "ActivationQuantizers.h"
#include "ConstantTensor.h"
#include "MathMatchers.h"
#include "Raise.h"
#include "TernaryWeights.h"
#include "WeightSources.h"
#include "dialects/BitNet/LayerAttrs.h"

using namespace mlir;
using namespace bitnet;

/// Elements that are looked at to see what weights resemble.
static constexpr int64_t kSample = 1 << 16;

//===----------------------------------------------------------------------===//
// The nearest form
//===----------------------------------------------------------------------===//

/// Clip(Round(..)) or Round(Clip(..)), maybe cast.
static bool isRounded(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<onnx::RoundOp>(op))
      return true;
    if (!isa<onnx::ClipOp, onnx::CastOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

static Value skipCasts(Value value) {
  while (auto cast = value.getDefiningOp<onnx::CastOp>())
    value = cast.getInput();
  return value;
}

/// Rounded and scaled back.
static bool isRoundTrip(Value value) {
  value = skipCasts(value);
  Operation *op = value.getDefiningOp();
  return isa_and_present<onnx::DivOp, onnx::MulOp>(op) &&
         (isRounded(op->getOperand(0)) || isRounded(op->getOperand(1)));
}

/// Add(x, Sub(rounded x, x))
static bool isStraightThrough(onnx::AddOp add) {
  return llvm::any_of(add->getOperands(), [](Value operand) {
    auto sub = operand.getDefiningOp<onnx::SubOp>();
    return sub && isRoundTrip(sub.getA());
  });
}

/// The form that activations resemble, "-" if they are plain floats.
static StringRef nameActivations(Value x) {
  if (isRoundTrip(x))
    return "A1";
  if (isRounded(x))
    return "A3";
  Operation *op = skipCasts(x).getDefiningOp();
  if (auto add = dyn_cast_or_null<onnx::AddOp>(op))
    return isStraightThrough(add) ? "A2" : "-";
  if (auto dequantize = dyn_cast_or_null<onnx::DequantizeLinearOp>(op))
    return dequantize.getX().getDefiningOp<onnx::QuantizeLinearOp>() ? "A9"
                                                                     : "-";
  return isa_and_present<onnx::DynamicQuantizeLinearOp>(op) ? "A10" : "-";
}

namespace {

/// A magnitude and how many weights have it.
struct Level {
  float magnitude;
  int64_t count;
};

} // namespace

/// The magnitudes of weights other than 0, most frequent first; none if there
/// are many.
static SmallVector<Level> findLevels(ArrayRef<float> weights) {
  constexpr size_t kMany = 8;
  constexpr float kTolerance = 0x1p-6f;
  SmallVector<Level> levels;
  for (float weight : weights) {
    float magnitude = std::fabs(weight);
    if (magnitude == 0.0f)
      continue;
    Level *level = llvm::find_if(levels, [&](const Level &known) {
      return std::fabs(known.magnitude - magnitude) <= kTolerance * magnitude;
    });
    if (level == levels.end()) {
      if (levels.size() == kMany)
        return {};
      levels.push_back({magnitude, 0});
      level = &levels.back();
    }
    ++level->count;
  }
  llvm::sort(levels,
             [](const Level &a, const Level &b) { return a.count > b.count; });
  return levels;
}

/// +-0.5 and +-1.5 times a scale.
static bool areFourLevels(ArrayRef<Level> levels) {
  if (levels.size() != 2)
    return false;
  auto [low, high] = std::minmax(levels[0].magnitude, levels[1].magnitude);
  return std::fabs(high - 3.0f * low) <= 0x1p-6f * high;
}

/// One magnitude, but for a few outliers.
static bool isMostlyOneLevel(ArrayRef<Level> levels) {
  int64_t all = 0;
  for (const Level &level : levels)
    all += level.count;
  return !levels.empty() && levels.front().count * 100 >= all * 95;
}

/// The form that weights resemble, "-" if they are plain floats.
static std::string nameWeights(Value w, bool outputMajor) {
  Match<WeightMatrix> matrix = matchWeightMatrix(w, outputMajor);
  if (!matrix)
    return "-";
  std::vector<float> sample = getSample(matrix->values, kSample);
  for (float &weight : sample)
    weight -= static_cast<float>(matrix->zeroPoint);
  SmallVector<Level> levels = findLevels(sample);
  if (areFourLevels(levels))
    return "W13";
  if (!isMostlyOneLevel(levels))
    return "-";
  bool offline = matrix->form == "W3" && levels.front().magnitude == 1.0f;
  return offline ? "W4" : matrix->form;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {

/// MatMul, Gemm or MatMulInteger.
struct Product {
  Operation *op;
  bool outputMajor;

  Value getActivations() const { return op->getOperand(0); }
  Value getWeights() const { return op->getOperand(1); }
};

} // namespace

static std::optional<Product> getProduct(Operation *op) {
  if (!isa<onnx::MatMulOp, onnx::GemmOp, onnx::MatMulIntegerOp>(op) ||
      op->use_empty())
    return std::nullopt;
  auto gemm = dyn_cast<onnx::GemmOp>(op);
  Product product{op, gemm && gemm.getTransB() != 0};
  // One of batches, as in attention, is no layer at all.
  auto type = cast<RankedTensorType>(product.getWeights().getType());
  return type.getRank() == 2 ? std::optional(product) : std::nullopt;
}

static Miss explain(const Product &product) {
  bool ofCodes = isa<onnx::MatMulIntegerOp>(product.op) ||
                 (isa<onnx::MatMulOp>(product.op) &&
                  nameActivations(product.getActivations()) == "A3");
  return ofCodes ? explainIntegerProduct(product.op)
                 : explainFloatProduct(product.op);
}

/// What a report says of the product.
static DictionaryAttr describe(const Product &product,
                               const WeightSources &sources, StringRef reason) {
  Builder b(product.op->getContext());
  auto weights = cast<RankedTensorType>(product.getWeights().getType());
  int64_t k = weights.getDimSize(product.outputMajor ? 1 : 0);
  int64_t n = weights.getDimSize(product.outputMajor ? 0 : 1);
  std::string form = nameActivations(product.getActivations()).str() + "/" +
                     nameWeights(product.getWeights(), product.outputMajor);
  auto number = [&](StringRef name, int64_t value) {
    return b.getNamedAttr(name, b.getI64IntegerAttr(value));
  };
  auto text = [&](StringRef name, StringRef value) {
    return b.getNamedAttr(name, b.getStringAttr(value));
  };
  return b.getDictionaryAttr({number("k", k), number("n", n),
                              number("bits", sources.bits),
                              number("bytes", sources.bytes),
                              number("source_bytes", sources.sourceBytes),
                              text("name", getNodePath(product.op->getLoc())),
                              text("form", form), text("reason", reason)});
}

void bitnet::explainFloatLayers(Operation *root) {
  root->walk([](Operation *op) {
    std::optional<Product> product = getProduct(op);
    if (!product)
      return;
    std::string reason = explain(*product).reason;
    op->emitRemark("stays a float layer: ") << reason;
    std::optional<WeightSources> sources =
        findWeightSources(product->getWeights());
    if (sources && sources->bits > 0)
      op->setAttr(kFloatLayerAttr, describe(*product, *sources, reason));
  });
}
