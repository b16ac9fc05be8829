// The thread pool of compiled models.
//
// A model of 24 layers begins some 200 parallel regions for every token, of a
// few microseconds each. So between regions nobody goes through the kernel:
// each worker spins on a cache line of its own, which brings its share along.
// Who waits in vain yields, then sleeps; both sides do, because a partner that
// was preempted must not cost a second core. And a worker that does not come
// loses its share to the master, so that on a busy machine only a thread that
// is stopped in the middle of a share holds up a region.

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

// Steps that the master waits for workers before it runs their shares.
static constexpr int kPatience = 64;

// Operations that a share is worth having for: about a microsecond, twice what
// a region costs.
static constexpr int64_t kLeastWork = 4096;

namespace {

/// The part of a region that is one thread's.
struct Share {
  bitnet_body body; // null: the worker is to end
  void *context;
  int64_t begin, end;
};

/// Where a worker finds its share. Who resets `open` runs it: the worker, or
/// the master in its place. An open share is one of the region that goes on, so
/// a worker that comes too late finds nothing, and never an old job.
struct alignas(64) Slot {
  std::atomic<uint32_t> open;
  Share share;
};

// Each worker counts as one; the master, who began the region, is thread 0.
struct Pool {
  // The shares that are not finished, but for the master's own. Counts down and
  // is set anew for every region: measured, a sum that only grows takes 0.1 us
  // more.
  alignas(64) std::atomic<uint32_t> pending;
  std::atomic<uint32_t> masterSleeps;

  // The master, which others are not while there is one: they run their regions
  // alone, as it does its nested ones. 0: nobody.
  alignas(64) std::atomic<uintptr_t> master;
  int shares;      // of the region
  int masterShare; // the one that the master runs

  // Hardly ever written.
  alignas(64) int threads; // 0: not started
  bool handlesFork;
  std::atomic<bool> sleeps[kMaxThreads];
  pthread_t handles[kMaxThreads];

  // The failure of the lowest share, which is the one that a single thread
  // would have met first.
  std::atomic<int> failedShare; // counted from 1; 0: none
  pthread_mutex_t failureLock;
  char failure[sizeof(FailureFrame::message)];

  Slot slots[kMaxThreads];
};
} // namespace

static Pool pool; // all zero, which is right for every member

static uintptr_t self() { return static_cast<uintptr_t>(pthread_self()); }

static bool isMaster() {
  return pool.master.load(std::memory_order_relaxed) == self();
}

/// The share of one of `threads`: `count / threads`, rounded up for the first
/// ones.
static Share shareOf(int thread, int threads, bitnet_body body, void *context,
                     int64_t count) {
  int64_t size = count / threads, extra = count % threads;
  int64_t begin = thread * size + (thread < extra ? thread : extra);
  return {body, context, begin, begin + size + (thread < extra ? 1 : 0)};
}

static void run(const Share &share) {
  share.body(share.context, share.begin, share.end);
}

/// True if the share is now the caller's to run.
static bool take(Slot &slot) {
  return slot.open.load(std::memory_order_relaxed) &&
         slot.open.exchange(0, std::memory_order_acquire);
}

static void recordFailure(int share, const char *message) {
  pthread_mutex_lock(&pool.failureLock);
  int failed = pool.failedShare.load(std::memory_order_relaxed);
  if (!failed || share + 1 < failed) {
    std::snprintf(pool.failure, sizeof(pool.failure), "%s", message);
    pool.failedShare.store(share + 1, std::memory_order_relaxed);
  }
  pthread_mutex_unlock(&pool.failureLock);
}

static void finishShare() {
  if (pool.pending.fetch_sub(1) == 1 && pool.masterSleeps.load())
    wake(pool.pending);
}

/// Returns with a share that is the worker's to run.
static void awaitShare(int thread) {
  Slot &slot = pool.slots[thread];
  Backoff backoff;
  while (!take(slot)) {
    if (backoff.step())
      continue;
    // In one total order with openShares': either it sees this sleeper, or the
    // kernel sees the open share.
    pool.sleeps[thread].store(true);
    sleepWhile(slot.open, 0);
    pool.sleeps[thread].store(false);
    backoff = Backoff();
  }
}

static void *work(void *argument) {
  const int thread = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  FailureFrame frame;
  frame.outer = nullptr;
  currentFrame = &frame;
  if (setjmp(frame.target)) {
    recordFailure(thread, frame.message);
    finishShare();
  }
  for (;;) {
    awaitShare(thread);
    const Share &share = pool.slots[thread].share;
    if (!share.body)
      return nullptr;
    run(share);
    finishShare();
  }
}

