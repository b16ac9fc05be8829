// Finds the scale in float weights that a quantizer has rounded.
//
// A straight-through estimator, w + (q - w), leaves values some ulps apart
// where the quantizer had one: magnitudes this close count as one scale, which
// is the one that most weights have. Zeros are exact.
//
// In f16 and bf16 such an ulp is no small thing: two outputs may differ in
// their scale by less than the estimator blurs it. So there each output is
// asked.
#include "ConstantTensor.h"
#include "TernaryWeights.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/bit.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

/// How far apart magnitudes of one scale may be, relative to the smaller.
static float getTolerance(const WeightMatrix &weights) {
  Type type = weights.values.getElementType();
  if (type.isF32())
    // An estimator that was seen rounds relative to w, which may be far larger
    // than q.
    return weights.form == "W2" ? 0x1p-12f : 1e-6f;
  // In halves an estimator rounds weights of up to 16 times the scale by half
  // an ulp of their difference to it.
  return type.isF16() ? 0x1p-8f : 0x1p-5f;
}

namespace {

/// The magnitudes of weights other than 0, as their bits without the sign,
/// which are ordered as the magnitudes are. Nothing in between if low > high.
struct Range {
  uint32_t low = UINT32_MAX;
  uint32_t high = 0;
};

/// Floats of either order, read by output.
struct FloatMatrix {
  std::vector<float> values;
  int64_t outputs, inputs;
  bool outputMajor;

  /// The weights of one output, maybe copied to `storage`.
  ArrayRef<float> row(int64_t n, std::vector<float> &storage) const {
    if (outputMajor)
      return ArrayRef(values).slice(n * inputs, inputs);
    storage.resize(inputs);
    for (int64_t k = 0; k < inputs; ++k)
      storage[k] = values[k * outputs + n];
    return storage;
  }
};

/// One for the tensor, or one for each output.
struct Scales {
  std::vector<float> values;
  /// The weights of one scale have one magnitude to the last bit.
  bool isExact;
};

} // namespace

static uint32_t bitsOf(float weight) {
  return llvm::bit_cast<uint32_t>(weight) & 0x7fffffffu;
}

static float magnitudeOf(uint32_t bits) { return llvm::bit_cast<float>(bits); }

/// Integers throughout, so that it is a loop of vectors.
static Range getRange(ArrayRef<float> weights) {
  Range range;
  for (float weight : weights) {
    uint32_t bits = bitsOf(weight);
    range.low = std::min(range.low, bits - 1); // 0 is the largest so
    range.high = std::max(range.high, bits);
  }
  ++range.low;
  return range;
}

/// The smallest group of inputs that may have a scale of its own: with less,
/// any matrix would do.
static constexpr int64_t kSmallestGroup = 16;

/// False for infinities and NaNs.
static bool isOneScale(const Range &range, float tolerance) {
  float low = magnitudeOf(range.low), high = magnitudeOf(range.high);
  return std::isfinite(high) && high <= low * (1.0f + tolerance);
}

/// The scale of weights that have one: the most frequent magnitude; 0 if all
/// weights are 0.
static Match<Scales> findScale(ArrayRef<float> weights, float tolerance) {
  Range range = getRange(weights);
  if (range.high == 0)
    return Scales{{0.0f}, /*isExact=*/true};
  if (!isOneScale(range, tolerance))
    return miss("the weights have several magnitudes");
  if (range.low == range.high)
    return Scales{{magnitudeOf(range.low)}, /*isExact=*/true};
  std::vector<int64_t> counts(range.high - range.low + 1);
  for (float weight : weights)
    if (weight != 0.0f)
      ++counts[bitsOf(weight) - range.low];
  auto most = llvm::max_element(counts) - counts.begin();
  return Scales{{magnitudeOf(range.low + static_cast<uint32_t>(most))},
                /*isExact=*/false};
}

/// The first weight of output `n` that is not as most of them.
static Miss findOutlier(ArrayRef<float> row, int64_t n, float tolerance) {
  llvm::MapVector<uint32_t, int64_t> counts;
  for (float weight : row)
    if (weight != 0.0f)
      ++counts[bitsOf(weight)];
  float scale = magnitudeOf(llvm::max_element(counts, [](auto &a, auto &b) {
                              return a.second < b.second;
                            })->first);
  size_t k = 0;
  while (k + 1 < row.size() &&
         (row[k] == 0.0f ||
          std::fabs(std::fabs(row[k]) - scale) <= scale * tolerance))
    ++k;
  return miss("weight " + Twine(k) + " of output " + Twine(n) + " is " +
              Twine(std::to_string(row[k])) +
              ", but others of that output are +-" +
              Twine(std::to_string(scale)) + " or 0");
}

