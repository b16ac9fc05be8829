// Asks for x86's matrix unit (AMX) before any code uses it.
//
// Its registers are so large that Linux saves them only for programs that ask,
// once, for all threads they ever have. Without leave an instruction would be
// an illegal one; a kernel that doesn't know the question has no AMX either.
#if defined(__x86_64__)

#include "bitnet/Runtime/CPUFeatures.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/// CPUID: leaf 7 says in EDX whether there are tiles.
static bool hasMatrixUnit() {
  unsigned a, b, c, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d >> 24 & 1;
}

bool bitnet::runtime::requestMatrixUnit() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return hasMatrixUnit() &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

__attribute__((constructor)) static void requestAtStart() {
  bitnet::runtime::requestMatrixUnit();
}

#endif
