// What a block of threads does once is done by one of them. See Grid.h.
#include "../ParallelLoop.h"
#include "Grid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

/// Whether a value differs between the threads of a block.
static bool dependsOnThread(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    op = value.getParentBlock()->getParentOp();
  if (isa<gpu::ThreadIdOp>(op))
    return true;
  if (isa<BlockArgument>(value) && !isa<scf::ForOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), dependsOnThread);
}

static bool isStore(Operation *op) {
  return isa<memref::StoreOp, vector::StoreOp>(op);
}

/// Whether there is work in the op that threads share already.
static bool isShared(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        bool isShared = succeeded(bitnet::matchParallelLoop(inner)) ||
                        isa<gpu::BarrierOp, gpu::ThreadIdOp>(inner);
        return isShared ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

static bool writes(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isStore(inner) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// Whether all threads have read what they want when they come to the op.
static bool isAfterBarrier(Operation *op) {
  Operation *before = op->getPrevNode();
  while (before && (isMemoryEffectFree(before) || isa<memref::AllocOp>(before)))
    before = before->getPrevNode();
  return before && (isa<gpu::BarrierOp>(before) ||
                    succeeded(bitnet::matchParallelLoop(before)));
}

static void giveToOneThread(Operation *op) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  if (!isAfterBarrier(op))
    gpu::BarrierOp::create(b);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, zero);
  auto first = scf::IfOp::create(b, isFirst, /*withElseRegion=*/false);
  gpu::BarrierOp::create(b);
  op->moveBefore(first.thenBlock()->getTerminator());
}

void bitnet::giveStoresToOneThread(Block &work) {
  for (Operation &op : llvm::make_early_inc_range(work)) {
    if (succeeded(matchParallelLoop(&op)) || !writes(&op) ||
        llvm::any_of(op.getOperands(), dependsOnThread))
      continue;
    if (op.getNumResults() == 0 && !isShared(&op)) {
      giveToOneThread(&op);
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &block : region)
        giveStoresToOneThread(block);
  }
}
