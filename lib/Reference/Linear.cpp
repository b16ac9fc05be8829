// Weight and activation quantization, the exact product and its rescaling; see
// Reference.h.
#include "bitnet/Reference/Reference.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace bitnet::reference;

/// The mean of f(w) over a matrix, in f64, rounded once.
template <typename Function>
static float meanOf(const float *weights, int64_t count, Function f) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += f(static_cast<double>(weights[i]));
  return static_cast<float>(sum / static_cast<double>(count));
}

static float meanMagnitude(const float *weights, int64_t count) {
  return meanOf(weights, count, [](double w) { return std::fabs(w); });
}

QuantizedWeights bitnet::reference::ternarize(const float *weights,
                                              int64_t count, float floor,
                                              Division division) {
  float scale = std::max(meanMagnitude(weights, count), floor);
  float reciprocal = 1.0f / scale;
  QuantizedWeights result{{}, scale};
  for (int64_t i = 0; i < count; ++i) {
    float scaled = division == Division::Exact ? weights[i] / scale
                                               : weights[i] * reciprocal;
    float code = std::clamp(std::nearbyint(scaled), -1.0f, 1.0f);
    result.codes.push_back(static_cast<int8_t>(code));
  }
  return result;
}

QuantizedWeights bitnet::reference::binarize(const float *weights,
                                             int64_t count) {
  float mean = meanOf(weights, count, [](double w) { return w; });
  QuantizedWeights result{{}, meanMagnitude(weights, count)};
  for (int64_t i = 0; i < count; ++i)
    result.codes.push_back(weights[i] - mean > 0 ? 1 : -1);
  return result;
}

/// A float with so many bits of its significand, rounded half to even.
static float roundSignificand(float value, int bits) {
  int exponent;
  double fraction = std::frexp(static_cast<double>(value), &exponent);
  // nearbyint rounds half to even, and scaling by powers of two is exact.
  double rounded = std::nearbyint(std::ldexp(fraction, bits));
  return static_cast<float>(std::ldexp(rounded, exponent - bits));
}

float bitnet::reference::roundTo(Precision precision, float value) {
  if (precision == Precision::F32 || !std::isfinite(value))
    return value;
  bool isF16 = precision == Precision::F16;
  int bits = isF16 ? 11 : 8, lowest = isF16 ? -13 : -125;
  int exponent;
  std::frexp(value, &exponent);
  // Subnormals have fewer bits.
  float rounded =
      roundSignificand(value, bits - std::max(0, lowest - exponent));
  if (isF16 && std::fabs(rounded) > 65504.0f)
    return std::copysign(INFINITY, value);
  return rounded;
}

/// The largest magnitude of a row; a NaN compares false and is passed over.
static float largestMagnitude(const float *x, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i)
    if (std::fabs(x[i]) > largest)
      largest = std::fabs(x[i]);
  return largest;
}

static float sumOfMagnitudes(const float *x, int64_t count) {
  std::vector<float> magnitudes(count);
  std::transform(x, x + count, magnitudes.begin(),
                 [](float value) { return std::fabs(value); });
  return laneSum(magnitudes.data(), count);
}

/// What a quantizer scales rows by: their common magnitude.
static float magnitudeOf(const float *x, RowsShape shape,
                         const Quantizer &quantizer) {
  float largest = 0, sum = 0;
  for (int64_t row = 0; row < shape.rows; ++row) {
    const float *start = x + row * shape.columns;
    largest = std::max(largest, largestMagnitude(start, shape.columns));
    sum += sumOfMagnitudes(start, shape.columns);
  }
  if (quantizer.scheme == Quantizer::Scheme::Absmean)
    return roundTo(quantizer.precision,
                   sum / static_cast<float>(shape.rows * shape.columns));
  return largest;
}

/// The smallest of `count` numbers; a NaN compares false and is passed over.
static float smallest(const float *x, int64_t count) {
  float low = INFINITY;
  for (int64_t i = 0; i < count; ++i)
    low = x[i] < low ? x[i] : low;
  return low;
}

/// rint(scaled) between low and high; a NaN is low.
static int8_t codeOf(float scaled, const Quantizer &quantizer) {
  float low = static_cast<float>(quantizer.low);
  float high = static_cast<float>(quantizer.high);
  float atLeastLow = scaled > low ? scaled : low;
  return static_cast<int8_t>(
      std::nearbyint(atLeastLow < high ? atLeastLow : high));
}

float bitnet::reference::quantizeTensor(const float *x, RowsShape shape,
                                        int8_t *codes,
                                        const Quantizer &quantizer) {
  float magnitude = magnitudeOf(x, shape, quantizer);
  float divisor = magnitude > quantizer.floor ? magnitude : quantizer.floor;
  Precision precision = quantizer.precision;
  float reciprocal = roundTo(precision, 1.0f / divisor);
  float scale = roundTo(precision, quantizer.division == Division::Exact
                                       ? quantizer.limit / divisor
                                       : reciprocal * quantizer.limit);
  int64_t count = shape.rows * shape.columns;
  bool isShifted = quantizer.scheme == Quantizer::Scheme::Shifted;
  float low = isShifted ? smallest(x, count) : 0.0f;
  for (int64_t i = 0; i < count; ++i) {
    float shifted = isShifted ? roundTo(precision, x[i] - low) : x[i];
    codes[i] = codeOf(roundTo(precision, shifted * scale), quantizer);
  }
  return scale;
}

float bitnet::reference::quantize(const float *x, int64_t count, int8_t *codes,
                                  const Quantizer &quantizer) {
  return quantizeTensor(x, {1, count}, codes, quantizer);
}

void bitnet::reference::matmul(const int8_t *x, const int8_t *w,
                               MatmulShape shape, int32_t *y) {
  assert(shape.K <= INT32_MAX / 128 && "a sum could leave int32");
  for (int64_t m = 0; m < shape.M; ++m)
    for (int64_t n = 0; n < shape.N; ++n) {
      int32_t sum = 0;
      for (int64_t k = 0; k < shape.K; ++k)
        sum += x[m * shape.K + k] * w[n * shape.K + k];
      y[m * shape.N + n] = sum;
    }
}

float bitnet::reference::dequantize(int32_t sum, float activationScale,
                                    float weightScale) {
  float quotient = weightScale / activationScale;
  return static_cast<float>(sum) * quotient;
}

float bitnet::reference::dequantizeByInverse(int32_t sum, float activationScale,
                                             float inverseWeightScale) {
  float product = inverseWeightScale * activationScale;
  return static_cast<float>(sum) / product;
}

void bitnet::reference::linear(const float *x, const LinearWeights &weights,
                               MatmulShape shape, float *y,
                               const LinearNumbers &numbers) {
  std::vector<int8_t> codes(shape.K);
  std::vector<int32_t> sums(shape.N);
  for (int64_t m = 0; m < shape.M; ++m) {
    float scale =
        quantize(x + m * shape.K, shape.K, codes.data(), numbers.quantizer);
    matmul(codes.data(), weights.codes, {1, shape.N, shape.K}, sums.data());
    for (int64_t n = 0; n < shape.N; ++n) {
      float rescaled = dequantize(sums[n], scale, weights.scale);
      float bias = weights.bias ? weights.bias[n] : 0.0f;
      y[m * shape.N + n] =
          roundTo(numbers.result, weights.bias ? rescaled + bias : rescaled);
    }
  }
}
