// Arithmetic on single elements, as ONNX defines it.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H

#include "Elements.h"
#include "dialects/ONNX/ONNXDialect.h"

namespace bitnet {

inline bool isFloat(mlir::Value x) {
  return llvm::isa<mlir::FloatType>(x.getType());
}

/// Of an element type of the onnx dialect.
inline bool isUnsigned(mlir::Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

mlir::Value compareFloats(mlir::ImplicitLocOpBuilder &b,
                          mlir::arith::CmpFPredicate predicate, mlir::Value a,
                          mlir::Value c);

/// x, or a bound that it exceeds; a NaN exceeds none.
mlir::Value limit(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                  mlir::Value bound, mlir::arith::CmpFPredicate exceeds);

/// Larger and smaller of two; a NaN wins, as in NumPy.
mlir::Value maxOf(mlir::ImplicitLocOpBuilder &b, mlir::Value a, mlir::Value c,
                  bool isUnsigned);
mlir::Value minOf(mlir::ImplicitLocOpBuilder &b, mlir::Value a, mlir::Value c,
                  bool isUnsigned);

/// 1 / (1 + e^-x)
mlir::Value sigmoidOf(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// Floats converted to another float type.
mlir::Value convertFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                         mlir::Type type);

/// Converts an element between ONNX's types, whose signs `from` and `to` know.
mlir::Value convertElement(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                           mlir::Type from, mlir::Type to);

/// The integer next to a float in type `to`: truncated towards zero, limited to
/// what the type holds, and 0 for NaN.
mlir::Value saturateFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                          mlir::Type to);

/// The type that elements of ONNX type `type` are computed in: signless, and at
/// least a byte.
mlir::Type getComputedType(mlir::Type type);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_SCALARMATH_H
