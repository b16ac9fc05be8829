// Memory that runs out ends the run with a message. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-check-allocations"

namespace bitnet {
#define GEN_PASS_DEF_CHECKALLOCATIONS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

/// void bitnet_fail(const char *message), which does not return.
static LLVM::LLVMFuncOp declareFail(ImplicitLocOpBuilder &b, ModuleOp module) {
  if (auto func = module.lookupSymbol<LLVM::LLVMFuncOp>("bitnet_fail"))
    return func;
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  {LLVM::LLVMPointerType::get(b.getContext())});
  auto func = LLVM::LLVMFuncOp::create(b, "bitnet_fail", type);
  func.setPassthroughAttr(b.getStrArrayAttr({"noreturn", "cold"}));
  return func;
}

static LLVM::GlobalOp makeMessage(ImplicitLocOpBuilder &b) {
  StringRef text("out of memory\0", 14);
  return LLVM::GlobalOp::create(
      b, LLVM::LLVMArrayType::get(b.getI8Type(), text.size()),
      /*isConstant=*/true, LLVM::Linkage::Internal, "out_of_memory",
      b.getStringAttr(text));
}

/// A function that calls `allocate` and looks at what it gives. Asking for
/// nothing may rightly give nothing.
static LLVM::LLVMFuncOp makeChecked(ModuleOp module,
                                    LLVM::LLVMFuncOp allocate) {
  ImplicitLocOpBuilder b(allocate.getLoc(), module.getBodyRegion());
  LLVM::LLVMFuncOp fail = declareFail(b, module);
  LLVM::GlobalOp message = makeMessage(b);
  auto checked = LLVM::LLVMFuncOp::create(
      b, "checked_alloc", allocate.getFunctionType(), LLVM::Linkage::Internal);
  checked.setResultAttr(0, "llvm.noalias", b.getUnitAttr());

  Block *entry = checked.addEntryBlock(b);
  Block *failure = b.createBlock(&checked.getBody());
  Block *done = b.createBlock(&checked.getBody());
  b.setInsertionPointToStart(entry);
  Value memory =
      LLVM::CallOp::create(b, allocate, checked.getArguments()).getResult();
  Value null = LLVM::ZeroOp::create(b, memory.getType());
  Value none = LLVM::ConstantOp::create(b, b.getI64Type(), 0);
  Value failed = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::eq, memory, null);
  Value wanted = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::ne,
                                      checked.getArgument(1), none);
  LLVM::CondBrOp::create(b, LLVM::AndOp::create(b, failed, wanted), failure,
                         done);
  b.setInsertionPointToStart(failure);
  LLVM::CallOp::create(b, fail,
                       LLVM::AddressOfOp::create(b, message).getResult());
  LLVM::UnreachableOp::create(b);
  b.setInsertionPointToStart(done);
  LLVM::ReturnOp::create(b, memory);
  return checked;
}

namespace {

struct CheckAllocations : bitnet::impl::CheckAllocationsBase<CheckAllocations> {
  void runOnOperation() override {
    auto allocate =
        getOperation().lookupSymbol<LLVM::LLVMFuncOp>("aligned_alloc");
    if (!allocate)
      return;
    SmallVector<LLVM::CallOp> calls;
    getOperation().walk([&](LLVM::CallOp call) {
      if (call.getCallee() == allocate.getName())
        calls.push_back(call);
    });
    if (calls.empty())
      return;
    LLVM::LLVMFuncOp checked = makeChecked(getOperation(), allocate);
    for (LLVM::CallOp call : calls)
      call.setCallee(checked.getName());
  }
};

} // namespace
