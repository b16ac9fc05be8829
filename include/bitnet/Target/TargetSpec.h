// The machine that a model is compiled for.
#ifndef BITNET_TARGET_TARGETSPEC_H
#define BITNET_TARGET_TARGETSPEC_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace bitnet {

struct TargetSpec {
  std::string triple; ///< x86_64-unknown-linux-gnu
  std::string cpu;    ///< znver4
  /// Every feature that the CPU has: "+avx2,+fma,...".
  std::string features;
  /// The CPU to arrange code for, where it is to run on others, too.
  std::string tune = "";
  /// The folder that stands for / where the target's libraries are looked for.
  std::string sysroot = "";

  /// The target with a triple and a CPU by LLVM's names, of which features may
  /// follow: `cortex-a76+sve`. An empty triple is the machine we run on;
  /// `native` and an empty CPU are its CPU, or, for another triple, the least
  /// of its architecture.
  static llvm::Expected<TargetSpec> find(llvm::StringRef triple = "",
                                         llvm::StringRef cpu = "");

  /// The same triple with a CPU by its name and features as LLVM lists them.
  TargetSpec with(llvm::StringRef cpu, llvm::StringRef features) const;

  bool has(llvm::StringRef feature) const;

  /// LLVM's code generator for the target.
  std::unique_ptr<llvm::TargetMachine> createTargetMachine() const;
};

} // namespace bitnet

#endif // BITNET_TARGET_TARGETSPEC_H
