// Hand-computed cases of what stands around a BitLinear.
#include "bitnet/Reference/Reference.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace bitnet::reference;

using Floats = std::vector<float>;

/// A row without pattern, in [-1, 1).
static Floats someFloats(int64_t count, uint32_t seed) {
  Floats x(count);
  for (float &value : x) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
  }
  return x;
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

static NormParameters reciprocal(const Floats &gain,
                                 const float *bias = nullptr) {
  return {gain.data(), bias, 0.0f, Division::Reciprocal};
}

TEST(RmsNorm, MultipliesByAReciprocalWhereTheModelDoes) {
  Floats x = {3.0f, -4.0f, 0.0f, 0.0f, 12.0f, 0, 0, 0, 0}; // 169 / 9
  x.push_back(0);                                          // 169 / 10
  Floats gain(10, 2.0f), y(10);
  rmsNorm(x.data(), 10, reciprocal(gain), y.data());
  float inverse = 1.0f / std::sqrt(16.9f);
  EXPECT_EQ(y[0], 3.0f * inverse * 2.0f);
  EXPECT_EQ(y[1], -4.0f * inverse * 2.0f);
  EXPECT_EQ(y[2], 0.0f);
}

TEST(RmsNorm, EpsilonGuardsAZeroRow) {
  Floats x(20, 0.0f), gain(20, 1.0f), y(20, 1.0f);
  rmsNorm(x.data(), 20, {gain.data(), nullptr, 1e-5f}, y.data());
  EXPECT_EQ(y, x);
}

TEST(RmsNorm, ScalingARowByAPowerOfTwoChangesNothing) {
  Floats x = someFloats(37, 1), gain = someFloats(37, 2), y(37), scaled(37);
  rmsNorm(x.data(), 37, {gain.data(), nullptr, 0.0f}, y.data());
  for (float &value : x)
    value *= 4.0f;
  rmsNorm(x.data(), 37, {gain.data(), nullptr, 0.0f}, scaled.data());
  EXPECT_EQ(scaled, y);
}

// x / r is rounded once; x * (1 / r) twice.
TEST(RmsNorm, DividesByTheRootMeanSquare) {
  Floats x = {1.0f, -7.0f, 9.0f, 3.0f, 105.0f}, gain(5, 1.0f), y(5);
  rmsNorm(x.data(), 5, {gain.data(), nullptr, 0.0f}, y.data());
  float root = std::sqrt(11165.0f / 5.0f);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(y[i], x[i] / root);
}

// 2^-24 + (1 + 2^-11) is a tie and goes to even; an fma, which sees the 2^-24
// of the second square as well, would give 2^-23 more.
TEST(RmsNorm, SquaresAreRoundedBeforeTheyAreAdded) {
  Floats x(19, 0.0f), gain(19, 1.0f), y(19);
  x[0] = 0x1p-12f;
  x[16] = 1.0f + 0x1p-12f;
  rmsNorm(x.data(), 19, reciprocal(gain), y.data());
  float root = std::sqrt((1.0f + 0x1p-11f) / 19.0f);
  EXPECT_EQ(y[16], x[16] * (1.0f / root));
}

TEST(LayerNorm, CentresAndScales) {
  Floats x = {1, 3, 5, 7}, gain(4, 2.0f), bias(4, 1.0f), y(4); // mean 4, var 5
  layerNorm(x.data(), 4, reciprocal(gain, bias.data()), y.data());
  float inverse = 1.0f / std::sqrt(5.0f);
  EXPECT_EQ(y[0], -3.0f * inverse * 2.0f + 1.0f);
  EXPECT_EQ(y[3], 3.0f * inverse * 2.0f + 1.0f);
}

TEST(LayerNorm, AConstantRowGivesTheBias) {
  Floats x(7, 3.0f), gain(7, 2.0f), bias = someFloats(7, 3), y(7);
  layerNorm(x.data(), 7, {gain.data(), bias.data(), 1e-5f}, y.data());
  EXPECT_EQ(y, bias);
}

//===----------------------------------------------------------------------===//
// RoPE
//===----------------------------------------------------------------------===//

TEST(Rope, TurnsByARightAngle) {
  Floats x = {1, 2, 3, 4}, cosines(2, 0.0f), sines(2, 1.0f), y(4);
  rope(x.data(), 4, {cosines.data(), sines.data(), RopeForm::HalfSplit},
       y.data());
  EXPECT_EQ(y, Floats({-3, -4, 1, 2}));
  rope(x.data(), 4, {cosines.data(), sines.data(), RopeForm::Interleaved},
       y.data());
  EXPECT_EQ(y, Floats({-2, 1, -4, 3}));
}

TEST(Rope, WorksInPlaceAndKeepsLengths) {
  Floats x = {3, 4, 0, 0}, cosines = {0.6f, 0.6f}, sines = {0.8f, 0.8f};
  Floats turned(4);
  RopeAngles angles{cosines.data(), sines.data(), RopeForm::Interleaved};
  rope(x.data(), 4, angles, turned.data());
  rope(x.data(), 4, angles, x.data());
  EXPECT_EQ(x, turned);
  EXPECT_FLOAT_EQ(std::hypot(x[0], x[1]), 5.0f);
}

//===----------------------------------------------------------------------===//
// softmax, attention
//===----------------------------------------------------------------------===//

TEST(Softmax, EqualElementsShareEqually) {
  Floats x(8, 100.0f), y(8);
  softmax(x.data(), 8, nullptr, y.data());
  EXPECT_EQ(y, Floats(8, 0.125f));
}

