// What a user asks of the compiler, in words: flags of bitnet-compile, options
// of the C interface.
#ifndef BITNET_PIPELINES_COMPILEFLAGS_H
#define BITNET_PIPELINES_COMPILEFLAGS_H

#include "bitnet/Pipelines/Compile.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace bitnet {

/// Where a program or library has its weights.
enum class WeightsPlace { Embed, File };

/// One field for each flag, as `bitnet-compile --help` describes it.
struct CompileFlags {
  Emit emit = Emit::Executable;
  std::string target, cpu, sysroot, tile;
  /// Paths: what to write and what to read.
  std::string tune, tuning;
  std::string head = "exact", cache = "f32";
  bool addCaches = true;
  /// 0: as many as the model says.
  int64_t maxContext = 0;
  /// Each `name=size`.
  std::vector<std::string> dims;
  /// Paths; empty: none, and what stands beside the tokenizer.
  std::string tokenizer, chatTemplate;
  std::string ternarize;
  bool ternarizeHead = false;
  WeightsPlace weights = WeightsPlace::Embed;
};

/// Sets a flag by its name, without dashes. Error if there is no such flag, or
/// its value is none.
llvm::Error setFlag(CompileFlags &flags, llvm::StringRef name,
                    llvm::StringRef value);

/// Checks flags against each other and reads the files that they name. `output`
/// is what is to be written; empty: nothing. What is wrong in a file is a
/// FileError.
llvm::Expected<CompileOptions> resolveFlags(const CompileFlags &flags,
                                            llvm::StringRef output);

/// `model.onnx:layers.3.mlp: error: message`: an error or a warning on one
/// line. Empty for notes and remarks.
std::string describe(llvm::StringRef model, mlir::Diagnostic &diagnostic);

} // namespace bitnet

#endif // BITNET_PIPELINES_COMPILEFLAGS_H
