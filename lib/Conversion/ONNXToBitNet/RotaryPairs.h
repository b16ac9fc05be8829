// Pairs of channels that rotary positions turn, and angles for each of them.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_ROTARYPAIRS_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_ROTARYPAIRS_H

#include "Match.h"

#include "mlir/IR/PatternMatch.h"

namespace bitnet {

/// Both channels of all pairs.
struct Parts {
  mlir::Value first, second;
  bool interleaved;
};

/// One channel of each pair of x.
struct Part {
  mlir::Value x;
  bool isSecond, interleaved;
};

/// Parts side by side: concat(a, b), or reshape(concat(a[.., 1], b[.., 1])).
Match<Parts> matchJoin(mlir::Value value);

/// A part of x: slice(x, half), or every other channel.
Match<Part> matchPart(mlir::Value value);

/// x where `parts` are the parts of x in this order; null if they are not.
mlir::Value matchPartsOf(const Parts &parts);

/// True if each element of a row is there twice, in the order of pairs.
bool isTwice(mlir::Value value, bool interleaved);

/// Rows that have each element of `value` once, where `isTwice(value)`.
mlir::Value halve(mlir::PatternRewriter &rewriter, mlir::Value value);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_ROTARYPAIRS_H
