// Verifier and effects of the tile op.
#include "dialects/BitNet/BitNetDialect.h"

using namespace mlir;
using namespace bitnet;

LogicalResult TileDotOp::verify() {
  auto weights = cast<ShapedType>(getWeights().getType());
  auto activations = cast<ShapedType>(getActivations().getType());
  int64_t columns = activations.getDimSize(1);
  if (weights.isDynamicDim(1) || weights.isDynamicDim(2) ||
      ShapedType::isDynamic(columns))
    return emitOpError("needs static panels and rows");
  if (weights.getDimSize(1) != (columns + 3) / 4)
    return emitOpError("contracts ")
           << columns << " activations with panels of " << weights.getDimSize(1)
           << " vectors";
  if (getType().getDimSize(1) != weights.getDimSize(2))
    return emitOpError("gives ") << weights.getDimSize(2) << " columns, not "
                                 << getType().getDimSize(1);
  return success();
}

void TileDotOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand *operand :
       {&getWeightsMutable(), &getActivationsMutable(), &getSumsMutable()})
    if (isa<BaseMemRefType>(operand->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), operand);
}
