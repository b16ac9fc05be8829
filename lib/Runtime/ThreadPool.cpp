// The thread pool of compiled models.
//
// A model of 24 layers begins some 200 parallel regions for every token, of a
// few microseconds each. So between regions nobody goes through the kernel:
// workers spin on one cache line, which brings the job along. Who waits in vain
// yields, then sleeps; both sides do, because a partner that was preempted must
// not cost a second core.

#include "bitnet/Runtime/ThreadPool.h"

#include "Backoff.h"
#include "bitnet/Runtime/Failure.h"
#include "bitnet/Runtime/Runtime.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <pthread.h>

using namespace bitnet::runtime;

// What pthread_atfork and the start files of a library are made of (Linux
// Standard Base). Used directly because only a registration under a key of our
// own can be taken back, which a library must do before it is unloaded.
extern "C" int __register_atfork(void (*prepare)(), void (*parent)(),
                                 void (*child)(), void *key);
extern "C" void __cxa_finalize(void *key);

static constexpr int kMaxThreads = 1024;

// Each worker counts as one; main is thread 0.
namespace {
struct Pool {
  // Written by the master, read by all workers.
  alignas(64) std::atomic<uint32_t> epoch;
  bool stop;
  int threads; // 0: not started
  bitnet_body body;
  void *context;
  int64_t count;

  // The shares that are not finished. Counts down and is set anew for every
  // region: measured, a sum that only grows takes 0.1 us more.
  alignas(64) std::atomic<uint32_t> pending;
  std::atomic<uint32_t> masterSleeps;

  // Hardly ever written.
  alignas(64) std::atomic<uint32_t> workersSleep;
  uint32_t firstEpoch;
  bool handlesFork;
  pthread_t handles[kMaxThreads];

  // The failure of the lowest thread, which is the one that a single thread
  // would have met first.
  std::atomic<int> failedThread; // 0: none
  pthread_mutex_t failureLock;
  char failure[sizeof(FailureFrame::message)];

  // Taken by the thread that begins a region. Others run theirs alone: nested
  // regions, and those of a second caller of the library.
  alignas(64) std::atomic<bool> busy;
};
} // namespace

static Pool pool; // all zero, which is right for every member
static thread_local bool ownsRegion __attribute__((tls_model("initial-exec"))) =
    false;

/// Calls the body on the share of one thread: `count / threads` rounded up for
/// the first ones.
static void runShare(int thread) {
  int64_t share = pool.count / pool.threads;
  int64_t extra = pool.count % pool.threads;
  int64_t begin = thread * share + (thread < extra ? thread : extra);
  int64_t end = begin + share + (thread < extra ? 1 : 0);
  if (begin < end)
    pool.body(pool.context, begin, end);
}

static void recordFailure(int thread, const char *message) {
  pthread_mutex_lock(&pool.failureLock);
  int failed = pool.failedThread.load(std::memory_order_relaxed);
  if (!failed || thread < failed) {
    std::snprintf(pool.failure, sizeof(pool.failure), "%s", message);
    pool.failedThread.store(thread, std::memory_order_relaxed);
  }
  pthread_mutex_unlock(&pool.failureLock);
}

static void finishShare() {
  if (pool.pending.fetch_sub(1) == 1 && pool.masterSleeps.load())
    wake(pool.pending);
}

/// Returns when there is another epoch than `seen`.
static uint32_t awaitJob(uint32_t seen) {
  Backoff backoff;
  for (;;) {
    uint32_t epoch = pool.epoch.load(std::memory_order_acquire);
    if (epoch != seen)
      return epoch;
    if (backoff.step())
      continue;
    // In one total order with beginRegion's: either it sees this sleeper, or
    // the kernel sees the new epoch.
    pool.workersSleep.fetch_add(1);
    sleepWhile(pool.epoch, seen);
    pool.workersSleep.fetch_sub(1);
  }
}

static void *work(void *argument) {
  const int thread = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  FailureFrame frame;
  frame.outer = nullptr;
  currentFrame = &frame;
  volatile uint32_t seen = pool.firstEpoch;
  if (setjmp(frame.target)) {
    recordFailure(thread, frame.message);
    finishShare();
  }
  for (;;) {
    seen = awaitJob(seen);
    if (pool.stop)
      return nullptr;
    runShare(thread);
    finishShare();
  }
}

