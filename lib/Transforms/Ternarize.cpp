// Rounds the weights of float layers, on request. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

namespace bitnet {
#define GEN_PASS_DEF_TERNARIZE
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "bitnet-ternarize"

/// The smallest magnitude to divide by.
static constexpr float kFloor = 1e-5f;

namespace {

/// MatMul(x, w) or Gemm(x, w, bias), on rows, with constant weights.
struct FloatLayer {
  Operation *op;
  Value x;
  ElementsAttr weights;
  /// Weights are [outputs, inputs].
  bool outputMajor;
  Value bias;
};

/// Weights in the order [outputs, inputs].
struct Matrix {
  std::vector<float> values;
  int64_t outputs, inputs;
};

/// -1, 0 and +1 times a scale.
struct RoundedWeights {
  std::vector<int8_t> trits;
  float scale;
  /// |w - rounded w| / |w|
  double error;
};

} // namespace

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

static ElementsAttr getMatrix(Value value) {
  ElementsAttr matrix;
  if (!matchPattern(value, m_Constant(&matrix)) ||
      matrix.getShapedType().getRank() != 2 || !matrix.getElementType().isF32())
    return nullptr;
  return matrix;
}

/// Rows of f32 whose length is known.
static bool areRows(Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  return type.getRank() == 2 && type.getElementType().isF32() &&
         !type.isDynamicDim(1);
}

static bool isRowVector(Value bias) {
  auto type = cast<RankedTensorType>(bias.getType());
  return type.getRank() == 1 && type.hasStaticShape();
}

static std::optional<FloatLayer> matchLayer(Operation *op) {
  FloatLayer layer = {op, {}, {}, /*outputMajor=*/false, {}};
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f ||
        gemm.getBeta().convertToFloat() != 1.0f)
      return std::nullopt;
    layer.outputMajor = gemm.getTransB() != 0;
    layer.bias = gemm.getC();
  } else if (!isa<onnx::MatMulOp>(op)) {
    return std::nullopt;
  }
  layer.x = op->getOperand(0);
  Value weights = op->getOperand(1);
  if (auto transpose = weights.getDefiningOp<onnx::TransposeOp>()) {
    layer.outputMajor = !layer.outputMajor;
    weights = transpose.getData();
  }
  layer.weights = getMatrix(weights);
  if (!layer.weights || !areRows(layer.x) ||
      (layer.bias && !isRowVector(layer.bias)))
    return std::nullopt;
  return layer;
}

