// Parameters of kernels, 64 bits each.
#ifndef BITNET_LIB_CODEGEN_GPU_KERNELPARAMETERS_H
#define BITNET_LIB_CODEGEN_GPU_KERNELPARAMETERS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace bitnet {

/// A parameter as the kernel has it, from the 64 bits in which it comes.
mlir::Value fromWord(mlir::ImplicitLocOpBuilder &b, mlir::Value word,
                     mlir::Type type);

} // namespace bitnet

#endif // BITNET_LIB_CODEGEN_GPU_KERNELPARAMETERS_H
