// Drawing ids: filters, seeds, and that frequencies are what was asked for.

#include "bitnet/Runtime/Sampler.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace bitnet::runtime;

static std::vector<int> countDraws(const SamplingOptions &options,
                                   const std::vector<float> &logits,
                                   int draws) {
  Sampler sampler(options);
  std::vector<int> counts(logits.size());
  for (int i = 0; i < draws; ++i)
    ++counts[size_t(*sampler.draw(logits.data(), int64_t(logits.size()), {}))];
  return counts;
}

TEST(Sampler, ExponentialIsNearLibm) {
  for (double x = 0; x > -708; x -= 0.0137)
    EXPECT_NEAR(exponential(x) / std::exp(x), 1, 4.5e-16) << x;
  EXPECT_EQ(exponential(0), 1);
  EXPECT_EQ(exponential(-1e300), 0);
}

TEST(Sampler, TakesTheBestWithoutTemperature) {
  float logits[] = {1, 3, 3, -2};
  EXPECT_EQ(*Sampler({}).draw(logits, 4, {}), 1);
}

// chi^2 with 7 degrees of freedom is below 24.3 in 99.9 % of all runs.
TEST(Sampler, FollowsTheProbabilities) {
  std::vector<float> logits = {0, 1, 2, -1, 0.5f, 1.5f, -0.5f, 0.25f};
  SamplingOptions options;
  options.temperature = 0.8;
  options.seed = 7;
  int draws = 100000;
  std::vector<int> counts = countDraws(options, logits, draws);
  double total = 0, chi = 0;
  for (float logit : logits)
    total += std::exp(logit / 0.8);
  for (size_t i = 0; i < logits.size(); ++i) {
    double wanted = draws * std::exp(logits[i] / 0.8) / total;
    chi += (counts[i] - wanted) * (counts[i] - wanted) / wanted;
  }
  EXPECT_LT(chi, 24.3);
}

TEST(Sampler, ASeedGivesTheSameIds) {
  std::vector<float> logits(1000);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = std::sin(float(i));
  SamplingOptions options;
  options.temperature = 1;
  options.seed = 42;
  Sampler first(options), again(options);
  std::vector<int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(*first.draw(logits.data(), 1000, {}));
    EXPECT_EQ(ids.back(), *again.draw(logits.data(), 1000, {}));
  }
  options.seed = 43;
  Sampler other(options);
  EXPECT_NE(ids[0], *other.draw(logits.data(), 1000, {}));
}

TEST(Sampler, FiltersDropImprobableIds) {
  // Probabilities 0.4, 0.3, 0.2, 0.1.
  std::vector<float> logits = {std::log(1.f), std::log(4.f), std::log(2.f),
                               std::log(3.f)};
  SamplingOptions options;
  options.temperature = 1;
  options.topK = 2;
  std::vector<int> counts = countDraws(options, logits, 1000);
  EXPECT_EQ(counts[0] + counts[2], 0);
  EXPECT_GT(counts[3], 0);
  options.topK = 0;
  options.topP = 0.75;
  counts = countDraws(options, logits, 1000);
  EXPECT_EQ(counts[0], 0);
  EXPECT_GT(counts[2], 0);
  options.topP = 1;
  options.minP = 0.6;
  counts = countDraws(options, logits, 1000);
  EXPECT_EQ(counts[0] + counts[2], 0);
  EXPECT_GT(counts[3], 0);
}

// The k-th and its equals stay, so that their order doesn't matter.
TEST(Sampler, EqualsOfTheLastStay) {
  std::vector<float> logits = {1, 1, 1, 0};
  SamplingOptions options;
  options.temperature = 1;
  options.topK = 1;
  std::vector<int> counts = countDraws(options, logits, 1000);
  EXPECT_GT(counts[0] * counts[1] * counts[2], 0);
  EXPECT_EQ(counts[3], 0);
}

TEST(Sampler, PenaltyIsForIdsOfTheContext) {
  float logits[] = {2, 1.9f, -1, -1.1f};
  SamplingOptions options;
  options.repeatPenalty = 1.5;
  Array<int64_t> context;
  context.push(0);
  context.push(0); // once is enough
  context.push(99);
  EXPECT_EQ(*Sampler(options).draw(logits, 4, context), 1);
  EXPECT_EQ(*Sampler(options).draw(logits + 2, 2, context), 1);
}

TEST(Sampler, RefusesWhatIsNoNumber) {
  SamplingOptions options;
  options.temperature = 1;
  float bad[] = {0, NAN}, infinite[] = {-INFINITY, -INFINITY};
  EXPECT_STREQ(Sampler(options).draw(bad, 2, {}).message(),
               "the logits are not numbers (NaN)");
  EXPECT_STREQ(Sampler(options).draw(infinite, 2, {}).message(),
               "the logits are infinite");
  EXPECT_STREQ(Sampler({}).draw(bad, 0, {}).message(),
               "the model gave no logits");
}
