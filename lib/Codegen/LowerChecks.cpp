// Assertions become calls of the runtime. See Passes.td.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#define DEBUG_TYPE "bitnet-lower-checks"

namespace bitnet {
#define GEN_PASS_DEF_LOWERCHECKS
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

static constexpr StringLiteral kFail = "bitnet_fail";

/// void bitnet_fail(const char *message), which does not return.
static LLVM::LLVMFuncOp declareFail(ModuleOp module) {
  if (auto func = module.lookupSymbol<LLVM::LLVMFuncOp>(kFail))
    return func;
  auto b = OpBuilder::atBlockBegin(module.getBody());
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  {LLVM::LLVMPointerType::get(b.getContext())});
  auto func = LLVM::LLVMFuncOp::create(b, module.getLoc(), kFail, type);
  func.setPassthroughAttr(b.getStrArrayAttr({"noreturn", "cold"}));
  return func;
}

/// The assertion's text, after the name of the ONNX node it stands for.
static std::string messageOf(cf::AssertOp assertion) {
  std::string message = assertion.getMsg().str();
  if (auto node = assertion.getLoc()->findInstanceOf<NameLoc>())
    message = node.getName().str() + ": " + message;
  message.push_back('\0');
  return message;
}

namespace {

/// The messages of a module, each stored once.
class Messages {
public:
  explicit Messages(ModuleOp module) : module(module) {}

  LLVM::GlobalOp get(Location loc, StringRef text) {
    LLVM::GlobalOp &global = globals[text];
    if (global)
      return global;
    auto b = OpBuilder::atBlockBegin(module.getBody());
    std::string name;
    do
      name = ("check_message_" + Twine(number++)).str();
    while (module.lookupSymbol(name));
    auto type = LLVM::LLVMArrayType::get(b.getI8Type(), text.size());
    global = LLVM::GlobalOp::create(b, loc, type, /*isConstant=*/true,
                                    LLVM::Linkage::Internal, name,
                                    b.getStringAttr(text));
    return global;
  }

private:
  ModuleOp module;
  llvm::StringMap<LLVM::GlobalOp> globals;
  unsigned number = 0;
};

struct LowerChecks : bitnet::impl::LowerChecksBase<LowerChecks> {
  void runOnOperation() override {
    SmallVector<cf::AssertOp> assertions;
    getOperation().walk(
        [&](cf::AssertOp assertion) { assertions.push_back(assertion); });
    if (assertions.empty())
      return;
    LLVM::LLVMFuncOp fail = declareFail(getOperation());
    Messages messages(getOperation());
    for (cf::AssertOp assertion : assertions)
      lower(assertion, fail, messages);
  }

  void lower(cf::AssertOp assertion, LLVM::LLVMFuncOp fail,
             Messages &messages) {
    ImplicitLocOpBuilder b(assertion.getLoc(), assertion);
    LLVM::GlobalOp message = messages.get(b.getLoc(), messageOf(assertion));
    Block *before = assertion->getBlock();
    Block *after = before->splitBlock(assertion->getNextNode());
    Block *failure = b.createBlock(before->getParent());
    Value text = LLVM::AddressOfOp::create(b, message);
    LLVM::CallOp::create(b, fail, text);
    LLVM::UnreachableOp::create(b);

    b.setInsertionPoint(assertion);
    cf::CondBranchOp::create(b, assertion.getArg(), after, ValueRange(),
                             failure, ValueRange(), ArrayRef<int32_t>{2000, 1});
    assertion.erase();
  }
};

} // namespace
