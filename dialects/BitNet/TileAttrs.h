// What bitnet-select-tile writes down, for the passes that do it.
#ifndef DIALECTS_BITNET_TILEATTRS_H
#define DIALECTS_BITNET_TILEATTRS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

namespace bitnet {

/// On a matmul: how many rows of activations meet all panels of weights before
/// the next rows do, and how many bytes ahead weights are prefetched.
inline constexpr llvm::StringLiteral kRowsInCacheAttr = "bitnet.rows_in_cache";
inline constexpr llvm::StringLiteral kPrefetchAttr = "bitnet.prefetch";

/// On a scaled matmul, how many rows of activations meet a panel at once. On an
/// attention, how many rows, which are queries of a prompt or heads that share
/// keys, are computed in one task.
inline constexpr llvm::StringLiteral kRowsTogetherAttr = "bitnet.rows_together";

/// On an attention: how many of the 16 lanes of its sums are in registers at
/// once. Results don't depend on it.
inline constexpr llvm::StringLiteral kLanesTogetherAttr =
    "bitnet.lanes_together";

/// On an attention: from how many keys on those of a few queries are compared
/// in tasks of their own, and how many in each. Without it they never are.
inline constexpr llvm::StringLiteral kManyKeysAttr = "bitnet.many_keys";
inline constexpr llvm::StringLiteral kKeysTogetherAttr = "bitnet.keys_together";

/// On a product with weights of f32: how many columns one row of activations
/// meets at once.
inline constexpr llvm::StringLiteral kColumnsTogetherAttr =
    "bitnet.columns_together";

/// One of these numbers, or `otherwise` where nobody has decided.
inline int64_t getDecision(mlir::Operation *op, llvm::StringRef name,
                           int64_t otherwise) {
  auto decision = op->getAttrOfType<mlir::IntegerAttr>(name);
  return decision ? decision.getInt() : otherwise;
}

} // namespace bitnet

#endif // DIALECTS_BITNET_TILEATTRS_H
