// See Rows.h.
#include "Rows.h"

#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

/// {{0, .., rank - 2}, {rank - 1}}
static SmallVector<ReassociationIndices> getRowGroups(int64_t rank) {
  SmallVector<ReassociationIndices> groups(2);
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    groups[0].push_back(dim);
  groups[1].push_back(rank - 1);
  return groups;
}

tensor::ExpandShapeOp bitnet::getExpansion(Value value) {
  auto expand = value.getDefiningOp<tensor::ExpandShapeOp>();
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  if (!expand || expand.getReassociationIndices() != getRowGroups(rank))
    return nullptr;
  return expand;
}

RankedTensorType bitnet::getRowsType(Value value, int64_t columns) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rows = 1;
  for (int64_t size : type.getShape().drop_back())
    rows = ShapedType::isDynamic(size) || ShapedType::isDynamic(rows)
               ? ShapedType::kDynamic
               : rows * size;
  return RankedTensorType::get({rows, columns}, type.getElementType());
}

Value bitnet::collapseToRows(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getRank() == 2)
    return value;
  if (tensor::ExpandShapeOp expand = getExpansion(value))
    return expand.getSrc();
  return tensor::CollapseShapeOp::create(
      builder, loc, getRowsType(value, type.getShape().back()), value,
      getRowGroups(type.getRank()));
}

/// A dimension of an input of the function, by its name.
static OpFoldResult getNamedSize(OpBuilder &builder, Location loc,
                                 StringRef name) {
  Operation *parent = builder.getInsertionBlock()->getParentOp();
  auto function = dyn_cast<FunctionOpInterface>(parent);
  if (!function || name.empty())
    return nullptr;
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    for (int64_t dim = 0; type && dim < type.getRank(); ++dim)
      if (bitnet::onnx::getDimName(argument, dim) == name)
        return tensor::getMixedSize(builder, loc, argument, dim);
  }
  return nullptr;
}

SmallVector<OpFoldResult> bitnet::getSizes(OpBuilder &builder, Location loc,
                                           Value value) {
  if (tensor::ExpandShapeOp expand = getExpansion(value))
    return expand.getMixedOutputShape();
  SmallVector<OpFoldResult> sizes;
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    sizes.push_back(
        getNamedSize(builder, loc, bitnet::onnx::getDimName(value, dim)));
    if (!sizes.back())
      sizes.back() = tensor::getMixedSize(builder, loc, value, dim);
  }
  return sizes;
}

Value bitnet::expandFromRows(OpBuilder &builder, Value rows,
                             ArrayRef<OpFoldResult> leading, Type type) {
  Value result = rows;
  if (leading.size() != 1) {
    auto rowsType = cast<RankedTensorType>(rows.getType());
    SmallVector<OpFoldResult> sizes(leading);
    sizes.push_back(builder.getIndexAttr(rowsType.getDimSize(1)));
    SmallVector<int64_t> shape;
    SmallVector<Value> dynamicSizes;
    dispatchIndexOpFoldResults(sizes, dynamicSizes, shape);
    result = tensor::ExpandShapeOp::create(
        builder, rows.getLoc(),
        RankedTensorType::get(shape, rowsType.getElementType()), rows,
        getRowGroups(sizes.size()), sizes);
  }
  if (result.getType() == type)
    return result;
  return tensor::CastOp::create(builder, rows.getLoc(), type, result);
}

Value bitnet::expandFromRows(OpBuilder &builder, Value rows, Value like,
                             Type type) {
  if (cast<RankedTensorType>(like.getType()).getRank() == 2)
    return expandFromRows(builder, rows, OpFoldResult(), type);
  SmallVector<OpFoldResult> sizes = getSizes(builder, rows.getLoc(), like);
  return expandFromRows(builder, rows, ArrayRef(sizes).drop_back(), type);
}
