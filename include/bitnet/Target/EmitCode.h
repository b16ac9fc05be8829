// Machine code of a module in the LLVM dialect: the emit stage up to the
// object.
#ifndef BITNET_TARGET_EMITCODE_H
#define BITNET_TARGET_EMITCODE_H

#include "bitnet/Target/TargetSpec.h"

#include "mlir/IR/BuiltinOps.h"

namespace llvm {
class LLVMContext;
class Module;
class raw_pwrite_stream;
} // namespace llvm

namespace bitnet {

/// The module as LLVM IR for the target, not optimized; null after an error,
/// which is reported at the module.
std::unique_ptr<llvm::Module> translateToLLVMIR(mlir::ModuleOp module,
                                                const TargetSpec &target,
                                                llvm::LLVMContext &context);

/// Runs LLVM's O3 for the target's CPU.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

/// Changes LLVM IR before it is optimized.
using ModuleHook = llvm::function_ref<void(llvm::Module &)>;

/// The module, optimized, as text of LLVM IR, as assembly, as an object file.
mlir::LogicalResult emitLLVMIR(mlir::ModuleOp module, const TargetSpec &target,
                               llvm::raw_pwrite_stream &os);
mlir::LogicalResult emitAssembly(mlir::ModuleOp module,
                                 const TargetSpec &target,
                                 llvm::raw_pwrite_stream &os);
mlir::LogicalResult emitObject(mlir::ModuleOp module, const TargetSpec &target,
                               llvm::raw_pwrite_stream &os,
                               ModuleHook prepare = {});

} // namespace bitnet

#endif // BITNET_TARGET_EMITCODE_H
