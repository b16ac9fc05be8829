// Lets editors understand MLIR text with our dialects.
#include "bitnet/InitAll.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  return failed(mlir::MlirLspServerMain(argc, argv, registry));
}
