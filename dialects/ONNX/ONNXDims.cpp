// Looks up the names of dynamic dimensions.
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

/// The attribute with the names of `value`'s dimensions, null if there is none.
static ArrayAttr getDimNames(Value value) {
  if (auto result = dyn_cast<OpResult>(value)) {
    auto all =
        result.getOwner()->getAttrOfType<ArrayAttr>(bitnet::onnx::kDimsAttr);
    if (!all || result.getResultNumber() >= all.size())
      return {};
    return dyn_cast<ArrayAttr>(all[result.getResultNumber()]);
  }
  auto argument = cast<BlockArgument>(value);
  // A block that is being converted has no parent.
  auto function = dyn_cast_if_present<FunctionOpInterface>(
      argument.getOwner()->getParentOp());
  if (!function || !argument.getOwner()->isEntryBlock())
    return {};
  return function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                              bitnet::onnx::kDimsAttr);
}

StringRef bitnet::onnx::getDimName(Value value, int64_t dim) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.isDynamicDim(dim))
    return "";
  ArrayAttr names = getDimNames(value);
  if (!names || dim >= static_cast<int64_t>(names.size()))
    return "";
  auto name = dyn_cast<StringAttr>(names[dim]);
  return name ? name.getValue() : "";
}

bool bitnet::onnx::isSameDim(Value a, int64_t dimOfA, Value b, int64_t dimOfB) {
  if (a == b && dimOfA == dimOfB)
    return true;
  auto typeA = cast<RankedTensorType>(a.getType());
  auto typeB = cast<RankedTensorType>(b.getType());
  if (!typeA.isDynamicDim(dimOfA) && !typeB.isDynamicDim(dimOfB))
    return typeA.getDimSize(dimOfA) == typeB.getDimSize(dimOfB);
  StringRef name = getDimName(a, dimOfA);
  return !name.empty() && name == getDimName(b, dimOfB);
}
