// What each op of the `bitnet` dialect computes, in plain C++ and in one
// exactly specified order of float operations, so that tests can judge
// generated code.
//
// Nothing here is fast and nothing knows MLIR. Every float sum of a row runs in
// *lane order* (see `laneSum`), the order that all CPU targets of the compiler
// follow; multiplications and additions are rounded one by one (no contraction)
// unless a function says "fma".
#ifndef BITNET_REFERENCE_REFERENCE_H
#define BITNET_REFERENCE_REFERENCE_H

#include <cstdint>
#include <vector>

namespace bitnet::reference {

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Accumulators of a sum in lane order: the f32 lanes of a 512-bit vector, two
/// registers of 256 bits, four of 128.
inline constexpr int64_t kLanes = 16;

/// THE fixed summation order of the project, "lane order". Element i is added
/// to lane i % 16, in ascending order of i and beginning with 0; then the lanes
/// are added as a binary tree: lane j takes lane j + 8, then of the remaining 8
/// lane j + 4, then j + 2, then j + 1. So the sum of a row depends on nothing
/// but the row, and the tail of a row that is no multiple of 16 needs no rule
/// of its own: absent elements are +0.
float laneSum(const float *x, int64_t count);

/// The sum of x[i] * y[i] in lane order; each product enters its lane by fma.
float laneDot(const float *x, const float *y, int64_t count);

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// How a model divides by a scale. Exporters write both, and they differ by one
/// ulp, which can move a value over a rounding tie.
enum class Division {
  /// `1 / scale`, rounded, then a multiplication.
  Reciprocal,
  /// One true division.
  Exact,
};

/// A 1-bit matrix: a weight is about `codes[i] * scale`.
struct QuantizedWeights {
  std::vector<int8_t> codes;
  float scale;
};

/// BitNet b1.58 (arXiv 2402.17764, equations 1-3): codes in {-1, 0, +1} are
/// RoundClip(w / max(mean|w|, floor), -1, 1), ties to even; the scale is the
/// divisor. A mean over a whole matrix is not a sum of a row: it is taken in
/// f64 and rounded to f32 once.
QuantizedWeights ternarize(const float *weights, int64_t count,
                           float floor = 1e-5f,
                           Division division = Division::Reciprocal);

/// BitNet b1 (arXiv 2310.11453, equations 1-3 and 12): codes in {-1, +1} are
/// +1 where w - mean(w) > 0, else -1; the scale is mean|w|.
QuantizedWeights binarize(const float *weights, int64_t count);

//===----------------------------------------------------------------------===//
// A BitLinear: quantize, matmul, dequantize
//===----------------------------------------------------------------------===//

/// What a number is rounded to, halves to even.
enum class Precision { F32, F16, BF16 };

/// The nearest f32 that is a value of the precision.
float roundTo(Precision precision, float value);

/// How activations become int8 codes; the default is that of b1.58.
struct Quantizer {
  /// What the largest code stands for.
  enum class Scheme { Absmax, Absmean, Shifted } scheme = Scheme::Absmax;
  float limit = 127.0f;
  /// The smallest magnitude: guards an all-zero token.
  float floor = 1e-5f;
  int low = -128, high = 127;
  Division division = Division::Reciprocal;
  /// What m, 1 / m, s and x * s are rounded to, one after the other. `floor` is
  /// a value of it.
  Precision precision = Precision::F32;
};

/// Quantizes one token to int8 and returns its scale s, by which it was
/// multiplied. With m = max|x|, or laneSum(|x|) / count, and at least `floor`:
/// s = (1 / m) * limit, or limit / m; a code is rint(x * s), ties to even,
/// between `low` and `high`. `Shifted` has the m of `Absmax` and takes the
/// codes of x - min(x), the smallest of what m is taken of. A NaN is no
/// magnitude, and where x * s is NaN the code is `low`: what a clamp of
/// compares and selects makes of it.
float quantize(const float *x, int64_t count, int8_t *codes,
               const Quantizer &quantizer = {});

/// Quantizes a tensor of rows with one scale: m is the largest of the rows'
/// magnitudes, or the sum of their lane sums in ascending order over rows *
/// columns.
struct RowsShape {
  int64_t rows, columns;
};
float quantizeTensor(const float *x, RowsShape shape, int8_t *codes,
                     const Quantizer &quantizer = {});

/// y[m, n] = sum_k x[m, k] * w[n, k], exactly. `K` must be at most
/// INT32_MAX / 128, so that no sum leaves int32.
struct MatmulShape {
  int64_t M, N, K;
};
void matmul(const int8_t *x, const int8_t *w, MatmulShape shape, int32_t *y);

/// y = float(sum) * (weightScale / activationScale) [+ bias]: one rounding for
/// the conversion (none below 2^24), one for the quotient, one for the product
/// and one for the bias.
float dequantize(int32_t sum, float activationScale, float weightScale);

/// y = float(sum) / (inverseWeightScale * activationScale): the same for a
/// weight scale that is stored as its inverse.
float dequantizeByInverse(int32_t sum, float activationScale,
                          float inverseWeightScale);

/// A whole BitLinear over M tokens: y[M, N] of x[M, K] and codes w[N, K].
/// `bias` may be null. The result is rounded to a precision at the end.
struct LinearWeights {
  const int8_t *codes;
  float scale;
  const float *bias;
};
struct LinearNumbers {
  Quantizer quantizer;
  Precision result = Precision::F32;
};
void linear(const float *x, const LinearWeights &weights, MatmulShape shape,
            float *y, const LinearNumbers &numbers = {});

//===----------------------------------------------------------------------===//
// Norms, RoPE, softmax, attention
//===----------------------------------------------------------------------===//

/// y = (x / r) * gain, or (x * (1 / r)) * gain, with
/// r = sqrt(laneSum(x * x) / count + epsilon), the squares rounded. A division
/// is what the body of RMSNormalization-23 says.
struct NormParameters {
  const float *gain;
  /// Null: none. RMSNorm has none.
  const float *bias;
  float epsilon;
  Division division = Division::Exact;
};
void rmsNorm(const float *x, int64_t count, const NormParameters &parameters,
             float *y);

/// The same of d = x - laneSum(x) / count, plus bias.
void layerNorm(const float *x, int64_t count, const NormParameters &parameters,
               float *y);

/// Which two channels RoPE turns together.
enum class RopeForm {
  /// i and i + count / 2.
  HalfSplit,
  /// 2i and 2i + 1.
  Interleaved,
};

/// Turns pair i of a head, (a, b), by an angle: (a * cos[i] - b * sin[i],
/// b * cos[i] + a * sin[i]), four products and two sums, each rounded. `cos`
/// and `sin` hold count / 2 values; `y` may be `x`.
struct RopeAngles {
  const float *cos, *sin;
  RopeForm form;
};
void rope(const float *x, int64_t count, const RopeAngles &angles, float *y);

/// y = e / laneSum(e) with e = exp(x - max(x)), a true division. `include`
/// tells which elements take part (null: all); the others give 0 and add
/// nothing. If none takes part, all are 0.
void softmax(const float *x, int64_t count, const bool *include, float *y);

/// Each block of `block` elements, a power of two, by the Walsh-Hadamard matrix
/// (Sylvester's order) over sqrt(block): stages of (a + b, a - b) at distance
/// 1, 2, 4, ..., then one product with the rounded 1 / sqrt(block).
void hadamard(const float *x, int64_t count, int64_t block, float *y);

/// One sequence of attention with grouped queries: head h reads the keys and
/// values of kv head h / (heads / kvHeads).
struct AttentionShape {
  int64_t heads, kvHeads, queries, keys, headDim;
};

/// q [heads, queries, headDim], k and v [kvHeads, keys, headDim].
struct AttentionInputs {
  const float *q, *k, *v;
  /// [queries, keys]: true where a query sees a key; null: everywhere.
  const bool *mask;
  float scale;
  /// [queries, keys]: added to the scores; null: nothing. Minus infinity hides
  /// a key.
  const float *bias = nullptr;
};

/// y [heads, queries, headDim]. A score is laneDot(q, k) * scale + bias, and
/// e = exp(score - the largest score) over the keys that the query sees. A
/// channel adds e[key] * v[key] by fma over these keys in ascending order, from
/// 0, and is divided by laneSum(e), in which a key has the lane of its index:
/// so nothing depends on keys that are not seen, or on how many follow. A query
/// that sees no key gives 0.
void attention(const AttentionInputs &inputs, const AttentionShape &shape,
               float *y);

} // namespace bitnet::reference

#endif // BITNET_REFERENCE_REFERENCE_H
