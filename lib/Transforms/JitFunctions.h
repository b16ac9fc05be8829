// Runs functions of tensors at compile time, through our own stages.
#ifndef BITNET_LIB_TRANSFORMS_JITFUNCTIONS_H
#define BITNET_LIB_TRANSFORMS_JITFUNCTIONS_H

#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Pass/PassManager.h"

namespace bitnet {

/// Adds what turns functions of the `onnx` dialect into the LLVM dialect.
void buildJitPipeline(mlir::OpPassManager &pm);

/// A module of functions on static tensors, compiled for this machine.
class JitFunctions {
public:
  /// Compiles the functions of `module`, which is used up.
  static llvm::Expected<JitFunctions> create(mlir::ModuleOp module);

  /// The result of a function with one, or nothing if one of the checks in it
  /// fails. Nothing writes to the arguments' bytes.
  std::optional<mlir::AsmResourceBlob>
  call(llvm::StringRef name,
       llvm::ArrayRef<std::pair<mlir::RankedTensorType, llvm::ArrayRef<char>>>
           arguments,
       mlir::RankedTensorType result);

private:
  explicit JitFunctions(std::unique_ptr<mlir::ExecutionEngine> engine)
      : engine(std::move(engine)) {}

  std::unique_ptr<mlir::ExecutionEngine> engine;
};

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_JITFUNCTIONS_H
