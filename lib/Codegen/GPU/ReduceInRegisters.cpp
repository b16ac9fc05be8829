// Sums stay in registers while a thread adds to them. See GPUPasses.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-reduce-in-registers"

namespace bitnet {
#define GEN_PASS_DEF_REDUCEINREGISTERS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

namespace {

/// A reduction on buffers and the loops that replace it.
class Reduction {
public:
  explicit Reduction(linalg::LinalgOp op) : op(op), b(op.getLoc(), op) {
    SmallVector<OpFoldResult> flat =
        op.createFlatListOfOperandDims(b, b.getLoc());
    AffineMap map = op.getShapesToLoopsMap();
    for (AffineExpr expr : map.getResults())
      sizes.push_back(getValueOrCreateConstantIndexOp(
          b, b.getLoc(),
          affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, flat)));
    at.resize(sizes.size());
  }

  /// parallel { sum = init; for { sum = body(sum) }; store }
  void emit() {
    SmallVector<unsigned> parallel, reduced;
    op.getParallelDims(parallel);
    op.getReductionDims(reduced);
    SmallVector<Value> ends, zeros, ones;
    for (unsigned dim : parallel) {
      ends.push_back(sizes[dim]);
      zeros.push_back(index(0));
      ones.push_back(index(1));
    }
    if (!parallel.empty()) {
      auto loop = scf::ParallelOp::create(b, zeros, ends, ones);
      for (auto [dim, iv] : llvm::zip_equal(parallel, loop.getInductionVars()))
        at[dim] = iv;
      b.setInsertionPoint(loop.getBody()->getTerminator());
    }
    OpOperand *out = op.getDpsInitOperand(0);
    SmallVector<Value> place = placeOf(out);
    Value sum = memref::LoadOp::create(b, out->get(), place);
    sum = reduce(reduced, sum);
    memref::StoreOp::create(b, sum, out->get(), place);
    op.erase();
  }

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }

  SmallVector<Value> placeOf(OpOperand *operand) {
    SmallVector<Value> place;
    SmallVector<OpFoldResult> dims(at.size(), b.getIndexAttr(0));
    for (auto [dim, value] : llvm::zip_equal(dims, at))
      if (value)
        dim = value;
    for (AffineExpr expr : op.getMatchingIndexingMap(operand).getResults())
      place.push_back(getValueOrCreateConstantIndexOp(
          b, b.getLoc(),
          affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, dims)));
    return place;
  }

  /// The loops over what is summed up, the last dimension the innermost.
  Value reduce(ArrayRef<unsigned> dims, Value sum) {
    if (dims.empty())
      return step(sum);
    auto loop = scf::ForOp::create(b, index(0), sizes[dims[0]], index(1), sum);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    at[dims[0]] = loop.getInductionVar();
    Value next = reduce(dims.drop_front(), loop.getRegionIterArg(0));
    scf::YieldOp::create(b, next);
    return loop.getResult(0);
  }

  Value step(Value sum) {
    IRMapping mapping;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      Value x = operand->get();
      if (isa<MemRefType>(x.getType()))
        x = memref::LoadOp::create(b, x, placeOf(operand));
      mapping.map(op.getMatchingBlockArgument(operand), x);
    }
    mapping.map(op.getMatchingBlockArgument(op.getDpsInitOperand(0)), sum);
    for (Operation &inner : op.getBlock()->without_terminator()) {
      if (auto number = dyn_cast<linalg::IndexOp>(inner))
        mapping.map(number.getResult(), at[number.getDim()]);
      else
        b.clone(inner, mapping);
    }
    return mapping.lookupOrDefault(
        op.getBlock()->getTerminator()->getOperand(0));
  }

  linalg::LinalgOp op;
  ImplicitLocOpBuilder b;
  SmallVector<Value> sizes, at;
};

struct ReduceInRegisters
    : bitnet::impl::ReduceInRegistersBase<ReduceInRegisters> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> reductions;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() && op.getNumReductionLoops() > 0 &&
          op.getNumDpsInits() == 1)
        reductions.push_back(op);
    });
    for (linalg::LinalgOp op : reductions)
      Reduction(op).emit();
  }
};

} // namespace