/// In the child of a fork there are no workers; the next region starts them.
static void forgetWorkers() {
  for (int thread = 1; thread < pool.threads; ++thread) {
    pool.slots[thread].open.store(0);
    pool.sleeps[thread].store(false);
  }
  pool.threads = 0;
  pool.pending.store(0);
  pool.masterSleeps.store(0);
  pool.failedShare.store(0);
  pool.failureLock = PTHREAD_MUTEX_INITIALIZER;
  pool.master.store(0);
}

/// Starts the workers, as many as the system lets us have.
static void startWorkers() {
  int wanted = wantedThreads();
  if (wanted > kMaxThreads)
    wanted = kMaxThreads;
  if (!pool.handlesFork)
    pool.handlesFork =
        !__register_atfork(nullptr, nullptr, forgetWorkers, &pool);

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

/// Offers all shares but the first to the workers.
static void openShares(int shares, bitnet_body body, void *context,
                       int64_t count) {
  pool.shares = shares;
  pool.pending.store(shares - 1, std::memory_order_relaxed);
  for (int thread = 1; thread < shares; ++thread) {
    Slot &slot = pool.slots[thread];
    slot.share = shareOf(thread, shares, body, context, count);
    slot.open.store(1, std::memory_order_release);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (int thread = 1; thread < shares; ++thread)
    if (pool.sleeps[thread].load(std::memory_order_relaxed))
      wake(pool.slots[thread].open);
}

/// Runs what no worker has begun. In ascending order: when a share fails, those
/// before it have all been begun.
static void runOpenShares() {
  for (int thread = 1; thread < pool.shares; ++thread) {
    if (!take(pool.slots[thread]))
      continue;
    pool.masterShare = thread;
    run(pool.slots[thread].share);
    finishShare();
  }
}

static void awaitWorkers() {
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

/// Workers are given a microsecond to come: a share runs best where its data
/// was the last time.
static void joinRegion() {
  for (int i = 0; i < kPatience; ++i) {
    if (!pool.pending.load(std::memory_order_acquire))
      return;
    relax();
  }
  runOpenShares();
  awaitWorkers();
}

static void releasePool() { pool.master.store(0, std::memory_order_release); }

/// Passes on the failure of the region.
[[noreturn]] static void raiseFailure() {
  char message[sizeof(pool.failure)];
  std::memcpy(message, pool.failure, sizeof(message));
  pool.failedShare.store(0, std::memory_order_relaxed);
  releasePool();
  bitnet_fail(message);
}

void bitnet::runtime::abandonRegion(const char *message) {
  if (!isMaster())
    return;
  recordFailure(pool.masterShare, message);
  if (pool.masterShare)
    finishShare();
  // What nobody has begun comes after the failing share, see runOpenShares.
  for (int thread = 1; thread < pool.shares; ++thread)
    if (take(pool.slots[thread]))
      finishShare();
  awaitWorkers();
  raiseFailure();
}

/// True if this thread may begin a region now; then it must release the pool.
static bool acquirePool() {
  uintptr_t nobody = 0;
  if (!pool.master.compare_exchange_strong(nobody, self(),
                                           std::memory_order_acquire))
    return false;
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

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

static void runRegion(bitnet_body body, void *context, int64_t count,
                      int64_t work) {
  int64_t most = lesser(count, work / kLeastWork);
  if (most <= 1 || !acquirePool())
    return body(context, 0, count);
  int shares = static_cast<int>(lesser(most, pool.threads));
  if (shares == 1) {
    releasePool();
    return body(context, 0, count);
  }
  openShares(shares, body, context, count);
  pool.masterShare = 0;
  run(shareOf(0, shares, body, context, count));
  joinRegion();
  if (pool.failedShare.load(std::memory_order_relaxed))
    raiseFailure();
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

void bitnet_parallel_for(bitnet_body body, void *context, int64_t count,
                         int64_t work) {
  if (count <= 0)
    return;
  if (!observer)
    return runRegion(body, context, count, work);
  int64_t start = nanoseconds();
  runRegion(body, context, count, work);
  observer(body, nanoseconds() - start);
}

/// A library that is unloaded takes its code away from under the workers and
/// the handler of forks.
__attribute__((destructor)) static void stopWorkers() {
  uintptr_t nobody = 0;
  if (!pool.master.compare_exchange_strong(nobody, self(),
                                           std::memory_order_acquire))
    return;
  if (pool.handlesFork)
    __cxa_finalize(&pool);
  if (pool.threads <= 1)
    return;
  openShares(pool.threads, nullptr, nullptr, 0);
  for (int thread = 1; thread < pool.threads; ++thread)
    pthread_join(pool.handles[thread], nullptr);
}
