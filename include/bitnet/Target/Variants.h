// One program for several CPUs: which they are, and how their objects meet.
#ifndef BITNET_TARGET_VARIANTS_H
#define BITNET_TARGET_VARIANTS_H

#include "bitnet/Target/TargetSpec.h"

#include "llvm/ADT/StringMap.h"

#include <vector>

namespace llvm {
class GlobalVariable;
class Module;
class raw_pwrite_stream;
} // namespace llvm

namespace bitnet {

/// The code for one CPU in a program that has several.
struct Variant {
  std::string name; ///< as BITNET_CPU wants it
  /// Compiled for, and with no feature but those of every CPU of the
  /// architecture and those that a program can look for at its start.
  TargetSpec target;
  std::string needs; ///< the latter: "avx2,fma"
};

/// Whether `cpus` means several: names with commas between, or `all`.
bool isListOfCPUs(llvm::StringRef cpus);

/// The variants for a list of CPUs, in its order; the first is for any CPU of
/// the architecture, and added where the list has none.
llvm::Expected<std::vector<Variant>> findVariants(llvm::StringRef triple,
                                                  llvm::StringRef cpus);

/// Makes the objects of variants fit for one program: each has its own entry
/// point, and large constants that are the same are in the first of them alone.
class VariantObjects {
public:
  /// Renames and shares what the next variant's module defines. The last one
  /// knows of the weights of all, if they are in a file.
  void prepare(llvm::Module &module, bool isLast);

  /// Writes an object with the table that the runtime chooses from.
  void emitTable(llvm::ArrayRef<Variant> variants,
                 llvm::raw_pwrite_stream &os) const;

private:
  void shareData(llvm::GlobalVariable &global);

  std::vector<bool> haveRegions; ///< for each variant so far
  llvm::StringMap<bool> shared;  ///< names of constants in objects so far
};

} // namespace bitnet

#endif // BITNET_TARGET_VARIANTS_H
