// A value as a product of scales.
//
// A model scales its codes or sums back by the scale s = limit / m of their
// row, by m / limit, by both scales at once or one after the other. Whatever
// the order, the value is base * s^i * m^j * constants.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_SCALEFACTORS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_SCALEFACTORS_H

#include "Match.h"

#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace bitnet {

/// What is scaled, and by what: s, and the magnitude m that s comes from.
struct ScaledBase {
  mlir::Value base;
  mlir::Value scale;
  mlir::Value magnitude;
  float limit;
};

/// The value that `value` scales: that which `isBase` accepts, under products
/// and quotients. Null if there is none.
mlir::Value findBase(mlir::Value value,
                     llvm::function_ref<bool(mlir::Value)> isBase);

/// The constants c where `value` is base / s * c: one, or one for each column.
Match<std::vector<double>> matchScaledBack(mlir::Value value,
                                           const ScaledBase &scaled);

/// True if someone multiplies or divides `value` by a positive constant, which
/// may be a part of the scale.
bool isScaledFurther(mlir::Value value);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_SCALEFACTORS_H
