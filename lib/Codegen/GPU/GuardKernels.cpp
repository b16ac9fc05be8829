// What a kernel finds wrong is told by the host. See GPUPasses.td.
#include "../ParallelLoop.h"

#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-guard-kernels"

namespace bitnet {
#define GEN_PASS_DEF_GUARDKERNELS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// Moves what follows an assertion in its block under the condition.
static void guardRest(cf::AssertOp check) {
  ImplicitLocOpBuilder b(check.getLoc(), check);
  Block *block = check->getBlock();
  Operation *terminator = block->getTerminator();
  bool yields = isa<scf::YieldOp>(terminator);
  SmallVector<Value> values;
  if (yields)
    values.assign(terminator->operand_begin(), terminator->operand_end());
  auto guarded =
      scf::IfOp::create(b, ValueRange(values).getTypes(), check.getArg(),
                        /*withElseRegion=*/!values.empty());
  Block *then = guarded.thenBlock();
  auto end =
      values.empty() ? then->getTerminator()->getIterator() : then->end();
  then->getOperations().splice(end, block->getOperations(),
                               std::next(guarded->getIterator()),
                               terminator->getIterator());
  if (values.empty())
    return;
  b.setInsertionPointToEnd(then);
  scf::YieldOp::create(b, values);
  b.setInsertionPointToEnd(guarded.elseBlock());
  SmallVector<Value> zeros;
  for (Value value : values)
    zeros.push_back(
        arith::ConstantOp::create(b, b.getZeroAttr(value.getType())));
  scf::YieldOp::create(b, zeros);
  terminator->setOperands(guarded.getResults());
}

namespace {

struct GuardKernels : bitnet::impl::GuardKernelsBase<GuardKernels> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> checks;
    getOperation().walk([&](cf::AssertOp check) {
      if (bitnet::isInParallelLoop(check))
        checks.push_back(check);
    });
    if (checks.empty())
      return;
    Value word = makeWord();
    SmallVector<Problem> problems;
    for (cf::AssertOp check : checks) {
      Problem problem = {check.getMsg(), check.getLoc()};
      auto *known = llvm::find(problems, problem);
      int64_t number = known - problems.begin() + 1;
      if (known == problems.end())
        problems.push_back(problem);
      note(check, word, number);
    }
    getOperation().walk([&](func::ReturnOp end) { tell(end, word, problems); });
    // The later ones first: a guard moves all that follows it.
    for (cf::AssertOp check : llvm::reverse(checks)) {
      guardRest(check);
      check.erase();
    }
  }

private:
  /// What may be wrong, and the node that finds it.
  using Problem = std::pair<StringRef, Location>;

  /// A word that says what was wrong, 0 for nothing.
  Value makeWord() {
    auto b = ImplicitLocOpBuilder::atBlockBegin(getOperation().getLoc(),
                                                &getOperation().front());
    auto type = MemRefType::get({}, b.getI32Type());
    Value word = memref::AllocOp::create(b, type);
    Value zero = arith::ConstantOp::create(b, b.getI32IntegerAttr(0));
    memref::StoreOp::create(b, zero, word);
    return word;
  }

  static void note(cf::AssertOp check, Value word, int64_t number) {
    ImplicitLocOpBuilder b(check.getLoc(), check);
    Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
    Value isWrong = arith::XOrIOp::create(b, check.getArg(), yes);
    auto wrong = scf::IfOp::create(b, isWrong, /*withElseRegion=*/false);
    b.setInsertionPointToStart(wrong.thenBlock());
    Value code = arith::ConstantOp::create(
        b, b.getI32IntegerAttr(static_cast<int32_t>(number)));
    memref::StoreOp::create(b, code, word);
  }

  static void tell(func::ReturnOp end, Value word, ArrayRef<Problem> problems) {
    ImplicitLocOpBuilder b(end.getLoc(), end);
    Value code = memref::LoadOp::create(b, word);
    memref::DeallocOp::create(b, word);
    for (auto [i, problem] : llvm::enumerate(problems)) {
      auto [message, place] = problem;
      b.setLoc(place);
      Value number = arith::ConstantOp::create(
          b, b.getI32IntegerAttr(static_cast<int32_t>(i + 1)));
      Value isOther =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ne, code, number);
      cf::AssertOp::create(b, isOther, message);
    }
  }
};

} // namespace
