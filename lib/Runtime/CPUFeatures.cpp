// What this CPU can do, as CPUFeatures.def says where to look.

#include "bitnet/Runtime/CPUFeatures.h"

#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)

using bitnet::runtime::X86Answers;

namespace {
enum Register { A, B, C, D };

/// A row of the table.
struct Feature {
  const char *name;
  unsigned leaf, subleaf;
  Register where;
  int bit;
  uint64_t state;

  bool isIn(const X86Answers &machine) const;
};
} // namespace

/// Registers that Linux gives to processes that ask for them.
static constexpr uint64_t kTileData = 1 << 18;

static bool askCPU(unsigned leaf, unsigned subleaf, unsigned registers[4]) {
  return __get_cpuid_count(leaf, subleaf, &registers[A], &registers[B],
                           &registers[C], &registers[D]);
}

static uint64_t askForState() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) // no xgetbv
    return 0;
  __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return uint64_t(d) << 32 | a;
}

bool Feature::isIn(const X86Answers &machine) const {
  unsigned registers[4] = {};
  if (!machine.cpuid(leaf, subleaf, registers) ||
      !(registers[where] >> bit & 1))
    return false;
  if (state && (machine.keptState() & state) != state)
    return false;
  return !(state & kTileData) || machine.allowsMatrixUnit();
}

#define X86_FEATURE(name, leaf, subleaf, register, bit, state)                 \
  {name, leaf, subleaf, register, bit, state},

#else

namespace {
struct Feature {
  const char *name;
  bool (*isHere)();
};
} // namespace

#if defined(__aarch64__)

#define AARCH64_FEATURE(name, vector, bit)                                     \
  {name, [] { return (getauxval(vector) >> bit & 1) != 0; }},

#elif defined(__riscv)

enum Source { HWCAP, PROBE, VLEN };

/// The kernel's word of extensions; none if it is too old to be asked.
static uint64_t probedExtensions() {
  struct {
    int64_t key;
    uint64_t value;
  } pair = {4, 0}; // IMA_EXT_0
  constexpr long hwprobe = 258;
  if (syscall(hwprobe, &pair, 1, 0, nullptr, 0) || pair.key != 4)
    return 0;
  return pair.value;
}

static bool hasVectors() { return getauxval(AT_HWCAP) >> 21 & 1; }

/// Bits of a vector register, from vlenb (in bytes).
static long vectorLength() {
  if (!hasVectors())
    return 0;
  long bytes;
  __asm__("csrr %0, 0xc22" : "=r"(bytes));
  return 8 * bytes;
}

static bool ask(Source source, long number) {
  switch (source) {
  case HWCAP:
    return getauxval(AT_HWCAP) >> number & 1;
  case PROBE:
    return probedExtensions() >> number & 1;
  case VLEN:
    return vectorLength() >= number;
  }
  return false;
}

#define RISCV_FEATURE(name, source, bit)                                       \
  {name, [] { return ask(source, bit); }},

#endif
#endif

static constexpr Feature kFeatures[] = {
#include "bitnet/Runtime/CPUFeatures.def"
};

static const Feature *findFeature(const char *name) {
  for (const Feature &feature : kFeatures)
    if (!std::strcmp(feature.name, name))
      return &feature;
  return nullptr;
}

#if defined(__x86_64__)

bool bitnet::runtime::hasFeature(const char *name, const X86Answers &machine) {
  const Feature *feature = findFeature(name);
  return feature && feature->isIn(machine);
}

bool bitnet::runtime::hasFeature(const char *name) {
  return hasFeature(name, {askCPU, askForState, requestMatrixUnit});
}

#else

bool bitnet::runtime::hasFeature(const char *name) {
  const Feature *feature = findFeature(name);
  return feature && feature->isHere();
}

#endif
