// Runs passes on MLIR text: all of MLIR's, all of ours, and those of plugins.
#include "bitnet/InitAll.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  bitnet::registerAllPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "BitNet optimizer driver\n", registry));
}
