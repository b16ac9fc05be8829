// Converts what remains of the `onnx` dialect. See Passes.td.
#include "bitnet/Conversion/ONNXToLinalg/ONNXToLinalg.h"

#include "Patterns.h"
#include "ScalarMath.h"
#include "bitnet/Conversion/Passes.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"

namespace bitnet {
#define GEN_PASS_DEF_CONVERTONNXTOLINALG
#include "bitnet/Conversion/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "convert-onnx-to-linalg"

/// Keeps the type of an argument or result whose elements are relabelled.
static constexpr StringLiteral kTypeAttr = "onnx.type";

bitnet::ONNXTypeConverter::ONNXTypeConverter() {
  addConversion([](Type type) { return type; });
  addConversion([](RankedTensorType type) {
    return type.clone(getComputedType(type.getElementType()));
  });
}

void bitnet::populateONNXToLinalgPatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns) {
  populateAttentionPatterns(converter, patterns);
  populateConstantPatterns(converter, patterns);
  populateElementwisePatterns(converter, patterns);
  populateGatherPatterns(converter, patterns);
  populateMatMulPatterns(converter, patterns);
  populateMovementPatterns(converter, patterns);
  populateNormalizationPatterns(converter, patterns);
  populateQuantPatterns(converter, patterns);
  populateReductionPatterns(converter, patterns);
  populateReshapePatterns(converter, patterns);
  populateRotaryEmbeddingPatterns(converter, patterns);
  populateScatterPatterns(converter, patterns);
  populateShapeArithmeticPatterns(converter, patterns);
  populateSlicePatterns(converter, patterns);
  populateTopKPatterns(converter, patterns);
}

namespace {

struct ConvertONNXToLinalg
    : bitnet::impl::ConvertONNXToLinalgBase<ConvertONNXToLinalg> {
  void runOnOperation() override {
    eraseUnused();
    keepSignatureTypes();
    keepFloatLayers();
    if (failed(convert()) || failed(verifyNothingRemains()))
      return signalPassFailure();
  }

private:
  bitnet::ONNXTypeConverter converter;

  bool isONNX(Operation *op) {
    return isa_and_present<bitnet::onnx::ONNXDialect>(op->getDialect());
  }

  /// Weights that other passes have taken need not be unpacked.
  void eraseUnused() {
    getOperation().walk<WalkOrder::PostOrder, ReverseIterator>(
        [&](Operation *op) {
          if (isONNX(op) && op->use_empty())
            op->erase();
        });
  }

  /// Names the type of arguments and results that will look signless.
  void keepSignatureTypes() {
    func::FuncOp function = getOperation();
    for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
      if (converter.convertType(type) != type)
        function.setArgAttr(index, kTypeAttr, TypeAttr::get(type));
    for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
      if (converter.convertType(type) != type)
        function.setResultAttr(index, kTypeAttr, TypeAttr::get(type));
  }

  /// What is said of products, whose names are gone afterwards.
  void keepFloatLayers() {
    SmallVector<Attribute> layers;
    getOperation()->walk([&](Operation *op) {
      if (Attribute layer = op->getAttr(bitnet::kFloatLayerAttr))
        layers.push_back(layer);
    });
    if (!layers.empty())
      getOperation()->setAttr(bitnet::kFloatLayersAttr,
                              ArrayAttr::get(&getContext(), layers));
  }

  LogicalResult convert() {
    RewritePatternSet patterns(&getContext());
    bitnet::populateONNXToLinalgPatterns(converter, patterns);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    ConversionTarget target(getContext());
    target.addLegalDialect<arith::ArithDialect, cf::ControlFlowDialect,
                           linalg::LinalgDialect, math::MathDialect,
                           scf::SCFDialect, tensor::TensorDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType());
    });
    target.addDynamicallyLegalOp<func::ReturnOp>(
        [&](func::ReturnOp op) { return converter.isLegal(op); });
    // Onnx ops are of unknown legality: those whose patterns refuse them stay,
    // so that all of them are reported; what they are given needs no
    // conversion then.
    ConversionConfig config;
    config.buildMaterializations = false;
    return applyPartialConversion(getOperation(), target, std::move(patterns),
                                  config);
  }

  /// Every op has one pattern, which has said why it refuses.
  LogicalResult verifyNothingRemains() {
    WalkResult result = getOperation().walk([&](Operation *op) {
      return isONNX(op) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
