// Decoding: with caches the same as by recomputing.

#include "bitnet/Runtime/Session.h"

#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/NumPy.h"

#include <gtest/gtest.h>
#include <vector>

using namespace bitnet::runtime;

/// The greedy continuation; ends with -1 and the message of a failure.
static std::vector<int64_t> continuationOf(Session &session,
                                           std::vector<int64_t> ids, int count,
                                           std::string *message = nullptr) {
  std::vector<int64_t> found;
  Status status = session.feed(ids.data(), ids.size());
  while (!status.failed() && found.size() < size_t(count)) {
    Result<int64_t> id = session.best();
    if (id.failed()) {
      status = id.takeError();
      break;
    }
    found.push_back(*id);
    status = session.feed(&found.back(), 1);
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

TEST(Session, FeedsCachesBack) {
  Model model = std::move(*linkedModel());
  Result<Session> session = Session::create(model);
  ASSERT_FALSE(session.failed()) << session.message();
  EXPECT_TRUE(session->hasCaches());
  EXPECT_EQ(continuationOf(*session, {1, 2, 3}, 10), wanted({1, 2, 3}, 10));
  session->reset();
  EXPECT_EQ(continuationOf(*session, {7}, 10), wanted({7}, 10));
}

static Array<int64_t> arrayOf(std::vector<int64_t> ids) {
  Array<int64_t> array;
  for (int64_t id : ids)
    array.push(id);
  return array;
}

TEST(Session, BecomesWhatIsWanted) {
  Model model = std::move(*linkedModel());
  Result<Session> session = Session::create(model);
  ASSERT_FALSE(session.failed()) << session.message();
  EXPECT_EQ(*session->become(arrayOf({1, 2, 3})), 3u);
  EXPECT_EQ(*session->best(), wanted({1, 2, 3}, 1)[0]);
  EXPECT_EQ(*session->become(arrayOf({1, 2, 3})), 0u);
  EXPECT_EQ(*session->become(arrayOf({1, 2, 3, 4, 5})), 2u);
  EXPECT_EQ(*session->best(), wanted({1, 2, 3, 4, 5}, 1)[0]);
  // These caches are handed over whole, so they cannot be cut.
  EXPECT_EQ(*session->become(arrayOf({1, 2, 9})), 3u);
  EXPECT_EQ(*session->best(), wanted({1, 2, 9}, 1)[0]);
  EXPECT_EQ(*session->become(arrayOf({1, 2})), 2u);
  EXPECT_EQ(*session->best(), wanted({1, 2}, 1)[0]);
  EXPECT_TRUE(session->become(arrayOf({1, 101})).failed());
  session->rewind(5); // which is no change
}

TEST(Session, KnowsTheModelsContext) {
  Model model = std::move(*linkedModel());
  model.signature.context = 4;
  Result<Session> session = Session::create(model);
  ASSERT_FALSE(session.failed()) << session.message();
  EXPECT_EQ(session->capacity(), 4);
  EXPECT_FALSE(session->become(arrayOf({1, 2, 3, 4})).failed());
  EXPECT_FALSE(session->hasRoom(1));
  EXPECT_STREQ(session->slide(3).message(),
               "a context of 4 ids cannot slide and keep 3");
  ASSERT_FALSE(session->slide(1).failed());
  EXPECT_EQ(session->length(), 2);
  EXPECT_EQ(*session->best(), wanted({1, 4}, 1)[0]);
  SessionOptions options;
  options.capacity = 5;
  EXPECT_STREQ(Session::create(model, options).message(),
               "the model has 4 positions, 5 are wanted");
}

TEST(Session, TakesChunks) {
  Model model = std::move(*linkedModel());
  Result<Session> session = Session::create(model);
  int64_t ids[] = {4, 5, 6};
  ASSERT_FALSE(session->feed(ids, 2).failed());
  EXPECT_EQ(continuationOf(*session, {6}, 5), wanted({4, 5, 6}, 5));
}

TEST(Session, RecomputesWithoutCaches) {
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
  Result<Session> session = Session::create(model);
  ASSERT_FALSE(session.failed()) << session.message();
  EXPECT_FALSE(session->hasCaches());
  EXPECT_EQ(continuationOf(*session, {1, 2, 3}, 10), wanted({1, 2, 3}, 10));
}

TEST(Session, TakesTheLowestOfEquals) {
  Model model = std::move(*linkedModel());
  Result<Session> session = Session::create(model);
  EXPECT_EQ(continuationOf(*session, {5, 103}, 1).at(0), 0);
}

TEST(Session, SaysWhatWentWrong) {
  Model model = std::move(*linkedModel());
  Result<Session> session = Session::create(model);
  EXPECT_STREQ(session->best().message(), "the model gave no logits");
  std::string message;
  continuationOf(*session, {5, 128}, 1, &message);
  EXPECT_EQ(message, "id 128 is not in the vocabulary of 128");
  continuationOf(*session, {5, 102}, 1, &message);
  EXPECT_EQ(message, "the logits are not numbers (NaN)");
  session->reset();
  continuationOf(*session, {5, 101}, 1, &message);
  EXPECT_EQ(message, "id 101 is unlucky");
  session->reset();
  EXPECT_EQ(continuationOf(*session, {5}, 40, &message).size(), 32u);
  EXPECT_EQ(message, "Gather: index 32 is out of range [0, 32)");
}

TEST(Session, RefusesWhatIsNoLanguageModel) {
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
    Result<Session> session = Session::create(model);
    ASSERT_TRUE(session.failed());
    EXPECT_EQ(session.message(), message);
  }
}

namespace {

/// A model that appends its ids, as floats, to a cache in place; the next id is
/// (3 * sum of all ids + their number - 1) mod 100. Id 99 fails, after it was
/// written.
struct InPlaceModel {
  InPlaceModel() {
    model.signature = std::move(*parseSignature(
        "bitnet 1\nmodel\tm\ninput\tids\ti64\tids\tbatch\tsequence\n"
        "input\tpast\tf32\tcache\tbatch\t2\tpast\t1\n"
        "output\tpresent\tf32\tpresent:1\tbatch\t2\tpast + sequence\t1\n"
        "output\tlogits\tf32\tlogits\tbatch\tsequence\t100\n"));
    model.entry = run;
  }

  static void run(void *results, void *const *arguments) {
    const int64_t *ids = static_cast<const int64_t *>(arguments[0]);
    const int64_t *cache = static_cast<const int64_t *>(arguments[1]);
    int64_t length = *static_cast<const int64_t *>(arguments[2]);
    int64_t batch = ids[3], count = ids[4], capacity = cache[5];
    if (length + count > capacity)
      bitnet_fail("the cache is full");
    auto *logits =
        static_cast<float *>(std::calloc(size_t(batch * count * 100), 4));
    for (int64_t b = 0; b < batch; ++b) {
      auto *row = reinterpret_cast<float *>(cache[1]) + b * 2 * capacity;
      int64_t sum = 0;
      for (int64_t i = 0; i < length + count; ++i) {
        if (i >= length)
          row[i] = row[capacity + i] =
              static_cast<float>(reinterpret_cast<const int64_t *>(
                  ids[1])[b * count + i - length]);
        sum += static_cast<int64_t>(row[i]);
        if (row[i] != row[capacity + i])
          bitnet_fail("the heads differ");
        if (i >= length)
          logits[(b * count + i - length) * 100 + (3 * sum + i) % 100] = 1;
        if (row[i] == 99) {
          std::free(logits);
          bitnet_fail("id 99 is unlucky");
        }
      }
    }
    int64_t words[] = {reinterpret_cast<int64_t>(logits),
                       reinterpret_cast<int64_t>(logits),
                       0,
                       batch,
                       count,
                       100,
                       count * 100,
                       100,
                       1};
    std::memcpy(results, words, sizeof(words));
  }

  Model model;
};

} // namespace

TEST(Session, AppendsToCachesInPlace) {
  InPlaceModel in;
  Result<Session> session = Session::create(in.model);
  ASSERT_FALSE(session.failed()) << session.message();
  EXPECT_TRUE(session->hasCaches());
  // Far enough for the caches to grow several times.
  std::vector<int64_t> prompt(700);
  for (size_t i = 0; i < prompt.size(); ++i)
    prompt[i] = int64_t(i * 7 % 90);
  EXPECT_EQ(continuationOf(*session, prompt, 10), wanted(prompt, 10));
  session->reset();
  EXPECT_EQ(continuationOf(*session, {7}, 10), wanted({7}, 10));
}

TEST(Session, ReadsABatch) {
  InPlaceModel in;
  Result<Session> session = Session::create(in.model, {2, 0});
  int64_t ids[] = {1, 2, 3, 7, 8, 9};
  ASSERT_FALSE(session->feed(ids, 3).failed());
  EXPECT_EQ(*session->best(0), wanted({1, 2, 3}, 1)[0]);
  EXPECT_EQ(*session->best(1), wanted({7, 8, 9}, 1)[0]);
  int64_t next[] = {4, 5};
  ASSERT_FALSE(session->feed(next, 1).failed());
  EXPECT_EQ(*session->best(0), wanted({1, 2, 3, 4}, 1)[0]);
  EXPECT_EQ(*session->best(1), wanted({7, 8, 9, 5}, 1)[0]);
  EXPECT_TRUE(session->logits(2).failed());
}

TEST(Session, ForksContinueByThemselves) {
  InPlaceModel in;
  Result<Session> session = Session::create(in.model);
  int64_t ids[] = {1, 2, 3};
  ASSERT_FALSE(session->feed(ids, 3).failed());
  Result<Session> fork = session->fork();
  ASSERT_FALSE(fork.failed()) << fork.message();
  EXPECT_EQ(continuationOf(*session, {4}, 5), wanted({1, 2, 3, 4}, 5));
  EXPECT_EQ(*fork->best(), wanted({1, 2, 3}, 1)[0]);
  EXPECT_EQ(continuationOf(*fork, {5}, 5), wanted({1, 2, 3, 5}, 5));
}

TEST(Session, IsAfterAFailureWhatItWas) {
  InPlaceModel in;
  Result<Session> session = Session::create(in.model, {1, 8});
  int64_t ids[] = {1, 2, 3}, unlucky[] = {4, 99, 5}, many[6] = {};
  ASSERT_FALSE(session->feed(ids, 3).failed());
  EXPECT_STREQ(session->feed(unlucky, 3).message(), "id 99 is unlucky");
  EXPECT_STREQ(session->feed(many, 6).message(),
               "the context is full: 3 ids and 6 more exceed its 8 positions");
  EXPECT_STREQ(session->feed(many, 0).message(), "no ids to read");
  EXPECT_EQ(session->length(), 3);
  EXPECT_EQ(*session->best(), wanted({1, 2, 3}, 1)[0]);
  EXPECT_EQ(continuationOf(*session, {4}, 4), wanted({1, 2, 3, 4}, 4));
}

TEST(Session, RefusesAbsurdSizes) {
  InPlaceModel in;
  Result<Session> large = Session::create(in.model, {1, int64_t(1) << 60});
  int64_t id = 1;
  EXPECT_STREQ(large->feed(&id, 1).message(),
               "the context cannot grow: no memory for a tensor of shape "
               "1x2x1152921504606846976x1");
  EXPECT_STREQ(Session::create(in.model, {0, 0}).message(),
               "a session of 0 sequences and 0 positions is not possible with "
               "this model");
}

TEST(Perplexity, WantsLogitsOfAllIds) {
  Model model;
  model.signature =
      std::move(*parseSignature("bitnet 1\nmodel\tm\ninput\tids\ti64\tids\ts\n"
                                "output\tlogits\tf32\tlogits\t100\n"));
  model.entry = [](void *results, void *const *) {
    void *logits = std::calloc(100, sizeof(float));
    int64_t words[] = {reinterpret_cast<int64_t>(logits),
                       reinterpret_cast<int64_t>(logits), 0, 100, 1};
    std::memcpy(results, words, sizeof(words));
  };
  Shape shape;
  shape.push(3);
  std::string path = testing::TempDir() + "ids.npy";
  ASSERT_FALSE(
      writeNpy(path.c_str(), *Tensor::zeros(BITNET_I64, shape)).failed());
  char *arguments[] = {path.data()};
  EXPECT_STREQ(perplexityCommand(model, {arguments, 1}).message(),
               "the model gives no logits for each id");
}
