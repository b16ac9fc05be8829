// Which dynamic sizes are equal, also where names have been lost.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_SAMESIZE_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_SAMESIZE_H

#include "mlir/IR/Value.h"

namespace bitnet {

/// True if two dimensions surely have the same size. Follows rows, reshapes and
/// elementwise ops back to dimensions that have a name or are the same one.
bool isSameSize(mlir::Value a, int64_t dimOfA, mlir::Value b, int64_t dimOfB);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_SAMESIZE_H
