// Choosing the code that fits the CPU.
#include "bitnet/Runtime/Variants.h"

#include "gtest/gtest.h"

using namespace bitnet::runtime;

static const bitnet_variant kVariants[] = {
    {"any", "", nullptr, nullptr},
    {"today", "", nullptr, nullptr},
    {"dreamt", "abacus", nullptr, nullptr},
    {},
};
static const bitnet_variant kNone[] = {{}};

static const char *chosen(const char *forced) {
  Result<const bitnet_variant *> variant = chooseVariant(kVariants, forced);
  return variant.failed() ? "none" : (*variant)->name;
}

TEST(Variants, TheLastThatRunsIsChosen) {
  EXPECT_STREQ(chosen(nullptr), "today");
  EXPECT_STREQ(chosen(""), "today");
}

TEST(Variants, OneIsForced) {
  EXPECT_STREQ(chosen("any"), "any");
  EXPECT_STREQ(chosen("today"), "today");
}

TEST(Variants, RefusesNamesThatItHasNot) {
  Result<const bitnet_variant *> variant = chooseVariant(kVariants, "z80");
  ASSERT_TRUE(variant.failed());
  EXPECT_STREQ(variant.message(), "BITNET_CPU is 'z80', but the program is for "
                                  "any, today, dreamt");
}

TEST(Variants, RefusesWhatTheCPULacks) {
  Result<const bitnet_variant *> variant = chooseVariant(kVariants, "dreamt");
  ASSERT_TRUE(variant.failed());
  EXPECT_STREQ(variant.message(),
               "BITNET_CPU is 'dreamt', but this CPU has no abacus");
}

TEST(Variants, ThereMayBeNone) {
  Result<const bitnet_variant *> variant = chooseVariant(kNone, "z80");
  ASSERT_FALSE(variant.failed());
  EXPECT_EQ(*variant, nullptr);
}

#if defined(__x86_64__)
TEST(Variants, KnowsTheFeaturesOfThisCPU) {
  EXPECT_EQ(hasFeature("sse4.2"), __builtin_cpu_supports("sse4.2") != 0);
  EXPECT_EQ(hasFeature("avx2"), __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(hasFeature("fma"), __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(hasFeature("avx512f"), __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(hasFeature("avx512vnni"),
            __builtin_cpu_supports("avx512vnni") != 0);
  EXPECT_EQ(hasFeature("avx512vbmi"),
            __builtin_cpu_supports("avx512vbmi") != 0);
}

namespace {
/// A machine that has every feature of cpuid, or all but AMX.
struct FakeMachine {
  bool hasMatrixUnit = true, isAllowed = true;
  uint64_t state = 0x600e6;
};
FakeMachine fake;

const X86Answers kFake = {
    [](unsigned leaf, unsigned subleaf, unsigned registers[4]) {
      for (int i = 0; i < 4; ++i)
        registers[i] = ~0u;
      if (leaf == 7 && subleaf == 0 && !fake.hasMatrixUnit)
        registers[3] &= ~(3u << 24);
      return true;
    },
    [] { return fake.state; }, [] { return fake.isAllowed; }};

const bitnet_variant kMatrixVariants[] = {
    {"any", "", nullptr, nullptr},
    {"vectors", "avx2,avx512f,avx512vnni", nullptr, nullptr},
    {"matrix", "avx2,avx512f,avx512vnni,amx-tile,amx-int8", nullptr, nullptr},
    {},
};

Result<const bitnet_variant *> chooseOn(const FakeMachine &machine,
                                        const char *forced = nullptr) {
  fake = machine;
  return chooseVariant(kMatrixVariants, forced, [](const char *name) {
    return hasFeature(name, kFake);
  });
}
} // namespace

TEST(Variants, AMXRunsWhereCPUAndSystemHaveIt) {
  EXPECT_STREQ((*chooseOn({}))->name, "matrix");
}

TEST(Variants, AMXDoesNotRunWithoutTheUnit) {
  EXPECT_STREQ((*chooseOn({false, true, 0x600e6}))->name, "vectors");
}

TEST(Variants, AMXDoesNotRunIfTheSystemDropsItsRegisters) {
  EXPECT_STREQ((*chooseOn({true, true, 0xe6}))->name, "vectors");
  // The configuration alone is not enough.
  EXPECT_STREQ((*chooseOn({true, true, 0x200e6}))->name, "vectors");
}

TEST(Variants, AMXDoesNotRunWithoutLeave) {
  EXPECT_STREQ((*chooseOn({true, false, 0x600e6}))->name, "vectors");
  Result<const bitnet_variant *> forced =
      chooseOn({true, false, 0x600e6}, "matrix");
  ASSERT_TRUE(forced.failed());
  EXPECT_STREQ(forced.message(),
               "BITNET_CPU is 'matrix', but this CPU has no amx-tile");
}

TEST(Variants, VectorsDoNotRunIfTheSystemDropsThem) {
  EXPECT_STREQ((*chooseOn({true, true, 6}))->name, "any");
}

TEST(Variants, LeaveIsNeededForAMXAlone) {
  fake = {true, false, 0x600e6};
  EXPECT_TRUE(hasFeature("avx512vnni", kFake));
  EXPECT_FALSE(hasFeature("amx-int8", kFake));
  EXPECT_FALSE(hasFeature("abacus", kFake));
}

TEST(Variants, LeaveIsOnlyGivenWhereThereIsAMatrixUnit) {
  bool isThere = hasFeature("amx-tile");
  EXPECT_TRUE(!isThere || requestMatrixUnit());
}
#endif
