// Hand-computed and exhaustive cases of the quantizers, the exact product and
// the rescaling.
#include "bitnet/Reference/Reference.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace bitnet::reference;

using Codes = std::vector<int8_t>;

static Quantizer dividing(Division division) {
  Quantizer quantizer;
  quantizer.division = division;
  return quantizer;
}

static Codes quantized(const std::vector<float> &x, float *scale = nullptr,
                       const Quantizer &quantizer = {}) {
  Codes codes(x.size());
  float s = quantize(x.data(), x.size(), codes.data(), quantizer);
  if (scale)
    *scale = s;
  return codes;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

TEST(Ternarize, RoundsByTheMeanMagnitude) {
  // mean|w| = 2: the weights are 2, 0.25, -1.5 and 0.25 of it.
  std::vector<float> w = {4.0f, 0.5f, -3.0f, 0.5f};
  QuantizedWeights q = ternarize(w.data(), 4);
  EXPECT_EQ(q.scale, 2.0f);
  EXPECT_EQ(q.codes, Codes({1, 0, -1, 0}));
}

TEST(Ternarize, HalfAMeanIsATieAndGoesToZero) {
  std::vector<float> w = {1.0f, -1.0f, 3.0f, -3.0f}; // mean|w| = 2
  EXPECT_EQ(ternarize(w.data(), 4).codes, Codes({0, 0, 1, -1}));
  EXPECT_EQ(ternarize(w.data(), 4, 1e-5f, Division::Exact).codes,
            Codes({0, 0, 1, -1}));
}

TEST(Ternarize, AllZeroWeightsKeepASmallScale) {
  std::vector<float> w(5, 0.0f);
  QuantizedWeights q = ternarize(w.data(), 5);
  EXPECT_EQ(q.scale, 1e-5f);
  EXPECT_EQ(q.codes, Codes(5, 0));
}

TEST(Ternarize, ATernaryMatrixGivesItsOwnCodes) {
  // With more than a third of nonzero weights, mean|w| > s / 2.
  std::vector<float> w = {0.03f, 0, -0.03f, 0.03f, -0.03f, 0};
  EXPECT_EQ(ternarize(w.data(), 6).codes, Codes({1, 0, -1, 1, -1, 0}));
}

TEST(Binarize, TakesTheSignAroundTheMean) {
  std::vector<float> w = {3.0f, 1.0f, -1.0f, 5.0f}; // mean 2, mean|w| 2.5
  QuantizedWeights q = binarize(w.data(), 4);
  EXPECT_EQ(q.scale, 2.5f);
  EXPECT_EQ(q.codes, Codes({1, -1, -1, 1}));
}

TEST(Binarize, AWeightAtTheMeanIsMinusOne) {
  std::vector<float> w = {0.0f, 1.0f, -1.0f};
  EXPECT_EQ(binarize(w.data(), 3).codes, Codes({-1, 1, -1}));
}

//===----------------------------------------------------------------------===//
// quantize
//===----------------------------------------------------------------------===//

TEST(Quantize, LargestMagnitudeGives127) {
  float scale = 0;
  EXPECT_EQ(quantized({1.0f, -1.0f, 0.5f, 0.0f}, &scale),
            Codes({127, -127, 64, 0})); // 63.5 is a tie: to even
  EXPECT_EQ(scale, 127.0f);
}

TEST(Quantize, TiesGoToEven) {
  // With a magnitude of 127 the scale is nearly 1; with 127 / 2 it is nearly 2.
  float scale = 0;
  Codes codes = quantized({127.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f}, &scale,
                          dividing(Division::Exact));
  EXPECT_EQ(scale, 1.0f);
  EXPECT_EQ(codes, Codes({127, 0, 2, 2, 0, -2}));
}

TEST(Quantize, AnAllZeroTokenHasTheGuardScale) {
  float scale = 0;
  EXPECT_EQ(quantized({0.0f, -0.0f, 0.0f}, &scale), Codes({0, 0, 0}));
  EXPECT_EQ(scale, (1.0f / 1e-5f) * 127.0f);
}

TEST(Quantize, AnEmptyTokenHasTheGuardScale) {
  EXPECT_EQ(quantize(nullptr, 0, nullptr), (1.0f / 1e-5f) * 127.0f);
}

TEST(Quantize, TheTwoDivisionsAreOneUlpApartSomewhere) {
  int differing = 0;
  for (int i = 1; i <= 1000; ++i) {
    float x = static_cast<float>(i) * 0.37f, reciprocal = 0, exact = 0;
    quantized({x}, &reciprocal);
    quantized({x}, &exact, dividing(Division::Exact));
    float apart = std::fabs(reciprocal - exact);
    EXPECT_LE(apart, 2 * (std::nextafter(exact, 1e9f) - exact));
    differing += apart != 0;
  }
  EXPECT_GT(differing, 0);
}

// -128 can't be reached: the largest magnitude maps to 127, give or take an
// ulp.
TEST(Quantize, CodesAreSymmetricForEveryMagnitude) {
  for (int exponent = -40; exponent <= 120; ++exponent)
    for (int i = 0; i < 64; ++i) {
      float x = std::ldexp(1.0f + static_cast<float>(i) / 64.0f, exponent);
      for (Division division : {Division::Reciprocal, Division::Exact}) {
        Codes codes = quantized({x, -x, x / 2}, nullptr, dividing(division));
        ASSERT_EQ(codes[0], -codes[1]);
        ASSERT_LE(codes[0], 127);
        if (x > 2e-5f) {
          ASSERT_EQ(codes[0], 127);
        }
      }
    }
}

TEST(Quantize, EachCodeComesBackFromItsOwnValue) {
  std::vector<float> x;
  Codes expected;
  for (int code = -127; code <= 127; ++code) {
    x.push_back(static_cast<float>(code) * 0.013f);
    expected.push_back(static_cast<int8_t>(code));
  }
  EXPECT_EQ(quantized(x), expected);
}

TEST(Quantize, NaNIsNoMagnitudeAndHasTheLowestCode) {
  float nan = std::numeric_limits<float>::quiet_NaN(), scale = 0;
  EXPECT_EQ(quantized({nan, 2.0f, -2.0f}, &scale), Codes({-128, 127, -127}));
  EXPECT_EQ(scale, 63.5f);
}

TEST(Quantize, InfinityTakesAllOtherValuesToZero) {
  float infinity = std::numeric_limits<float>::infinity(), scale = 1;
  EXPECT_EQ(quantized({infinity, 2.0f, -2.0f}, &scale), Codes({-128, 0, 0}));
  EXPECT_EQ(scale, 0.0f);
}

// a4.8: codes of 4 bits, sqrt(7) of them for the mean magnitude.
TEST(Quantize, AbsmeanClipsWhatIsLarge) {
  Quantizer quantizer{Quantizer::Scheme::Absmean, 3.0f, 1e-5f, -8, 7};
  float scale = 0;
  EXPECT_EQ(quantized({1.0f, -1.0f, 0.0f, 10.0f, -12.0f, 0, 0, 0}, &scale,
                      quantizer), // mean|x| = 3
            Codes({1, -1, 0, 7, -8, 0, 0, 0}));
  EXPECT_EQ(scale, (1.0f / 3.0f) * 3.0f);
}

TEST(Quantize, ShiftedCodesStartAtTheMinimum) {
  Quantizer quantizer{Quantizer::Scheme::Shifted, 128.0f, 1e-5f, 0, 127};
  float scale = 0;
  EXPECT_EQ(quantized({-1.0f, 0.0f, 0.5f, -2.0f}, &scale, quantizer),
            Codes({64, 127, 127, 0})); // max|x| = 2
  EXPECT_EQ(scale, 64.0f);
}

TEST(Quantize, ATensorHasTheScaleOfItsLargestRow) {
  std::vector<float> x = {1.0f, -2.0f, 4.0f, 0.5f};
  Codes codes(4);
  EXPECT_EQ(quantizeTensor(x.data(), {2, 2}, codes.data()), 31.75f);
  EXPECT_EQ(codes, Codes({32, -64, 127, 16})); // 31.75, 63.5, 127, 15.875
}

//===----------------------------------------------------------------------===//
// roundTo
//===----------------------------------------------------------------------===//

TEST(RoundTo, HalvesGoToEven) {
  EXPECT_EQ(roundTo(Precision::BF16, 1.0f + 0x1p-8f), 1.0f);
  EXPECT_EQ(roundTo(Precision::BF16, 1.0f + 0x3p-8f), 1.0f + 0x1p-6f);
  EXPECT_EQ(roundTo(Precision::BF16, -1.0f - 0x1.1p-8f), -1.0f - 0x1p-7f);
  EXPECT_EQ(roundTo(Precision::F16, 1.0f + 0x1p-11f), 1.0f);
  EXPECT_EQ(roundTo(Precision::F16, 1.0f + 0x1.01p-11f), 1.0f + 0x1p-10f);
  EXPECT_EQ(roundTo(Precision::F32, 0.1f), 0.1f);
}

TEST(RoundTo, SubnormalsHaveFewerBits) {
  EXPECT_EQ(roundTo(Precision::F16, 1e-5f), 168.0f * 0x1p-24f);
  EXPECT_EQ(roundTo(Precision::F16, 0x1p-25f), 0.0f);
  EXPECT_EQ(roundTo(Precision::F16, 0x1.8p-24f), 0x1p-23f);
  EXPECT_EQ(roundTo(Precision::BF16, 0x1p-134f), 0.0f);
  EXPECT_EQ(roundTo(Precision::BF16, 0x1.8p-133f), 0x1p-132f);
}

TEST(RoundTo, WhatIsTooLargeIsInfinite) {
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(roundTo(Precision::F16, 65519.0f), 65504.0f);
  EXPECT_EQ(roundTo(Precision::F16, -65520.0f), -infinity);
  EXPECT_EQ(roundTo(Precision::BF16, 3.4e38f), infinity);
  EXPECT_TRUE(std::isnan(roundTo(Precision::F16, std::nanf(""))));
}

// 1 / 3 is 0.333984375 in bf16, and 127 times that 42.5, so that 3 becomes
// 127.5: a tie, of which one side is clipped.
TEST(Quantize, RoundsEachStepToThePrecision) {
  Quantizer quantizer;
  quantizer.precision = Precision::BF16;
  float scale = 0;
  EXPECT_EQ(quantized({3.0f, -3.0f, 1.0f}, &scale, quantizer),
            Codes({127, -128, 42}));
  EXPECT_EQ(scale, 42.5f);
}

//===----------------------------------------------------------------------===//
// matmul
//===----------------------------------------------------------------------===//

TEST(Matmul, AddsSubtractsAndSkips) {
  Codes x = {1, 2, 3, 4, 5, 6};                     // 2 x 3
  Codes w = {1, 0, -1, 1, 1, 1, 0, 0, 0, -1, 1, 0}; // 4 x 3
  std::vector<int32_t> y(8);
  matmul(x.data(), w.data(), {2, 4, 3}, y.data());
  EXPECT_EQ(y, std::vector<int32_t>({-2, 6, 0, 1, -2, 15, 0, 1}));
}

// All 256 activations times all three weights.
TEST(Matmul, IsExactForEveryActivation) {
  for (int x = -128; x <= 127; ++x)
    for (int w = -1; w <= 1; ++w) {
      int8_t activation = static_cast<int8_t>(x);
      int8_t weight = static_cast<int8_t>(w);
      int32_t y = 0;
      matmul(&activation, &weight, {1, 1, 1}, &y);
      EXPECT_EQ(y, x * w);
    }
}

// -1 * -128 is +128: what an 8- or 16-bit accumulator gets wrong.
TEST(Matmul, ExtremesOfALongRowFit) {
  const int64_t K = 1 << 20;
  for (int8_t activation : {-128, 127})
    for (int8_t weight : {-1, 1}) {
      Codes x(K, activation), w(K, weight);
      int32_t y = 0;
      matmul(x.data(), w.data(), {1, 1, K}, &y);
      EXPECT_EQ(y, K * activation * weight);
    }
}

TEST(Matmul, AnEmptyContractionIsZero) {
  int32_t y = 7;
  matmul(nullptr, nullptr, {1, 1, 0}, &y);
  EXPECT_EQ(y, 0);
}

//===----------------------------------------------------------------------===//
// dequantize, linear
//===----------------------------------------------------------------------===//

TEST(Dequantize, DividesTheScalesFirst) {
  EXPECT_EQ(dequantize(12, 4.0f, 0.5f), 1.5f);
  // 41 * (1 / 41) is not 1 in f32, while (41 * 1) / 41 is.
  float quotient = 1.0f / 41.0f;
  EXPECT_EQ(dequantize(41, 41.0f, 1.0f), 41.0f * quotient);
  EXPECT_NE(dequantize(41, 41.0f, 1.0f), 1.0f);
}

TEST(Dequantize, AnInverseScaleDividesByTheProduct) {
  EXPECT_EQ(dequantizeByInverse(12, 4.0f, 2.0f), 1.5f);
  float product = 3.0f * 0.1f; // rounded once
  EXPECT_EQ(dequantizeByInverse(41, 0.1f, 3.0f), 41.0f / product);
}

TEST(Dequantize, SumsBelow2To24AreConvertedExactly) {
  EXPECT_EQ(dequantize(16777215, 1.0f, 1.0f), 16777215.0f);
  EXPECT_EQ(dequantize(16777217, 1.0f, 1.0f), 16777216.0f); // a tie, to even
}

TEST(Linear, RoundsTheResultOnce) {
  std::vector<float> x = {1.0f}, bias = {1.0f}, y(1);
  Codes w = {1};
  linear(x.data(), {w.data(), 0x1.01p-8f, bias.data()}, {1, 1, 1}, y.data(),
         {{}, Precision::BF16});
  EXPECT_EQ(y[0], 1.0f + 0x1p-7f); // 0x1.01p-8 alone would be 0x1p-8: a tie
}

TEST(Linear, IsQuantizeMatmulDequantizeBias) {
  std::vector<float> x = {1.0f, -0.5f, 0.25f, 0, 0, 0}; // 2 tokens, K = 3
  Codes w = {1, 0, -1, 1, 1, 1};                        // N = 2
  std::vector<float> bias = {10.0f, 20.0f}, y(4), plain(4);
  linear(x.data(), {w.data(), 0.5f, bias.data()}, {2, 2, 3}, y.data());
  linear(x.data(), {w.data(), 0.5f, nullptr}, {2, 2, 3}, plain.data());
  // Codes of token 0: 127, -64, 32; sums 95 and 95.
  float rescaled = 95.0f * (0.5f / 127.0f);
  EXPECT_EQ(plain, std::vector<float>({rescaled, rescaled, 0, 0}));
  EXPECT_EQ(y, std::vector<float>(
                   {rescaled + 10.0f, rescaled + 20.0f, 10.0f, 20.0f}));
}
