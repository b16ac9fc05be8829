// What kernels of blocks have in common.
#ifndef BITNET_LIB_CODEGEN_GPU_GRID_H
#define BITNET_LIB_CODEGEN_GPU_GRID_H

#include "mlir/IR/Operation.h"

namespace bitnet {

/// Threads of a block.
inline constexpr int64_t kBlockThreads = 64;

/// Whether an iteration of this loop is work for a whole block of threads.
bool isLoopOverBlocks(mlir::Operation *loop);

/// The attribute that says so.
mlir::ArrayAttr getBlockMapping(mlir::MLIRContext *context, int64_t dims);

/// Lets the first thread of a block do what writes to memory in its work and is
/// in no parallel loop: all of them would add to a sum as many times.
void giveStoresToOneThread(mlir::Block &work);

} // namespace bitnet

#endif // BITNET_LIB_CODEGEN_GPU_GRID_H
