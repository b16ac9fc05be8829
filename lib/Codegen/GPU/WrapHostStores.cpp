// Host code that works on memory becomes kernels. See GPUPasses.td.
#include "../ParallelLoop.h"
#include "Grid.h"

#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#define DEBUG_TYPE "bitnet-wrap-host-stores"

namespace bitnet {
#define GEN_PASS_DEF_WRAPHOSTSTORES
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// A copy as an elementwise op.
static void makeElementwise(memref::CopyOp copy) {
  OpBuilder b(copy);
  int64_t rank = cast<MemRefType>(copy.getTarget().getType()).getRank();
  AffineMap id = b.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> parallel(rank,
                                            utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, copy.getLoc(), copy.getSource(), copy.getTarget(),
      ArrayRef<AffineMap>{id, id}, parallel,
      [](OpBuilder &nested, Location loc, ValueRange args) {
        linalg::YieldOp::create(nested, loc, args[0]);
      });
  copy.erase();
}

/// Whether the op writes to memory and is no parallel loop.
static bool isStore(Operation *op) {
  if (isa<memref::StoreOp>(op))
    return true;
  auto rows = dyn_cast<linalg::LinalgOp>(op);
  return rows && rows.getNumParallelLoops() == 0;
}

/// Whether all that is in a loop can be in a kernel, and something must be.
static bool isWorkForKernel(scf::ForOp loop) {
  bool writes = false;
  WalkResult result = loop.walk([&](Operation *op) {
    if (isa<memref::AllocOp>(op) || bitnet::isLoopOverBlocks(op))
      return WalkResult::interrupt();
    writes |= isa<memref::StoreOp, linalg::LinalgOp>(op);
    return WalkResult::advance();
  });
  return writes && !result.wasInterrupted() && loop.getNumResults() == 0;
}

static void wrap(Operation *op) {
  OpBuilder b(op);
  auto loop = scf::ForallOp::create(
      b, op->getLoc(), ArrayRef<OpFoldResult>{b.getIndexAttr(1)}, ValueRange(),
      bitnet::getBlockMapping(b.getContext(), 1));
  op->moveBefore(loop.getTerminator());
}

namespace {

struct WrapHostStores : bitnet::impl::WrapHostStoresBase<WrapHostStores> {
  void runOnOperation() override {
    getOperation().walk([](memref::CopyOp copy) { makeElementwise(copy); });
    SmallVector<Operation *> stores;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto loop = dyn_cast<scf::ForOp>(op);
      bool isWork = isStore(op) || (loop && isWorkForKernel(loop));
      if (isWork && !bitnet::isInParallelLoop(op)) {
        stores.push_back(op);
        return WalkResult::skip();
      }
      if (isa<linalg::LinalgOp, scf::ForallOp, scf::ParallelOp>(op))
        return WalkResult::skip();
      return WalkResult::advance();
    });
    for (Operation *op : stores)
      wrap(op);
  }
};

} // namespace
