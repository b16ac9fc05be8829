// Where each weight lies: proofs over small matrices, and the bytes on disk.
#include "dialects/BitNet/PackedLayout.h"

#include "gtest/gtest.h"

#include <set>
#include <utility>
#include <vector>

using namespace bitnet;

static const PanelLayout kLayouts[] = {
    {16, 4, 4}, {8, 4, 4}, {16, 5, 4}, {8, 8, 4}, {16, 8, 4}};

/// Around each multiple of a lane group, a field group, a panel and two panels.
static const int64_t kRows[] = {1,  7,  8,  9,  15, 16,  17,  31, 32,
                                33, 63, 64, 65, 97, 128, 129, 200};
static const int64_t kColumns[] = {1, 2, 3, 4, 5, 8, 11, 64, 67};

/// Weights in which neighbours in n and in k differ.
static std::vector<int8_t> someWeights(int64_t N, int64_t K,
                                       const PanelLayout &layout) {
  std::vector<int8_t> trits(N * K);
  uint32_t state = 1;
  for (int8_t &trit : trits) {
    state = state * 1664525u + 1013904223u;
    int64_t code = (state >> 16) % (layout.isBinary() ? 2 : 3);
    trit = weightOfCode(code, layout);
  }
  return trits;
}

static std::vector<uint8_t> pack(const std::vector<int8_t> &trits, int64_t N,
                                 int64_t K, const PanelLayout &layout) {
  // Garbage before packing: every byte must be written.
  std::vector<uint8_t> bytes(packedSize(N, K, layout), 0xff);
  packPanel(trits.data(), N, K, layout, bytes.data());
  return bytes;
}

TEST(PackedLayout, RoundTripsEveryShape) {
  for (const PanelLayout &layout : kLayouts)
    for (int64_t N : kRows)
      for (int64_t K : kColumns) {
        std::vector<int8_t> trits = someWeights(N, K, layout), back(N * K, 5);
        std::vector<uint8_t> bytes = pack(trits, N, K, layout);
        unpackPanel(bytes.data(), N, K, layout, back.data());
        ASSERT_EQ(back, trits) << N << "x" << K;
      }
}

// All 81 bytes that four weights can give: a proof instead of a sample.
TEST(PackedLayout, RoundTripsEveryByte) {
  PanelLayout layout{1, 4, 1};
  std::set<uint8_t> seen;
  for (int8_t a : {-1, 0, 1})
    for (int8_t b : {-1, 0, 1})
      for (int8_t c : {-1, 0, 1})
        for (int8_t d : {-1, 0, 1}) {
          std::vector<int8_t> trits = {a, b, c, d}, back(4);
          std::vector<uint8_t> bytes = pack(trits, 4, 1, layout);
          ASSERT_EQ(bytes.size(), 1u);
          seen.insert(bytes[0]);
          unpackPanel(bytes.data(), 4, 1, layout, back.data());
          EXPECT_EQ(back, trits);
        }
  EXPECT_EQ(seen.size(), 81u);
}

// All 243 bytes that five weights can give, and all 256 of eight.
TEST(PackedLayout, RoundTripsEveryByteOfOtherEncodings) {
  for (int64_t fields : {5, 8}) {
    PanelLayout layout{1, fields, 1};
    int64_t choices = layout.isBinary() ? 2 : 3, count = 1;
    for (int64_t field = 0; field < fields; ++field)
      count *= choices;
    std::set<uint8_t> seen;
    for (int64_t i = 0; i < count; ++i) {
      std::vector<int8_t> weights, back(fields);
      for (int64_t rest = i, field = 0; field < fields; ++field) {
        weights.push_back(weightOfCode(rest % choices, layout));
        rest /= choices;
      }
      std::vector<uint8_t> bytes = pack(weights, fields, 1, layout);
      ASSERT_EQ(bytes.size(), 1u);
      seen.insert(bytes[0]);
      unpackPanel(bytes.data(), fields, 1, layout, back.data());
      EXPECT_EQ(back, weights);
    }
    EXPECT_EQ(static_cast<int64_t>(seen.size()), count);
  }
}

// A bijection: no two weights share a place, and none lies outside.
TEST(PackedLayout, GivesEachWeightItsOwnPlace) {
  for (const PanelLayout &layout : kLayouts)
    for (int64_t N : kRows)
      for (int64_t K : kColumns) {
        std::set<std::pair<int64_t, int64_t>> places;
        for (int64_t n = 0; n < N; ++n)
          for (int64_t k = 0; k < K; ++k) {
            PackedPosition at = packedPosition(n, k, K, layout);
            ASSERT_LT(at.byte, packedSize(N, K, layout));
            ASSERT_TRUE(places.insert({at.byte, at.field}).second);
          }
      }
}

// Bits have no zero: activations are padded with zeros for them.
TEST(PackedLayout, PadsWithWeightZero) {
  for (const PanelLayout &layout : kLayouts) {
    int64_t N = layout.rows() + 3, K = 9, paddedN = 2 * layout.rows(),
            paddedK = 12;
    std::vector<int8_t> trits(N * K, 1), padded(paddedN * paddedK);
    std::vector<uint8_t> bytes = pack(trits, N, K, layout);
    ASSERT_EQ(packedSize(N, K, layout), packedSize(paddedN, paddedK, layout));
    unpackPanel(bytes.data(), paddedN, paddedK, layout, padded.data());
    for (int64_t n = 0; n < paddedN; ++n)
      for (int64_t k = 0; k < paddedK; ++k)
        ASSERT_EQ(padded[n * paddedK + k], n < N && k < K      ? 1
                                           : layout.isBinary() ? -1
                                                               : 0);
  }
}

