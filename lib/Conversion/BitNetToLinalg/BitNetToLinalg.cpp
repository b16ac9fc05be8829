// The naive lowering: what every bitnet op means, as linalg. See Passes.td.
#include "Patterns.h"

#include "bitnet/Conversion/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTBITNETTOLINALG
#include "bitnet/Conversion/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "convert-bitnet-to-linalg"

namespace {

/// Weights become one byte each, in rows, however they were packed.
struct WeightsAsBytes : TypeConverter {
  WeightsAsBytes() {
    addConversion([](Type type) { return type; });
    addConversion([](RankedTensorType type) -> Type {
      if (!isa<TritType, BitType>(type.getElementType()))
        return type;
      return RankedTensorType::get(type.getShape(),
                                   IntegerType::get(type.getContext(), 8));
    });
  }
};

struct ConvertBitNetToLinalg
    : bitnet::impl::ConvertBitNetToLinalgBase<ConvertBitNetToLinalg> {
  using ConvertBitNetToLinalgBase::ConvertBitNetToLinalgBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    WeightsAsBytes types;
    RewritePatternSet patterns(context);
    populateAttentionToLinalg(patterns, types);
    populateLinearToLinalg(patterns, types);
    populateNormToLinalg(patterns, types);
    populateQuantizeToLinalg(patterns, types);
    populateScaledMatmulToLinalg(patterns, types);

    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addDynamicallyLegalDialect<BitNetDialect>(
        [&](Operation *op) { return !isSelected(op); });
    if (ops.empty())
      convertSignatures(patterns, target, types);
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }

private:
  /// Tiles are no part of the naive lowering: they have a meaning only on
  /// packed weights.
  bool isSelected(Operation *op) const {
    if (isa<TileDotOp, TileBlockOp>(op))
      return false;
    StringRef name = op->getName().getStringRef();
    return ops.empty() || llvm::is_contained(ops, name);
  }

  static void convertSignatures(RewritePatternSet &patterns,
                                ConversionTarget &target,
                                const TypeConverter &types) {
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   types);
    populateCallOpTypeConversionPattern(patterns, types);
    populateReturnOpTypeConversionPattern(patterns, types);
    target.addDynamicallyLegalOp<func::FuncOp>([&types](func::FuncOp function) {
      return types.isSignatureLegal(function.getFunctionType()) &&
             types.isLegal(&function.getBody());
    });
    target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>(
        [&types](Operation *op) { return types.isLegal(op); });
  }
};

} // namespace
