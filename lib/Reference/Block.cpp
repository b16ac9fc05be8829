// Norms, RoPE, softmax, attention, Hadamard; see Reference.h.
#include "bitnet/Reference/Reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

using namespace bitnet::reference;

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// sqrt(mean(x^2) + epsilon)
static float rootMeanSquare(const float *x, int64_t count, float epsilon) {
  std::vector<float> squares(x, x + count);
  for (float &value : squares)
    value *= value;
  float mean = laneSum(squares.data(), count) / static_cast<float>(count);
  return std::sqrt(mean + epsilon);
}

void bitnet::reference::rmsNorm(const float *x, int64_t count,
                                const NormParameters &parameters, float *y) {
  float root = rootMeanSquare(x, count, parameters.epsilon);
  float inverse = 1.0f / root;
  for (int64_t i = 0; i < count; ++i) {
    float normalized =
        parameters.division == Division::Exact ? x[i] / root : x[i] * inverse;
    y[i] = normalized * parameters.gain[i];
  }
}

void bitnet::reference::layerNorm(const float *x, int64_t count,
                                  const NormParameters &parameters, float *y) {
  float mean = laneSum(x, count) / static_cast<float>(count);
  std::vector<float> centred(x, x + count);
  for (float &value : centred)
    value -= mean;
  rmsNorm(centred.data(), count, parameters, y);
  for (int64_t i = 0; parameters.bias && i < count; ++i)
    y[i] += parameters.bias[i];
}

//===----------------------------------------------------------------------===//
// RoPE
//===----------------------------------------------------------------------===//

void bitnet::reference::rope(const float *x, int64_t count,
                             const RopeAngles &angles, float *y) {
  bool halfSplit = angles.form == RopeForm::HalfSplit;
  for (int64_t i = 0; i < count / 2; ++i) {
    int64_t first = halfSplit ? i : 2 * i;
    int64_t second = halfSplit ? i + count / 2 : 2 * i + 1;
    float a = x[first], b = x[second];
    float aCos = a * angles.cos[i], aSin = a * angles.sin[i];
    float bCos = b * angles.cos[i], bSin = b * angles.sin[i];
    y[first] = aCos - bSin;
    y[second] = bCos + aSin;
  }
}

//===----------------------------------------------------------------------===//
// Softmax and attention
//===----------------------------------------------------------------------===//

/// The largest of the elements that take part; -inf if none does.
static float largestOf(const float *x, int64_t count, const bool *include) {
  float largest = -std::numeric_limits<float>::infinity();
  for (int64_t i = 0; i < count; ++i)
    if ((!include || include[i]) && x[i] > largest)
      largest = x[i];
  return largest;
}

/// exp(x - max(x)) of the elements that take part, 0 of the others.
static std::vector<float> exponentials(const float *x, int64_t count,
                                       const bool *include) {
  float largest = largestOf(x, count, include);
  std::vector<float> result(count);
  for (int64_t i = 0; i < count; ++i)
    result[i] = !include || include[i] ? std::exp(x[i] - largest) : 0.0f;
  return result;
}

/// laneSum(e), or 1 where all are 0: then nothing took part.
static float divisorOf(const std::vector<float> &e) {
  float sum = laneSum(e.data(), static_cast<int64_t>(e.size()));
  return sum == 0 ? 1.0f : sum;
}

void bitnet::reference::softmax(const float *x, int64_t count,
                                const bool *include, float *y) {
  std::vector<float> e = exponentials(x, count, include);
  float divisor = divisorOf(e);
  for (int64_t i = 0; i < count; ++i)
    y[i] = e[i] / divisor;
}

/// How each key compares with a query.
static std::vector<float> scoresOf(const float *query, const float *keys,
                                   const AttentionShape &shape, float scale) {
  std::vector<float> scores(shape.keys);
  for (int64_t key = 0; key < shape.keys; ++key)
    scores[key] =
        laneDot(query, keys + key * shape.headDim, shape.headDim) * scale;
  return scores;
}

/// The values of the visible keys, weighted by e.
static void addValues(const std::vector<float> &e, const float *values,
                      const bool *visible, float *y, int64_t headDim) {
  for (int64_t channel = 0; channel < headDim; ++channel) {
    float sum = 0;
    for (size_t key = 0; key < e.size(); ++key)
      if (!visible || visible[key])
        sum = std::fma(e[key], values[key * headDim + channel], sum);
    y[channel] = sum / divisorOf(e);
  }
}

/// Which keys a query sees.
static std::unique_ptr<bool[]> seenKeys(const AttentionInputs &inputs,
                                        const AttentionShape &shape,
                                        int64_t query) {
  auto seen = std::make_unique<bool[]>(shape.keys);
  for (int64_t key = 0; key < shape.keys; ++key) {
    int64_t at = query * shape.keys + key;
    seen[key] = (!inputs.mask || inputs.mask[at]) &&
                (!inputs.bias ||
                 inputs.bias[at] != -std::numeric_limits<float>::infinity());
  }
  return seen;
}

void bitnet::reference::attention(const AttentionInputs &inputs,
                                  const AttentionShape &shape, float *y) {
  int64_t group = shape.heads / shape.kvHeads;
  for (int64_t row = 0; row < shape.heads * shape.queries; ++row) {
    int64_t kvHead = row / shape.queries / group, query = row % shape.queries;
    int64_t offset = row * shape.headDim;
    int64_t kvOffset = kvHead * shape.keys * shape.headDim;
    std::unique_ptr<bool[]> seen = seenKeys(inputs, shape, query);
    std::vector<float> scores =
        scoresOf(inputs.q + offset, inputs.k + kvOffset, shape, inputs.scale);
    for (int64_t key = 0; inputs.bias && key < shape.keys; ++key)
      scores[key] += inputs.bias[query * shape.keys + key];
    std::vector<float> e = exponentials(scores.data(), shape.keys, seen.get());
    addValues(e, inputs.v + kvOffset, seen.get(), y + offset, shape.headDim);
  }
}

//===----------------------------------------------------------------------===//
// Hadamard
//===----------------------------------------------------------------------===//

/// (a, b) -> (a + b, a - b) for all pairs at a distance.
static void addAndSubtract(float *x, int64_t block, int64_t distance) {
  for (int64_t i = 0; i < block; ++i) {
    if (i & distance)
      continue;
    float a = x[i], b = x[i + distance];
    x[i] = a + b;
    x[i + distance] = a - b;
  }
}

void bitnet::reference::hadamard(const float *x, int64_t count, int64_t block,
                                 float *y) {
  float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(block)));
  std::copy(x, x + count, y);
  for (int64_t start = 0; start < count; start += block) {
    for (int64_t distance = 1; distance < block; distance *= 2)
      addAndSubtract(y + start, block, distance);
    for (int64_t i = start; i < start + block; ++i)
      y[i] *= scale;
  }
}
