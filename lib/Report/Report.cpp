// Reads the report off the program. See Report.h.
#include "bitnet/Report/Report.h"

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/PackedLayout.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"

#include <array>

using namespace mlir;
using namespace bitnet;

/// "absmax int8 per token"
static std::string describe(QuantizerAttr quantizer) {
  std::string text = stringifyScheme(quantizer.getScheme()).str();
  // low = -128 needs 8 bits, low = -8 four of them.
  text +=
      " int" + std::to_string(llvm::Log2_64_Ceil(quantizer.getHigh() + 1) + 1);
  return text + " per " +
         stringifyGranularity(quantizer.getGranularity()).str();
}

/// The numbers of a 1-D constant.
static std::vector<float> getNumbers(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  std::vector<float> numbers;
  for (const APFloat &number : constant)
    numbers.push_back(number.convertToFloat());
  return numbers;
}

static ArrayRef<char> getBytes(ElementsAttr weights) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(weights))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
  return {};
}

/// How many zero codes a byte holds, for each byte.
static std::array<uint8_t, 256> countZeroCodes(PackedAttr packing) {
  std::array<uint8_t, 256> zeros = {};
  unsigned mask = (1u << packing.getBits()) - 1;
  for (unsigned byte = 0; byte < 256; ++byte)
    for (int64_t field = 0; field < packing.getFields(); ++field)
      zeros[byte] += (byte >> (field * packing.getBits()) & mask) == kZeroCode;
  return zeros;
}

/// Weights that are 0. Padding, which is 0 as well, is not counted.
static int64_t countZeros(RankedTensorType type, ArrayRef<char> bytes) {
  auto packing = dyn_cast_or_null<PackedAttr>(type.getEncoding());
  if (!packing)
    return llvm::count(bytes, 0);
  std::array<uint8_t, 256> zerosOf = countZeroCodes(packing);
  auto size = static_cast<int64_t>(bytes.size());
  int64_t zeros = type.getNumElements() - size * packing.getFields();
  for (char byte : bytes)
    zeros += zerosOf[static_cast<uint8_t>(byte)];
  return zeros;
}

/// Fills in what the weights say.
static void readWeights(Value weights, LayerReport &layer) {
  auto type = cast<RankedTensorType>(weights.getType());
  auto packing = dyn_cast_or_null<PackedAttr>(type.getEncoding());
  layer.n = type.getDimSize(0);
  layer.k = type.getDimSize(1);
  layer.bits = packing ? 8.0 / static_cast<double>(packing.getFields()) : 8.0;
  auto constant = weights.getDefiningOp<ConstantOp>();
  if (!constant)
    return;
  ArrayRef<char> bytes = getBytes(constant.getValue());
  layer.bytes = static_cast<int64_t>(bytes.size());
  if (!bytes.empty())
    layer.zeros = static_cast<double>(countZeros(type, bytes)) /
                  static_cast<double>(type.getNumElements());
}

/// Fills in what the ops around the product say.
static void readNeighbours(MatmulOp matmul, LayerReport &layer) {
  Operation *quantize = matmul.getActivations().getDefiningOp();
  if (quantize)
    if (auto quantizer = quantize->getAttrOfType<QuantizerAttr>("quantizer"))
      layer.activation = describe(quantizer);
  for (Operation *user : matmul->getUsers())
    if (auto dequantize = dyn_cast<DequantizeOp>(user))
      layer.scale = getNumbers(dequantize.getWeightScale());
  layer.bytes += static_cast<int64_t>(layer.scale.size() * sizeof(float));
}

static LayerReport readLayer(MatmulOp matmul) {
  LayerReport layer;
  layer.name = getNodePath(matmul.getLoc()).str();
  layer.module = getModuleName(layer.name);
  readWeights(matmul.getWeights(), layer);
  readNeighbours(matmul, layer);
  layer.bytesRead = layer.bytes;
  if (auto form = matmul->getAttrOfType<StringAttr>(kFormAttr))
    layer.form = form.str();
  if (auto bytes = matmul->getAttrOfType<IntegerAttr>(kSourceBytesAttr))
    layer.sourceBytes = bytes.getInt();
  if (auto error = matmul->getAttrOfType<FloatAttr>(kErrorAttr))
    layer.error = error.getValueAsDouble();
  return layer;
}

