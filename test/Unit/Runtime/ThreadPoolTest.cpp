// The thread pool: every index once, with any number of threads; workers that
// come late; failures; forks.

#include "bitnet/Runtime/ThreadPool.h"
#include "bitnet/Runtime/Failure.h"
#include "bitnet/Runtime/Runtime.h"

#include <atomic>
#include <gtest/gtest.h>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace bitnet::runtime;

// The tests fork while there are threads, and ask for absurd amounts of memory.
extern "C" const char *__tsan_default_options() {
  return "die_after_fork=0:allocator_may_return_null=1";
}
extern "C" const char *__asan_default_options() {
  return "allocator_may_return_null=1";
}

/// Runs `test` in a fork, where the pool starts anew with so many threads, and
/// returns what it returns.
static int withThreads(int threads, int (*test)()) {
  pid_t child = fork();
  if (!child) {
    setenv("BITNET_THREADS", std::to_string(threads).c_str(), 1);
    _exit(test());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void countVisits(void *context, int64_t begin, int64_t end) {
  auto &visits = *static_cast<std::vector<int> *>(context);
  for (int64_t i = begin; i < end; ++i)
    ++visits[i];
}

static int visitEachOnce() {
  for (int64_t count : {0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 1000}) {
    std::vector<int> visits(count + 1);
    bitnet_parallel_for(countVisits, &visits, count, INT64_MAX);
    for (int64_t i = 0; i < count; ++i)
      if (visits[i] != 1)
        return 1;
    if (visits[count])
      return 1;
  }
  return 0;
}

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (int threads : {1, 2, 3, 4, 8})
    EXPECT_EQ(withThreads(threads, visitEachOnce), 0) << threads;
}

TEST(ThreadPool, TakesTheNumberOfThreadsFromTheEnvironment) {
  EXPECT_EQ(withThreads(3, threadCount), 3);
  EXPECT_EQ(withThreads(1, threadCount), 1);
}

TEST(ThreadPool, ChildOfAForkStartsItsOwnThreads) {
  EXPECT_EQ(withThreads(4,
                        [] {
                          if (visitEachOnce())
                            return 1;
                          return withThreads(2, [] {
                            return visitEachOnce() ? 1 : threadCount();
                          });
                        }),
            2);
}

TEST(ThreadPool, SurvivesSleeping) {
  EXPECT_EQ(withThreads(3,
                        [] {
                          for (int i = 0; i < 20; ++i) {
                            if (visitEachOnce())
                              return 1;
                            usleep(i % 4 *
                                   1000); // longer than workers stay awake
                          }
                          return 0;
                        }),
            0);
}

/// Chunks of different length, so that the master sleeps, too.
static int waitForSlowWorkers() {
  std::atomic<int> sum{0};
  auto body = [](void *context, int64_t begin, int64_t end) {
    usleep(static_cast<useconds_t>(begin) * 3000);
    *static_cast<std::atomic<int> *>(context) += static_cast<int>(end - begin);
  };
  for (int i = 0; i < 5; ++i)
    bitnet_parallel_for(body, &sum, 3, INT64_MAX);
  return sum != 15;
}

TEST(ThreadPool, MasterWaitsForSlowWorkers) {
  EXPECT_EQ(withThreads(3, waitForSlowWorkers), 0);
}

/// From now on all threads share the CPU of this one, so that workers come when
/// it lets them. Before there are any.
static void shareOneCPU() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

/// 0 if at least once the master has run the share of a worker, each of which
/// had one index of eight.
static int runInPlaceOfWorkers() {
  shareOneCPU();
  bool inPlace = false;
  for (int i = 0; i < 50; ++i) {
    pid_t ran[8] = {};
    auto body = [](void *context, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        static_cast<pid_t *>(context)[i] = gettid();
    };
    bitnet_parallel_for(body, ran, 8, INT64_MAX);
    for (int share = 1; share < 8; ++share)
      inPlace |= ran[share] == gettid();
    if (i % 10 == 9)
      usleep(3000); // now workers sleep
  }
  return !inPlace;
}

TEST(ThreadPool, MasterRunsTheSharesOfWorkersThatDoNotCome) {
  EXPECT_EQ(withThreads(8, runInPlaceOfWorkers), 0);
}

/// Regions of which each has data of its own: a worker that came late and took
/// part in a region that is over would be seen.
static int comeLate() {
  shareOneCPU();
  for (int i = 0; i < 1000; ++i) {
    const int64_t count = 1 + i % 19;
    std::vector<int> visits(count);
    bitnet_parallel_for(countVisits, &visits, count, INT64_MAX);
    for (int times : visits)
      if (times != 1)
        return 1;
    if (i % 7 == 0)
      sched_yield();
    if (i % 250 == 0)
      usleep(3000);
  }
  return 0;
}

TEST(ThreadPool, LateWorkersFindNothing) {
  for (int threads : {2, 3, 8})
    EXPECT_EQ(withThreads(threads, comeLate), 0) << threads;
}

static int nest() {
  std::atomic<int> sum{0};
  auto outer = [](void *context, int64_t begin, int64_t end) {
    auto inner = [](void *context, int64_t begin, int64_t end) {
      *static_cast<std::atomic<int> *>(context) +=
          static_cast<int>(end - begin);
    };
    for (int64_t i = begin; i < end; ++i)
      bitnet_parallel_for(inner, context, 10, INT64_MAX);
  };
  bitnet_parallel_for(outer, &sum, 6, INT64_MAX);
  return sum != 60;
}

TEST(ThreadPool, NestedRegionsRunInline) {
  EXPECT_EQ(withThreads(1, nest), 0);
  EXPECT_EQ(withThreads(4, nest), 0);
}

TEST(ThreadPool, TwoCallersAtOnce) {
  std::atomic<int> failures{0};
  auto call = [&] {
    for (int i = 0; i < 50; ++i)
      failures += visitEachOnce();
  };
  std::thread first(call), second(call);
  first.join();
  second.join();
  EXPECT_EQ(failures, 0);
}

/// The message that a region fails with; empty if it doesn't.
static std::string failureOf(bitnet_body body, void *context, int64_t count) {
  FailureFrame frame;
  frame.outer = currentFrame;
  currentFrame = &frame;
  std::string message;
  if (setjmp(frame.target))
    message = frame.message;
  else
    bitnet_parallel_for(body, context, count, INT64_MAX);
  currentFrame = frame.outer;
  return message;
}

/// The same of a region over 8 indices, of which those in `unlucky` fail.
static std::string failureOf(std::vector<int> unlucky) {
  auto body = [](void *context, int64_t begin, int64_t end) {
    static const char *const kMessages[] = {"0", "1", "2", "3",
                                            "4", "5", "6", "7"};
    for (int64_t i = begin; i < end; ++i)
      for (int bad : *static_cast<const std::vector<int> *>(context))
        if (bad == i)
          bitnet_fail(kMessages[i]);
  };
  return failureOf(body, &unlucky, 8);
}

static int failSomewhere() {
  for (int i = 0; i < 8; ++i)
    if (failureOf({i}) != std::to_string(i) || failureOf({}) != "")
      return 1;
  // Not who comes first, but what one thread alone would have met first.
  for (int i = 0; i < 50; ++i) {
    if (failureOf({7, 3, 5}) != "3" || failureOf({0, 1, 7}) != "0")
      return 2;
    if (i % 10 == 0)
      usleep(3000);
  }
  return visitEachOnce();
}

TEST(ThreadPool, FailuresReachTheCaller) {
  for (int threads : {1, 2, 4, 8})
    EXPECT_EQ(withThreads(threads, failSomewhere), 0) << threads;
}

TEST(ThreadPool, FailuresOfSharesThatTheMasterRunsInPlaceOfWorkers) {
  auto test = [] {
    shareOneCPU();
    return failSomewhere();
  };
  for (int threads : {2, 4, 8})
    EXPECT_EQ(withThreads(threads, test), 0) << threads;
}

/// Nested regions of which the fifth fails, wherever it runs.
static int failNested() {
  auto outer = [](void *, int64_t begin, int64_t end) {
    auto inner = [](void *, int64_t, int64_t) { bitnet_fail("nested"); };
    for (int64_t i = begin; i < end; ++i)
      if (i >= 5)
        bitnet_parallel_for(inner, nullptr, 3, INT64_MAX);
  };
  for (int i = 0; i < 50; ++i)
    if (failureOf(outer, nullptr, 6 + i % 8) != "nested")
      return 1;
  return visitEachOnce();
}

TEST(ThreadPool, FailuresOfNestedRegionsReachTheCaller) {
  for (int threads : {1, 2, 4, 8})
    EXPECT_EQ(withThreads(threads, failNested), 0) << threads;
}

TEST(ThreadPoolDeathTest, FailureOutsideARunEndsTheProgram) {
  EXPECT_EXIT(bitnet_fail("no frame"), testing::ExitedWithCode(1),
              "^error: no frame\n$");
}

TEST(ThreadPoolDeathTest, RefusesAnOddNumberOfThreads) {
  for (const char *odd : {"0", "two", "1.5", "-1", "1025"}) {
    setenv("BITNET_THREADS", odd, 1);
    EXPECT_EXIT(wantedThreads(), testing::ExitedWithCode(1),
                "^error: BITNET_THREADS is '.*', wanted is a number from 1 to "
                "1024\n$");
  }
  unsetenv("BITNET_THREADS");
}

TEST(ThreadPool, WantsNoMoreThreadsThanCPUs) {
  unsetenv("BITNET_THREADS");
  EXPECT_GE(wantedThreads(), 1);
  EXPECT_LE(wantedThreads(), sysconf(_SC_NPROCESSORS_ONLN));
}
