// Reads ONNX models: the first of the six stages.

#ifndef BITNET_IMPORT_IMPORTONNX_H
#define BITNET_IMPORT_IMPORTONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

namespace bitnet {

struct ImportOptions {
  /// Sizes for dimensions that the model leaves open, by their names.
  llvm::StringMap<int64_t> dims;
};

/// Reads the model at `path` (protobuf, or ONNX's text syntax if the name ends
/// in `.onnxtxt`) into a module with one function, `main`, of `onnx`
/// operations of opset 25 or newer.
///
/// Large weights are mapped and not copied: they become `dense_resource`
/// attributes that keep the file mapped. What the file gets wrong, or the
/// dialect lacks, is reported at the context's diagnostics and gives null.
mlir::OwningOpRef<mlir::ModuleOp> importONNX(llvm::StringRef path,
                                             const ImportOptions &options,
                                             mlir::MLIRContext &context);

} // namespace bitnet

#endif // BITNET_IMPORT_IMPORTONNX_H
