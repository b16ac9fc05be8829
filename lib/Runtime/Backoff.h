// Waiting for another thread: first awake, then asleep in the kernel.

#ifndef BITNET_RUNTIME_BACKOFF_H
#define BITNET_RUNTIME_BACKOFF_H

#include <atomic>
#include <climits>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bitnet::runtime {

// A core tells its twin, its power management and its memory pipeline that it
// only waits.
#if defined(__x86_64__) || defined(__i386__)
inline void relax() { __builtin_ia32_pause(); }
#elif defined(__aarch64__)
inline void relax() { __asm__ __volatile__("isb" ::: "memory"); }
#elif defined(__riscv)
// `pause`, which is a hint without effect where it is not known.
inline void relax() { __asm__ __volatile__(".4byte 0x0100000f" ::: "memory"); }
#else
inline void relax() { std::atomic_signal_fence(std::memory_order_seq_cst); }
#endif

/// Paces one wait. The limits are times, since a pause takes 10 ns on one CPU
/// and 140 on another.
class Backoff {
public:
  /// Lets some time pass; false once it is time to sleep.
  bool step() {
    if (++steps % kStepsPerLook) {
      relax();
      return true;
    }
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    int64_t now = int64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
    if (!start)
      start = now;
    if (now - start > kSleepAfter)
      return false;
    // Whoever we wait for may be waiting for our core.
    if (now - start > kYieldAfter)
      sched_yield();
    return true;
  }

private:
  static constexpr uint32_t kStepsPerLook = 64;
  // Early: on a loaded machine where both threads share a core, a region takes
  // 45 us this way and 270 us with ten times the limit; alone, no difference.
  static constexpr int64_t kYieldAfter = 5 * 1000;    // ns
  static constexpr int64_t kSleepAfter = 1000 * 1000; // ns

  uint32_t steps = 0;
  int64_t start = 0;
};

/// Sleeps until a `wake` on this word, unless it has another value.
inline void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

/// Wakes all that sleep on this word.
inline void wake(std::atomic<uint32_t> &word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_BACKOFF_H
