// Locations say what kind of work an op is. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"

namespace bitnet {
#define GEN_PASS_DEF_MARKKINDS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-mark-kinds"

/// Bytes and multiply-adds for one row of a product by a constant matrix.
static std::optional<bitnet::RegionWork> getProductWork(linalg::LinalgOp op) {
  for (OpOperand *operand : op.getDpsInputOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand->get().getType());
    if (type && type.getRank() == 2 && type.hasStaticShape() &&
        matchPattern(operand->get(), m_Constant())) {
      int64_t elements = type.getNumElements();
      return bitnet::RegionWork{"float matmul",
                                elements * type.getElementTypeBitWidth() / 8,
                                elements};
    }
  }
  return std::nullopt;
}

/// Of a head with rounded weights.
static bitnet::RegionWork getHeadWork(bitnet::ScaledMatmulOp op) {
  int64_t bytes = 0;
  for (RankedTensorType type :
       {op.getCodes().getType(), op.getScales().getType()})
    bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8;
  return {"head", bytes, op.getInputs() * op.getType().getDimSize(1)};
}

/// Nothing for ops that are too small to be asked about.
static std::optional<bitnet::RegionWork> getWork(Operation *op) {
  if (isa<bitnet::AttentionOp>(op))
    return bitnet::RegionWork{"attention"};
  if (isa<bitnet::QuantizeOp, bitnet::NormQuantizeOp>(op))
    return bitnet::RegionWork{"quantize"};
  if (isa<bitnet::RmsNormOp, bitnet::LayerNormOp>(op))
    return bitnet::RegionWork{"norm"};
  if (isa<bitnet::RopeOp>(op))
    return bitnet::RegionWork{"rope"};
  if (isa<bitnet::KvAppendOp>(op))
    return bitnet::RegionWork{"cache"};
  if (auto head = dyn_cast<bitnet::ScaledMatmulOp>(op))
    return getHeadWork(head);
  auto product = dyn_cast<linalg::LinalgOp>(op);
  if (product && linalg::isaContractionOpInterface(product))
    return getProductWork(product);
  return std::nullopt;
}

namespace {

struct MarkKinds : bitnet::impl::MarkKindsBase<MarkKinds> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      std::optional<bitnet::RegionWork> work = getWork(op);
      if (!work)
        return;
      work->isOfLast = bool(op->removeAttr(bitnet::kLastPositionsAttr));
      op->setLoc(bitnet::markWork(op->getLoc(), *work));
    });
  }
};

} // namespace
