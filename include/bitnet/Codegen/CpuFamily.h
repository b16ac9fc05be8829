// CPUs by what they cost.
#ifndef BITNET_CODEGEN_CPUFAMILY_H
#define BITNET_CODEGEN_CPUFAMILY_H

#include "llvm/ADT/StringRef.h"

namespace bitnet {

/// A row of `CpuFamilies.def`, which says what the columns mean.
struct CpuFamily {
  llvm::StringRef cpus;
  double stream;
  double gigahertz;
  double dots;
  int64_t l2;
  int64_t cache;
  int64_t prefetch;
  int64_t rows;
  int64_t groups;
  int64_t queries;
  int64_t keys;
  int64_t task;
  int64_t columns;
};

/// The family of a CPU by LLVM's name, or that of unknown ones.
const CpuFamily &findCpuFamily(llvm::StringRef cpu);

} // namespace bitnet

#endif // BITNET_CODEGEN_CPUFAMILY_H
