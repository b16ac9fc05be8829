// How the weights of a bitnet.constant without an encoding lie in memory.
#ifndef DIALECTS_BITNET_TRITBYTES_H
#define DIALECTS_BITNET_TRITBYTES_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <vector>

namespace bitnet {

/// A resource for weights, row by row: two bits each, two's complement, lowest
/// bits first, if that is worth it; else a byte each.
mlir::AsmResourceBlob makeTrits(llvm::ArrayRef<int8_t> weights);

/// True if the bytes of all weights are at hand.
bool hasTrits(mlir::ElementsAttr value);

/// The weights from number `first` on, which is a multiple of four.
void readTrits(mlir::ElementsAttr value, int64_t first,
               llvm::MutableArrayRef<int8_t> weights);

/// All weights.
std::vector<int8_t> readTrits(mlir::ElementsAttr value);

} // namespace bitnet

#endif // DIALECTS_BITNET_TRITBYTES_H
