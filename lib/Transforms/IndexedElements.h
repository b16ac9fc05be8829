// Integers and truth values that a model makes of sizes alone, as functions of
// their indices: positions, masks.
#ifndef BITNET_LIB_TRANSFORMS_INDEXEDELEMENTS_H
#define BITNET_LIB_TRANSFORMS_INDEXEDELEMENTS_H

#include "dialects/ONNX/ONNXDialect.h"

#include <optional>

namespace bitnet {

/// constant + the sum of coefficient * index, over the dimensions of a tensor.
struct IndexedExpr {
  int64_t constant = 0;
  llvm::SmallVector<int64_t> coefficients;

  bool isConstant() const {
    return llvm::all_of(coefficients, [](int64_t c) { return c == 0; });
  }
  bool operator==(const IndexedExpr &other) const {
    return constant == other.constant && coefficients == other.coefficients;
  }
};

/// The elements of a tensor: the expression, or whether it is not negative.
struct IndexedElement {
  IndexedExpr expr;
  bool isComparison = false;

  bool operator==(const IndexedElement &other) const {
    return expr == other.expr && isComparison == other.isComparison;
  }
};

/// Follows such tensors through `onnx` ops, in the order of a block. What no
/// rule knows has no expression.
class IndexedElements {
public:
  void addOp(mlir::Operation *op);

  /// What is known of a tensor's elements.
  std::optional<IndexedElement> lookup(mlir::Value value) const;

  /// True for [.., .., queries, keys] that is true up to the diagonal.
  bool isCausal(mlir::Value mask) const;

private:
  /// One, or one for each index of the last dimension.
  using Parts = llvm::SmallVector<IndexedElement, 1>;

  Parts infer(mlir::Operation *op) const;
  Parts slice(onnx::SliceOp op) const;
  Parts concat(onnx::ConcatOp op) const;
  Parts gather(onnx::GatherNDOp op) const;
  Parts combine(mlir::Operation *op) const;

  llvm::DenseMap<mlir::Value, Parts> known;
};

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_INDEXEDELEMENTS_H
