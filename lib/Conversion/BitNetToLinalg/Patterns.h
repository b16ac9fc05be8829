// The patterns of convert-bitnet-to-linalg, by subject.
#ifndef BITNET_LIB_CONVERSION_BITNETTOLINALG_PATTERNS_H
#define BITNET_LIB_CONVERSION_BITNETTOLINALG_PATTERNS_H

#include "mlir/Transforms/DialectConversion.h"

namespace bitnet {

void populateLinearToLinalg(mlir::RewritePatternSet &patterns,
                            const mlir::TypeConverter &types);
void populateQuantizeToLinalg(mlir::RewritePatternSet &patterns,
                              const mlir::TypeConverter &types);
void populateNormToLinalg(mlir::RewritePatternSet &patterns,
                          const mlir::TypeConverter &types);
void populateScaledMatmulToLinalg(mlir::RewritePatternSet &patterns,
                                  const mlir::TypeConverter &types);
void populateAttentionToLinalg(mlir::RewritePatternSet &patterns,
                               const mlir::TypeConverter &types);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_BITNETTOLINALG_PATTERNS_H
