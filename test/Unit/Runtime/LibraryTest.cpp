// The C interface, with the model in Inputs/.

#include "bitnet/Runtime/Library.h"

#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

static bitnet_tensor idsTensor(int64_t *ids, int64_t count) {
  bitnet_tensor tensor = {};
  tensor.name = "ids";
  tensor.type = BITNET_I64;
  tensor.rank = 2;
  tensor.shape[0] = 1;
  tensor.shape[1] = count;
  tensor.data = ids;
  return tensor;
}

/// The message of a run that must fail.
static std::string failureOf(const bitnet_tensor *inputs, size_t count) {
  bitnet_tensor outputs[2];
  char error[200] = "";
  EXPECT_EQ(bitnet_run(inputs, count, outputs, 2, error, sizeof(error)), 1);
  EXPECT_EQ(outputs[0].owner, nullptr);
  return error;
}

TEST(Library, Runs) {
  int64_t ids[] = {1, 2, 3};
  bitnet_tensor input = idsTensor(ids, 3), outputs[2];
  char error[200] = "";
  ASSERT_EQ(bitnet_run(&input, 1, outputs, 2, error, sizeof(error)), 0)
      << error;
  EXPECT_STREQ(outputs[0].name, "logits");
  EXPECT_EQ(outputs[0].rank, 3);
  EXPECT_EQ(outputs[0].shape[2], 128);
  EXPECT_EQ(static_cast<float *>(outputs[0].data)[2 * 128 + 20], 1);
  EXPECT_EQ(outputs[1].shape[2], 3);

  // And again with what came out as the past.
  bitnet_tensor inputs[] = {idsTensor(ids, 1), outputs[1]}, next[2];
  inputs[1].name = "past.0";
  ASSERT_EQ(bitnet_run(inputs, 2, next, 2, error, sizeof(error)), 0) << error;
  EXPECT_EQ(next[1].shape[2], 4);
  bitnet_release(next, 2);
  bitnet_release(outputs, 2);
  EXPECT_EQ(outputs[0].data, nullptr);
}

TEST(Library, TakesInputsByPlace) {
  int64_t ids[] = {1};
  bitnet_tensor input = idsTensor(ids, 1), outputs[2];
  input.name = nullptr;
  ASSERT_EQ(bitnet_run(&input, 1, outputs, 2, nullptr, 0), 0);
  bitnet_release(outputs, 2);
}

TEST(Library, ReturnsErrors) {
  int64_t ids[] = {1, 101};
  bitnet_tensor input = idsTensor(ids, 2);
  EXPECT_EQ(failureOf(&input, 1), "id 101 is unlucky");
  EXPECT_EQ(failureOf(nullptr, 0),
            "input 'ids' is missing: i64 [batch, sequence]");
  bitnet_tensor twice[] = {input, input};
  EXPECT_EQ(failureOf(twice, 2), "input 'ids' is given twice");
  input.name = "tokens";
  EXPECT_EQ(failureOf(&input, 1), "the model has no input 'tokens'; its inputs "
                                  "are 'ids', 'mask', 'positions', 'past.0'");
  input = idsTensor(nullptr, 2);
  EXPECT_EQ(failureOf(&input, 1), "input 'ids' has no data");
  input = idsTensor(ids, -1);
  EXPECT_EQ(failureOf(&input, 1), "input 'ids' has the absurd shape 1x-1");
  input.rank = 9;
  EXPECT_EQ(failureOf(&input, 1), "input 'ids' is malformed: type 7, rank 9");
  input = idsTensor(ids, 2);
  char error[200];
  EXPECT_EQ(bitnet_run(&input, 1, nullptr, 0, error, sizeof(error)), 1);
  EXPECT_STREQ(error, "the model has 2 outputs, room is for 0");
}

TEST(Library, GivesTheSignature) {
  EXPECT_EQ(
      std::strncmp(bitnet_signature_text(), "bitnet 1\nmodel\tfake\n", 20), 0);
}

TEST(Library, ServesSeveralThreads) {
  std::atomic<int> wrong{0};
  auto call = [&](int64_t first) {
    for (int i = 0; i < 50; ++i) {
      int64_t ids[] = {first, 2};
      bitnet_tensor input = idsTensor(ids, 2), outputs[2];
      char error[200];
      int status = bitnet_run(&input, 1, outputs, 2, error, sizeof(error));
      wrong += status != (first == 101);
      if (!status)
        bitnet_release(outputs, 2);
    }
  };
  std::thread good(call, 1), bad(call, 101);
  good.join();
  bad.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Library, KeepsSessions) {
  char error[200] = "";
  bitnet_session *session = bitnet_session_create(1, 8, error, sizeof(error));
  ASSERT_NE(session, nullptr) << error;
  int64_t ids[] = {1, 2, 3}, id = 0, count = 1;
  EXPECT_EQ(bitnet_session_logits(session, 0, &count), nullptr);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(bitnet_session_sample(session, &id), BITNET_ERROR);
  EXPECT_STREQ(bitnet_session_error(session), "the model gave no logits");
  ASSERT_EQ(bitnet_session_feed(session, ids, 3), BITNET_OK)
      << bitnet_session_error(session);
  EXPECT_STREQ(bitnet_session_error(session), "");
  EXPECT_EQ(bitnet_session_length(session), 3);
  EXPECT_EQ(bitnet_session_logits(session, 0, &count)[20], 1);
  EXPECT_EQ(count, 128);
  ASSERT_EQ(bitnet_session_sample(session, &id), BITNET_OK);
  EXPECT_EQ(id, 20);

  bitnet_session *fork = bitnet_session_fork(session, error, sizeof(error));
  ASSERT_NE(fork, nullptr) << error;
  bitnet_session_reset(session);
  EXPECT_EQ(bitnet_session_length(session), 0);
  bitnet_session_destroy(session);
  EXPECT_EQ(bitnet_session_feed(fork, ids, 3), BITNET_OK);
  EXPECT_EQ(bitnet_session_feed(fork, ids, 3), BITNET_CONTEXT_FULL);
  EXPECT_STREQ(bitnet_session_error(fork),
               "the context is full: 6 ids and 3 more exceed its 8 positions");
  bitnet_session_destroy(fork);
  bitnet_session_destroy(nullptr);
  EXPECT_EQ(bitnet_session_create(0, 0, error, sizeof(error)), nullptr);
  EXPECT_STREQ(error, "a session of 0 sequences and 0 positions is not "
                      "possible with this model");
}

