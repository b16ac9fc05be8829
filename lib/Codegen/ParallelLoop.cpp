// See ParallelLoop.h.
#include "ParallelLoop.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using bitnet::ParallelLoop;

FailureOr<ParallelLoop> bitnet::matchParallelLoop(Operation *op) {
  if (auto forall = dyn_cast<scf::ForallOp>(op)) {
    if (forall->getNumResults())
      return failure();
    return ParallelLoop{op, forall.getMixedLowerBound(),
                        forall.getMixedUpperBound(), forall.getMixedStep(),
                        llvm::to_vector(forall.getInductionVars())};
  }
  auto parallel = dyn_cast<scf::ParallelOp>(op);
  if (!parallel || parallel->getNumResults())
    return failure();
  return ParallelLoop{op, getAsOpFoldResult(parallel.getLowerBound()),
                      getAsOpFoldResult(parallel.getUpperBound()),
                      getAsOpFoldResult(parallel.getStep()),
                      llvm::to_vector_of<Value>(parallel.getInductionVars())};
}

SmallVector<OpFoldResult> bitnet::tripCounts(OpBuilder &b,
                                             const ParallelLoop &loop) {
  AffineExpr lower, upper, step;
  bindSymbols(b.getContext(), lower, upper, step);
  AffineExpr count = (upper - lower).ceilDiv(step);
  SmallVector<OpFoldResult> counts;
  for (auto [l, u, s] : llvm::zip_equal(loop.lower, loop.upper, loop.step))
    counts.push_back(affine::makeComposedFoldedAffineApply(b, loop.op->getLoc(),
                                                           count, {l, u, s}));
  return counts;
}

/// The value of an induction variable in the `index`-th iteration.
static Value inductionValue(OpBuilder &b, Location loc, OpFoldResult lower,
                            OpFoldResult step, Value index) {
  if (!isConstantIntValue(step, 1))
    index = arith::MulIOp::create(
        b, loc, index, getValueOrCreateConstantIndexOp(b, loc, step));
  if (isConstantIntValue(lower, 0))
    return index;
  return arith::AddIOp::create(b, loc, index,
                               getValueOrCreateConstantIndexOp(b, loc, lower));
}

SmallVector<Value> bitnet::delinearize(OpBuilder &b, Location loc, Value linear,
                                       ArrayRef<OpFoldResult> counts) {
  SmallVector<Value> indices(counts.size());
  for (size_t d = counts.size(); d-- > 1;) {
    Value count = getValueOrCreateConstantIndexOp(b, loc, counts[d]);
    indices[d] = arith::RemUIOp::create(b, loc, linear, count);
    linear = arith::DivUIOp::create(b, loc, linear, count);
  }
  indices[0] = linear;
  return indices;
}

void bitnet::inlineBody(OpBuilder &b, const ParallelLoop &loop,
                        ArrayRef<Value> indices) {
  Location loc = loop.op->getLoc();
  for (auto [iv, lower, step, index] :
       llvm::zip_equal(loop.ivs, loop.lower, loop.step, indices)) {
    Value variable = iv;
    variable.replaceAllUsesWith(inductionValue(b, loc, lower, step, index));
  }
  Block *target = b.getInsertionBlock();
  target->getOperations().splice(
      b.getInsertionPoint(), loop.body()->getOperations(), loop.body()->begin(),
      std::prev(loop.body()->end()));
}

void bitnet::makeSerial(const ParallelLoop &loop) {
  OpBuilder b(loop.op);
  Location loc = loop.op->getLoc();
  SmallVector<Value> indices;
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  for (OpFoldResult count : tripCounts(b, loop)) {
    if (isConstantIntValue(count, 1)) {
      indices.push_back(zero);
      continue;
    }
    Value end = getValueOrCreateConstantIndexOp(b, loc, count);
    auto serial = scf::ForOp::create(b, loc, zero, end, one);
    indices.push_back(serial.getInductionVar());
    b.setInsertionPoint(serial.getBody()->getTerminator());
  }
  inlineBody(b, loop, indices);
  loop.op->erase();
}

Value bitnet::product(OpBuilder &b, Location loc,
                      ArrayRef<OpFoldResult> counts) {
  Value total = getValueOrCreateConstantIndexOp(b, loc, counts.front());
  for (OpFoldResult count : counts.drop_front())
    total = arith::MulIOp::create(
        b, loc, total, getValueOrCreateConstantIndexOp(b, loc, count));
  return total;
}

bool bitnet::isInParallelLoop(Operation *op) {
  for (Operation *up = op->getParentOp(); up; up = up->getParentOp())
    if (isa<scf::ForallOp, scf::ParallelOp>(up))
      return true;
  return false;
}
