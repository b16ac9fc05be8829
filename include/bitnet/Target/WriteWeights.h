// Weights beside the code: as a segment of a program, or as a file.
#ifndef BITNET_TARGET_WRITEWEIGHTS_H
#define BITNET_TARGET_WRITEWEIGHTS_H

#include "bitnet/Codegen/WeightBlock.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace bitnet {

/// Where programs have `bitnet_weights`, from their first byte on.
inline constexpr uint64_t kWeightsAddress = uint64_t(1) << 28;

/// Writes a program or shared library that lld has linked, with a block of
/// weights as its last segment. Without parts it stays as it is.
void writeWithWeights(llvm::StringRef linked, llvm::ArrayRef<WeightPart> parts,
                      llvm::raw_ostream &os);

/// Writes a block of weights as a file that the runtime maps.
void writeWeightsFile(llvm::ArrayRef<WeightPart> parts, llvm::raw_ostream &os);

} // namespace bitnet

#endif // BITNET_TARGET_WRITEWEIGHTS_H