/// The layer that became a segment of `whole` at column `first`.
static LayerReport readSegment(const LayerReport &whole, int64_t first,
                               DictionaryAttr segment) {
  LayerReport layer = whole;
  layer.name = segment.getAs<StringAttr>("name").str();
  layer.module = getModuleName(layer.name);
  layer.n = segment.getAs<IntegerAttr>("n").getInt();
  layer.zeros =
      static_cast<double>(segment.getAs<IntegerAttr>("zeros").getInt()) /
      static_cast<double>(layer.k * layer.n);
  layer.bytes =
      whole.bytes * (first + layer.n) / whole.n - whole.bytes * first / whole.n;
  layer.bytesRead = layer.bytes;
  if (whole.scale.size() > 1) {
    auto begin = whole.scale.begin() + first;
    layer.scale.assign(begin, begin + layer.n);
    if (llvm::all_equal(layer.scale))
      layer.scale.resize(1);
  }
  if (auto form = segment.getAs<StringAttr>(kFormAttr))
    layer.form = form.str();
  if (auto bytes = segment.getAs<IntegerAttr>(kSourceBytesAttr))
    layer.sourceBytes = bytes.getInt();
  if (auto error = segment.getAs<FloatAttr>(kErrorAttr))
    layer.error = error.getValueAsDouble();
  return layer;
}

/// The layers that a product computes: one, or those that were merged.
static std::vector<LayerReport> readLayers(MatmulOp matmul) {
  LayerReport whole = readLayer(matmul);
  auto segments = matmul->getAttrOfType<ArrayAttr>(kSegmentsAttr);
  if (!segments)
    return {whole};
  std::vector<LayerReport> layers;
  int64_t first = 0;
  for (auto segment : segments.getAsRange<DictionaryAttr>()) {
    layers.push_back(readSegment(whole, first, segment));
    first += layers.back().n;
  }
  return layers;
}

static LayerReport readFloatLayer(DictionaryAttr entry) {
  auto text = [&](StringRef key) { return entry.getAs<StringAttr>(key).str(); };
  auto number = [&](StringRef key) {
    return entry.getAs<IntegerAttr>(key).getInt();
  };
  LayerReport layer;
  layer.name = text("name");
  layer.module = getModuleName(layer.name);
  layer.k = number("k");
  layer.n = number("n");
  layer.form = text("form");
  layer.bits = static_cast<double>(number("bits"));
  layer.sourceBytes = number("source_bytes");
  layer.bytes = layer.bytesRead = number("bytes");
  layer.reason = text("reason");
  return layer;
}

Report bitnet::makeReport(ModuleOp module) {
  Report report;
  llvm::DenseSet<Attribute> seen;
  module.walk([&](MatmulOp matmul) {
    auto constant = matmul.getWeights().getDefiningOp<ConstantOp>();
    bool isShared = constant && !seen.insert(constant.getValue()).second;
    for (LayerReport &layer : readLayers(matmul)) {
      if (isShared)
        layer.sourceBytes = layer.bytes = 0;
      report.layers.push_back(std::move(layer));
    }
  });
  module.walk([&](func::FuncOp function) {
    auto entries = function->getAttrOfType<ArrayAttr>(kFloatLayersAttr);
    if (entries)
      for (auto entry : entries.getAsRange<DictionaryAttr>())
        report.layers.push_back(readFloatLayer(entry));
  });
  return report;
}

int64_t Report::countMatched() const {
  return llvm::count_if(layers, [](auto &layer) { return layer.isMatched(); });
}

int64_t Report::sum(int64_t LayerReport::*number) const {
  int64_t sum = 0;
  for (const LayerReport &layer : layers)
    sum += layer.*number;
  return sum;
}

int64_t Report::countOperations() const {
  int64_t operations = 0;
  for (const LayerReport &layer : layers)
    operations += layer.k * layer.n;
  return operations;
}

EnergyReport Report::energy(Technology technology) const {
  EnergyReport energy = {};
  for (const LayerReport &layer : layers) {
    Product product{/*m=*/1, layer.k, layer.n};
    double fp32 =
        energyOfFloatProduct(product, Arithmetic::FP32, technology).total();
    energy.fp32 += fp32;
    energy.fp16 +=
        energyOfFloatProduct(product, Arithmetic::FP16, technology).total();
    energy.model += layer.isMatched()
                        ? energyOfBitNetProduct(product, technology).total()
                        : fp32;
  }
  return energy;
}
