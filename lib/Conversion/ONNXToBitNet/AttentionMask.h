// Masks of attention, as bitnet.attention takes them.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONMASK_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONMASK_H

#include "Match.h"

#include "mlir/IR/PatternMatch.h"

namespace bitnet {

/// One thing that a model does to its scores before the softmax.
struct MaskTerm {
  enum Kind {
    /// A truth value: true where a key is seen.
    Seen,
    /// A truth value: true where a key is hidden.
    Hidden,
    /// A number that is added to the score.
    Added,
  };
  Kind kind;
  mlir::Value value;
  /// What a score that is not seen becomes.
  float fill = -std::numeric_limits<float>::infinity();
};

/// A fill below this hides a key whatever its score: sums with a score are the
/// fill itself, and exponentials of differences are zero.
inline constexpr float kHidingFill = -1e30f;

/// True if `value` can be broadcast to [batch, heads, sequence, total] for all
/// we know; else why not.
Match<mlir::Value> matchMaskOperand(mlir::Value value, mlir::Value query,
                                    mlir::Value key);

/// One mask of [batch or 1, heads or 1, sequence or 1, total] for all terms,
/// whose values have been matched; null if there are none.
mlir::Value createMask(mlir::PatternRewriter &rewriter, mlir::Location loc,
                       llvm::ArrayRef<MaskTerm> terms, mlir::Value query,
                       mlir::Value key);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONMASK_H
