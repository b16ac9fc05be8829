// Verifiers and effects of the tile ops.
#include "dialects/BitNet/BitNetDialect.h"

using namespace mlir;
using namespace bitnet;

/// Rows and panels of one length, and whole groups of lanes.
template <typename TileOp>
static LogicalResult verifyTile(TileOp op, int64_t resultColumns) {
  auto weights = cast<ShapedType>(op.getWeights().getType());
  auto activations = cast<ShapedType>(op.getActivations().getType());
  int64_t columns = activations.getDimSize(1);
  if (weights.isDynamicDim(1) || weights.isDynamicDim(2) ||
      ShapedType::isDynamic(columns))
    return op.emitOpError("needs static panels and rows");
  if (weights.getDimSize(1) != (columns + 3) / 4)
    return op.emitOpError("contracts ")
           << columns << " activations with panels of " << weights.getDimSize(1)
           << " vectors";
  int64_t lanes = weights.getDimSize(2) / 4;
  for (int64_t fields : {4, 5, 8})
    if (resultColumns == fields * lanes)
      return success();
  return op.emitOpError("gives 4, 5 or 8 columns for each of ")
         << lanes << " lanes, not " << resultColumns << " in all";
}

/// Reads what it is given, if that is memory.
template <typename TileOp>
static void
addReads(TileOp op,
         SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
             &effects) {
  for (OpOperand *operand : {&op.getWeightsMutable(),
                             &op.getActivationsMutable(), &op.getSumsMutable()})
    if (isa<BaseMemRefType>(operand->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), operand);
}

LogicalResult TileDotOp::verify() {
  return verifyTile(*this, getType().getDimSize(1));
}

void TileDotOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addReads(*this, effects);
}

LogicalResult TileBlockOp::verify() {
  return verifyTile(*this, getBlock().getType().getDimSize(1));
}

void TileBlockOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addReads(*this, effects);
  effects.emplace_back(MemoryEffects::Write::get(), &getBlockMutable());
}
