// Products of matrices, which attention uses too.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_MATMUL_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_MATMUL_H

#include "Elements.h"

namespace bitnet {

/// numpy.matmul of two operands that both have two dimensions or more, computed
/// in f32 at least. `type` is the declared type of the result.
mlir::Value multiplyMatrices(mlir::ImplicitLocOpBuilder &b,
                             mlir::RankedTensorType type, const Operand &left,
                             const Operand &right);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_MATMUL_H