/// No layer is computed from what this one gives: these are the logits.
static bool isHead(const FloatLayer &layer) {
  SetVector<Operation *> slice;
  getForwardSlice(layer.op, &slice);
  return llvm::none_of(
      slice, [](Operation *op) { return isa<LinearOp>(op) || matchLayer(op); });
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The elements in their own order; none if their bytes are not at hand.
static std::vector<float> getFloats(ElementsAttr weights) {
  std::vector<float> values(weights.getNumElements());
  if (auto dense = dyn_cast<DenseFPElementsAttr>(weights)) {
    llvm::copy(dense.getValues<float>(), values.begin());
    return values;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(weights);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  size_t size = values.size() * sizeof(float);
  if (!blob || blob->getData().size() < size)
    return {};
  std::memcpy(values.data(), blob->getData().data(), size);
  return values;
}

static Matrix getMatrix(const FloatLayer &layer) {
  ArrayRef<int64_t> shape = layer.weights.getShapedType().getShape();
  std::vector<float> values = getFloats(layer.weights);
  if (layer.outputMajor || values.empty())
    return {std::move(values), shape[0], shape[1]};
  Matrix turned{std::vector<float>(values.size()), shape[1], shape[0]};
  for (int64_t k = 0; k < turned.inputs; ++k)
    for (int64_t n = 0; n < turned.outputs; ++n)
      turned.values[n * turned.inputs + k] = values[k * turned.outputs + n];
  return turned;
}

/// The mean of f(w), summed in f64 and rounded once.
template <typename F> static float meanOf(ArrayRef<float> weights, F f) {
  double sum = 0;
  for (float weight : weights)
    sum += f(static_cast<double>(weight));
  return static_cast<float>(sum / static_cast<double>(weights.size()));
}

static float meanMagnitude(ArrayRef<float> weights) {
  return meanOf(weights, [](double w) { return std::fabs(w); });
}

/// b1.58 (arXiv 2402.17764), equations 1-3.
static RoundedWeights roundByMean(ArrayRef<float> weights) {
  RoundedWeights rounded;
  rounded.scale = std::max(meanMagnitude(weights), kFloor);
  float inverse = 1.0f / rounded.scale;
  for (float weight : weights)
    rounded.trits.push_back(static_cast<int8_t>(
        std::clamp(std::nearbyint(weight * inverse), -1.0f, 1.0f)));
  return rounded;
}

/// b1 (arXiv 2310.11453), equations 1-3 and 12.
static RoundedWeights takeSigns(ArrayRef<float> weights) {
  float mean = meanOf(weights, [](double w) { return w; });
  RoundedWeights rounded;
  rounded.scale = meanMagnitude(weights);
  for (float weight : weights)
    rounded.trits.push_back(weight - mean > 0 ? 1 : -1);
  return rounded;
}

/// The Frobenius norm of what is lost, relative to that of the weights.
static double getError(ArrayRef<float> weights, const RoundedWeights &rounded) {
  double lost = 0, all = 0;
  for (auto [weight, trit] : llvm::zip(weights, rounded.trits)) {
    double difference = double(weight) - double(rounded.scale) * trit;
    lost += difference * difference;
    all += double(weight) * double(weight);
  }
  return all == 0 ? 0 : std::sqrt(lost / all);
}

static Value createWeights(OpBuilder &b, Location loc, const Matrix &matrix,
                           ArrayRef<int8_t> trits) {
  auto type = RankedTensorType::get({matrix.outputs, matrix.inputs},
                                    TritType::get(b.getContext()));
  std::string name = getModuleName(getNodePath(loc));
  auto value = DenseResourceElementsAttr::get(
      type, name.empty() ? "weights" : name,
      HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>(trits));
  return ConstantOp::create(b, loc, value);
}

/// int8 by the largest magnitude of a token, as PyTorch computes it.
static QuantizerAttr getQuantizer(Builder &b) {
  return QuantizerAttr::get(b.getContext(), Scheme::Absmax, Granularity::Token,
                            b.getF32FloatAttr(127.0f),
                            b.getF32FloatAttr(kFloor), /*low=*/-128,
                            /*high=*/127, /*reciprocal=*/true);
}

/// y = layer(x) -> y = linear(x, rounded weights)
static void replaceLayer(const FloatLayer &layer, const Matrix &matrix,
                         const RoundedWeights &rounded, StringRef form) {
  OpBuilder b(layer.op);
  Location loc = layer.op->getLoc();
  auto scaleType = RankedTensorType::get({1}, b.getF32Type());
  Value scale = arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(scaleType, rounded.scale));
  auto linear = LinearOp::create(
      b, loc, cast<RankedTensorType>(layer.op->getResult(0).getType()), layer.x,
      createWeights(b, loc, matrix, rounded.trits), scale, layer.bias,
      getQuantizer(b), /*inverse=*/false);
  auto bytes = static_cast<int64_t>(matrix.values.size() * sizeof(float));
  linear->setAttr(kFormAttr, b.getStringAttr(form));
  linear->setAttr(kSourceBytesAttr, b.getI64IntegerAttr(bytes));
  linear->setAttr(kErrorAttr, b.getF32FloatAttr(rounded.error));
  layer.op->replaceAllUsesWith(linear);
  layer.op->erase();
}

namespace {

struct Ternarize : bitnet::impl::TernarizeBase<Ternarize> {
  using TernarizeBase::TernarizeBase;

  void runOnOperation() override {
    if (form != "b1.58" && form != "b1") {
      getOperation().emitError("cannot round weights as '")
          << form << "' does: b1.58 or b1 is wanted";
      return signalPassFailure();
    }
    int64_t count = 0;
    for (Operation *op : findLayers())
      count += succeeded(round(*matchLayer(op)));
    getOperation().emitWarning()
        << "weights of " << count << " float layers were rounded after training"
        << ": BitNet models are trained rounded, and others lose what they "
           "know";
  }

private:
  SmallVector<Operation *> findLayers() {
    SmallVector<Operation *> layers;
    getOperation().walk([&](Operation *op) {
      std::optional<FloatLayer> layer = matchLayer(op);
      if (layer && (head || !isHead(*layer)))
        layers.push_back(op);
    });
    return layers;
  }

  LogicalResult round(const FloatLayer &layer) {
    Matrix matrix = getMatrix(layer);
    bool finite =
        llvm::all_of(matrix.values, [](float w) { return std::isfinite(w); });
    if (matrix.values.empty() || !finite) {
      layer.op->emitWarning("stays a float layer: its weights are not all "
                            "finite numbers");
      return failure();
    }
    bool isTernary = form == "b1.58";
    RoundedWeights rounded =
        isTernary ? roundByMean(matrix.values) : takeSigns(matrix.values);
    rounded.error = getError(matrix.values, rounded);
    replaceLayer(layer, matrix, rounded, isTernary ? "A1/W1" : "A1/W7");
    return success();
  }
};

} // namespace
