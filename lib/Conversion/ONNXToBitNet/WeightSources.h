// Where the weights of a product come from.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_WEIGHTSOURCES_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_WEIGHTSOURCES_H

#include "mlir/IR/Value.h"

#include <optional>

namespace bitnet {

/// The constants that weights are computed from: floats, codes and scales, but
/// no shapes.
struct WeightSources {
  /// Bytes in the model's file.
  int64_t sourceBytes = 0;
  /// Bytes in the program, where some have been computed from others.
  int64_t bytes = 0;
  /// Bits of an element of the largest.
  unsigned bits = 0;
};

/// Nothing if `weights` depend on anything but constants.
std::optional<WeightSources> findWeightSources(mlir::Value weights);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_WEIGHTSOURCES_H
