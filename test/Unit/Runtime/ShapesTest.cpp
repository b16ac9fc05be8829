// Expressions of dimensions.

#include "bitnet/Runtime/Shapes.h"

#include <gtest/gtest.h>
#include <string>

using namespace bitnet::runtime;

/// The value of `text` where a is 7 and b is 2; -1 if it has none.
static int64_t valueOf(const std::string &text) {
  auto lookup = [](const void *, const char *name) -> std::optional<int64_t> {
    if (!std::strcmp(name, "a"))
      return 7;
    if (!std::strcmp(name, "b"))
      return 2;
    return std::nullopt;
  };
  std::optional<int64_t> value = evaluate(text.c_str(), lookup, nullptr);
  return value ? *value : -1;
}

TEST(Expression, FollowsTheRulesOfArithmetic) {
  EXPECT_EQ(valueOf("a + b"), 9);
  EXPECT_EQ(valueOf("a+b"), 9);
  EXPECT_EQ(valueOf("a - b - 1"), 4);
  EXPECT_EQ(valueOf("1 + a*b"), 15);
  EXPECT_EQ(valueOf("(1 + a)*b"), 16);
  EXPECT_EQ(valueOf("(a + 1)//b"), 4);
  EXPECT_EQ(valueOf("a/b"), 3);
  EXPECT_EQ(valueOf("-b + a"), 5);
  EXPECT_EQ(valueOf("  12  "), 12);
}

TEST(Expression, HasNoValueOtherwise) {
  for (const char *text : {"", "a +", "a b", "c", "a + c", "(a", "a)", "a // 0",
                           "max(a, b)", "a ** b", "9223372036854775807",
                           "100000000000000000*a*b*100", "()", "a,b"})
    EXPECT_EQ(valueOf(text), -1) << text;
  EXPECT_EQ(valueOf(std::string(100000, '(')), -1);
  EXPECT_EQ(valueOf(std::string(100000, '-')), -1);
}

static Signature signatureOf(const std::string &ports) {
  Result<Signature> result =
      parseSignature(("bitnet 1\nmodel\tm\n" + ports).c_str());
  EXPECT_FALSE(result.failed()) << result.message();
  return std::move(*result);
}

static Shape shapeOf(std::initializer_list<int64_t> sizes) {
  Shape shape;
  for (int64_t size : sizes)
    shape.push(size);
  return shape;
}

TEST(BindShape, NamesTheInputAndBothShapes) {
  Signature signature = signatureOf("input\ttokens\ti64\t-\tbatch\t8\n");
  Symbols symbols;
  Status status = bindShape(signature.inputs[0], shapeOf({1, 4}), symbols);
  EXPECT_STREQ(status.message(),
               "input 'tokens' has shape 1x4, the model wants 1x8");
  status = bindShape(signature.inputs[0], shapeOf({4}), symbols);
  EXPECT_STREQ(status.message(),
               "input 'tokens' has shape 4, the model wants [batch, 8]");
}

TEST(BindShape, NamesTheInputThatDisagrees) {
  Signature signature = signatureOf("input\tx\ti64\t-\tbatch\n"
                                    "input\ty\ti64\t-\tbatch\t4\n");
  Symbols symbols;
  ASSERT_FALSE(bindShape(signature.inputs[0], shapeOf({1}), symbols).failed());
  Status status = bindShape(signature.inputs[1], shapeOf({2, 4}), symbols);
  EXPECT_STREQ(status.message(),
               "input 'y' has shape 2x4: 'batch' is 2 here but 1 in input 'x'");
}

TEST(CheckExpressions, ComparesWithTheSymbols) {
  Signature signature = signatureOf("input\tx\ti64\t-\ta\tb\n"
                                    "input\tmask\ti64\t-\ta + b\n");
  Symbols symbols;
  ASSERT_FALSE(
      bindShape(signature.inputs[0], shapeOf({1, 5}), symbols).failed());
  EXPECT_FALSE(
      checkExpressions(signature.inputs[1], shapeOf({6}), symbols).failed());
  EXPECT_STREQ(
      checkExpressions(signature.inputs[1], shapeOf({5}), symbols).message(),
      "input 'mask' has shape 5: 'a + b' is 5 here but 6 by the other inputs");
}
