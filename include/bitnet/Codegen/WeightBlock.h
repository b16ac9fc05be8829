// The block of constants that bitnet-separate-weights takes out of the code.
#ifndef BITNET_CODEGEN_WEIGHTBLOCK_H
#define BITNET_CODEGEN_WEIGHTBLOCK_H

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace bitnet {

/// On a module: an array of dictionaries of `offset` and `value`, ascending.
inline constexpr llvm::StringLiteral kWeightsAttr = "bitnet.weights";

/// Each constant begins at a multiple of this.
inline constexpr int64_t kWeightAlignment = 64;

/// Bytes of a constant, and where they are in the block.
struct WeightPart {
  int64_t offset;
  llvm::ArrayRef<char> bytes;
};

/// The parts in ascending order; none if the module's weights are in its code.
std::vector<WeightPart> getWeightParts(mlir::ModuleOp module);

/// Where the last one ends.
int64_t getBlockSize(llvm::ArrayRef<WeightPart> parts);

/// Equal for blocks of the same bytes, and hardly for others.
uint64_t hashBlock(llvm::ArrayRef<WeightPart> parts);

/// Writes the block, with zeros between its parts.
void writeBlock(llvm::ArrayRef<WeightPart> parts, llvm::raw_ostream &os);

} // namespace bitnet

#endif // BITNET_CODEGEN_WEIGHTBLOCK_H
