// Greedy decoding: with caches the same as by recomputing.

#include "bitnet/Runtime/Decoder.h"

#include <gtest/gtest.h>
#include <vector>

using namespace bitnet::runtime;

/// The greedy continuation; ends with -1 and the message of a failure.
static std::vector<int64_t> continuationOf(Decoder &decoder,
                                           std::vector<int64_t> ids, int count,
                                           std::string *message = nullptr) {
  std::vector<int64_t> found;
  Status status = decoder.feed(ids.data(), ids.size());
  while (!status.failed() && found.size() < size_t(count)) {
    Result<int64_t> id = decoder.best();
    if (id.failed()) {
      status = id.takeError();
      break;
    }
    found.push_back(*id);
    status = decoder.feed(&found.back(), 1);
  }
  if (status.failed() && message)
    *message = status.message();
  return found;
}

/// What the model in Inputs/ says.
static std::vector<int64_t> wanted(std::vector<int64_t> ids, int count) {
  std::vector<int64_t> found;
  while (found.size() < size_t(count)) {
    int64_t sum = 0;
    for (int64_t id : ids)
      sum += id;
    found.push_back((3 * sum + int64_t(ids.size()) - 1) % 100);
    ids.push_back(found.back());
  }
  return found;
}

TEST(Decoder, FeedsCachesBack) {
  Model model = std::move(*linkedModel());
  Result<Decoder> decoder = Decoder::create(model);
  ASSERT_FALSE(decoder.failed()) << decoder.message();
  EXPECT_TRUE(decoder->hasCaches());
  EXPECT_EQ(continuationOf(*decoder, {1, 2, 3}, 10), wanted({1, 2, 3}, 10));
  decoder->reset();
  EXPECT_EQ(continuationOf(*decoder, {7}, 10), wanted({7}, 10));
}

TEST(Decoder, TakesChunks) {
  Model model = std::move(*linkedModel());
  Result<Decoder> decoder = Decoder::create(model);
  int64_t ids[] = {4, 5, 6};
  ASSERT_FALSE(decoder->feed(ids, 2).failed());
  EXPECT_EQ(continuationOf(*decoder, {6}, 5), wanted({4, 5, 6}, 5));
}

TEST(Decoder, RecomputesWithoutCaches) {
  Model model;
  model.signature = std::move(
      *parseSignature("bitnet 1\nmodel\tm\ninput\tids\ti32\tids\tb\ts\n"
                      "output\tlogits\tf16\tlogits\tb\ts\t100\n"));
  model.entry = [](void *results, void *const *arguments) {
    const int64_t *ids = static_cast<const int64_t *>(arguments[0]);
    int64_t count = ids[4], sum = 0, *words = static_cast<int64_t *>(results);
    auto *halves = static_cast<uint16_t *>(std::calloc(count * 100, 2));
    for (int64_t i = 0; i < count; ++i) {
      sum += reinterpret_cast<const int32_t *>(ids[1])[i];
      halves[i * 100 + (3 * sum + i) % 100] = 0x3c00; // 1
    }
    words[0] = words[1] = reinterpret_cast<int64_t>(halves);
    int64_t rest[] = {0, 1, count, 100, count * 100, 100, 1};
    std::memcpy(words + 2, rest, sizeof(rest));
  };
  Result<Decoder> decoder = Decoder::create(model);
  ASSERT_FALSE(decoder.failed()) << decoder.message();
  EXPECT_FALSE(decoder->hasCaches());
  EXPECT_EQ(continuationOf(*decoder, {1, 2, 3}, 10), wanted({1, 2, 3}, 10));
}

TEST(Decoder, TakesTheLowestOfEquals) {
  Model model = std::move(*linkedModel());
  Result<Decoder> decoder = Decoder::create(model);
  EXPECT_EQ(continuationOf(*decoder, {5, 103}, 1).at(0), 0);
}

TEST(Decoder, SaysWhatWentWrong) {
  Model model = std::move(*linkedModel());
  Result<Decoder> decoder = Decoder::create(model);
  EXPECT_STREQ(decoder->best().message(), "the model gave no logits");
  std::string message;
  continuationOf(*decoder, {5, 128}, 1, &message);
  EXPECT_EQ(message, "id 128 is not in the vocabulary of 128");
  continuationOf(*decoder, {5, 102}, 1, &message);
  EXPECT_EQ(message, "the logits are not numbers (NaN)");
  decoder->reset();
  continuationOf(*decoder, {5, 101}, 1, &message);
  EXPECT_EQ(message, "id 101 is unlucky");
  decoder->reset();
  EXPECT_EQ(continuationOf(*decoder, {5}, 40, &message).size(), 32u);
  EXPECT_EQ(message, "Gather: index 32 is out of range [0, 32)");
}

TEST(Decoder, RefusesWhatIsNoLanguageModel) {
  const std::pair<std::string, std::string> cases[] = {
      {"input\tx\tf32\t-\n",
       "'m' is no language model: it has no input for ids"},
      {"input\tx\ti64\tids\ts\n",
       "'m' is no language model: it has no output for logits"},
      {"input\tx\ti64\tids\ts\ninput\tz\tf32\t-"
       "\noutput\ty\tf32\tlogits\ts\t9\n",
       "input 'z' is missing: it is none of those that a language model is fed "
       "with"},
      {"input\tx\tf32\tids\ts\noutput\ty\tf32\tlogits\ts\t9\n",
       "malformed signature: input 'x' cannot hold ids or output 'y' logits"}};
  for (const auto &[ports, message] : cases) {
    Model model;
    model.signature =
        std::move(*parseSignature(("bitnet 1\nmodel\tm\n" + ports).c_str()));
    Result<Decoder> decoder = Decoder::create(model);
    ASSERT_TRUE(decoder.failed());
    EXPECT_EQ(decoder.message(), message);
  }
}
