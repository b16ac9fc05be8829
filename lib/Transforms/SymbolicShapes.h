// The sizes of every tensor of a function, in terms of those of its inputs.
#ifndef BITNET_LIB_TRANSFORMS_SYMBOLICSHAPES_H
#define BITNET_LIB_TRANSFORMS_SYMBOLICSHAPES_H

#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXSizeExpr.h"

namespace bitnet {

/// Follows shapes, and the integers that shapes are made of, through `onnx`
/// ops in the order of a block. What no rule says of a dynamic dimension is
/// taken from the model; without a name there, it gets a new one (`?0`).
class SymbolicShapes {
public:
  using Sizes = llvm::SmallVector<onnx::SizeExpr>;

  /// Looks at a block argument, then at the ops that follow in order.
  void addArgument(mlir::BlockArgument argument);
  void addOp(mlir::Operation *op);

  /// One expression per dimension; none for a value that was not looked at.
  Sizes sizesOf(mlir::Value value) const { return shapes.lookup(value); }

  /// The elements of a small integer tensor, if all are known.
  std::optional<llvm::SmallVector<int64_t>> constantsOf(mlir::Value value);

private:
  using Size = std::optional<onnx::SizeExpr>;
  using Elements = llvm::SmallVector<Size>;

  Elements inferElements(mlir::Operation *op);
  Elements shapeElements(onnx::ShapeOp op);
  static Elements constantElements(onnx::ConstantOp op);
  static Elements filledElements(onnx::ConstantOfShapeOp op);
  Elements gatherElements(onnx::GatherOp op);
  Elements sliceElements(onnx::SliceOp op);
  Elements whereElements(onnx::WhereOp op);
  Elements combine(mlir::Operation *op);

  /// Expressions as far as a rule knows; empty if there is none.
  Elements inferSizes(mlir::Operation *op);
  static Size broadcastSizes(const Size &a, const Size &b);
  static Elements broadcast(mlir::ArrayRef<Elements> shapes);
  Elements reshape(onnx::ReshapeOp op);
  Elements expand(onnx::ExpandOp op);
  Elements slice(onnx::SliceOp op);
  Elements concat(onnx::ConcatOp op);
  Elements gather(onnx::GatherOp op);
  Elements gatherND(onnx::GatherNDOp op);
  Elements matmul(onnx::MatMulOp op);
  Elements range(onnx::RangeOp op);
  Elements unsqueeze(onnx::UnsqueezeOp op);
  Elements squeeze(onnx::SqueezeOp op);
  Elements transpose(onnx::TransposeOp op);
  Elements reduce(mlir::Operation *op);

  Elements knownSizes(mlir::Value value) const;
  Elements elementsOf(mlir::Value value) const;
  void setSizes(mlir::Value value, mlir::ArrayRef<Size> known);

  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return llvm::cast<mlir::RankedTensorType>(value.getType());
  }
  static std::optional<int64_t> constantOf(const Size &size) {
    return size ? size->getConstant() : std::nullopt;
  }
  /// Element `index` of a vector that may be a single number.
  static Size elementAt(llvm::ArrayRef<Size> elements, int64_t index);

  /// An axis counted from the front.
  static int64_t fromFront(int64_t axis, int64_t rank) {
    return axis < 0 ? axis + rank : axis;
  }

  llvm::DenseMap<mlir::Value, Sizes> shapes;
  llvm::DenseMap<mlir::Value, Elements> elements;
  int unnamed = 0;
};

} // namespace bitnet

#endif // BITNET_LIB_TRANSFORMS_SYMBOLICSHAPES_H
