// Softmax, which attention uses too.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_NORMALIZATION_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_NORMALIZATION_H

#include "Elements.h"

namespace bitnet {

/// The type in which long float computations are done: at least f32.
mlir::Type getPreciseType(mlir::Type type);

/// `tensor` with elements of another float type.
mlir::Value convertFloats(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                          mlir::Type type);

/// e^(x - max) / sum(e^(x - max)) along `axis`
mlir::Value softmax(mlir::ImplicitLocOpBuilder &b, mlir::Value x, int64_t axis);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_NORMALIZATION_H
