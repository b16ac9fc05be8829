// Frees what passes have replaced. See Passes.td.
#include "bitnet/Transforms/Passes.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"

namespace bitnet {
#define GEN_PASS_DEF_RELEASECONSTANTS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-release-constants"

/// The names of resources that ops of the module hold.
static llvm::StringSet<> findHeld(ModuleOp module) {
  llvm::StringSet<> held;
  AttrTypeWalker walker;
  walker.addWalk([&](DenseResourceElementsAttr resource) {
    held.insert(resource.getRawHandle().getKey());
  });
  module->walk([&](Operation *op) { walker.walk(op->getAttrDictionary()); });
  return held;
}

namespace {

struct ReleaseConstants : bitnet::impl::ReleaseConstantsBase<ReleaseConstants> {
  void runOnOperation() override {
    auto &manager =
        DenseResourceElementsHandle::getManagerInterface(&getContext())
            .getBlobManager();
    llvm::StringSet<> held = findHeld(getOperation());
    std::vector<std::string> unused;
    manager.getBlobMap([&](const auto &blobs) {
      for (const auto &[name, entry] : blobs)
        if (!held.contains(name) && entry.getBlob())
          unused.push_back(name.str());
    });
    for (StringRef name : unused)
      manager.update(name, AsmResourceBlob());
    numReleased += unused.size();
  }
};

} // namespace
