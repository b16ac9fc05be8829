// Tensor programs by what happens to an element.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H

#include "Sizes.h"

namespace bitnet {

/// A dimension of a value of the onnx dialect, which knows its name.
struct NamedDim {
  mlir::Value value;
  int64_t dim;
};

/// An operand of an onnx op: `original` knows the names of its dimensions,
/// `value` is what computes it.
struct Operand {
  mlir::Value original, value;
  /// The operand only takes part in the broadcast: it has no elements.
  bool isShape = false;
  /// Where the names are, if no single value has them all.
  llvm::SmallVector<NamedDim> dims = {};

  /// True if the two dimensions surely have the same size.
  bool isSameDim(int64_t dim, const Operand &other, int64_t otherDim) const;
};

/// Makes an element from elements; `b` inserts into the loop's body.
using Body = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &b,
                                            mlir::ValueRange elements)>;

/// A tensor of `type` whose elements are made from those of operands, which are
/// broadcast to its shape.
mlir::Value mapElements(mlir::ImplicitLocOpBuilder &b,
                        mlir::RankedTensorType type,
                        llvm::ArrayRef<Operand> operands, Body body);

/// A tensor of `sizes` whose elements are made from nothing but their position
/// (linalg.index), or from elements of `inputs` of the same sizes.
mlir::Value generate(mlir::ImplicitLocOpBuilder &b,
                     llvm::ArrayRef<mlir::OpFoldResult> sizes,
                     mlir::Type element, mlir::ValueRange inputs, Body body);

/// An input that is read at another place than where an element is made.
struct MappedInput {
  mlir::Value tensor;
  mlir::AffineMap map;
};
mlir::Value generateFrom(mlir::ImplicitLocOpBuilder &b,
                         llvm::ArrayRef<mlir::OpFoldResult> sizes,
                         mlir::Type element, llvm::ArrayRef<MappedInput> inputs,
                         Body body);

/// Combines elements along `axes`, starting from `init`, one after the other.
/// The body gets an element and what has been combined; the axes are dropped.
mlir::Value reduceElements(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                           llvm::ArrayRef<int64_t> axes, mlir::TypedAttr init,
                           Body body);

/// The position of the element that a body makes, along each dimension.
llvm::SmallVector<mlir::Value> getPosition(mlir::ImplicitLocOpBuilder &b,
                                           int64_t rank);

/// True for integer tensors so small that they are computed as scalars.
bool isShapeLike(mlir::Type type);

/// The elements of a shape-like tensor.
llvm::SmallVector<mlir::Value> elementsOf(mlir::ImplicitLocOpBuilder &b,
                                          mlir::Value tensor);

/// The element of a tensor that has one.
mlir::Value scalarOf(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor);

/// A number of `type`, a float or an integer.
mlir::TypedAttr numberAttr(mlir::Type type, double number);
mlir::Value numberOf(mlir::ImplicitLocOpBuilder &b, mlir::Type type,
                     double number);

/// The number in an onnx.Constant of one element, if `original` is one.
std::optional<double> getConstantNumber(mlir::Value original);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_ELEMENTS_H
