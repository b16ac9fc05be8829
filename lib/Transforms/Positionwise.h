// Which dimension of a tensor counts the positions of a sequence, in models
// that compute each position by itself, but for attention.
#ifndef BITNET_LIB_TRANSFORMS_POSITIONWISE_H
#define BITNET_LIB_TRANSFORMS_POSITIONWISE_H

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDialect.h"

#include <optional>

namespace bitnet {

/// What a dimension counts. Rows are positions of all sequences, one after the
/// other.
enum class DimKind { Channels, Batch, Positions, Rows };
using DimKinds = llvm::SmallVector<DimKind>;

/// Follows the dimensions of tensors from the ids to the logits.
class Positionwise {
public:
  /// `ids` is [batch, positions], of which the last has a name.
  explicit Positionwise(mlir::Value ids);

  /// The kinds of a tensor that depends on ids or positions.
  std::optional<DimKinds> lookup(mlir::Value value) const;

  /// Declares such a tensor by the names of its dimensions. False if they say
  /// nothing.
  bool addByNames(mlir::Value value);

  /// Looks at an op that reads one. False unless each position of its result
  /// depends on the same position of its operands alone, or, for attention, on
  /// those that its mask allows.
  bool addOp(mlir::Operation *op);

private:
  using Result = std::optional<DimKinds>;

  Result infer(mlir::Operation *op) const;
  Result broadcast(mlir::Operation *op) const;
  Result reshape(mlir::Value from, mlir::Value to) const;
  Result expand(onnx::ExpandOp op) const;
  Result reduce(mlir::Operation *op, mlir::Value axes, bool keepsDims) const;
  Result multiply(mlir::Value x, mlir::Value weights) const;
  Result alongChannels(mlir::Value x, llvm::ArrayRef<int64_t> axes) const;
  Result gather(onnx::GatherOp op) const;
  Result concat(onnx::ConcatOp op) const;
  Result slice(onnx::SliceOp op) const;
  Result rows(mlir::Operation *op) const;
  Result rope(RopeOp op) const;
  Result attend(AttentionOp op) const;
  std::optional<DimKind> kindByName(mlir::Value value, int64_t dim) const;

  llvm::DenseMap<mlir::Value, DimKinds> kinds;
  mlir::StringRef batch, positions;
};

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_POSITIONWISE_H
