// Lane order, shown with values whose sum depends on the order.
#include "bitnet/Reference/Reference.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <vector>

using namespace bitnet::reference;

TEST(Sums, NothingSumsToZero) { EXPECT_EQ(laneSum(nullptr, 0), 0.0f); }

TEST(Sums, IsExactOnSmallIntegersOfEveryLength) {
  for (int64_t count = 0; count <= 70; ++count) {
    std::vector<float> x(count), ones(count, 1.0f);
    for (int64_t i = 0; i < count; ++i)
      x[i] = static_cast<float>(i + 1);
    float expected = static_cast<float>(count * (count + 1) / 2);
    EXPECT_EQ(laneSum(x.data(), count), expected);
    EXPECT_EQ(laneDot(x.data(), ones.data(), count), expected);
  }
}

// 2^24 + 1 rounds to 2^24: a 1 is lost beside 2^24 in its own lane, while two
// of them in another lane arrive as 2.
TEST(Sums, ElementGoesToItsIndexModuloSixteen) {
  const float big = 16777216.0f;
  std::vector<float> sameLane(33, 0.0f), otherLane(33, 0.0f);
  sameLane[0] = otherLane[0] = big;
  sameLane[16] = sameLane[32] = 1.0f;
  otherLane[1] = otherLane[17] = 1.0f;
  EXPECT_EQ(laneSum(sameLane.data(), 33), big);
  EXPECT_EQ(laneSum(otherLane.data(), 33), big + 2.0f);
}

/// The stage of the tree, 1 to 4, at which two lanes meet.
static int meeting(int a, int b) {
  int stage = 1;
  for (int width = 8; a % width != b % width; width /= 2)
    ++stage;
  return stage;
}

// 2^24 in lane c swallows the 1 of lane a or b, unless these two meet first: a
// proof of the whole tree, since every triple is tried.
TEST(Sums, LanesAreAddedAsATree) {
  const float big = 16777216.0f;
  for (int a = 0; a < 16; ++a)
    for (int b = 0; b < 16; ++b)
      for (int c = 0; c < 16; ++c) {
        if (a == b || b == c || a == c)
          continue;
        float x[16] = {};
        x[a] = x[b] = 1.0f;
        x[c] = big;
        bool first = meeting(a, b) < std::min(meeting(a, c), meeting(b, c));
        ASSERT_EQ(laneSum(x, 16), first ? big + 2.0f : big)
            << a << " " << b << " " << c;
      }
}

// Padding a row with zeros changes nothing, so a vector loop may read past K.
TEST(Sums, AbsentElementsAreZero) {
  std::vector<float> x(48, 0.0f);
  for (int64_t i = 0; i < 37; ++i)
    x[i] = 1.0f / static_cast<float>(i + 3);
  EXPECT_EQ(laneSum(x.data(), 37), laneSum(x.data(), 48));
}

// (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: only an fma keeps the last term.
TEST(Sums, ProductsEnterTheirLaneByFma) {
  std::vector<float> x(17, 0.0f), y(17, 0.0f);
  x[0] = -1.0f - 0x1p-11f;
  y[0] = 1.0f;
  x[16] = y[16] = 1.0f + 0x1p-12f;
  EXPECT_EQ(laneDot(x.data(), y.data(), 17), 0x1p-24f);
}
