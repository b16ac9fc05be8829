// The row ops of a block become parallel loops of vector code. See Passes.td.
#include "Patterns.h"

#include "bitnet/Conversion/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTBITNETTOVECTOR
#include "bitnet/Conversion/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "convert-bitnet-to-vector"

namespace {

struct ConvertBitNetToVector
    : bitnet::impl::ConvertBitNetToVectorBase<ConvertBitNetToVector> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateAttentionToVector(patterns);
    populateKvAppendToVector(patterns);
    populateNormToVector(patterns);
    populateQuantizeToVector(patterns);
    populateRopeToVector(patterns);
    populateScaledMatmulToVector(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