/// True if at least half of the weights of each output that are not zero have
/// exactly this magnitude.
static bool isScaleOfEach(const FloatMatrix &matrix, float scale) {
  std::vector<float> storage;
  for (int64_t n = 0; n < matrix.outputs; ++n) {
    int64_t equal = 0, others = 0;
    for (float weight : matrix.row(n, storage)) {
      equal += std::fabs(weight) == scale;
      others += std::fabs(weight) != scale && weight != 0.0f;
    }
    if (others > equal)
      return false;
  }
  return true;
}

/// The scales of groups of so many inputs, as [groups, outputs].
static std::optional<Scales> findGroupScales(const FloatMatrix &matrix,
                                             int64_t size, float tolerance) {
  Scales scales{std::vector<float>(matrix.inputs / size * matrix.outputs),
                /*isExact=*/true};
  std::vector<float> storage;
  for (int64_t n = 0; n < matrix.outputs; ++n) {
    ArrayRef<float> row = matrix.row(n, storage);
    for (int64_t group = 0; group < matrix.inputs / size; ++group) {
      Match<Scales> scale = findScale(row.slice(group * size, size), tolerance);
      if (!scale)
        return std::nullopt;
      scales.values[group * matrix.outputs + n] = scale->values.front();
      scales.isExact &= scale->isExact;
    }
  }
  return scales;
}

/// The same for the largest groups that do, of a power of two.
static std::optional<Scales> findGroupScales(const FloatMatrix &matrix,
                                             float tolerance) {
  auto size = static_cast<int64_t>(
      llvm::bit_floor(static_cast<uint64_t>(matrix.inputs)));
  for (; size >= kSmallestGroup; size /= 2)
    if (size < matrix.inputs && matrix.inputs % size == 0)
      if (std::optional<Scales> scales =
              findGroupScales(matrix, size, tolerance))
        return scales;
  return std::nullopt;
}

/// The scale of all weights, of each output, or of each group of inputs of it,
/// which halves are too few digits for.
static Match<Scales> findScales(const FloatMatrix &matrix,
                                const WeightMatrix &weights) {
  float tolerance = getTolerance(weights);
  // Two outputs of halves may differ in their scale by less than an estimator
  // blurs it.
  bool isF32 = weights.values.getElementType().isF32();
  Match<Scales> shared = findScale(matrix.values, tolerance);
  if (shared && (isF32 || isScaleOfEach(matrix, shared->values.front())))
    return shared;
  Scales scales{{}, /*isExact=*/true};
  std::vector<float> storage;
  for (int64_t n = 0; n < matrix.outputs; ++n) {
    ArrayRef<float> row = matrix.row(n, storage);
    Match<Scales> scale = findScale(row, tolerance);
    if (!scale) {
      if (isF32)
        if (auto groups = findGroupScales(matrix, tolerance))
          return *groups;
      return findOutlier(row, n, tolerance);
    }
    scales.values.push_back(scale->values.front());
    scales.isExact &= scale->isExact;
  }
  return scales;
}

/// Blocks of outputs that have one scale each, as q, k and v have where they
/// are one layer.
static int64_t countSegments(ArrayRef<float> scales) {
  int64_t segments = 1;
  for (auto [scale, next] : llvm::zip(scales, scales.drop_front()))
    segments += scale != next;
  return segments;
}

/// What folded weights were before somebody has folded them.
static std::string nameFolded(const WeightMatrix &weights,
                              const Scales &scales) {
  constexpr int64_t kFusedLayers = 3;
  if (weights.form != "W3")
    return weights.form;
  if (scales.values.size() > kFusedLayers &&
      countSegments(scales.values) <= kFusedLayers)
    return "W8";
  if (llvm::all_of(scales.values, [](float scale) { return scale == 1.0f; }))
    return "W4";
  return scales.isExact ? "W3" : "W2";
}

Match<TernaryWeights> bitnet::getTernaryFloats(const WeightMatrix &weights) {
  std::optional<std::vector<float>> values = getFloats(weights.values);
  if (!values)
    return miss("the weights cannot be read as floats of 16 or 32 bits");
  FloatMatrix matrix{std::move(*values), weights.getOutputs(),
                     weights.getInputs(), weights.outputMajor};
  Match<Scales> scales = findScales(matrix, weights);
  if (!scales)
    return scales.miss();

  std::vector<int8_t> trits(matrix.values.size());
  for (auto [trit, value] : llvm::zip_equal(trits, matrix.values))
    trit = static_cast<int8_t>((value > 0.0f) - (value < 0.0f));
  std::string form = nameFolded(weights, *scales);
  return TernaryWeights{std::move(trits), matrix.outputs,
                        matrix.inputs,    std::move(scales->values),
                        std::move(form),  weights.sourceBytes};
}
