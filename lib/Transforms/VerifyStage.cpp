// Checks the contract of a stage. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDeviceOps.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSwitch.h"

namespace bitnet {
#define GEN_PASS_DEF_VERIFYSTAGE
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-verify-stage"

/// Dialects that may remain after a stage; none for an unknown stage.
static ArrayRef<StringRef> allowedDialects(StringRef stage) {
  static const StringRef import[] = {"builtin", "func", "onnx"};
  static const StringRef tensors[] = {"affine", "arith",  "bitnet", "builtin",
                                      "cf",     "func",   "linalg", "math",
                                      "scf",    "tensor", "ub"};
  static const StringRef loops[] = {
      "affine", "arith", "builtin", "cf",     "func", "gpu", "index",
      "linalg", "llvm",  "math",    "memref", "scf",  "ub",  "vector"};
  static const StringRef machine[] = {"builtin", "llvm"};
  return llvm::StringSwitch<ArrayRef<StringRef>>(stage)
      .Case("import", import)
      .Cases({"raise", "optimize"}, tensors)
      .Case("lower", loops)
      .Case("codegen", machine)
      .Default({});
}

namespace {

struct VerifyStage : bitnet::impl::VerifyStageBase<VerifyStage> {
  using VerifyStageBase::VerifyStageBase;

  void runOnOperation() override {
    ArrayRef<StringRef> allowed = allowedDialects(stage);
    if (allowed.empty()) {
      getOperation().emitError("unknown stage '") << stage << "'";
      return signalPassFailure();
    }
    bool remains = false;
    getOperation().walk([&](Operation *op) {
      StringRef dialect = op->getName().getDialectNamespace();
      bool whole = stage == "optimize" && isa<bitnet::LinearOp>(op);
      bool isInstruction = stage == "lower" && isa<bitnet::Dot4Op>(op);
      if ((!whole && llvm::is_contained(allowed, dialect)) || isInstruction)
        return;
      op->emitOpError("remains after ") << stage;
      remains = true;
    });
    if (remains)
      signalPassFailure();
  }
};

} // namespace
