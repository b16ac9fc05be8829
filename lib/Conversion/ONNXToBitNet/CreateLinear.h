// Writes the layer that a pattern has recognised.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_CREATELINEAR_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_CREATELINEAR_H

#include "ActivationQuantizers.h"
#include "TernaryWeights.h"

namespace bitnet {

/// A product that is a BitLinear layer.
struct BitLinear {
  QuantizedActivations activations;
  TernaryWeights weights;
  /// The scale of the weights divides.
  bool inverse = false;
};

/// The linear whose rows `value` is, maybe expanded to batches.
LinearOp getLinear(mlir::Value value);

/// `bitnet.linear` in the shape and type of `like`, which gives its name.
mlir::Value createLinear(mlir::PatternRewriter &rewriter, mlir::Value like,
                         BitLinear &&layer, mlir::Value bias);

/// `linear`, which `value` is, with another scale and bias.
mlir::Value cloneLinear(mlir::PatternRewriter &rewriter, mlir::Value value,
                        LinearOp linear, mlir::Value scale, mlir::Value bias);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_CREATELINEAR_H
