// The six stages in a row: what bitnet-compile does.
#ifndef BITNET_PIPELINES_COMPILE_H
#define BITNET_PIPELINES_COMPILE_H

#include "bitnet/Import/Tokenizer.h"
#include "bitnet/Target/DeviceSpec.h"
#include "bitnet/Target/Variants.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace bitnet {

/// What to stop at, in the order of the stages; what is after assembly is no
/// text.
enum class Emit {
  ONNX,
  BitNet,
  Packed,
  Loops,
  LLVM,
  PTX,
  Assembly,
  SPIRV,
  Cubin,
  HSACO,
  Object,
  SharedLibrary,
  Executable
};

struct CompileOptions {
  Emit emit = Emit::Executable;
  TargetSpec target;
  /// The GPUs that are to compute, of which a program takes the first that is
  /// there; empty: the CPU does.
  std::vector<DeviceSpec> devices;
  /// Several CPUs to compile a program or a library for, instead of `target`.
  std::vector<Variant> variants;
  /// Name of the file, in the folder of the program or shared library, that
  /// gets the weights; empty: they are in it.
  std::string weightsFile;
  /// Row of the tile table to use for every matmul; empty: the best.
  std::string tile;
  /// File of measured choices, see bitnet/Codegen/Tuning.h; empty: none. With
  /// `tune`, which is then the same, they are measured first.
  std::string tuning, tune;
  /// Whether a causal model without caches gets some.
  bool addCaches = true;
  /// What caches are kept in: f32, f16 or bf16.
  std::string cache = "f32";
  /// Sizes for dimensions that the model leaves open, by their names.
  llvm::StringMap<int64_t> dims;
  /// The most positions that a language model is to read; 0: as many as it can.
  int64_t maxContext = 0;
  /// What to put into the object; empty: none. See Import/Tokenizer.h.
  TokenizerTable tokenizer;
  /// The table of conversations that goes with it; see Import/ChatTemplate.h.
  std::string chatTable;
  /// How to round the weights of float layers, b1.58 or b1; empty: not at all.
  std::string ternarize;
  /// Also the weights of the layer that gives the model's output.
  bool ternarizeHead = false;
  /// Type of the head's weights: exact, f32, f16, bf16, int8 or int4.
  std::string head = "exact";
  /// Gets the optimized module, before it is lowered: to make a report of it.
  /// Of several variants, the last one's.
  std::function<mlir::LogicalResult(mlir::ModuleOp)> inspect;
};

/// Reads a model: ONNX, or MLIR at any stage by the name's end. Null after an
/// error, which the context's diagnostics have reported.
mlir::OwningOpRef<mlir::ModuleOp> readModel(llvm::StringRef path,
                                            const CompileOptions &options,
                                            mlir::MLIRContext &context);

/// Runs the stages from raise to the one before `options.emit`'s file. Frees
/// weights on the way, so the context must have no other module that is wanted.
mlir::LogicalResult runStages(mlir::ModuleOp module,
                              const CompileOptions &options);

/// Runs the stages and writes what `options.emit` says to `output`, whole or
/// not at all; beside a shared library also its header, and the weights, if
/// they are to be in a file.
mlir::LogicalResult compile(mlir::ModuleOp module, llvm::StringRef output,
                            const CompileOptions &options);

} // namespace bitnet

#endif // BITNET_PIPELINES_COMPILE_H
