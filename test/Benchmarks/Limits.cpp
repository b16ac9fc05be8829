// What the machine can do at most: prints one line, NAME VALUE UNIT, for each
// limit. $BITNET_THREADS says how many threads do it together.
//
// A limit is the best of several runs of a loop that does nothing else: reads
// of a buffer of 1 GB with the best distance of prefetching, reads of one that
// the second cache holds, and one instruction on registers alone.
#include "bitnet/Runtime/Commands.h"
#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace bitnet::runtime;

static std::atomic<uint64_t> sink;

namespace {
struct Job {
  /// Of one thread.
  void (*run)(const char *memory, int64_t bytes, int64_t count);
  const char *memory;
  int64_t bytes, count;
};
} // namespace

static void runShare(void *context, int64_t begin, int64_t end) {
  auto *job = static_cast<Job *>(context);
  for (int64_t i = begin; i < end; ++i)
    job->run(job->memory + i * job->bytes, job->bytes, job->count);
}

/// Seconds that all threads take, the best of `tries`.
static double bestOf(int tries, Job job) {
  double best = 1e30;
  for (int i = 0; i < tries; ++i) {
    double start = milliseconds();
    bitnet_parallel_for(runShare, &job, threadCount(), INT64_MAX);
    double time = milliseconds() - start;
    best = time < best ? time : best;
  }
  return best / 1e3;
}

static void print(const char *name, double amount, double seconds,
                  const char *unit) {
  std::printf("%s %.2f %s\n", name, amount / seconds / 1e9, unit);
  std::fflush(stdout);
}

/// Reads every line of the memory, `distance` bytes ahead of it.
template <int distance>
static void readLines(const char *memory, int64_t bytes, int64_t count) {
  typedef uint64_t Vector __attribute__((vector_size(64), aligned(64)));
  Vector a = {}, b = {}, c = {}, d = {};
  for (int64_t n = 0; n < count; ++n)
    for (int64_t i = 0; i < bytes; i += 256) {
      const char *at = memory + i;
      if (distance)
        for (int line = 0; line < 256; line += 64)
          __builtin_prefetch(at + line + distance);
      auto *vectors = reinterpret_cast<const Vector *>(at);
      a ^= vectors[0], b ^= vectors[1], c ^= vectors[2], d ^= vectors[3];
      asm volatile("" : "+m"(*const_cast<char *>(at))); // reads stay reads
    }
  a ^= b ^ c ^ d;
  sink += a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] ^ a[5] ^ a[6] ^ a[7];
}

static void measureReads() {
  int64_t bytes = (int64_t(1) << 30) / threadCount() & -4096;
  void *memory = nullptr;
  if (posix_memalign(&memory, 4096, size_t(bytes) * threadCount() + 8192))
    std::exit(1);
  std::memset(memory, 1, size_t(bytes) * threadCount() + 8192);
  auto *data = static_cast<const char *>(memory);
  double best = 1e30;
  for (auto *run :
       {readLines<0>, readLines<512>, readLines<2048>, readLines<4096>}) {
    double time = bestOf(5, {run, data, bytes, 1});
    best = time < best ? time : best;
  }
  print("read", double(bytes) * threadCount(), best, "GB/s");
  int64_t near = 256 << 10, times = 8000;
  double time = bestOf(7, {readLines<0>, data, near, times});
  print("read-l2", double(near) * double(times) * threadCount(), time, "GB/s");
  std::free(memory);
}

#ifdef __x86_64__

// Sixteen (or six) chains, so that the latency doesn't show.
#define EACH16(text)                                                           \
  text(0) text(1) text(2) text(3) text(4) text(5) text(6) text(7) text(8)      \
      text(9) text(10) text(11) text(12) text(13) text(14) text(15)
#define EACH6(text) text(0) text(1) text(2) text(3) text(4) text(5)
#define CLOBBERS                                                               \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",      \
      "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define LOOP(name, body)                                                       \
  static void name(const char *, int64_t, int64_t count) {                     \
    for (int64_t i = 0; i < count; ++i)                                        \
      asm volatile(body ::: CLOBBERS);                                         \
  }
#define DOT512(n) "vpdpbusd %%zmm24, %%zmm25, %%zmm" #n "\n"
#define DOT256(n) "%{vex%} vpdpbusd %%ymm14, %%ymm15, %%ymm" #n "\n"
#define FMA512(n) "vfmadd231ps %%zmm24, %%zmm25, %%zmm" #n "\n"
#define FMA256(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n"
#define ADDS(n)                                                                \
  "vpmaddubsw %%ymm14, %%ymm15, %%ymm6\n vpaddw %%ymm6, %%ymm" #n ", %%ymm" #n \
  "\n"
#define EACH14(text)                                                           \
  text(0) text(1) text(2) text(3) text(4) text(5) text(6) text(7) text(8)      \
      text(9) text(10) text(11) text(12) text(13)
LOOP(dot512, EACH16(DOT512))
LOOP(dot256, EACH14(DOT256))
LOOP(fma512, EACH16(FMA512))
LOOP(fma256, EACH14(FMA256))
LOOP(maddubs, EACH6(ADDS))

/// `operations` of one pass through the loop: a multiplication and an addition
/// are two.
static void measure(const char *name,
                    void (*run)(const char *, int64_t, int64_t),
                    double operations) {
  int64_t count = 4000000;
  double time = bestOf(7, {run, nullptr, 0, count});
  print(name, operations * double(count) * threadCount(), time, "GOP/s");
}

static void measureArithmetic() {
  if (__builtin_cpu_supports("avx512vnni"))
    measure("vpdpbusd-512", dot512, 16 * 64 * 2);
  if (__builtin_cpu_supports("avxvnni"))
    measure("vpdpbusd-256", dot256, 14 * 32 * 2);
  if (__builtin_cpu_supports("avx2")) {
    measure("vpmaddubsw-256", maddubs, 6 * 32 * 2);
    measure("fma-256", fma256, 14 * 8 * 2);
  }
  if (__builtin_cpu_supports("avx512f"))
    measure("fma-512", fma512, 16 * 16 * 2);
}

#else
static void measureArithmetic() {}
#endif

int main() {
  measureReads();
  measureArithmetic();
}
