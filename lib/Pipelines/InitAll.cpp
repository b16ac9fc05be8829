// Registers what tools know.
#include "bitnet/InitAll.h"

#include "bitnet/Codegen/Passes.h"
#include "bitnet/Codegen/TileBufferization.h"
#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"

using namespace mlir;

void bitnet::registerOwnDialects(DialectRegistry &registry) {
  registry.insert<BitNetDialect, onnx::ONNXDialect>();
  registerTileBufferization(registry);
}

void bitnet::registerOwnPasses() {
  registerCodegenPasses();
  registerConversionPasses();
  registerTransformsPasses();
  registerPipelines();
}

void bitnet::registerAllDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  registerOwnDialects(registry);
}

void bitnet::registerAllPasses() {
  mlir::registerAllPasses();
  registerOwnPasses();
}
