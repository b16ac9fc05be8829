// f16 and bf16 as their bits. Own arithmetic: where a CPU has no instruction
// for it, a compiler calls a library that programs here are linked without.

#ifndef BITNET_LIB_RUNTIME_HALFFLOATS_H
#define BITNET_LIB_RUNTIME_HALFFLOATS_H

#include <cstdint>
#include <cstring>

namespace bitnet::runtime {

inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

inline float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// The f32 of the same value.
inline float fromBF16(uint16_t half) { return floatOf(uint32_t(half) << 16); }

/// The nearest bf16, halves to even.
inline uint16_t toBF16(float value) {
  uint32_t bits = bitsOf(value);
  if (value != value) // must not be rounded to infinity
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// The f32 of the same value.
inline float fromF16(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent == 31)
    return floatOf(sign | 0x7f800000 | (fraction << 13));
  if (exponent == 0) { // subnormal: a multiple of 2^-24
    float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -value : value;
  }
  return floatOf(sign | ((exponent + 112) << 23) | (fraction << 13));
}

/// The nearest f16, halves to even.
inline uint16_t toF16(float value) {
  uint32_t bits = bitsOf(value);
  uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return uint16_t(sign | 0x7e00);
  if (magnitude >= bitsOf(65520.0f)) // nearer to 2^16 than to the largest
    return uint16_t(sign | 0x7c00);
  if (magnitude < bitsOf(0x1p-14f)) // a sum in [0.5, 1) is a multiple of 2^-24
    return uint16_t(sign | (bitsOf(floatOf(magnitude) + 0.5f) - bitsOf(0.5f)));
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return uint16_t(sign | ((rounded - (112u << 23)) >> 13));
}

} // namespace bitnet::runtime

#endif // BITNET_LIB_RUNTIME_HALFFLOATS_H
