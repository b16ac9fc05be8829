// Registers the `onnx` dialect and its ops.
#include "dialects/ONNX/ONNXDialect.h"

#include "dialects/ONNX/ONNXShapes.h"

using namespace mlir;
using namespace bitnet::onnx;

#include "dialects/ONNX/ONNXDialect.cpp.inc"

#include "dialects/ONNX/ONNXInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/ONNX/ONNXOps.cpp.inc"

void ONNXDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/ONNX/ONNXOps.cpp.inc"
      >();
}

Operation *ONNXDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

LogicalResult bitnet::onnx::verifyResultTypes(Operation *op) {
  SmallVector<RankedTensorType> types;
  if (failed(cast<ShapeInference>(op).inferResultTypes(types)))
    return failure();
  if (types.size() != op->getNumResults())
    return op->emitOpError("has ")
           << op->getNumResults() << " results, must have " << types.size();
  for (auto [index, wanted] : llvm::enumerate(types)) {
    auto found = cast<RankedTensorType>(op->getResult(index).getType());
    if (!wanted)
      continue;
    if (wanted.getElementType() != found.getElementType() ||
        failed(verifyCompatibleShape(wanted, found)))
      return op->emitOpError("result #")
             << index << " must be " << wanted << ", not " << found;
  }
  return success();
}
