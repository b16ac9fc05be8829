// Registers how tile ops become ops on buffers.
#ifndef BITNET_CODEGEN_TILEBUFFERIZATION_H
#define BITNET_CODEGEN_TILEBUFFERIZATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace bitnet {

/// Attaches the bufferization interface to `bitnet.tile_dot` and `tile_block`.
void registerTileBufferization(mlir::DialectRegistry &registry);

} // namespace bitnet

#endif // BITNET_CODEGEN_TILEBUFFERIZATION_H
