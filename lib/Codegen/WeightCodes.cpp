// See WeightCodes.h.
#include "bitnet/Codegen/WeightCodes.h"

#include "dialects/BitNet/TritBytes.h"

using namespace mlir;

/// Whether trits are all -1 or +1, as far as they are at hand.
static bool hasNoZero(bitnet::MatmulOp matmul) {
  auto constant = matmul.getWeights().getDefiningOp<bitnet::ConstantOp>();
  ElementsAttr value = constant.getValue();
  if (!bitnet::hasTrits(value))
    return false;
  // Among trits there is a zero soon.
  std::vector<int8_t> some(4096);
  int64_t count = value.getNumElements();
  for (int64_t first = 0; first < count;
       first += static_cast<int64_t>(some.size())) {
    some.resize(std::min<int64_t>(count - first, some.size()));
    bitnet::readTrits(value, first, some);
    if (llvm::is_contained(some, 0))
      return false;
  }
  return true;
}

SmallVector<int64_t> bitnet::findWeightCodes(MatmulOp matmul) {
  if (isa<BitType>(matmul.getWeights().getType().getElementType()))
    return {8};
  if (hasNoZero(matmul))
    return {8, 4, 5};
  return {4, 5};
}
