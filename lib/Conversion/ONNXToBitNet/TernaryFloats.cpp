// Finds the scale in float weights that a quantizer has rounded.
//
// A straight-through estimator, w + (q - w), leaves values some ulps apart
// where the quantizer had one: magnitudes this close count as one scale, which
// is the one that most weights have. Zeros are exact.
#include "ConstantTensor.h"
#include "TernaryWeights.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

/// How far apart magnitudes of one scale may be, relative to the smaller.
static float getTolerance(Type type) {
  if (type.isF32())
    return 1e-6f;
  return type.isF16() ? 0x1p-9f : 0x1p-6f;
}

namespace {

/// Magnitudes that are taken for one scale.
class Cluster {
public:
  explicit Cluster(float tolerance) : tolerance(tolerance) {}

  /// False if the magnitude is too far from the others.
  bool add(float magnitude) {
    low = std::min(low, magnitude);
    high = std::max(high, magnitude);
    if (!(high <= low * (1.0f + tolerance)))
      return false;
    count(magnitude);
    return true;
  }

  /// The most frequent magnitude; 0 if there is none.
  float getScale() const {
    auto most = llvm::max_element(
        counts, [](auto &a, auto &b) { return a.second < b.second; });
    return most == counts.end() ? 0.0f : most->first;
  }

private:
  void count(float magnitude) {
    for (auto &[value, times] : counts)
      if (value == magnitude) {
        ++times;
        return;
      }
    counts.push_back({magnitude, 1});
  }

  float tolerance;
  float low = INFINITY;
  float high = 0.0f;
  SmallVector<std::pair<float, int64_t>, 8> counts;
};

/// Floats of either order, read by output and input.
struct FloatMatrix {
  std::vector<float> values;
  int64_t outputs, inputs;
  bool outputMajor;

  float at(int64_t n, int64_t k) const {
    return values[outputMajor ? n * inputs + k : k * outputs + n];
  }
};

} // namespace

/// The scale of all weights, if there is one.
static std::optional<float> findScale(const FloatMatrix &matrix,
                                      float tolerance) {
  Cluster cluster(tolerance);
  for (float value : matrix.values)
    if (value != 0.0f && !cluster.add(std::fabs(value)))
      return std::nullopt;
  return cluster.getScale();
}

/// The scale of one output's weights.
static Match<float> findOutputScale(const FloatMatrix &matrix, int64_t n,
                                    float tolerance) {
  Cluster cluster(tolerance);
  for (int64_t k = 0; k < matrix.inputs; ++k) {
    float value = matrix.at(n, k);
    if (value != 0.0f && !cluster.add(std::fabs(value)))
      return miss("weight " + Twine(k) + " of output " + Twine(n) + " is " +
                  Twine(std::to_string(value)) +
                  ", but others of that output are +-" +
                  Twine(std::to_string(cluster.getScale())) + " or 0");
  }
  return cluster.getScale();
}

static Match<std::vector<float>> findScales(const FloatMatrix &matrix,
                                            float tolerance) {
  if (std::optional<float> scale = findScale(matrix, tolerance))
    return std::vector<float>{*scale};
  std::vector<float> scales;
  for (int64_t n = 0; n < matrix.outputs; ++n) {
    Match<float> scale = findOutputScale(matrix, n, tolerance);
    if (!scale)
      return scale.miss();
    scales.push_back(*scale);
  }
  return scales;
}

Match<TernaryWeights> bitnet::getTernaryFloats(const WeightMatrix &weights) {
  std::optional<std::vector<float>> values = getFloats(weights.values);
  if (!values)
    return miss("the weights cannot be read as floats of 16 or 32 bits");
  FloatMatrix matrix{std::move(*values), weights.getOutputs(),
                     weights.getInputs(), weights.outputMajor};
  Match<std::vector<float>> scale =
      findScales(matrix, getTolerance(weights.values.getElementType()));
  if (!scale)
    return scale.miss();

  TernaryWeights ternary{
      {}, matrix.outputs, matrix.inputs, *scale, weights.form};
  ternary.trits.reserve(matrix.values.size());
  for (int64_t n = 0; n < matrix.outputs; ++n)
    for (int64_t k = 0; k < matrix.inputs; ++k) {
      float value = matrix.at(n, k);
      ternary.trits.push_back(value > 0.0f ? 1 : value < 0.0f ? -1 : 0);
    }
  return ternary;
}
