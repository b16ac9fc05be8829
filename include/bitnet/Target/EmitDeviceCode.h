// Kernels -> what the driver of a device loads.
#ifndef BITNET_TARGET_EMITDEVICECODE_H
#define BITNET_TARGET_EMITDEVICECODE_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir {
class Operation;
} // namespace mlir

namespace bitnet {

/// Serializes a module of kernels that has been converted for a device: SPIR-V
/// words, an hsaco, or for NVIDIA what `format` says, `ptx` or `cubin`; without
/// one a cubin if there is a ptxas to make it, else PTX. PTX ends with a 0.
mlir::FailureOr<std::string> emitDeviceCode(mlir::Operation *kernels,
                                            llvm::StringRef format = "");

} // namespace bitnet

#endif // BITNET_TARGET_EMITDEVICECODE_H
