// Logits of the last positions only. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet {
#define GEN_PASS_DEF_LIMITLOGITS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-limit-logits"

/// The result that is the logits.
static std::optional<unsigned> findLogits(func::FuncOp function) {
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (auto role =
            function.getResultAttrOfType<StringAttr>(i, bitnet::kRoleAttr))
      if (role.getValue() == "logits")
        return i;
  return std::nullopt;
}

/// [[0, 1], [2]] with any batch and any number of positions.
static bool splitsRows(tensor::ExpandShapeOp expand) {
  RankedTensorType type = expand.getResultType();
  return type.getRank() == 3 && type.isDynamicDim(0) && type.isDynamicDim(1) &&
         expand.getReassociationIndices() ==
             SmallVector<ReassociationIndices>({{0, 1}, {2}});
}

static bool isFilled(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  return fill && fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
}

/// Whether each row of the result comes from the same row of the first operand
/// and from nothing else that has rows.
static bool isProductOfRows(Operation *op) {
  if (!op || !op->hasOneUse() || op->getNumResults() != 1)
    return false;
  auto rows = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  if (!rows || rows.getRank() != 2 || !rows.isDynamicDim(0))
    return false;
  if (isa<bitnet::ScaledMatmulOp>(op))
    return true;
  auto matmul = dyn_cast<linalg::MatmulOp>(op);
  return matmul && isFilled(matmul.getDpsInits()[0]) &&
         matmul.getMatchingIndexingMap(matmul.getDpsInputOperand(0))
                 .getResult(0) == getAffineDimExpr(0, op->getContext());
}

namespace {

/// The product, and how its rows are split into sequences.
class Head {
public:
  Head(tensor::ExpandShapeOp expand, Value wanted)
      : b(expand.getLoc(), expand), expand(expand), wanted(wanted),
        sizes(expand.getMixedOutputShape()) {}

  /// The logits of the last positions.
  Value limit() {
    Value sequence = toValue(sizes[1]);
    Value count = arith::MinSIOp::create(b, wanted, sequence);
    Value first = arith::SubIOp::create(b, sequence, count);
    Operation *product = expand.getSrc().getDefiningOp();
    Value rows = lastRows(product->getOperand(0), first, count);

    IRMapping mapping;
    mapping.map(product->getOperand(0), rows);
    if (auto matmul = dyn_cast<linalg::MatmulOp>(product))
      mapping.map(matmul.getDpsInits()[0], initFor(matmul, rows));
    Operation *few = b.clone(*product, mapping);
    few->setAttr(bitnet::kLastPositionsAttr, b.getUnitAttr());
    return split(few->getResult(0), count);
  }

private:
  Value toValue(OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
  }

  /// [rows, n] as [batch, positions, n]
  Value split(Value rows, OpFoldResult positions) {
    auto type = cast<RankedTensorType>(rows.getType());
    SmallVector<OpFoldResult> shape = {sizes[0], positions,
                                       b.getIndexAttr(type.getDimSize(1))};
    auto result = RankedTensorType::get(
        {ShapedType::kDynamic, ShapedType::kDynamic, type.getDimSize(1)},
        type.getElementType());
    return tensor::ExpandShapeOp::create(
        b, result, rows, expand.getReassociationIndices(), shape);
  }

  /// Of each sequence the rows from `first` on.
  Value lastRows(Value rows, Value first, Value count) {
    Value positions = split(rows, sizes[1]);
    auto type = cast<RankedTensorType>(positions.getType());
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    Value last = tensor::ExtractSliceOp::create(
        b, positions, ArrayRef<OpFoldResult>{zero, first, zero},
        ArrayRef<OpFoldResult>{sizes[0], count,
                               b.getIndexAttr(type.getDimSize(2))},
        ArrayRef<OpFoldResult>{one, one, one});
    return tensor::CollapseShapeOp::create(b, last,
                                           expand.getReassociationIndices());
  }

  Value initFor(linalg::MatmulOp matmul, Value rows) {
    auto fill = matmul.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    auto type = cast<RankedTensorType>(fill.getResultTypes()[0]);
    SmallVector<OpFoldResult> shape = {
        tensor::getMixedSize(b, b.getLoc(), rows, 0),
        b.getIndexAttr(type.getDimSize(1))};
    Value empty = tensor::EmptyOp::create(b, shape, type.getElementType());
    return linalg::FillOp::create(b, fill.getInputs(), ValueRange{empty})
        .getResult(0);
  }

  ImplicitLocOpBuilder b;
  tensor::ExpandShapeOp expand;
  Value wanted;
  SmallVector<OpFoldResult> sizes;
};

struct LimitLogits : bitnet::impl::LimitLogitsBase<LimitLogits> {
  void runOnOperation() override {
    auto function = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!function || !function.getBody().hasOneBlock())
      return;
    std::optional<unsigned> result = findLogits(function);
    if (!result)
      return;
    OpOperand &returned =
        function.getBody().front().getTerminator()->getOpOperand(*result);
    auto expand = returned.get().getDefiningOp<tensor::ExpandShapeOp>();
    if (!expand || !splitsRows(expand) ||
        !isProductOfRows(expand.getSrc().getDefiningOp()))
      return;
    Builder b(&getContext());
    unsigned last = function.getNumArguments();
    if (failed(function.insertArgument(
            last, b.getIndexType(),
            b.getDictionaryAttr(b.getNamedAttr(bitnet::kRoleAttr,
                                               b.getStringAttr("logit-count"))),
            function.getLoc())))
      return signalPassFailure();
    returned.set(Head(expand, function.getArgument(last)).limit());
    ++numLimited;
  }
};

} // namespace
