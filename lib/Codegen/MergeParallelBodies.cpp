// Loop bodies with the same code become one function. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OperationSupport.h"

#define DEBUG_TYPE "bitnet-merge-parallel-bodies"

namespace bitnet {
#define GEN_PASS_DEF_MERGEPARALLELBODIES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kMark = "bitnet.parallel";

static bool isSameCode(func::FuncOp a, func::FuncOp b) {
  return OperationEquivalence::isRegionEquivalentTo(
      &a.getBody(), &b.getBody(), OperationEquivalence::IgnoreLocations);
}

/// A failed check names its node, so its code is of that node alone.
static bool canFail(func::FuncOp body) {
  return body->walk([](cf::AssertOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// The functions that marked calls call, each once, in the order of the calls.
static SetVector<func::FuncOp> findBodies(ModuleOp module) {
  SymbolTable symbols(module);
  SetVector<func::FuncOp> bodies;
  module.walk([&](func::CallOp call) {
    if (!call->hasAttr(kMark))
      return;
    auto body = symbols.lookup<func::FuncOp>(call.getCallee());
    if (body && body.isPrivate() && !body.isExternal() && !canFail(body))
      bodies.insert(body);
  });
  return bodies;
}

namespace {

struct MergeParallelBodies
    : bitnet::impl::MergeParallelBodiesBase<MergeParallelBodies> {
  void runOnOperation() override {
    SymbolTableCollection tables;
    SymbolUserMap users(tables, getOperation());
    llvm::MapVector<Type, SmallVector<func::FuncOp>> kept;
    for (func::FuncOp body : findBodies(getOperation())) {
      SmallVector<func::FuncOp> &candidates = kept[body.getFunctionType()];
      auto *same = llvm::find_if(candidates, [&](func::FuncOp candidate) {
        return isSameCode(candidate, body);
      });
      if (same == candidates.end()) {
        candidates.push_back(body);
        continue;
      }
      users.replaceAllUsesWith(body, same->getSymNameAttr());
      body.erase();
      ++numMerged;
    }
  }
};

} // namespace
