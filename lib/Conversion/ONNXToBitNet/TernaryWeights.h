// Recognises constant weights that are -1, 0 and +1 times a scale.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H

#include "Match.h"

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/PatternMatch.h"

#include <vector>

namespace bitnet {

/// Codes of ternary weights before anyone has looked at their values.
struct WeightCodes {
  mlir::ElementsAttr codes;
  int64_t zeroPoint = 0;
  /// One for the tensor, or one for each output.
  std::vector<float> scale;
  /// Codes are [outputs, inputs]; otherwise [inputs, outputs].
  bool outputMajor = false;
  /// The form's name in the catalogue of BitLinear forms, such as "W10".
  llvm::StringRef form;
};

/// W10: DequantizeLinear(constant codes, scale), the right side of a MatMul.
Match<WeightCodes> matchWeightCodes(mlir::Value weights);

/// One int8 for each weight, output-major, if all of them are -1, 0 or +1.
Match<std::vector<int8_t>> getTrits(const WeightCodes &weights);

/// A `bitnet.constant` of weights, in a resource called `name`.
mlir::Value createWeights(mlir::PatternRewriter &rewriter, mlir::Location loc,
                          const WeightCodes &weights, std::vector<int8_t> trits,
                          llvm::StringRef name);

/// The scale as a tensor.
mlir::Value createScale(mlir::PatternRewriter &rewriter, mlir::Location loc,
                        const WeightCodes &weights);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H
