// Parsing of signatures.

#include "bitnet/Runtime/Signature.h"

#include <gtest/gtest.h>
#include <string>

using namespace bitnet::runtime;

static const std::string kHead = "bitnet 1\nmodel\tm\n";

TEST(Signature, ReadsNamesTypesRolesAndDimensions) {
  Result<Signature> result = parseSignature(
      "bitnet 1\n"
      "model\taus%25ten\n"
      "input\tids\ti64\tids\tbatch\tsequence\n"
      "input\tpast\tbf16\tpast\tbatch\t2\tpast\n"
      "output\tlogits\tf32\tlogits\tbatch\t?\t2048\n"
      "output\tnext\tbf16\tpresent:1\tbatch\t2\tpast + sequence\n");
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_STREQ(result->model.c_str(), "aus%ten");
  ASSERT_EQ(result->inputs.size(), 2u);
  ASSERT_EQ(result->outputs.size(), 2u);
  EXPECT_EQ(result->inputs[0].role, Role::Ids);
  EXPECT_EQ(result->inputs[1].type, BITNET_BF16);
  EXPECT_EQ(result->inputs[1].dims[1].size, 2);
  EXPECT_STREQ(result->outputs[0].shapeText().c_str(), "[batch, ?, 2048]");
  EXPECT_EQ(result->outputs[0].dims[1].kind, Dimension::Unnamed);
  EXPECT_EQ(result->outputs[1].role, Role::Present);
  EXPECT_EQ(result->outputs[1].pastInput, 1u);
  EXPECT_EQ(result->outputs[1].dims[2].kind, Dimension::Expression);
}

TEST(Signature, KnowsTheContext) {
  Result<Signature> result = parseSignature((kHead + "context\t512\n").c_str());
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_EQ(result->context, 512);
  EXPECT_EQ(parseSignature(kHead.c_str())->context, 0);
  EXPECT_FALSE(result->countsLogits);
  EXPECT_TRUE(parseSignature((kHead + "context\t512\ncounts-logits\n").c_str())
                  ->countsLogits);
}

TEST(Signature, TakesANameWithAMinusForASymbol) {
  Result<Signature> result = parseSignature(
      (kHead + "input\tx\tf32\t-\tseq-len\tseq\n"
               "output\ty\tf32\t-\tseq+1\tseq-len\tmax(seq, 2)\n")
          .c_str());
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_EQ(result->inputs[0].dims[0].kind, Dimension::Symbol);
  EXPECT_EQ(result->outputs[0].dims[0].kind, Dimension::Expression);
  EXPECT_EQ(result->outputs[0].dims[1].kind, Dimension::Symbol);
  EXPECT_EQ(result->outputs[0].dims[2].kind, Dimension::Symbol);
}

TEST(Signature, UndoesEscapes) {
  Result<Signature> result =
      parseSignature((kHead + "input\ta%09b%0Ac\tf32\t-\n").c_str());
  ASSERT_FALSE(result.failed()) << result.message();
  EXPECT_STREQ(result->inputs[0].name.c_str(), "a\tb\nc");
  EXPECT_TRUE(result->inputs[0].dims.empty());
}

TEST(Signature, RefusesWhatItDoesNotKnow) {
  const std::string input = "input\tx\tf32\t-\n";
  const std::string line = "malformed signature, line ";
  const std::string whole = "malformed signature: ";
  const std::pair<std::string, std::string> cases[] = {
      {"", line + "1: 'bitnet 1' is wanted, not ''"},
      {kHead + "counts-logits\t1\n", line + "3: 'counts-logits' stands alone"},
      {kHead + "context\n", line + "3: 'context' wants a number"},
      {kHead + "context\tbatch\n", line + "3: 'context' wants a number"},
      {kHead + "context\t0\n", line + "3: 'context' wants a number"},
      {kHead + input + "context\t4\n", line + "4: unknown entry 'context'"},
      {"bitnet 2\nmodel\tm\n",
       line + "1: 'bitnet 1' is wanted, not 'bitnet 2'"},
      {"bitnet 1\n", line + "2: the name of the model is wanted"},
      {"bitnet 1\nmodel\n", line + "2: the name of the model is wanted"},
      {kHead + "\n", line + "3: unknown entry ''"},
      {kHead + "weight\tx\tf32\t-\n", line + "3: unknown entry 'weight'"},
      {kHead + "input\tx\tf32\n",
       line + "3: a name, a type and a role are wanted"},
      {kHead + "input\tx\tf8\t-\n", line + "3: unknown type 'f8'"},
      {kHead + "input\tx\tf32\tlogits\n", line + "3: unknown role 'logits'"},
      {kHead + "output\tx\tf32\tpast\n", line + "3: unknown role 'past'"},
      {kHead + "output\tx\tf32\tpresent:\n",
       line + "3: unknown role 'present:'"},
      {kHead + "output\tx\tf32\tpresent:1x\n",
       line + "3: unknown role 'present:1x'"},
      {kHead + "input\tx\tf32\t-\t-1\n", line + "3: bad dimension '-1'"},
      {kHead + "input\tx\tf32\t-\t\t\n", line + "3: a dimension is empty"},
      {kHead + "input\tx\tf32\t-\t99999999999999999999\n",
       line + "3: bad dimension '99999999999999999999'"},
      {kHead + "input\tx\tf32\t-\t1\t1\t1\t1\t1\t1\t1\t1\t1\n",
       line + "3: 'x' has more than 8 dimensions"},
      {kHead + input + input, line + "4: 'x' occurs twice"},
      {kHead + "output\ty\tf32\t-\n" + input,
       line + "4: an input follows an output"},
      {kHead + "input\t%41\tf32\t-\n", line + "3: '%' is no escape here"},
      {kHead + "input\tx%2", line + "3: '%' is no escape here"},
      {kHead + input + "output\ty\tf32\tpresent:0\n",
       whole + "output 'y' is the next value of no input"},
      {kHead + input + "output\ty\tf32\tpresent:7\n",
       whole + "output 'y' is the next value of no input"},
      {kHead + "input\tx\tf32\tcache\tn\n",
       whole + "cache 'x' has not 4 dimensions"}};
  for (const auto &[text, message] : cases) {
    Result<Signature> result = parseSignature(text.c_str());
    ASSERT_TRUE(result.failed()) << text;
    EXPECT_EQ(result.message(), message);
  }
}
