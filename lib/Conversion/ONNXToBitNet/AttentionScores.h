// How much a query attends to each key, as primitive ops spell it.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONSCORES_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONSCORES_H

#include "AttentionMask.h"
#include "Match.h"

namespace bitnet {

/// scale * (query . key) and what is added to it or put in its place.
struct AttentionScores {
  mlir::Value query;
  /// Keys, whose dimensions lie in the order `keyOrder` of [batch, heads,
  /// length, channels].
  mlir::Value key;
  llvm::SmallVector<int64_t> keyOrder;
  float scale = 1.0f;
  llvm::SmallVector<MaskTerm> masks;
};

/// Scores as the operand of a softmax: a product of queries and transposed keys
/// with factors anywhere, then masks in any number.
Match<AttentionScores> matchAttentionScores(mlir::Value scores);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_ATTENTIONSCORES_H
