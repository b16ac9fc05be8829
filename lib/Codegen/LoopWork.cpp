// What a parallel loop does, counted on its body. See LoopWork.h.
#include "bitnet/Codegen/LoopWork.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

/// Elements of a vector that one operation is counted for.
static constexpr int64_t kLanes = 16;

static int64_t countOperations(Operation &op) {
  if (op.hasTrait<OpTrait::ConstantLike>() ||
      op.hasTrait<OpTrait::IsTerminator>())
    return 0;
  int64_t count = 1;
  auto add = [&](TypeRange types) {
    for (Type type : types)
      if (auto vector = dyn_cast<VectorType>(type))
        count = std::max(count, vector.getNumElements() / kLanes);
  };
  add(op.getOperandTypes());
  add(op.getResultTypes());
  return count;
}

namespace {

class WorkEstimate {
public:
  WorkEstimate(OpBuilder &b, Operation *loop)
      : b(b), loc(loop->getLoc()), region(loop->getRegion(0)) {}

  void assume(Value iv, OpFoldResult first) {
    known.map(iv, getValueOrCreateConstantIndexOp(b, loc, first));
  }

  Value of(Block &block) {
    int64_t count = 0;
    for (Operation &op : block)
      count += countOperations(op);
    Value total = arith::ConstantIndexOp::create(b, loc, count);
    for (Operation &op : block)
      for (Region &inner : op.getRegions())
        for (Block &body : inner)
          total = b.createOrFold<arith::AddIOp>(loc, total, ofInner(op, body));
    return total;
  }

private:
  Value ofInner(Operation &op, Block &body) {
    auto loop = dyn_cast<scf::ForOp>(op);
    Value trips = loop ? tripCount(loop) : Value();
    Value work = of(body);
    return trips ? b.createOrFold<arith::MulIOp>(loc, trips, work) : work;
  }

  /// Null if it can't be known before.
  Value tripCount(scf::ForOp loop) {
    Value lower = firstValue(loop.getLowerBound());
    Value upper = firstValue(loop.getUpperBound());
    Value step = firstValue(loop.getStep());
    if (!lower || !upper || !step)
      return Value();
    known.map(loop.getInductionVar(), lower);
    AffineExpr l, u, s;
    bindSymbols(b.getContext(), l, u, s);
    OpFoldResult trips = affine::makeComposedFoldedAffineApply(
        b, loc, (u - l).ceilDiv(s),
        getAsOpFoldResult(ValueRange{lower, upper, step}));
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    return b.createOrFold<arith::MaxSIOp>(
        loc, getValueOrCreateConstantIndexOp(b, loc, trips), zero);
  }

  /// What a value is in the first iteration of the loops around it, computed
  /// before them; null if that takes more than arithmetic.
  Value firstValue(Value value) {
    if (Value first = known.lookupOrNull(value))
      return first;
    if (!region.isAncestor(value.getParentRegion()))
      return value;
    Operation *op = value.getDefiningOp();
    if (!op || !isPure(op) || op->getNumRegions() > 0)
      return Value();
    for (Value operand : op->getOperands())
      if (!firstValue(operand))
        return Value();
    b.clone(*op, known);
    return known.lookup(value);
  }

  OpBuilder &b;
  Location loc;
  Region &region;
  IRMapping known;
};

} // namespace

Value bitnet::estimateIterationWork(OpBuilder &b, Operation *loop,
                                    ValueRange ivs,
                                    ArrayRef<OpFoldResult> lower) {
  WorkEstimate estimate(b, loop);
  for (auto [iv, first] : llvm::zip_equal(ivs, lower))
    estimate.assume(iv, first);
  return estimate.of(loop->getRegion(0).front());
}
