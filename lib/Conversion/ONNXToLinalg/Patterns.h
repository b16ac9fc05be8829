// The families of patterns, one file each.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H

#include "mlir/Transforms/DialectConversion.h"

namespace bitnet {

/// Reports a form of an operator that is not supported, at its node. (The
/// conversion keeps reasons to itself unless it is built for debugging.)
inline mlir::LogicalResult refuse(mlir::PatternRewriter &rewriter,
                                  mlir::Operation *op,
                                  const llvm::Twine &reason) {
  op->emitError("unsupported ") << op->getName() << ": " << reason;
  return rewriter.notifyMatchFailure(op, reason);
}

using PopulateFunction = void(const mlir::TypeConverter &,
                              mlir::RewritePatternSet &);

PopulateFunction populateAttentionPatterns;
PopulateFunction populateConstantPatterns;
PopulateFunction populateElementwisePatterns;
PopulateFunction populateGatherPatterns;
PopulateFunction populateMatMulPatterns;
PopulateFunction populateMovementPatterns;
PopulateFunction populateNormalizationPatterns;
PopulateFunction populateQuantPatterns;
PopulateFunction populateReductionPatterns;
PopulateFunction populateReshapePatterns;
PopulateFunction populateRotaryEmbeddingPatterns;
PopulateFunction populateScatterPatterns;
PopulateFunction populateShapeArithmeticPatterns;
PopulateFunction populateSlicePatterns;
PopulateFunction populateTopKPatterns;

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_PATTERNS_H
