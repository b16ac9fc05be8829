// Everything there is to register, of MLIR and of this project.
#ifndef BITNET_INITALL_H
#define BITNET_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace bitnet {

/// This project's dialects, with their interfaces.
void registerOwnDialects(mlir::DialectRegistry &registry);

/// This project's passes and pipelines.
void registerOwnPasses();

/// All dialects, MLIR's too, with their translation to LLVM IR.
void registerAllDialects(mlir::DialectRegistry &registry);

/// All passes and pipelines, MLIR's too.
void registerAllPasses();

} // namespace bitnet

#endif // BITNET_INITALL_H
