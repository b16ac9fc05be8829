// Reads the report off the program. See Report.h.
#include "bitnet/Report/Report.h"

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/ModelAttrs.h"
#include "dialects/BitNet/PackedLayout.h"
#include "dialects/BitNet/TritBytes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

/// What `value` is a slice of; any other value itself.
static Value skipSlice(Value value) {
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  return slice ? slice.getSource() : value;
}

/// The numbers of a constant.
static std::vector<float> getNumbers(Value value) {
  DenseFPElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  std::vector<float> numbers;
  for (const APFloat &number : constant)
    numbers.push_back(number.convertToFloat());
  return numbers;
}

/// By what each column of weights is multiplied.
static std::vector<float> getScale(DequantizeOp dequantize) {
  Value value = dequantize.getWeightScale();
  std::vector<float> scale = getNumbers(skipSlice(value));
  // One row of the scales of groups.
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
      slice && !scale.empty()) {
    int64_t size = slice.getType().getNumElements();
    auto row = scale.begin() + slice.getStaticOffset(0) * size;
    scale = std::vector<float>(row, row + size);
  }
  if (dequantize.getInverse())
    for (float &number : scale)
      number = 1.0f / number;
  return scale;
}

static ArrayRef<char> getBytes(ElementsAttr weights) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(weights))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return blob->getData();
  return {};
}

static bool isZeroAt(uint8_t byte, int64_t field, const PanelLayout &layout) {
  return weightOfCode(codeAt(byte, field, layout), layout) == 0;
}

/// How many weights of 0 a byte holds, for each byte.
static std::array<uint8_t, 256> countZeroCodes(const PanelLayout &layout) {
  std::array<uint8_t, 256> zeros = {};
  for (unsigned byte = 0; byte < 256; ++byte)
    for (int64_t field = 0; field < layout.fields; ++field)
      zeros[byte] += isZeroAt(static_cast<uint8_t>(byte), field, layout);
  return zeros;
}

/// Weights that are 0 in all rows. Padding, which is 0 as well, is not counted.
static int64_t countZeros(RankedTensorType type, ArrayRef<char> bytes) {
  auto packing = dyn_cast_or_null<PackedAttr>(type.getEncoding());
  if (!packing)
    return llvm::count(bytes, 0);
  PanelLayout layout = packing.getLayout();
  if (layout.isBinary())
    return 0;
  std::array<uint8_t, 256> zerosOf = countZeroCodes(layout);
  auto size = static_cast<int64_t>(bytes.size());
  int64_t zeros = type.getNumElements() - size * layout.fields;
  for (char byte : bytes)
    zeros += zerosOf[static_cast<uint8_t>(byte)];
  return zeros;
}

/// Weights that are 0 in `count` rows from `first` on.
static int64_t countZeros(RankedTensorType type, ArrayRef<char> bytes,
                          int64_t first, int64_t count) {
  int64_t k = type.getDimSize(1);
  auto packing = dyn_cast_or_null<PackedAttr>(type.getEncoding());
  if (!packing)
    return llvm::count(bytes.slice(first * k, count * k), 0);
  PanelLayout layout = packing.getLayout();
  int64_t zeros = 0;
  for (int64_t row = first; row < first + count; ++row)
    for (int64_t column = 0; column < k; ++column) {
      PackedPosition at = packedPosition(row, column, k, layout);
      auto byte = static_cast<uint8_t>(bytes[at.byte]);
      zeros += isZeroAt(byte, at.field, layout);
    }
  return zeros;
}

namespace {

/// Rows of a matmul's weights that are one layer.
struct Segment {
  int64_t first, count;
};

} // namespace

/// Fills in what the weights say.
static void readWeights(Value weights, Segment rows, LayerReport &layer) {
  auto type = cast<RankedTensorType>(weights.getType());
  auto packing = dyn_cast_or_null<PackedAttr>(type.getEncoding());
  layer.n = rows.count;
  layer.k = type.getDimSize(1);
  layer.bits = packing ? packing.getBits() : 8.0;
  auto constant = weights.getDefiningOp<ConstantOp>();
  if (!constant)
    return;
  ArrayRef<char> bytes = getBytes(constant.getValue());
  std::vector<int8_t> trits;
  if (!packing && hasTrits(constant.getValue())) {
    trits = readTrits(constant.getValue());
    bytes = {reinterpret_cast<const char *>(trits.data()), trits.size()};
  }
  auto size = static_cast<int64_t>(bytes.size());
  bool isWhole = rows.count == type.getDimSize(0);
  layer.bytes = size * rows.count / type.getDimSize(0);
  if (bytes.empty())
    return;
  int64_t zeros = isWhole ? countZeros(type, bytes)
                          : countZeros(type, bytes, rows.first, rows.count);
  layer.zeros =
      static_cast<double>(zeros) / static_cast<double>(layer.k * layer.n);
}