/// In the child of a fork there are no workers; the next region starts them.
static void forgetWorkers() {
  pool.threads = 0;
  pool.pending.store(0);
  pool.masterSleeps.store(0);
  pool.workersSleep.store(0);
  pool.failedThread.store(0);
  pool.failureLock = PTHREAD_MUTEX_INITIALIZER;
  pool.busy.store(false);
}

/// Starts the workers, as many as the system lets us have.
static void startWorkers() {
  int wanted = wantedThreads();
  if (wanted > kMaxThreads)
    wanted = kMaxThreads;
  if (!pool.handlesFork)
    pool.handlesFork =
        !__register_atfork(nullptr, nullptr, forgetWorkers, &pool);
  pool.firstEpoch = pool.epoch.load();

  // Signals are for the threads of the application.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int threads = 1;
  while (threads < wanted &&
         !pthread_create(&pool.handles[threads], nullptr, work,
                         reinterpret_cast<void *>(intptr_t(threads))))
    ++threads;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pool.threads = threads;
}

static void beginRegion() {
  pool.pending.store(pool.threads - 1, std::memory_order_relaxed);
  pool.epoch.fetch_add(1);
  if (pool.workersSleep.load())
    wake(pool.epoch);
}

static void joinRegion() {
  Backoff backoff;
  for (;;) {
    uint32_t pending = pool.pending.load(std::memory_order_acquire);
    if (!pending)
      return;
    if (backoff.step())
      continue;
    pool.masterSleeps.store(1);
    pending = pool.pending.load();
    if (pending)
      sleepWhile(pool.pending, pending);
    pool.masterSleeps.store(0);
  }
}

static void releasePool() {
  ownsRegion = false;
  pool.busy.store(false, std::memory_order_release);
}

/// Passes on the failure of a worker.
static void raiseFailure() {
  char message[sizeof(pool.failure)];
  std::memcpy(message, pool.failure, sizeof(message));
  pool.failedThread.store(0, std::memory_order_relaxed);
  releasePool();
  bitnet_fail(message);
}

void bitnet::runtime::abandonRegion() {
  if (!ownsRegion)
    return;
  joinRegion();
  pool.failedThread.store(0, std::memory_order_relaxed);
  releasePool();
}

/// True if this thread may begin a region now; then it must release the pool.
static bool acquirePool() {
  if (pool.busy.exchange(true, std::memory_order_acquire))
    return false;
  ownsRegion = true;
  if (!pool.threads)
    startWorkers();
  return true;
}

int bitnet::runtime::threadCount() {
  if (!acquirePool())
    return 1;
  int threads = pool.threads;
  releasePool();
  return threads;
}

static void runRegion(bitnet_body body, void *context, int64_t count) {
  if (count == 1 || !acquirePool())
    return body(context, 0, count);
  pool.body = body;
  pool.context = context;
  pool.count = count;
  if (pool.threads == 1) {
    releasePool();
    return body(context, 0, count);
  }
  beginRegion();
  runShare(0);
  joinRegion();
  if (pool.failedThread.load(std::memory_order_relaxed))
    return raiseFailure();
  releasePool();
}

static RegionObserver observer;

void bitnet::runtime::observeRegions(RegionObserver wanted) {
  observer = wanted;
}

static int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1000000000 + now.tv_nsec;
}

void bitnet_parallel_for(bitnet_body body, void *context, int64_t count) {
  if (count <= 0)
    return;
  if (!observer)
    return runRegion(body, context, count);
  int64_t start = nanoseconds();
  runRegion(body, context, count);
  observer(body, nanoseconds() - start);
}

/// A library that is unloaded takes its code away from under the workers and
/// the handler of forks.
__attribute__((destructor)) static void stopWorkers() {
  if (pool.busy.exchange(true, std::memory_order_acquire))
    return;
  if (pool.handlesFork)
    __cxa_finalize(&pool);
  if (pool.threads <= 1)
    return;
  pool.stop = true;
  beginRegion();
  for (int thread = 1; thread < pool.threads; ++thread)
    pthread_join(pool.handles[thread], nullptr);
}
