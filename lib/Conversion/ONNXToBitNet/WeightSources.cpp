// See WeightSources.h.
#include "WeightSources.h"

#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace bitnet;

static void add(onnx::ConstantOp constant, WeightSources &sources) {
  auto type = cast<RankedTensorType>(constant.getType());
  int64_t bytes = getWeightBytes(type);
  if (bytes > sources.bytes)
    sources.bits = type.getElementTypeBitWidth();
  sources.bytes += bytes;
  auto source = constant->getAttrOfType<IntegerAttr>(kSourceBytesAttr);
  sources.sourceBytes += source ? source.getInt() : bytes;
}

std::optional<WeightSources> bitnet::findWeightSources(Value weights) {
  WeightSources sources;
  llvm::SetVector<Operation *> found;
  found.insert(weights.getDefiningOp());
  for (size_t i = 0; i < found.size(); ++i) {
    Operation *op = found[i];
    if (!op || !isa_and_present<onnx::ONNXDialect>(op->getDialect()))
      return std::nullopt;
    if (auto constant = dyn_cast<onnx::ConstantOp>(op))
      add(constant, sources);
    for (Value operand : op->getOperands())
      found.insert(operand.getDefiningOp());
  }
  return sources;
}
