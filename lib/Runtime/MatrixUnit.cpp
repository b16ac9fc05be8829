// Asks for x86's matrix unit (AMX) before any code uses it.
//
// Its registers are so large that Linux saves them only for programs that ask,
// once, for all threads they ever have. Without leave an instruction would be
// an illegal one; a kernel that doesn't know the question has no AMX either.
#if defined(__x86_64__) && defined(__linux__)

#include <cstdint>
#include <sys/syscall.h>
#include <unistd.h>

/// CPUID: leaf 7 says in EDX whether there are tiles.
static bool hasMatrixUnit() {
  uint32_t a = 0, b = 0, c = 0, d = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (a < 7)
    return false;
  a = 7, c = 0;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return d >> 24 & 1;
}

__attribute__((constructor)) static void requestMatrixUnit() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  if (hasMatrixUnit())
    syscall(SYS_arch_prctl, kRequestPermission, kTileData);
}

#endif
