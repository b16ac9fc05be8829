// Names of dynamic dimensions: which sizes are known to be equal.
#ifndef DIALECTS_ONNX_ONNXDIMS_H
#define DIALECTS_ONNX_ONNXDIMS_H

#include "mlir/IR/Value.h"

namespace bitnet::onnx {

/// Holds one array of names per result of an op (or one array per function
/// argument); a static or unnamed dimension has the name "".
inline constexpr llvm::StringLiteral kDimsAttr = "onnx.dims";

/// The name of a dynamic dimension, "" if it has none.
llvm::StringRef getDimName(mlir::Value value, int64_t dim);

/// Whether two dimensions surely have the same size: it is static and equal, or
/// they are one dimension, or have one name.
bool isSameDim(mlir::Value a, int64_t dimOfA, mlir::Value b, int64_t dimOfB);

} // namespace bitnet::onnx

#endif // DIALECTS_ONNX_ONNXDIMS_H
