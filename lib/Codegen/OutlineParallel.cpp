// Parallel loops become functions over a range of iterations. See Passes.td.
#include "ParallelLoop.h"

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
using bitnet::ParallelLoop;

static bool runsOnce(ArrayRef<OpFoldResult> counts) {
  return llvm::all_of(
      counts, [](OpFoldResult count) { return isConstantIntValue(count, 1); });
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
  bitnet::inlineBody(
      b, loop, bitnet::delinearize(b, loc, serial.getInductionVar(), counts));
  return body;
}

/// Moves one loop into a function and calls it.
static void outline(const ParallelLoop &loop, ArrayRef<OpFoldResult> counts,
                    StringRef name) {
  OpBuilder b(loop.op);
  Location loc = loop.op->getLoc();
  Value count = bitnet::product(b, loc, counts);
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
      if (isa<scf::ForallOp, scf::ParallelOp>(op) &&
          bitnet::isInParallelLoop(op))
        nested.push_back(op);
    });
    for (Operation *op : nested)
      if (FailureOr<ParallelLoop> loop = bitnet::matchParallelLoop(op);
          succeeded(loop))
        bitnet::makeSerial(*loop);
  }

  void outlineLoops(func::FuncOp func, SymbolTable &symbols) {
    std::vector<ParallelLoop> loops;
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      FailureOr<ParallelLoop> loop = bitnet::matchParallelLoop(op);
      if (failed(loop))
        return WalkResult::advance();
      loops.push_back(*loop);
      return WalkResult::skip();
    });
    unsigned number = 0;
    for (const ParallelLoop &loop : loops) {
      OpBuilder b(loop.op);
      SmallVector<OpFoldResult> counts = bitnet::tripCounts(b, loop);
      if (runsOnce(counts)) {
        bitnet::makeSerial(loop);
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
