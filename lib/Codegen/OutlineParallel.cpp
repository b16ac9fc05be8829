// Parallel loops become functions over a range of iterations. See Passes.td.
#include "bitnet/Codegen/LoopWork.h"
#include "bitnet/Codegen/Passes.h"
#include "dialects/BitNet/LayerAttrs.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

#define DEBUG_TYPE "bitnet-outline-parallel"

namespace bitnet {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// A parallel loop of either kind: what the rest of this file needs of it.
struct ParallelLoop {
  Operation *op;
  SmallVector<OpFoldResult> lower, upper, step;
  SmallVector<Value> ivs;

  Block *body() const { return &op->getRegion(0).front(); }
};

static FailureOr<ParallelLoop> matchParallelLoop(Operation *op) {
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

/// The number of iterations of each dimension.
static SmallVector<OpFoldResult> tripCounts(OpBuilder &b,
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

static bool runsOnce(ArrayRef<OpFoldResult> counts) {
  return llvm::all_of(
      counts, [](OpFoldResult count) { return isConstantIntValue(count, 1); });
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

/// Splits an iteration number into one index for each dimension.
static SmallVector<Value> delinearize(OpBuilder &b, Location loc, Value linear,
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

/// Moves the loop's body before the builder's insertion point.
static void inlineBody(OpBuilder &b, const ParallelLoop &loop,
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

/// Replaces a loop that needs no threads by `scf.for`s, or by its body alone.
static void makeSerial(const ParallelLoop &loop) {
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

/// What the body reads from outside; constants are copied into it.
static SetVector<Value> captures(Region &region) {
  SetVector<Value> used, captured;
  getUsedValuesDefinedAbove(region, used);
  OpBuilder b(&region.front(), region.front().begin());
  for (Value value : used) {
    Operation *def = value.getDefiningOp();
    if (!def || !def->hasTrait<OpTrait::ConstantLike>()) {
      captured.insert(value);
      continue;
    }
    Value copy =
        b.clone(*def)->getResult(cast<OpResult>(value).getResultNumber());
    replaceAllUsesInRegionWith(value, copy, region);
  }
  return captured;
}

/// Adds the bounds that the body needs to what it captures.
static void captureBounds(const ParallelLoop &loop,
                          ArrayRef<OpFoldResult> counts,
                          SetVector<Value> &captured) {
  auto add = [&](ArrayRef<OpFoldResult> bounds) {
    for (OpFoldResult bound : bounds)
      if (auto value = dyn_cast<Value>(bound);
          value && !getConstantIntValue(bound))
        captured.insert(value);
  };
  add(loop.lower);
  add(loop.step);
  add(counts.drop_front());
}

/// Replaces captured values among `bounds` by the body's arguments, and
/// constants by attributes.
static void remapBounds(MutableArrayRef<OpFoldResult> bounds,
                        const IRMapping &mapping, Builder &b) {
  for (OpFoldResult &bound : bounds) {
    if (std::optional<int64_t> constant = getConstantIntValue(bound))
      bound = b.getIndexAttr(*constant);
    else
      bound = mapping.lookup(cast<Value>(bound));
  }
}

static func::FuncOp makeBodyFunction(ParallelLoop loop,
                                     SmallVector<OpFoldResult> counts,
                                     const SetVector<Value> &captured,
                                     StringRef name) {
  Location loc = loop.op->getLoc();
  auto parent = loop.op->getParentOfType<func::FuncOp>();
  OpBuilder b(parent->getContext());
  b.setInsertionPointAfter(parent);

  // Its share, and what all of it costs, which the thread pool alone looks at.
  SmallVector<Type> types(3, b.getIndexType());
  llvm::append_range(types, TypeRange(captured.getArrayRef()));
  auto body = func::FuncOp::create(b, loc, name, b.getFunctionType(types, {}));
  body.setPrivate();
  Block *entry = body.addEntryBlock();

  IRMapping mapping;
  for (auto [value, argument] :
       llvm::zip_equal(captured, entry->getArguments().drop_front(3))) {
    replaceAllUsesInRegionWith(value, argument, loop.op->getRegion(0));
    mapping.map(value, argument);
  }
  remapBounds(loop.lower, mapping, b);
  remapBounds(loop.step, mapping, b);
  remapBounds(MutableArrayRef(counts).drop_front(), mapping, b);

  b.setInsertionPointToStart(entry);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  auto serial = scf::ForOp::create(b, loc, entry->getArgument(0),
                                   entry->getArgument(1), one);
  func::ReturnOp::create(b, loc);
  b.setInsertionPoint(serial.getBody()->getTerminator());
  inlineBody(b, loop, delinearize(b, loc, serial.getInductionVar(), counts));
  return body;
}

static Value product(OpBuilder &b, Location loc,
                     ArrayRef<OpFoldResult> counts) {
  Value total = getValueOrCreateConstantIndexOp(b, loc, counts.front());
  for (OpFoldResult count : counts.drop_front())
    total = arith::MulIOp::create(
        b, loc, total, getValueOrCreateConstantIndexOp(b, loc, count));
  return total;
}

/// Moves one loop into a function and calls it.
static void outline(const ParallelLoop &loop, ArrayRef<OpFoldResult> counts,
                    StringRef name) {
  OpBuilder b(loop.op);
  Location loc = loop.op->getLoc();
  Value count = product(b, loc, counts);
  Value work = arith::MulIOp::create(
      b, loc, count,
      bitnet::estimateIterationWork(b, loop.op, loop.ivs, loop.lower));
  SetVector<Value> captured = captures(loop.op->getRegion(0));
  captureBounds(loop, counts, captured);

  SmallVector<Value> operands = {arith::ConstantIndexOp::create(b, loc, 0),
                                 count, work};
  llvm::append_range(operands, captured);
  func::FuncOp body =
      makeBodyFunction(loop, llvm::to_vector(counts), captured, name);
  if (DictionaryAttr work = bitnet::getWorkAttr(loc))
    body->setAttr(bitnet::kWorkAttr, work);
  auto call = func::CallOp::create(b, loc, body, operands);
  call->setDiscardableAttr("bitnet.parallel", b.getUnitAttr());
  loop.op->erase();
}

static bool isInParallelLoop(Operation *op) {
  for (Operation *up = op->getParentOp(); up; up = up->getParentOp())
    if (isa<scf::ForallOp, scf::ParallelOp>(up))
      return true;
  return false;
}

namespace {

struct OutlineParallel : bitnet::impl::OutlineParallelBase<OutlineParallel> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      makeNestedLoopsSerial(func);
      outlineLoops(func, symbols);
    }
  }

  void makeNestedLoopsSerial(func::FuncOp func) {
    SmallVector<Operation *> nested;
    func.walk([&](Operation *op) {
      if (isa<scf::ForallOp, scf::ParallelOp>(op) && isInParallelLoop(op))
        nested.push_back(op);
    });
    for (Operation *op : nested)
      if (FailureOr<ParallelLoop> loop = matchParallelLoop(op); succeeded(loop))
        makeSerial(*loop);
  }

  void outlineLoops(func::FuncOp func, SymbolTable &symbols) {
    std::vector<ParallelLoop> loops;
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      FailureOr<ParallelLoop> loop = matchParallelLoop(op);
      if (failed(loop))
        return WalkResult::advance();
      loops.push_back(*loop);
      return WalkResult::skip();
    });
    unsigned number = 0;
    for (const ParallelLoop &loop : loops) {
      OpBuilder b(loop.op);
      SmallVector<OpFoldResult> counts = tripCounts(b, loop);
      if (runsOnce(counts)) {
        makeSerial(loop);
        continue;
      }
      std::string name =
          (func.getName() + "_parallel_" + Twine(number++)).str();
      while (symbols.lookup(name))
        name = (func.getName() + "_parallel_" + Twine(number++)).str();
      outline(loop, counts, name);
      ++numOutlined;
    }
  }
};

} // namespace
