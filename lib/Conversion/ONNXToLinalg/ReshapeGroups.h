// Which dimensions of two shapes of the same elements belong together.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_RESHAPEGROUPS_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_RESHAPEGROUPS_H

#include "Sizes.h"

namespace bitnet {

/// Splits the dimensions of two tensors into consecutive groups of the same
/// number of elements: [batch, sequence, 256] and [batch, sequence, 4, 64] have
/// the groups {batch}, {sequence} and {256; 4, 64}.
struct ReshapeGroups {
  ReshapeGroups(mlir::Value from, mlir::Value to);

  /// Group i of `from` has the elements of group i of `to`.
  Groups from, to;
  /// Whether that is sure of the last group; it is of all others.
  bool isProven = true;
  /// For each dimension of `to` a dimension of `from` of the same size, or -1.
  llvm::SmallVector<int64_t> source;
};

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_RESHAPEGROUPS_H