// Why code 1: with it, garbage in padded activations does not matter, as long
// as both sums of the kernel run over it.
TEST(PackedLayout, PaddingIsMultipliedByNothing) {
  PanelLayout layout;
  std::vector<int8_t> trits = {1, -1, 1}; // N = 1, K = 3
  std::vector<uint8_t> bytes = pack(trits, 1, 3, layout);
  int8_t x[4] = {10, 20, 30, -128}; // the last is garbage
  int64_t codes = 0, sum = 0;
  for (int64_t k = 0; k < 4; ++k) {
    codes += (bytes[packedPosition(0, k, 3, layout).byte] & 3) * x[k];
    sum += x[k];
  }
  EXPECT_EQ(codes - sum, 10 - 20 + 30);
}

//===----------------------------------------------------------------------===//
// The bytes on disk: kernels and Python read this order
//===----------------------------------------------------------------------===//

TEST(PackedLayout, FourRowGroupsShareAByte) {
  PanelLayout layout;
  std::vector<int8_t> trits(64, 0); // K = 1
  trits[0] = -1;                    // group 0: bits 0 and 1
  trits[16] = 1;                    // group 1: bits 2 and 3
  trits[48] = 1;                    // group 3: bits 6 and 7
  EXPECT_EQ(pack(trits, 64, 1, layout)[0], 0b10'01'10'00);
}

TEST(PackedLayout, RowsAreLanesAndColumnsAreBytesOfALane) {
  PanelLayout layout;
  EXPECT_EQ(packedPosition(0, 1, 8, layout).byte, 1);
  EXPECT_EQ(packedPosition(1, 0, 8, layout).byte, 4);
  EXPECT_EQ(packedPosition(15, 3, 8, layout).byte, 63);
  EXPECT_EQ(packedPosition(0, 4, 8, layout).byte, 64);
  EXPECT_EQ(packedPosition(64, 0, 8, layout).byte, 128);
  EXPECT_EQ(packedPosition(16, 0, 8, layout).byte, 0);
  EXPECT_EQ(packedPosition(16, 0, 8, layout).field, 1);
  EXPECT_EQ(packedPosition(63, 7, 8, layout).byte, 127);
  EXPECT_EQ(packedPosition(63, 7, 8, layout).field, 3);
}

TEST(PackedLayout, NarrowVectorsHaveEightLanes) {
  PanelLayout layout{8, 4, 4};
  EXPECT_EQ(packedPosition(8, 0, 8, layout).field, 1);
  EXPECT_EQ(packedPosition(0, 4, 8, layout).byte, 32);
  EXPECT_EQ(packedPosition(32, 0, 8, layout).byte, 64);
}

// What the kernel of five codes looks up: six bits, and an escape above.
TEST(PackedLayout, FiveCodesShareAByte) {
  auto packed = [](std::initializer_list<int64_t> codes) {
    int64_t number = 0, place = 1;
    for (int64_t code : codes) {
      number += code * place;
      place *= 3;
    }
    return packFiveCodes(number);
  };
  EXPECT_EQ(packed({1, 0, 0, 0, 0}), 1);
  EXPECT_EQ(packed({0, 1, 0, 0, 2}), 128 + 3);
  EXPECT_EQ(packed({0, 1, 0, 2, 1}), 64 + 57);
  EXPECT_EQ(packed({1, 0, 1, 2, 0}), 192);
  EXPECT_EQ(packed({2, 2, 2, 2, 2}), 192 + 2 * 17 + 16);
}

TEST(PackedLayout, EightRowGroupsShareAByteOfBits) {
  PanelLayout layout{16, 8, 4};
  std::vector<int8_t> bits(128, -1); // K = 1
  bits[0] = 1;                       // group 0: bit 0
  bits[112] = 1;                     // group 7: bit 7
  EXPECT_EQ(pack(bits, 128, 1, layout)[0], 0b1000'0001);
  EXPECT_EQ(packedPosition(128, 0, 8, layout).byte, 128);
}

// N is padded to a panel and K to a vector; a 2B model's matrix needs 2 bits a
// weight, no more.
static_assert(packedSize(1, 1, PanelLayout()) == 64, "one vector");
static_assert(packedSize(65, 5, PanelLayout()) == 256, "two by two");
static_assert(packedSize(2560, 6912, PanelLayout()) == 2560 * 6912 / 4,
              "2 bits");
static_assert(packedSize(0, 5, PanelLayout()) == 0, "no rows, no bytes");

// The packer is constexpr, so a table in a program can be packed by its
// compiler.
constexpr uint8_t firstByteOfOnes() {
  int8_t trits[64] = {};
  for (int8_t &trit : trits)
    trit = 1;
  uint8_t bytes[64] = {};
  packPanel(trits, 64, 1, PanelLayout(), bytes);
  return bytes[0];
}
static_assert(firstByteOfOnes() == 0xaa, "four codes of weight 1");
