// The emulator itself, instruction by instruction.
#include "AmxEmulator.h"

#include "gtest/gtest.h"

#if defined(__x86_64__) && defined(__linux__)

#include <cstdint>
#include <cstring>

namespace {

/// The operand of ldtilecfg, for tiles of full size and small ones.
struct alignas(64) Config {
  uint8_t bytes[64] = {1};
  Config(int rows, int rowBytes) {
    for (int tile = 0; tile < 8; ++tile) {
      bytes[16 + 2 * tile] = static_cast<uint8_t>(rowBytes);
      bytes[48 + tile] = static_cast<uint8_t>(rows);
    }
  }
};

struct alignas(64) Bytes {
  uint8_t bytes[16][64];
};

/// Some bytes that differ by row and column, with both signs.
Bytes someBytes(int seed) {
  Bytes result;
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 64; ++column)
      result.bytes[row][column] =
          static_cast<uint8_t>(seed * 31 + row * 37 + column * 101);
  return result;
}

/// c += a * b by one instruction, from zero.
#define BITNET_MULTIPLY(name, instruction)                                     \
  __attribute__((target("amx-tile,amx-int8"))) void name(                      \
      const Config &config, const Bytes &a, const Bytes &b, Bytes &c) {        \
    __asm__ volatile("ldtilecfg (%0)\n"                                        \
                     "tilezero %%tmm5\n"                                       \
                     "tileloadd (%1,%4), %%tmm6\n"                             \
                     "tileloaddt1 (%2,%4), %%tmm7\n" instruction               \
                     " %%tmm7, %%tmm6, %%tmm5\n"                               \
                     "tilestored %%tmm5, (%3,%4)\n"                            \
                     "tilerelease\n" ::"r"(&config),                           \
                     "r"(&a), "r"(&b), "r"(&c), "r"(uint64_t(64))              \
                     : "memory");                                              \
  }

BITNET_MULTIPLY(multiplySS, "tdpbssd")
BITNET_MULTIPLY(multiplySU, "tdpbsud")
BITNET_MULTIPLY(multiplyUS, "tdpbusd")
BITNET_MULTIPLY(multiplyUU, "tdpbuud")

struct Variant {
  void (*multiply)(const Config &, const Bytes &, const Bytes &, Bytes &);
  bool isSignedA, isSignedB;
};

int32_t numberOf(uint8_t byte, bool isSigned) {
  return isSigned ? static_cast<int8_t>(byte) : byte;
}

/// Straight from the manual's operation, one product at a time.
int32_t productOf(const Variant &variant, const Bytes &a, const Bytes &b,
                  int row, int column, int depth) {
  int32_t sum = 0;
  for (int k = 0; k < depth; ++k)
    sum += numberOf(a.bytes[row][k], variant.isSignedA) *
           numberOf(b.bytes[k / 4][4 * column + k % 4], variant.isSignedB);
  return sum;
}

TEST(AmxEmulator, MultipliesAsTheManualSays) {
  if (bitnet::test::enableAmx() == bitnet::test::Amx::Unavailable)
    GTEST_SKIP() << "neither AMX nor a way to emulate it";
  Bytes a = someBytes(1), b = someBytes(2);
  const Variant variants[] = {{multiplySS, true, true},
                              {multiplySU, true, false},
                              {multiplyUS, false, true},
                              {multiplyUU, false, false}};
  // Square tiles of int32 and of bytes have one shape: rows = bytes / 4.
  for (int rows : {16, 5})
    for (const Variant &variant : variants) {
      Bytes c;
      std::memset(&c, 0x5a, sizeof(c));
      variant.multiply(Config(rows, 4 * rows), a, b, c);
      for (int row = 0; row < 16; ++row)
        for (int column = 0; column < 16; ++column) {
          int32_t got;
          std::memcpy(&got, c.bytes[row] + 4 * column, 4);
          bool isInside = row < rows && column < rows;
          ASSERT_EQ(got, isInside
                             ? productOf(variant, a, b, row, column, 4 * rows)
                             : 0x5a5a5a5a)
              << rows << " rows, " << row << ", " << column;
        }
    }
}

} // namespace

#endif
