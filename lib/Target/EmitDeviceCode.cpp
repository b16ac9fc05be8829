// Serializes kernels: SPIR-V by MLIR, PTX and hsaco by LLVM's code generators
// and lld, cubins by NVIDIA's assembler where it is installed.
#include "bitnet/Target/EmitDeviceCode.h"
#include "bitnet/Target/DeviceSpec.h"
#include "bitnet/Target/EmitCode.h"
#include "bitnet/Target/Link.h"
#include "bitnet/Target/OutputFile.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <cstdlib>

using namespace mlir;
using bitnet::DeviceSpec;

/// The format of AMD's objects that drivers since ROCm 5 know, by ten
/// thousands.
static constexpr uint32_t kObjectVersion = 500;

static FailureOr<std::string> serializeSPIRV(spirv::ModuleOp module) {
  SmallVector<uint32_t> words;
  spirv::SerializationOptions options;
  options.emitSymbolName = false;
  if (failed(spirv::serialize(module, words, options)))
    return failure();
  return std::string(reinterpret_cast<const char *>(words.data()),
                     words.size() * sizeof(uint32_t));
}

/// PTX, or an object for AMD.
static FailureOr<std::string> emitLLVM(Operation *kernels,
                                       const DeviceSpec &device) {
  bitnet::TargetSpec target = device.target();
  std::unique_ptr<llvm::TargetMachine> machine = target.createTargetMachine();
  assert(machine && "LLVM is built with GPUs");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(kernels, context, "kernels");
  if (!module)
    return failure();
  module->setTargetTriple(llvm::Triple(target.triple));
  module->setDataLayout(machine->createDataLayout());
  if (device.kind == "hip")
    module->addModuleFlag(llvm::Module::Error, "amdhsa_code_object_version",
                          kObjectVersion);
  for (llvm::Function &function : *module)
    function.setDoesNotThrow();
  bitnet::optimize(*module, *machine);

  SmallString<0> code;
  llvm::raw_svector_ostream os(code);
  llvm::legacy::PassManager passes;
  bool isText = device.kind == "cuda";
  if (machine->addPassesToEmitFile(passes, os, nullptr,
                                   isText ? llvm::CodeGenFileType::AssemblyFile
                                          : llvm::CodeGenFileType::ObjectFile))
    llvm_unreachable("GPUs have code of this kind");
  passes.run(*module);
  return code.str().str();
}

namespace {

/// A temporary file that is removed in the end.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix) {
    code = llvm::sys::fs::createTemporaryFile("bitnet", suffix, path);
    remover.setFile(path);
  }

  llvm::Error write(StringRef bytes) const {
    if (code)
      return llvm::createStringError("cannot write a temporary file: " +
                                     code.message());
    return bitnet::writeFile(path,
                             [&](llvm::raw_pwrite_stream &os) {
                               os << bytes;
                               return true;
                             })
        .takeError();
  }

  llvm::Expected<std::string> read() const {
    auto file = llvm::MemoryBuffer::getFile(path);
    if (!file)
      return llvm::errorCodeToError(file.getError());
    return (*file)->getBuffer().str();
  }

  SmallString<128> path;

private:
  std::error_code code;
  llvm::FileRemover remover;
};

} // namespace

static llvm::Expected<std::string> linkObject(StringRef object) {
  TemporaryFile input("o"), output("hsaco");
  if (llvm::Error error = input.write(object))
    return error;
  if (llvm::Error error = bitnet::linkDeviceObject(input.path, output.path))
    return error;
  return output.read();
}

/// NVIDIA's assembler; empty if it is not installed.
static std::string findAssembler() {
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  const char *home = std::getenv("CUDA_HOME");
  if (!home)
    return "";
  llvm::ErrorOr<std::string> found =
      llvm::sys::findProgramByName("ptxas", {std::string(home) + "/bin"});
  return found ? *found : "";
}

static llvm::Expected<std::string> assemble(StringRef program, StringRef ptx,
                                            StringRef chip) {
  TemporaryFile input("ptx"), output("cubin"), messages("txt");
  if (llvm::Error error = input.write(ptx))
    return error;
  std::string architecture = "-arch=" + chip.str();
  std::optional<StringRef> redirects[] = {std::nullopt, messages.path.str(),
                                          messages.path.str()};
  std::string reason;
  int code = llvm::sys::ExecuteAndWait(
      program, {program, architecture, input.path, "-o", output.path},
      std::nullopt, redirects, 0, 0, &reason);
  if (code == 0)
    return output.read();
  if (llvm::Expected<std::string> text = messages.read(); !text)
    llvm::consumeError(text.takeError());
  else if (reason.empty())
    reason = *text;
  return llvm::createStringError("'" + program + "' fails: " +
                                 StringRef(reason).ltrim().split('\n').first);
}

static FailureOr<std::string> report(Operation *kernels,
                                     llvm::Expected<std::string> code) {
  if (code)
    return *code;
  return kernels->emitError() << llvm::toString(code.takeError());
}

static FailureOr<std::string> emitNVIDIA(Operation *kernels, StringRef ptx,
                                         StringRef format) {
  std::string program = format == "ptx" ? "" : findAssembler();
  if (!program.empty())
    return report(kernels,
                  assemble(program, ptx, DeviceSpec::of(kernels).chip));
  if (format == "cubin")
    return kernels->emitError()
           << "a cubin wants NVIDIA's ptxas, in PATH or in CUDA_HOME";
  return ptx.str() + '\0';
}

FailureOr<std::string> bitnet::emitDeviceCode(Operation *kernels,
                                              StringRef format) {
  if (auto module = dyn_cast<spirv::ModuleOp>(kernels))
    return serializeSPIRV(module);
  DeviceSpec device = DeviceSpec::of(kernels);
  FailureOr<std::string> code = emitLLVM(kernels, device);
  if (failed(code))
    return failure();
  return device.kind == "cuda" ? emitNVIDIA(kernels, *code, format)
                               : report(kernels, linkObject(*code));
}