TEST(Library, DrawsReproducibly) {
  bitnet_session *session = bitnet_session_create(2, 0, nullptr, 0);
  ASSERT_NE(session, nullptr);
  int64_t equal[] = {103, 103}, first[2], again[2], forked[2];
  ASSERT_EQ(bitnet_session_feed(session, equal, 1), BITNET_OK)
      << bitnet_session_error(session);
  bitnet_sampling sampling = BITNET_GREEDY;
  sampling.temperature = 1;
  sampling.seed = 5;
  bitnet_session_set_sampling(session, &sampling);
  bitnet_session *fork = bitnet_session_fork(session, nullptr, 0);
  ASSERT_EQ(bitnet_session_sample(session, first), BITNET_OK);
  ASSERT_EQ(bitnet_session_sample(fork, forked), BITNET_OK);
  bitnet_session_set_sampling(session, &sampling);
  ASSERT_EQ(bitnet_session_sample(session, again), BITNET_OK);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(first[i], again[i]);
    EXPECT_EQ(first[i], forked[i]);
  }
  EXPECT_NE(first[0], first[1]); // each sequence has a stream of its own
  bitnet_session_destroy(fork);
  bitnet_session_destroy(session);
}

TEST(Library, ConversationsNeedATokenizer) {
  bitnet_message message = {"user", "Hello"};
  char text[8] = "x", error[200] = "";
  EXPECT_EQ(
      bitnet_chat_text(&message, 1, text, sizeof(text), error, sizeof(error)),
      -1);
  EXPECT_STREQ(error, "the model was compiled without a tokenizer; compile it "
                      "with --tokenizer tokenizer.json");
  EXPECT_EQ(bitnet_ends_turn(0), 0);
  bitnet_session *session = bitnet_session_create(1, 0, nullptr, 0);
  EXPECT_EQ(bitnet_session_read_chat(session, &message, 1), BITNET_ERROR);
  EXPECT_STREQ(bitnet_session_error(session), error);
  bitnet_session_destroy(session);
  session = bitnet_session_create(2, 0, nullptr, 0);
  EXPECT_EQ(bitnet_session_read_chat(session, &message, 1), BITNET_ERROR);
  EXPECT_STREQ(bitnet_session_error(session),
               "a session of several sequences reads no conversation");
  bitnet_session_destroy(session);
}

// Weights are shared, and nothing else.
TEST(Library, SessionsRunInParallel) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int64_t first = 1; first <= 8; ++first)
    threads.emplace_back([first, &right] {
      bitnet_session *session = bitnet_session_create(1, 0, nullptr, 0);
      int64_t id = first, sum = 0;
      for (int64_t i = 0; i < 20; ++i) {
        sum += id;
        if (bitnet_session_feed(session, &id, 1) != BITNET_OK ||
            bitnet_session_sample(session, &id) != BITNET_OK)
          break;
        right += id == (3 * sum + i) % 100;
      }
      bitnet_session_destroy(session);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, 8 * 20);
}

/// The threads of this process.
static int countThreads() {
  int count = 0;
  std::FILE *status = std::fopen("/proc/self/status", "r");
  char line[256];
  while (std::fgets(line, sizeof(line), status))
    std::sscanf(line, "Threads: %d", &count);
  std::fclose(status);
  return count;
}

// Neither threads nor a handler of forks may stay behind in unmapped code.
TEST(Library, CanBeUnloaded) {
  setenv("BITNET_THREADS", "4", 1);
  int before = countThreads();
  for (int i = 0; i < 3; ++i) {
    void *library = dlopen(BITNET_FAKES "FakeLibrary.so", RTLD_NOW);
    ASSERT_NE(library, nullptr) << dlerror();
    auto run =
        reinterpret_cast<decltype(&bitnet_run)>(dlsym(library, "bitnet_run"));
    auto release = reinterpret_cast<decltype(&bitnet_release)>(
        dlsym(library, "bitnet_release"));
    int64_t ids[] = {1, 2, 3, 4};
    bitnet_tensor input = idsTensor(ids, 2), outputs[2];
    input.shape[0] = 2;
    ASSERT_EQ(run(&input, 1, outputs, 2, nullptr, 0), 0);
    EXPECT_EQ(countThreads(), before + 3);
    release(outputs, 2);
    dlclose(library);
    EXPECT_EQ(dlopen(BITNET_FAKES "FakeLibrary.so", RTLD_NOW | RTLD_NOLOAD),
              nullptr);
    EXPECT_EQ(countThreads(), before);
    pid_t child = fork();
    if (!child)
      _exit(0);
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  unsetenv("BITNET_THREADS");
}
