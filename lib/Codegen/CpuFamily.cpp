// Reads the table of CPU families.
#include "bitnet/Codegen/CpuFamily.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace bitnet;

static const CpuFamily kFamilies[] = {
#define CPU_FAMILY(cpus, stream, gigahertz, dots, l2, cache, prefetch, rows,   \
                   groups, queries, keys, task, columns)                       \
  {cpus, stream, gigahertz, dots, l2,   cache,  prefetch,                      \
   rows, groups, queries,   keys, task, columns},
#include "bitnet/Codegen/CpuFamilies.def"
};

const CpuFamily &bitnet::findCpuFamily(llvm::StringRef cpu) {
  for (const CpuFamily &family : kFamilies) {
    llvm::SmallVector<llvm::StringRef> cpus;
    family.cpus.split(cpus, '|');
    if (llvm::is_contained(cpus, cpu))
      return family;
  }
  return kFamilies[0];
}
