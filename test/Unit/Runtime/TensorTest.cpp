// Shapes, element types and conversions.

#include "bitnet/Runtime/Tensor.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace bitnet::runtime;

static Shape shapeOf(std::initializer_list<int64_t> sizes) {
  Shape shape;
  for (int64_t size : sizes)
    shape.push(size);
  return shape;
}

TEST(Shape, PrintsAsPeopleWriteIt) {
  EXPECT_STREQ(shapeOf({1, 8}).text().c_str(), "1x8");
  EXPECT_STREQ(shapeOf({}).text().c_str(), "scalar");
}

TEST(Shape, CountsElements) {
  EXPECT_EQ(shapeOf({}).elements(), 1);
  EXPECT_EQ(shapeOf({2, 3, 4}).elements(), 24);
  EXPECT_EQ(shapeOf({2, 0, 4}).elements(), 0);
}

TEST(Shape, RefusesAbsurdSizes) {
  EXPECT_LT(shapeOf({-1}).elements(), 0);
  EXPECT_LT(shapeOf({INT64_MAX, 2}).elements(), 0);
  EXPECT_LT(shapeOf({1ll << 40, 1ll << 40}).elements(), 0);
  EXPECT_LT(shapeOf({1ll << 40, 1ll << 40, 0}).elements(), 0);
}

TEST(Tensor, EmptyIsNotMissing) {
  Result<Tensor> empty = Tensor::zeros(BITNET_F32, shapeOf({0, 4}));
  ASSERT_FALSE(empty.failed());
  EXPECT_TRUE(empty->isGiven());
  EXPECT_FALSE(Tensor().isGiven());
}

TEST(Tensor, RefusesWhatNoMachineHolds) {
  Result<Tensor> huge = Tensor::zeros(BITNET_F64, shapeOf({1ll << 55}));
  ASSERT_TRUE(huge.failed());
  EXPECT_STREQ(huge.message(),
               "no memory for a tensor of shape 36028797018963968");
}

TEST(Tensor, FillsEveryType) {
  for (int type = BITNET_F32; type <= BITNET_BOOL; ++type) {
    Result<Tensor> ones = Tensor::zeros(bitnet_type(type), shapeOf({3}));
    ones->fill(1);
    double last =
        isInteger(ones->type)
            ? static_cast<char *>(ones->data())[2 * sizeOf(ones->type)]
            : ones->floatAt(2);
    EXPECT_EQ(last, 1) << nameOf(ones->type);
  }
}

TEST(Tensor, ReadsHalves) {
  uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x8001, 0x7bff, 0x7c00, 0x7e00};
  Tensor tensor = Tensor::adopt(BITNET_F16, shapeOf({7}), halves, nullptr);
  EXPECT_EQ(tensor.floatAt(0), 1);
  EXPECT_EQ(tensor.floatAt(1), -2);
  EXPECT_EQ(tensor.floatAt(2), 0x1p-24);
  EXPECT_EQ(tensor.floatAt(3), -0x1p-24);
  EXPECT_EQ(tensor.floatAt(4), 65504);
  EXPECT_EQ(tensor.floatAt(5), HUGE_VAL);
  EXPECT_TRUE(tensor.floatAt(6) != tensor.floatAt(6));
}

TEST(Convert, KeepsEveryValue) {
  int8_t narrow[] = {-128, -1, 0, 127};
  Result<Tensor> wide = convert(
      Tensor::adopt(BITNET_I8, shapeOf({4}), narrow, nullptr), BITNET_I64);
  ASSERT_FALSE(wide.failed());
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(static_cast<int64_t *>(wide->data())[i], narrow[i]);
}

TEST(Convert, UnsignedStaysUnsigned) {
  uint32_t narrow[] = {0xffffffff};
  Result<Tensor> wide = convert(
      Tensor::adopt(BITNET_U32, shapeOf({1}), narrow, nullptr), BITNET_I64);
  ASSERT_FALSE(wide.failed());
  EXPECT_EQ(static_cast<int64_t *>(wide->data())[0], 0xffffffffll);
}

/// The bits of a float, rounded.
static uint16_t roundedTo(bitnet_type type, float value) {
  Result<Tensor> half =
      convert(Tensor::adopt(BITNET_F32, shapeOf({1}), &value, nullptr), type);
  return *static_cast<uint16_t *>(half->data());
}

// Each half is itself, and what lies in the middle of two goes to the even one.
TEST(Convert, RoundsFloatsToEveryHalf) {
  for (bitnet_type type : {BITNET_F16, BITNET_BF16}) {
    uint32_t infinity = type == BITNET_F16 ? 0x7c00 : 0x7f80;
    for (uint32_t bits = 0; bits < infinity; ++bits) {
      uint16_t halves[] = {uint16_t(bits), uint16_t(bits + 1)};
      Tensor pair = Tensor::adopt(type, shapeOf({2}), halves, nullptr);
      float low = static_cast<float>(pair.floatAt(0));
      float high = static_cast<float>(pair.floatAt(1));
      if (bits + 1 == infinity) // as if the largest had a successor
        high = type == BITNET_F16 ? 65536.0f : INFINITY;
      EXPECT_EQ(roundedTo(type, low), bits);
      EXPECT_EQ(roundedTo(type, -low), bits | 0x8000);
      if (std::isinf(high))
        continue;
      float middle = low + (high - low) / 2;
      EXPECT_EQ(roundedTo(type, middle), bits + (bits & 1));
      EXPECT_EQ(roundedTo(type, std::nextafter(middle, low)), bits);
      EXPECT_EQ(roundedTo(type, std::nextafter(middle, high)), bits + 1);
    }
  }
}

TEST(Convert, KeepsInfinityAndNaN) {
  EXPECT_EQ(roundedTo(BITNET_F16, INFINITY), 0x7c00);
  EXPECT_EQ(roundedTo(BITNET_F16, 1e30f), 0x7c00);
  EXPECT_EQ(roundedTo(BITNET_BF16, -INFINITY), 0xff80);
  EXPECT_EQ(roundedTo(BITNET_BF16, 3.4e38f), 0x7f80);
  for (bitnet_type type : {BITNET_F16, BITNET_BF16}) {
    uint16_t bits = roundedTo(type, NAN);
    EXPECT_TRUE(std::isnan(
        Tensor::adopt(type, shapeOf({1}), &bits, nullptr).floatAt(0)));
  }
}

TEST(Convert, RefusesWhatCouldLoseAValue) {
  const bitnet_type pairs[][2] = {
      {BITNET_I64, BITNET_I32}, {BITNET_F64, BITNET_F32},
      {BITNET_F16, BITNET_F32}, {BITNET_I32, BITNET_F32},
      {BITNET_I8, BITNET_U16},  {BITNET_U32, BITNET_I32},
      {BITNET_U64, BITNET_I64}, {BITNET_U8, BITNET_BOOL}};
  for (const auto &pair : pairs) {
    Result<Tensor> result =
        convert(std::move(*Tensor::zeros(pair[0], shapeOf({1}))), pair[1]);
    ASSERT_TRUE(result.failed());
    std::string wanted = std::string("has type ") + nameOf(pair[0]) +
                         ", the model wants " + nameOf(pair[1]);
    EXPECT_EQ(result.message(), wanted);
  }
}
