// LLVM dialect -> LLVM IR -> machine code.
#include "bitnet/Target/EmitCode.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

/// Writes the CPU into each function; whole vectors where it has long ones.
static void setTarget(llvm::Module &module, const bitnet::TargetSpec &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    if (!target.tune.empty())
      function.addFnAttr("tune-cpu", target.tune);
    if (target.has("avx512f"))
      function.addFnAttr("prefer-vector-width", "512");
    function.setDoesNotThrow();
  }
}

std::unique_ptr<llvm::Module>
bitnet::translateToLLVMIR(ModuleOp module, const TargetSpec &target,
                          llvm::LLVMContext &context) {
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  assert(machine && "TargetSpec::find gives only targets that LLVM has");
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, context, "model");
  if (!translated)
    return nullptr;
  translated->setTargetTriple(llvm::Triple(target.triple));
  translated->setDataLayout(machine->createDataLayout());
  translated->setPICLevel(llvm::PICLevel::BigPIC);
  setTarget(*translated, target);
  return translated;
}

void bitnet::optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  tuning.LoopInterleaving = true;
  llvm::PassBuilder builder(&machine, tuning);

  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

LogicalResult bitnet::emitLLVMIR(ModuleOp module, const TargetSpec &target,
                                 llvm::raw_pwrite_stream &os) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated =
      translateToLLVMIR(module, target, context);
  if (!translated)
    return failure();
  optimize(*translated, *target.createTargetMachine());
  translated->print(os, nullptr);
  return success();
}

static LogicalResult emitMachineCode(ModuleOp module,
                                     const bitnet::TargetSpec &target,
                                     llvm::raw_pwrite_stream &os,
                                     llvm::CodeGenFileType kind,
                                     bitnet::ModuleHook prepare = {}) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated =
      bitnet::translateToLLVMIR(module, target, context);
  if (!translated)
    return failure();
  if (prepare)
    prepare(*translated);
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  bitnet::optimize(*translated, *machine);

  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, nullptr, kind))
    return module.emitError()
           << "target '" << target.triple << "' has no object files";
  passes.run(*translated);
  return success();
}

LogicalResult bitnet::emitAssembly(ModuleOp module, const TargetSpec &target,
                                   llvm::raw_pwrite_stream &os) {
  return emitMachineCode(module, target, os,
                         llvm::CodeGenFileType::AssemblyFile);
}

LogicalResult bitnet::emitObject(ModuleOp module, const TargetSpec &target,
                                 llvm::raw_pwrite_stream &os,
                                 ModuleHook prepare) {
  return emitMachineCode(module, target, os, llvm::CodeGenFileType::ObjectFile,
                         prepare);
}
