// Makes libBitNet.so itself a plugin, so that stock mlir-opt can load all of
// it: mlir-opt --load-dialect-plugin=libBitNet.so
// --load-pass-plugin=libBitNet.so
#include "bitnet/InitAll.h"

#include "mlir/Config/mlir-config.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Config/llvm-config.h"

using namespace mlir;

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BitNet", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) {
            bitnet::registerOwnDialects(*registry);
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "BitNet", LLVM_VERSION_STRING,
          [] { bitnet::registerOwnPasses(); }};
}
