// What a compiler calls where a CPU converts no f16, under the names that it
// calls it by. Weak: whoever links a library of theirs takes that.

#include "HalfFloats.h"

using namespace bitnet::runtime;

extern "C" __attribute__((weak)) _Float16 __truncsfhf2(float value) {
  uint16_t bits = toF16(value);
  _Float16 half;
  std::memcpy(&half, &bits, sizeof(half));
  return half;
}

extern "C" __attribute__((weak)) float __extendhfsf2(_Float16 half) {
  uint16_t bits;
  std::memcpy(&bits, &half, sizeof(bits));
  return fromF16(bits);
}
