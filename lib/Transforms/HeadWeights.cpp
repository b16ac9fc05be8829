// See HeadWeights.h. Four rows at a time, which are a panel, on all threads.
#include "HeadWeights.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

static constexpr int64_t kPanelRows = ScaledMatmulOp::kPanelRows;
static constexpr int64_t kLanes = ScaledMatmulOp::kLanes;

/// Inputs that share a scale of int4.
static constexpr int64_t kGroup = 2 * kLanes;

/// Panels that a thread takes at once.
static constexpr int64_t kPanelsOfTask = 64;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static uint16_t toBF16(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float fromBF16(uint16_t bits) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

static float fromF16(uint16_t bits) {
  return static_cast<float>(llvm::bit_cast<_Float16>(bits));
}

static uint16_t toF16(float value) {
  return llvm::bit_cast<uint16_t>(static_cast<_Float16>(value));
}

static float readElement(const HeadMatrix &matrix, int64_t index) {
  if (matrix.element.isF32()) {
    float value;
    std::memcpy(&value, matrix.bytes.data() + index * 4, 4);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, matrix.bytes.data() + index * 2, 2);
  return matrix.element.isF16() ? fromF16(bits) : fromBF16(bits);
}

std::optional<HeadMatrix> bitnet::readHead(ElementsAttr weights,
                                           bool outputMajor) {
  auto type = cast<RankedTensorType>(weights.getType());
  Type element = type.getElementType();
  ArrayRef<char> bytes;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(weights)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      bytes = blob->getData();
  } else if (auto dense = dyn_cast<DenseElementsAttr>(weights)) {
    bytes = dense.isSplat() ? ArrayRef<char>() : dense.getRawData();
  }
  bool isFloat = element.isF32() || element.isF16() || element.isBF16();
  if (type.getRank() != 2 || !isFloat ||
      static_cast<int64_t>(bytes.size()) !=
          type.getNumElements() * element.getIntOrFloatBitWidth() / 8)
    return std::nullopt;
  return HeadMatrix{element, bytes, type.getDimSize(outputMajor ? 0 : 1),
                    type.getDimSize(outputMajor ? 1 : 0), outputMajor};
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

namespace {

/// A scale and what codes times it lose.
struct Candidate {
  float scale;
  double lost;
};

/// Rounds panels of a matrix, each on its own.
class HeadRounder {
public:
  HeadRounder(const HeadMatrix &matrix, HeadType type, ArrayRef<float> gains);

  std::variant<RoundedHead, HeadOutlier> round();

private:
  void roundPanel(int64_t panel);
  void roundRow(int64_t row, MutableArrayRef<float> weights);
  bool findOutlier(int64_t row, ArrayRef<float> weights);
  void toFloats(int64_t row, MutableArrayRef<float> weights);
  void toInt8(int64_t row, MutableArrayRef<float> weights);
  void toInt4(int64_t row, MutableArrayRef<float> weights);
  void compare(int64_t row, ArrayRef<float> weights, ArrayRef<float> rounded);
  RoundedHead finish();

  bool isInteger() const {
    return type == HeadType::Int8 || type == HeadType::Int4;
  }
  FloatType floatType() const;
  int64_t codesPerByte() const { return type == HeadType::Int4 ? 2 : 1; }
  int64_t countBlocks() const {
    return matrix.inputs / (kLanes * codesPerByte());
  }
  int64_t countGroups() const {
    return type == HeadType::Int4 ? matrix.inputs / kGroup : 1;
  }
  /// The byte of a code, and where a scale is.
  char &codeAt(int64_t row, int64_t block, int64_t lane) {
    int64_t panel = row / kPanelRows, column = row % kPanelRows;
    return codes.getMutableData()
        [((panel * countBlocks() + block) * kPanelRows + column) * kLanes +
         lane];
  }
  char *scaleAt(int64_t row, int64_t group, int64_t size) {
    int64_t panel = row / kPanelRows, column = row % kPanelRows;
    int64_t index = (panel * countGroups() + group) * kPanelRows + column;
    return scales.getMutableData().data() + index * size;
  }

  const HeadMatrix &matrix;
  HeadType type;
  ArrayRef<float> gains;
  int64_t panels;
  AsmResourceBlob codes, scales;
  /// For each row.
  std::vector<double> lost, whole;
  std::vector<std::optional<HeadOutlier>> outliers;
};

} // namespace

static AsmResourceBlob allocate(int64_t bytes) {
  auto blob = HeapAsmResourceBlob::allocate(bytes, /*align=*/64,
                                            /*dataIsMutable=*/true);
  std::memset(blob.getMutableData().data(), 0, bytes);
  return blob;
}

HeadRounder::HeadRounder(const HeadMatrix &matrix, HeadType type,
                         ArrayRef<float> gains)
    : matrix(matrix), type(type), gains(gains),
      panels(llvm::divideCeil(matrix.outputs, kPanelRows)),
      lost(matrix.outputs), whole(matrix.outputs), outliers(panels) {
  if (isInteger()) {
    int64_t size = type == HeadType::Int4 ? 2 : 4;
    codes = allocate(panels * countBlocks() * kPanelRows * kLanes);
    scales = allocate(panels * countGroups() * kPanelRows * size);
  } else {
    codes =
        allocate(matrix.outputs * matrix.inputs * floatType().getWidth() / 8);
  }
}

FloatType HeadRounder::floatType() const {
  Builder b(matrix.element.getContext());
  if (type == HeadType::F32)
    return b.getF32Type();
  return type == HeadType::F16 ? FloatType(b.getF16Type())
                               : FloatType(b.getBF16Type());
}

/// Notes the first element of a panel that has no place in the type.
bool HeadRounder::findOutlier(int64_t row, ArrayRef<float> weights) {
  float limit = type == HeadType::F16 ? 65504.0f : 3.3e38f;
  for (auto [k, weight] : llvm::enumerate(weights))
    if (!(std::fabs(weight) <= limit)) {
      outliers[row / kPanelRows] =
          HeadOutlier{row, static_cast<int64_t>(k), weight};
      return true;
    }
  return false;
}

void HeadRounder::toFloats(int64_t row, MutableArrayRef<float> weights) {
  int64_t size = floatType().getWidth() / 8;
  char *to = codes.getMutableData().data() + row * matrix.inputs * size;
  for (float &weight : weights) {
    if (type != HeadType::F32) {
      uint16_t bits = type == HeadType::F16 ? toF16(weight) : toBF16(weight);
      weight = type == HeadType::F16 ? fromF16(bits) : fromBF16(bits);
      std::memcpy(to, &bits, size);
    } else {
      std::memcpy(to, &weight, size);
    }
    to += size;
  }
}

/// The code whose product with a scale is nearest.
static float codeOf(float weight, float inverse, float low, float high) {
  return std::clamp(std::nearbyint(weight * inverse), low, high);
}

static float inverseOf(float scale) {
  float inverse = 1.0f / scale;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

/// One scale for a row: its largest magnitude is 127.
void HeadRounder::toInt8(int64_t row, MutableArrayRef<float> weights) {
  float largest = 0;
  for (float weight : weights)
    largest = std::max(largest, std::fabs(weight));
  float scale = largest / 127.0f, inverse = inverseOf(scale);
  std::memcpy(scaleAt(row, 0, 4), &scale, 4);
  for (auto [k, weight] : llvm::enumerate(weights)) {
    float code = codeOf(weight, inverse, -127, 127);
    codeAt(row, static_cast<int64_t>(k) / kLanes,
           static_cast<int64_t>(k) % kLanes) = static_cast<char>(code);
    weight = code * scale;
  }
}

/// What codes of four bits lose with a scale, which is rounded to bf16.
static Candidate tryScale(ArrayRef<float> group, float scale) {
  scale = fromBF16(toBF16(scale));
  float inverse = inverseOf(scale);
  double lost = 0;
  for (float weight : group) {
    float error = codeOf(weight, inverse, -8, 7) * scale - weight;
    lost += static_cast<double>(error) * error;
  }
  return {scale, lost};
}

/// The best of three: the largest magnitude is -8, or between -8 and -7, or 7.
static float chooseScale(ArrayRef<float> group) {
  float largest = 0;
  for (float weight : group)
    if (std::fabs(weight) > std::fabs(largest))
      largest = weight;
  Candidate best = tryScale(group, largest / -8.0f);
  for (float code : {-7.5f, 7.0f})
    if (Candidate other = tryScale(group, largest / code);
        other.lost < best.lost)
      best = other;
  return best.scale;
}

/// One scale for each group of 32 inputs.
void HeadRounder::toInt4(int64_t row, MutableArrayRef<float> weights) {
  for (int64_t group = 0; group < countGroups(); ++group) {
    MutableArrayRef<float> part = weights.slice(group * kGroup, kGroup);
    float scale = chooseScale(part), inverse = inverseOf(scale);
    uint16_t bits = toBF16(scale);
    std::memcpy(scaleAt(row, group, 2), &bits, 2);
    for (auto [i, weight] : llvm::enumerate(part)) {
      float code = codeOf(weight, inverse, -8, 7);
      auto half = static_cast<unsigned>(static_cast<int>(code)) & 15u;
      char &byte = codeAt(row, group, static_cast<int64_t>(i) % kLanes);
      byte = static_cast<char>(byte | (half << (i < kLanes ? 0 : 4)));
      weight = code * scale;
    }
  }
}

void HeadRounder::compare(int64_t row, ArrayRef<float> weights,
                          ArrayRef<float> rounded) {
  double difference = 0, size = 0;
  for (auto [weight, now, gain] : llvm::zip(weights, rounded, gains)) {
    double scaled = static_cast<double>(weight) * gain;
    double off = (static_cast<double>(now) - weight) * gain;
    difference += off * off;
    size += scaled * scaled;
  }
  lost[row] = std::sqrt(difference);
  whole[row] = std::sqrt(size);
}

void HeadRounder::roundRow(int64_t row, MutableArrayRef<float> weights) {
  std::vector<float> before(weights.begin(), weights.end());
  if (findOutlier(row, weights))
    return;
  if (type == HeadType::Int8)
    toInt8(row, weights);
  else if (type == HeadType::Int4)
    toInt4(row, weights);
  else
    toFloats(row, weights);
  compare(row, before, weights);
}

/// Reads four rows at once: where they lie across, these share cache lines.
void HeadRounder::roundPanel(int64_t panel) {
  int64_t first = panel * kPanelRows, inputs = matrix.inputs;
  int64_t rows = std::min(kPanelRows, matrix.outputs - first);
  std::vector<float> weights(rows * inputs);
  if (matrix.outputMajor)
    for (int64_t i = 0; i < rows * inputs; ++i)
      weights[i] = readElement(matrix, first * inputs + i);
  else
    for (int64_t k = 0; k < inputs; ++k)
      for (int64_t row = 0; row < rows; ++row)
        weights[row * inputs + k] =
            readElement(matrix, k * matrix.outputs + first + row);
  for (int64_t row = 0; row < rows; ++row)
    roundRow(first + row, MutableArrayRef(weights).slice(row * inputs, inputs));
}

RoundedHead HeadRounder::finish() {
  RoundedHead head;
  for (auto [off, size] : llvm::zip(lost, whole)) {
    head.deviation.mean += off;
    head.deviation.largest = std::max(head.deviation.largest, off);
    head.deviation.logit += size;
  }
  head.deviation.mean /= static_cast<double>(lost.size());
  head.deviation.logit /= static_cast<double>(whole.size());
  Builder b(matrix.element.getContext());
  if (!isInteger()) {
    head.weights = DenseResourceElementsAttr::get(
        RankedTensorType::get({matrix.outputs, matrix.inputs}, floatType()),
        "head", std::move(codes));
    return head;
  }
  head.weights = DenseResourceElementsAttr::get(
      RankedTensorType::get({panels, countBlocks(), kPanelRows, kLanes},
                            b.getI8Type()),
      "head_codes", std::move(codes));
  Type scale =
      type == HeadType::Int4 ? Type(b.getBF16Type()) : Type(b.getF32Type());
  head.scales = DenseResourceElementsAttr::get(
      RankedTensorType::get({panels, countGroups(), kPanelRows}, scale),
      "head_scales", std::move(scales));
  return head;
}

std::variant<RoundedHead, HeadOutlier> HeadRounder::round() {
  int64_t tasks = llvm::divideCeil(panels, kPanelsOfTask);
  parallelFor(matrix.element.getContext(), 0, tasks, [&](size_t task) {
    int64_t begin = static_cast<int64_t>(task) * kPanelsOfTask;
    int64_t end = std::min(begin + kPanelsOfTask, panels);
    for (int64_t panel = begin; panel < end; ++panel)
      roundPanel(panel);
  });
  for (const std::optional<HeadOutlier> &outlier : outliers)
    if (outlier)
      return *outlier;
  return finish();
}

std::variant<RoundedHead, HeadOutlier>
bitnet::roundHead(const HeadMatrix &matrix, HeadType type,
                  ArrayRef<float> gains) {
  return HeadRounder(matrix, type, gains).round();
}
