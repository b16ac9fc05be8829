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

TEST(Widen, KeepsEveryValue) {
  int8_t narrow[] = {-128, -1, 0, 127};
  Result<Tensor> wide = widen(
      Tensor::adopt(BITNET_I8, shapeOf({4}), narrow, nullptr), BITNET_I64);
  ASSERT_FALSE(wide.failed());
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(static_cast<int64_t *>(wide->data())[i], narrow[i]);
}

TEST(Widen, UnsignedStaysUnsigned) {
  uint32_t narrow[] = {0xffffffff};
  Result<Tensor> wide = widen(
      Tensor::adopt(BITNET_U32, shapeOf({1}), narrow, nullptr), BITNET_I64);
  ASSERT_FALSE(wide.failed());
  EXPECT_EQ(static_cast<int64_t *>(wide->data())[0], 0xffffffffll);
}

TEST(Widen, RefusesWhatCouldLoseAValue) {
  const bitnet_type pairs[][2] = {
      {BITNET_I64, BITNET_I32}, {BITNET_F64, BITNET_F32},
      {BITNET_F16, BITNET_F32}, {BITNET_I32, BITNET_F32},
      {BITNET_I8, BITNET_U16},  {BITNET_U32, BITNET_I32},
      {BITNET_U64, BITNET_I64}, {BITNET_U8, BITNET_BOOL}};
  for (const auto &pair : pairs) {
    Result<Tensor> result =
        widen(std::move(*Tensor::zeros(pair[0], shapeOf({1}))), pair[1]);
    ASSERT_TRUE(result.failed());
    std::string wanted = std::string("has type ") + nameOf(pair[0]) +
                         ", the model wants " + nameOf(pair[1]);
    EXPECT_EQ(result.message(), wanted);
  }
}
