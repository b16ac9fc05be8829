// Buffers come from the device's memory. See GPUPasses.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"

#define DEBUG_TYPE "bitnet-use-device-allocator"

namespace bitnet {
#define GEN_PASS_DEF_USEDEVICEALLOCATOR
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

namespace {

struct UseDeviceAllocator
    : bitnet::impl::UseDeviceAllocatorBase<UseDeviceAllocator> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    rename(symbols, "_mlir_memref_to_llvm_alloc", "bitnet_device_alloc");
    rename(symbols, "_mlir_memref_to_llvm_free", "bitnet_device_free");
  }

private:
  void rename(SymbolTable &symbols, StringRef from, StringRef to) {
    auto function = symbols.lookup<LLVM::LLVMFuncOp>(from);
    if (function && failed(symbols.rename(function, to)))
      signalPassFailure();
  }
};

} // namespace
