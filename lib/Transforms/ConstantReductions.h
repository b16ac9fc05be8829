// How sums over a whole constant matrix are rounded.
#ifndef BITNET_LIB_TRANSFORMS_CONSTANTREDUCTIONS_H
#define BITNET_LIB_TRANSFORMS_CONSTANTREDUCTIONS_H

#include "mlir/IR/Builders.h"

namespace bitnet {

/// Rewrites a sum or mean of f32. Over a whole tensor it adds in pairs, in the
/// order of ONNX's reference evaluator, with which exporters fold: then a model
/// has the same scales folded and unfolded. Where its size does not halve
/// evenly, the sum is one of f64.
void refineReduction(mlir::OpBuilder &b, mlir::Operation *op);

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_CONSTANTREDUCTIONS_H
