// See JitFunctions.h.
#include "JitFunctions.h"

#include "bitnet/Conversion/Passes.h"
#include "bitnet/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/TargetSelect.h"

#include <csetjmp>
#include <cstdlib>

using namespace mlir;
using llvm::orc::ExecutorAddr;

void bitnet::buildJitPipeline(OpPassManager &pm) {
  LowerOptions lower;
  CodegenOptions codegen;
  codegen.threads = false;
  pm.addNestedPass<func::FuncOp>(createConvertONNXToLinalg());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  buildLowerPipeline(pm, lower);
  buildCodegenPipeline(pm, codegen);
}

/// Where a call goes on whose check has failed.
static thread_local jmp_buf afterFailure;

/// Stands for the runtime's function of that name.
static void leaveCall(const char *) { longjmp(afterFailure, 1); }

llvm::Expected<bitnet::JitFunctions>
bitnet::JitFunctions::create(ModuleOp module) {
  // LLVM IR has no place for the types that arguments had in ONNX.
  module.walk([](LLVM::LLVMFuncOp function) { function.removeArgAttrsAttr(); });
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  ExecutionEngineOptions options;
  auto transformer = makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0,
                                               /*targetMachine=*/nullptr);
  options.transformer = transformer;
  // What signatures look like to a user is nothing to LLVM.
  for (auto function : module.getOps<LLVM::LLVMFuncOp>())
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.removeArgAttr(i, "onnx.type");
  auto engine = ExecutionEngine::create(module, options);
  if (!engine)
    return engine.takeError();
  (*engine)->registerSymbols([](llvm::orc::MangleAndInterner intern) {
    llvm::orc::SymbolMap symbols;
    symbols[intern("bitnet_fail")] = {ExecutorAddr::fromPtr(&leaveCall),
                                      llvm::JITSymbolFlags::Exported};
    return symbols;
  });
  return JitFunctions(std::move(*engine));
}

/// The words of a memref descriptor: two pointers, offset, sizes, strides.
static SmallVector<int64_t> describe(RankedTensorType type, const char *data) {
  auto address = reinterpret_cast<int64_t>(data);
  SmallVector<int64_t> words = {address, address, 0};
  llvm::append_range(words, type.getShape());
  SmallVector<int64_t> strides(type.getRank(), 1);
  for (int64_t dim = type.getRank() - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * type.getDimSize(dim + 1);
  llvm::append_range(words, strides);
  return words;
}

std::optional<AsmResourceBlob> bitnet::JitFunctions::call(
    StringRef name,
    ArrayRef<std::pair<RankedTensorType, ArrayRef<char>>> arguments,
    RankedTensorType resultType) {
  auto function = engine->lookupPacked(("_mlir_ciface_" + name).str());
  if (!function) {
    llvm::consumeError(function.takeError());
    return std::nullopt;
  }
  std::vector<SmallVector<int64_t>> descriptors;
  descriptors.push_back(describe(resultType, nullptr));
  for (auto [type, bytes] : arguments)
    descriptors.push_back(describe(type, bytes.data()));
  std::vector<int64_t *> pointers;
  for (SmallVector<int64_t> &descriptor : descriptors)
    pointers.push_back(descriptor.data());
  std::vector<void *> packed;
  for (int64_t *&pointer : pointers)
    packed.push_back(&pointer);
  // Compiled code has nothing to destroy on the way.
  if (setjmp(afterFailure) != 0)
    return std::nullopt;
  (*function)(packed.data());

  const SmallVector<int64_t> &words = descriptors.front();
  auto *allocated = reinterpret_cast<void *>(words[0]);
  auto *data = reinterpret_cast<const char *>(words[1]);
  size_t size = resultType.getNumElements() *
                llvm::divideCeil(resultType.getElementTypeBitWidth(), 8);
  return AsmResourceBlob(
      ArrayRef<char>(data, size), alignof(int64_t),
      [allocated](void *, size_t, size_t) { free(allocated); },
      /*dataIsMutable=*/false);
}
