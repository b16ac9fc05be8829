// Reads constants of a model, whichever way they are stored.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_CONSTANTTENSOR_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_CONSTANTTENSOR_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Value.h"

#include <optional>
#include <vector>

namespace bitnet {

/// The elements of a constant; null for any other value.
mlir::ElementsAttr getConstant(mlir::Value value);

/// A floating-point constant of one element, of any rank.
std::optional<float> getScalar(mlir::Value value);

/// The elements of an f32, f16 or bf16 constant.
std::optional<std::vector<float>> getFloats(mlir::Value value);

/// The elements of an f32, f16 or bf16 constant.
std::optional<std::vector<float>> getFloats(mlir::ElementsAttr constant);

/// The first elements of a constant of floats or of codes, `count` at most, as
/// floats; none if they cannot be read.
std::vector<float> getSample(mlir::ElementsAttr constant, int64_t count);

/// The elements of an integer constant, such as axes.
std::optional<std::vector<int64_t>> getIntegers(mlir::Value value);

/// The elements of a constant of 2 to 8 bits each. A resource holds them
/// packed, low bits first, as ONNX does.
std::optional<std::vector<int8_t>> getCodes(mlir::ElementsAttr constant);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_CONSTANTTENSOR_H
