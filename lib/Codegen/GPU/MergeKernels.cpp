// One module for all kernels, each of them once. See GPUPasses.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/DenseMap.h"

#define DEBUG_TYPE "bitnet-merge-kernels"

namespace bitnet {
#define GEN_PASS_DEF_MERGEKERNELS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kKernels = "kernels";

/// Equal for kernels of equal code.
static llvm::hash_code hashOf(gpu::GPUFuncOp kernel) {
  llvm::hash_code hash = mlir::hash_value(kernel.getFunctionType());
  kernel.walk([&](Operation *op) {
    hash = llvm::hash_combine(
        hash, OperationEquivalence::computeHash(
                  op, OperationEquivalence::ignoreHashValue,
                  OperationEquivalence::ignoreHashValue,
                  OperationEquivalence::IgnoreLocations |
                      OperationEquivalence::IgnoreDiscardableAttrs));
  });
  return hash;
}

static bool isSame(gpu::GPUFuncOp a, gpu::GPUFuncOp b) {
  return a.getFunctionType() == b.getFunctionType() &&
         a.getKnownBlockSizeAttr() == b.getKnownBlockSizeAttr() &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

namespace {

struct MergeKernels : bitnet::impl::MergeKernelsBase<MergeKernels> {
  void runOnOperation() override {
    SmallVector<gpu::LaunchFuncOp> launches;
    getOperation().walk(
        [&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
    if (launches.empty())
      return;
    auto sources = llvm::to_vector(getOperation().getOps<gpu::GPUModuleOp>());
    SymbolTable symbols(getOperation());
    OpBuilder b(getOperation());
    gathered = gpu::GPUModuleOp::create(b, getOperation().getLoc(), kKernels);
    symbols.insert(gathered, getOperation().getBody()->begin());
    for (gpu::LaunchFuncOp launch : launches) {
      auto kernel = cast<gpu::GPUFuncOp>(
          SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernel()));
      gpu::GPUFuncOp same = findOrTake(kernel);
      launch.setKernelAttr(SymbolRefAttr::get(gathered.getNameAttr(),
                                              {FlatSymbolRefAttr::get(same)}));
    }
    for (gpu::GPUModuleOp source : sources)
      source.erase();
  }

private:
  gpu::GPUFuncOp findOrTake(gpu::GPUFuncOp kernel) {
    if (kernel->getParentOp() == gathered)
      return kernel;
    SmallVector<gpu::GPUFuncOp> &known = byHash[hashOf(kernel)];
    for (gpu::GPUFuncOp other : known)
      if (isSame(other, kernel))
        return other;
    auto copy = kernel.clone();
    copy.setName(("kernel_" + Twine(count++)).str());
    gathered.push_back(copy);
    known.push_back(copy);
    return copy;
  }

  gpu::GPUModuleOp gathered;
  DenseMap<size_t, SmallVector<gpu::GPUFuncOp>> byHash;
  int64_t count = 0;
};

} // namespace
