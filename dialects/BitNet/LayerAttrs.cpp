// See LayerAttrs.h.
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <algorithm>

using namespace mlir;

int64_t bitnet::getWeightBytes(RankedTensorType type) {
  unsigned bits = type.getElementTypeBitWidth();
  if (!isa<FloatType>(type.getElementType()) && bits > 8)
    return 0;
  return llvm::divideCeil(type.getNumElements() * bits, 8);
}

StringRef bitnet::getNodePath(Location loc) {
  auto named = loc->findInstanceOf<NameLoc>();
  return named ? named.getName().getValue() : StringRef();
}

std::string bitnet::getModuleName(StringRef nodePath) {
  StringRef path = nodePath.ltrim('/');
  std::string module = path.take_front(path.rfind('/')).str();
  std::replace(module.begin(), module.end(), '/', '.');
  return module;
}
