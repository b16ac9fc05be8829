// Recognises constant weights that are -1, 0 and +1 times a scale.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H

#include "Match.h"

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/PatternMatch.h"

#include <vector>

namespace bitnet {

/// A constant matrix of weights before anyone has looked at its values.
struct WeightMatrix {
  /// Codes, or floats that have a scale in them.
  mlir::ElementsAttr values;
  int64_t zeroPoint = 0;
  /// Of codes: one for the tensor, one for each output, or, as [groups,
  /// outputs], one for each group of neighbouring inputs of each output.
  std::vector<float> scale;
  /// Values are [outputs, inputs]; otherwise [inputs, outputs].
  bool outputMajor = false;
  /// The form's name in the catalogue of BitLinear forms, such as "W10".
  std::string form;
  /// In the model's file.
  int64_t sourceBytes = 0;

  int64_t getOutputs() const {
    return values.getShapedType().getDimSize(outputMajor ? 0 : 1);
  }
  int64_t getInputs() const {
    return values.getShapedType().getDimSize(outputMajor ? 1 : 0);
  }
};

/// Weights whose values are known to be -1, 0 or +1 times the scale.
struct TernaryWeights {
  /// One for each weight, output-major.
  std::vector<int8_t> trits;
  int64_t outputs;
  int64_t inputs;
  /// As in a WeightMatrix.
  std::vector<float> scale;
  std::string form;
  int64_t sourceBytes;

  /// Groups of inputs have scales of their own.
  bool hasGroups() const {
    return static_cast<int64_t>(scale.size()) > std::max<int64_t>(outputs, 1);
  }
};

/// The right side of a product: constant floats, constant codes, or
/// DequantizeLinear of constant codes; [outputs, inputs] where `outputMajor`,
/// maybe transposed.
Match<WeightMatrix> matchWeightMatrix(mlir::Value weights, bool outputMajor);

/// The one number that a constant zero point of weights is.
Match<int64_t> matchZeroPoint(mlir::Value zeroPoint);

/// Looks at every value.
Match<TernaryWeights> getTernaryWeights(const WeightMatrix &weights);

/// The same for floats: what the scale is, is found out. The trits stay in the
/// order of the floats.
Match<TernaryWeights> getTernaryFloats(const WeightMatrix &weights);

/// A `bitnet.constant` of weights, in a resource called `name`.
mlir::Value createWeights(mlir::PatternRewriter &rewriter, mlir::Location loc,
                          TernaryWeights &&weights, llvm::StringRef name);

/// The scale of weights with so many outputs: one number, [outputs], or
/// [groups, outputs].
mlir::Value createScale(mlir::PatternRewriter &rewriter, mlir::Location loc,
                        llvm::ArrayRef<float> scale, int64_t outputs);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_TERNARYWEIGHTS_H
