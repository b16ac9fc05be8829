// How many threads are worth starting. A container's CPU quota is not in the
// affinity mask; with more threads than quota, all of them are stopped for most
// of every period.

#include "bitnet/Runtime/Runtime.h"
#include "bitnet/Runtime/ThreadPool.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sched.h>
#include <unistd.h>

using namespace bitnet::runtime;

/// Reads the start of a file as text. Empty if that doesn't work.
static void readText(const char *path, char *text, size_t size) {
  text[0] = 0;
  std::FILE *file = std::fopen(path, "r");
  if (!file)
    return;
  text[std::fread(text, 1, size - 1, file)] = 0;
  std::fclose(file);
}

static int affinityCount() {
  cpu_set_t set;
  if (!sched_getaffinity(0, sizeof(set), &set))
    return CPU_COUNT(&set);
  // More CPUs than the set has room for.
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online < 1 ? 1 : static_cast<int>(online);
}

/// `count`, or the CPUs that a quota of `quota` in `period` pays for.
static int limitBy(long quota, long period, int count) {
  if (quota <= 0 || period <= 0)
    return count;
  long cpus = (quota - 1) / period + 1;
  return cpus < count ? static_cast<int>(cpus) : count;
}

/// The quotas of control groups of version 2, of this group and those above.
static int limitByGroups(int count) {
  char groups[4096], path[4352], text[64];
  readText("/proc/self/cgroup", groups, sizeof(groups));
  char *group = std::strstr(groups, "0::/");
  if (!group || (group != groups && group[-1] != '\n'))
    return count;
  group += 3;
  group[std::strcspn(group, "\n")] = 0;
  for (;;) {
    std::snprintf(path, sizeof(path), "/sys/fs/cgroup%s/cpu.max", group);
    readText(path, text, sizeof(text));
    char *rest; // "max 100000" has no quota, which reads as 0
    long quota = std::strtol(text, &rest, 10);
    count = limitBy(quota, std::strtol(rest, nullptr, 10), count);
    char *slash = std::strrchr(group, '/');
    if (!slash)
      return count;
    *slash = 0;
  }
}

/// Version 1, as a container sees it: its own group at the root.
static int limitByOldGroup(int count) {
  char quota[64], period[64];
  readText("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof(quota));
  readText("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof(period));
  return limitBy(std::strtol(quota, nullptr, 10),
                 std::strtol(period, nullptr, 10), count);
}

int bitnet::runtime::wantedThreads() {
  const char *wanted = std::getenv("BITNET_THREADS");
  if (!wanted || !*wanted)
    return limitByOldGroup(limitByGroups(affinityCount()));
  char *end;
  errno = 0;
  long threads = std::strtol(wanted, &end, 10);
  if (errno || *end || threads < 1 || threads > 1024) {
    char message[160];
    std::snprintf(message, sizeof(message),
                  "BITNET_THREADS is '%.64s', wanted is a number from 1 to "
                  "1024",
                  wanted);
    bitnet_fail(message);
  }
  return static_cast<int>(threads);
}
