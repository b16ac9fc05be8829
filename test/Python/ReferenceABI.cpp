// C functions over Reference.h, so that test_reference.py can compare it with
// python/bitnet/reference.py.
#include "bitnet/Reference/Reference.h"
#include "dialects/BitNet/PackedLayout.h"

#include <algorithm>

using namespace bitnet;
using namespace bitnet::reference;

static Division divisionOf(bool exact) {
  return exact ? Division::Exact : Division::Reciprocal;
}

static float copyCodes(const QuantizedWeights &weights, int8_t *codes) {
  std::copy(weights.codes.begin(), weights.codes.end(), codes);
  return weights.scale;
}

extern "C" {

float reference_lane_sum(const float *x, int64_t count) {
  return laneSum(x, count);
}

float reference_ternarize(const float *w, int64_t count, bool exact,
                          int8_t *codes) {
  return copyCodes(ternarize(w, count, 1e-5f, divisionOf(exact)), codes);
}

float reference_binarize(const float *w, int64_t count, int8_t *codes) {
  return copyCodes(binarize(w, count), codes);
}

float reference_quantize(const float *x, int64_t count,
                         const Quantizer *quantizer, int8_t *codes) {
  return quantize(x, count, codes, *quantizer);
}

void reference_hadamard(const float *x, int64_t count, int64_t block,
                        float *y) {
  hadamard(x, count, block, y);
}

void reference_matmul(const int8_t *x, const int8_t *w,
                      const MatmulShape *shape, int32_t *y) {
  matmul(x, w, *shape, y);
}

void reference_linear(const float *x, const LinearWeights *weights,
                      const MatmulShape *shape, float *y) {
  linear(x, *weights, *shape, y);
}

void reference_rms_norm(const float *x, int64_t count,
                        const NormParameters *parameters, float *y) {
  rmsNorm(x, count, *parameters, y);
}

void reference_layer_norm(const float *x, int64_t count,
                          const NormParameters *parameters, float *y) {
  layerNorm(x, count, *parameters, y);
}

void reference_rope(const float *x, int64_t count, const RopeAngles *angles,
                    float *y) {
  rope(x, count, *angles, y);
}

void reference_softmax(const float *x, int64_t count, const bool *include,
                       float *y) {
  softmax(x, count, include, y);
}

void reference_attention(const AttentionInputs *inputs,
                         const AttentionShape *shape, float *y) {
  attention(*inputs, *shape, y);
}

int64_t reference_packed_size(int64_t N, int64_t K, const PanelLayout *layout) {
  return packedSize(N, K, *layout);
}

void reference_pack(const int8_t *weights, const MatmulShape *shape,
                    const PanelLayout *layout, uint8_t *bytes) {
  packPanel(weights, shape->N, shape->K, *layout, bytes);
}
}
