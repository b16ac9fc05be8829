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
#endif