/// Fills in what the ops around the product say.
static void readNeighbours(MatmulOp matmul, Segment rows, LayerReport &layer) {
  Operation *quantize = skipSlice(matmul.getActivations()).getDefiningOp();
  if (quantize)
    if (auto quantizer = quantize->getAttrOfType<QuantizerAttr>("quantizer"))
      layer.activation = describe(quantizer);
  for (Operation *user : matmul->getUsers())
    if (auto dequantize = dyn_cast<DequantizeOp>(user))
      layer.scale = getScale(dequantize);
  // A merged matmul has a scale for each column of every layer.
  if (static_cast<int64_t>(layer.scale.size()) > rows.count)
    layer.scale.assign(layer.scale.begin() + rows.first,
                       layer.scale.begin() + rows.first + rows.count);
  layer.bytes += static_cast<int64_t>(layer.scale.size() * sizeof(float));
}

/// A layer whose attributes, except for its name, are `attributes`.
static LayerReport readLayer(MatmulOp matmul, DictionaryAttr attributes,
                             Segment rows) {
  LayerReport layer;
  readWeights(matmul.getWeights(), rows, layer);
  readNeighbours(matmul, rows, layer);
  layer.bytesRead = layer.bytes;
  if (auto form = attributes.getAs<StringAttr>(kFormAttr))
    layer.form = form.str();
  if (auto bytes = attributes.getAs<IntegerAttr>(kSourceBytesAttr))
    layer.sourceBytes = bytes.getInt();
  if (auto error = attributes.getAs<FloatAttr>(kErrorAttr))
    layer.error = error.getValueAsDouble();
  return layer;
}

/// One layer, or those that a merged matmul computes.
static std::vector<LayerReport> readLayers(MatmulOp matmul) {
  std::vector<LayerReport> layers;
  std::vector<std::string> names;
  if (auto segments = matmul->getAttrOfType<ArrayAttr>(kSegmentsAttr)) {
    int64_t first = 0;
    for (auto segment : segments.getAsRange<DictionaryAttr>()) {
      int64_t columns = segment.getAs<IntegerAttr>("columns").getInt();
      layers.push_back(readLayer(matmul, segment, {first, columns}));
      names.push_back(segment.getAs<StringAttr>("name").str());
      first += columns;
    }
  } else {
    layers.push_back(readLayer(matmul, matmul->getDiscardableAttrDictionary(),
                               {0, matmul.getType().getDimSize(1)}));
    names.push_back(getNodePath(matmul.getLoc()).str());
  }
  for (auto [layer, name] : llvm::zip_equal(layers, names)) {
    layer.module = getModuleName(name);
    layer.name = std::move(name);
  }
  return layers;
}

/// Adds what is known of the next group of a layer's inputs.
static void addGroup(LayerReport &layer, const LayerReport &group) {
  double zeros = layer.zeros * static_cast<double>(layer.k) +
                 group.zeros * static_cast<double>(group.k);
  layer.k += group.k;
  layer.zeros = zeros / static_cast<double>(layer.k);
  layer.bytes += group.bytes;
  layer.bytesRead += group.bytesRead;
  llvm::append_range(layer.scale, group.scale);
}

/// What bitnet-narrow-head says, if it was asked to do something.
static std::optional<HeadReport> readHead(DictionaryAttr entry) {
  auto head = entry.getAs<DictionaryAttr>(kHeadAttr);
  if (!head)
    return std::nullopt;
  auto number = [&](StringRef key) {
    return head.getAs<FloatAttr>(key).getValueAsDouble();
  };
  return HeadReport{head.getAs<StringAttr>("type").str(), number("logit"),
                    number("mean"), number("largest")};
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
  layer.head = readHead(entry);
  return layer;
}

/// Adds up what a position takes in the inputs that are caches.
static CacheReport readCaches(func::FuncOp main) {
  CacheReport cache;
  for (BlockArgument argument : main.getArguments()) {
    auto role = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                  bitnet::kRoleAttr);
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !role || role != "past")
      continue;
    int64_t bits = type.getElementTypeBitWidth();
    for (int64_t size : type.getShape())
      bits *= ShapedType::isDynamic(size) ? 1 : size;
    cache.bytesPerPosition += bits / 8;
    cache.type.clear();
    llvm::raw_string_ostream(cache.type) << type.getElementType();
  }
  return cache;
}

Report bitnet::makeReport(ModuleOp module) {
  Report report;
  llvm::DenseSet<Attribute> seen;
  module.walk([&](MatmulOp matmul) {
    auto constant = matmul.getWeights().getDefiningOp<ConstantOp>();
    bool isShared = constant && !seen.insert(constant.getValue()).second;
    bool isGroup =
        skipSlice(matmul.getActivations()) != matmul.getActivations();
    for (LayerReport &layer : readLayers(matmul)) {
      if (isShared)
        layer.sourceBytes = layer.bytes = 0;
      if (isGroup && !report.layers.empty() &&
          report.layers.back().name == layer.name)
        addGroup(report.layers.back(), layer);
      else
        report.layers.push_back(std::move(layer));
    }
  });
  for (LayerReport &layer : report.layers)
    if (llvm::all_equal(layer.scale) && !layer.scale.empty())
      layer.scale.resize(1);
  if (auto main = module.lookupSymbol<func::FuncOp>("main"))
    report.cache = readCaches(main);
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
