// A pass of another project: numbers the matmuls of a model and counts them.
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

using namespace mlir;

namespace {

struct CountMatmuls : PassWrapper<CountMatmuls, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountMatmuls)

  StringRef getArgument() const final { return "count-matmuls"; }
  StringRef getDescription() const final {
    return "number the matmuls and count them";
  }

  void runOnOperation() final {
    Builder b(&getContext());
    int64_t count = 0;
    getOperation().walk([&](bitnet::MatmulOp matmul) {
      matmul->setAttr("number", b.getI64IntegerAttr(count++));
    });
    getOperation()->setAttr("count.matmuls", b.getI64IntegerAttr(count));
  }
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "CountMatmuls", LLVM_VERSION_STRING,
          [] { PassRegistration<CountMatmuls>(); }};
}

// So that an mlir-opt that has never heard of the dialect can read it.
extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "CountMatmuls", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) {
            registry->insert<bitnet::BitNetDialect>();
          }};
}
