// From the `onnx` dialect to linalg on tensors.
#ifndef BITNET_CONVERSION_ONNXTOLINALG_ONNXTOLINALG_H
#define BITNET_CONVERSION_ONNXTOLINALG_ONNXTOLINALG_H

#include "mlir/Transforms/DialectConversion.h"

namespace bitnet {

/// Turns element types that arith does not compute with into such: unsigned
/// integers become signless, elements of 2 and 4 bits become bytes.
class ONNXTypeConverter : public mlir::TypeConverter {
public:
  ONNXTypeConverter();
};

/// Patterns for every op of the `onnx` dialect.
void populateONNXToLinalgPatterns(const mlir::TypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);

} // namespace bitnet

#endif // BITNET_CONVERSION_ONNXTOLINALG_ONNXTOLINALG_H
