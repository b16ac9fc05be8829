// How tensors of different shapes are read as if they had one.
#ifndef BITNET_LIB_CONVERSION_ONNXTOLINALG_BROADCAST_H
#define BITNET_LIB_CONVERSION_ONNXTOLINALG_BROADCAST_H

#include "Elements.h"

namespace bitnet {

/// The result's shape is known to be that of each operand but for its ones; if
/// the program has to find out, it does, and checks that the sizes agree.
class Broadcast {
public:
  /// `type` is the declared type of the result.
  Broadcast(mlir::ImplicitLocOpBuilder &b, mlir::RankedTensorType type,
            llvm::ArrayRef<Operand> operands);

  const Sizes &getSizes() const { return sizes; }

  /// True if the map of operand `index` is known at compile time.
  bool isMapped(int64_t index) const;

  /// The map from the result's dimensions to those of operand `index`.
  mlir::AffineMap getMap(int64_t index, int64_t numDims) const;

  /// The element of operand `index` at a position of the result, for operands
  /// that are not mapped.
  mlir::Value read(mlir::ImplicitLocOpBuilder &b, int64_t index,
                   mlir::ValueRange position) const;

private:
  enum class Kind { One, Same, Unknown };
  /// How a dimension of an operand is read; `isOne` tells it for Unknown.
  struct Access {
    Kind kind;
    mlir::Value isOne;
  };
  /// A dimension of an operand.
  struct Dim {
    int64_t operand, dim;
  };

  void planDim(mlir::ImplicitLocOpBuilder &b, int64_t dim);
  bool isSame(Dim a, Dim c) const;
  Access &accessOf(Dim dim) { return accesses[dim.operand][dim.dim]; }
  mlir::OpFoldResult sizeOfDim(mlir::ImplicitLocOpBuilder &b, Dim dim) const;
  mlir::OpFoldResult commonSize(mlir::ImplicitLocOpBuilder &b,
                                llvm::ArrayRef<Dim> leaders);
  void readUnknown(mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<Dim> dims,
                   mlir::OpFoldResult size);

  mlir::RankedTensorType type;
  llvm::SmallVector<Operand> operands;
  llvm::SmallVector<llvm::SmallVector<Access>> accesses;
  Sizes sizes;
};

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOLINALG_BROADCAST_H