TEST(Softmax, LargeElementsDoNotOverflow) {
  Floats x = {1e30f, -1e30f, 1e30f}, y(3);
  softmax(x.data(), 3, nullptr, y.data());
  EXPECT_EQ(y, Floats({0.5f, 0.0f, 0.5f}));
}

TEST(Softmax, ExcludedElementsAddNothing) {
  Floats x = {5.0f, 0.0f, 0.0f, 99.0f}, y(4);
  bool include[] = {false, true, true, false};
  softmax(x.data(), 4, include, y.data());
  EXPECT_EQ(y, Floats({0, 0.5f, 0.5f, 0}));
}

TEST(Softmax, NothingIncludedGivesZeros) {
  Floats x = {5.0f, 1.0f}, y = {7, 7};
  bool include[] = {false, false};
  softmax(x.data(), 2, include, y.data());
  EXPECT_EQ(y, Floats({0, 0}));
}

TEST(Attention, OneKeyGivesItsValue) {
  Floats q = someFloats(8, 4), k = someFloats(8, 5), v = someFloats(8, 6), y(8);
  attention({q.data(), k.data(), v.data(), nullptr, 1.0f}, {1, 1, 1, 1, 8},
            y.data());
  EXPECT_EQ(y, v);
}

TEST(Attention, HeadsOfAGroupShareKeysAndValues) {
  // 4 heads over 2 kv heads, one key each: heads 0, 1 give v[0], 2, 3 give
  // v[1].
  Floats q(4 * 2, 1.0f), k(2 * 2, 1.0f), v = {1, 2, 3, 4}, y(8);
  attention({q.data(), k.data(), v.data(), nullptr, 1.0f}, {4, 2, 1, 1, 2},
            y.data());
  EXPECT_EQ(y, Floats({1, 2, 1, 2, 3, 4, 3, 4}));
}

TEST(Attention, ScoresAreScaled) {
  Floats q = {2.0f}, k = {3.0f, 1.0f}, v = {1.0f, 0.0f}, y(1);
  attention({q.data(), k.data(), v.data(), nullptr, 0.25f}, {1, 1, 1, 2, 1},
            y.data());
  float other = std::exp(-1.0f);
  EXPECT_EQ(y[0], 1.0f / (1.0f + other));
}

TEST(Attention, AQueryThatSeesNoKeyGivesZero) {
  Floats q(2, 1.0f), k(2, 1.0f), v(2, 1.0f), y(2, 9.0f);
  bool mask[] = {false, false, true, true}; // 2 queries x 2 keys
  attention({q.data(), k.data(), v.data(), mask, 1.0f}, {1, 1, 2, 2, 1},
            y.data());
  EXPECT_EQ(y, Floats({0.0f, 1.0f}));
}

TEST(Attention, ABiasIsAddedAndMinusInfinityHides) {
  const float hidden = -std::numeric_limits<float>::infinity();
  Floats q(3, 1.0f), k(2, 1.0f), v = {1.0f, 5.0f}, y(3);
  // 3 queries x 2 keys
  float bias[] = {hidden, 7.0f, hidden, hidden, 0.0f, 1.0f};
  attention({q.data(), k.data(), v.data(), nullptr, 1.0f, bias},
            {1, 1, 3, 2, 1}, y.data());
  float e = std::exp(-1.0f);
  EXPECT_EQ(y, Floats({5.0f, 0.0f, std::fma(1.0f, 5.0f, e) / (e + 1.0f)}));
}

// Batch invariance: a query has the same bits whether the keys behind it are
// masked or not there at all.
TEST(Attention, MaskedKeysBehindAQueryLeaveNoTrace) {
  const int64_t keys = 41, dim = 20;
  Floats q = someFloats(dim, 7), k = someFloats(keys * dim, 8),
         v = someFloats(keys * dim, 9);
  for (int64_t seen = 1; seen <= keys; ++seen) {
    bool mask[keys];
    for (int64_t key = 0; key < keys; ++key)
      mask[key] = key < seen;
    Floats masked(dim), alone(dim);
    AttentionInputs inputs{q.data(), k.data(), v.data(), mask, 0.2f};
    attention(inputs, {1, 1, 1, keys, dim}, masked.data());
    inputs.mask = nullptr;
    attention(inputs, {1, 1, 1, seen, dim}, alone.data());
    ASSERT_EQ(masked, alone) << seen;
  }
}

//===----------------------------------------------------------------------===//
// hadamard
//===----------------------------------------------------------------------===//

TEST(Hadamard, FirstElementSpreadsEvenly) {
  Floats x = {2, 0, 0, 0, 0, 0, 0, 4}, y(8);
  hadamard(x.data(), 8, 4, y.data());
  EXPECT_EQ(y, Floats({1, 1, 1, 1, 2, -2, -2, 2}));
}

TEST(Hadamard, IsItsOwnInverse) {
  Floats x(64), y(64), back(64);
  for (int i = 0; i < 64; ++i)
    x[i] = static_cast<float>(i * i % 37);
  hadamard(x.data(), 64, 64, y.data());
  hadamard(y.data(), 64, 64, back.data());
  EXPECT_EQ(back, x);
}

TEST(Hadamard, ABlockOfOneChangesNothing) {
  Floats x = someFloats(5, 10), y(5);
  hadamard(x.data(), 5, 1, y.data());
  EXPECT_EQ(y, x);
}
