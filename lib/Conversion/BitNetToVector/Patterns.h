// The patterns of convert-bitnet-to-vector, by subject.
#ifndef BITNET_LIB_CONVERSION_BITNETTOVECTOR_PATTERNS_H
#define BITNET_LIB_CONVERSION_BITNETTOVECTOR_PATTERNS_H

#include "mlir/IR/PatternMatch.h"

namespace bitnet {

void populateQuantizeToVector(mlir::RewritePatternSet &patterns);
void populateNormToVector(mlir::RewritePatternSet &patterns);
void populateRopeToVector(mlir::RewritePatternSet &patterns);
void populateAttentionToVector(mlir::RewritePatternSet &patterns);
void populateKvAppendToVector(mlir::RewritePatternSet &patterns);
void populateScaledMatmulToVector(mlir::RewritePatternSet &patterns);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_BITNETTOVECTOR_PATTERNS_H
