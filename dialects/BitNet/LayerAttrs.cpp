// See LayerAttrs.h.
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/IR/Builders.h"

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

Location bitnet::markWork(Location loc, const RegionWork &work) {
  Builder b(loc.getContext());
  NamedAttrList attrs;
  attrs.set("bytes", b.getI64IntegerAttr(work.bytes));
  attrs.set("kind", b.getStringAttr(work.kind));
  attrs.set("operations", b.getI64IntegerAttr(work.operations));
  if (work.isOfLast)
    attrs.set("of_last", b.getUnitAttr());
  return FusedLoc::get(loc.getContext(), {loc},
                       attrs.getDictionary(loc.getContext()));
}

DictionaryAttr bitnet::getWorkAttr(Location loc) {
  DictionaryAttr found;
  loc->walk([&](Location part) {
    if (auto fused = dyn_cast<FusedLoc>(part))
      found = dyn_cast_if_present<DictionaryAttr>(fused.getMetadata());
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

bitnet::RegionWork bitnet::getWork(DictionaryAttr attr) {
  return {attr.getAs<StringAttr>("kind").getValue(),
          attr.getAs<IntegerAttr>("bytes").getInt(),
          attr.getAs<IntegerAttr>("operations").getInt(),
          attr.contains("of_last")};
}
