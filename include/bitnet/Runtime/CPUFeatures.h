// What this CPU, and the operating system, can do.

#ifndef BITNET_RUNTIME_CPUFEATURES_H
#define BITNET_RUNTIME_CPUFEATURES_H

#include <stdint.h>

namespace bitnet::runtime {

/// Whether this CPU, and the operating system, have a feature of
/// CPUFeatures.def. They have none that is not in it.
bool hasFeature(const char *name);

#if defined(__x86_64__)
/// What an x86 machine answers; a test has machines of its own.
struct X86Answers {
  /// Writes A, B, C and D of a leaf. False if there is no such leaf.
  bool (*cpuid)(unsigned leaf, unsigned subleaf, unsigned registers[4]);
  /// What the system keeps when it changes threads, as xgetbv has it.
  uint64_t (*keptState)();
  /// Whether the system lets this process use the registers of AMX.
  bool (*allowsMatrixUnit)();
};

bool hasFeature(const char *name, const X86Answers &machine);

/// Asks the system for the registers of AMX, if the CPU has them: true if all
/// threads of this process may use them.
bool requestMatrixUnit();
#endif

} // namespace bitnet::runtime

#endif // BITNET_RUNTIME_CPUFEATURES_H
