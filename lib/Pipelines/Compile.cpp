// From a model's file to the file that was asked for.
#include "bitnet/Pipelines/Compile.h"

#include "bitnet/Import/ImportONNX.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Target/EmitCode.h"
#include "bitnet/Target/LibraryHeader.h"
#include "bitnet/Target/Link.h"
#include "bitnet/Target/OutputFile.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using bitnet::CompileOptions;
using bitnet::Emit;

/// Constants of more elements are left out of printed modules.
static constexpr int64_t kPrintedElements = 64;

OwningOpRef<ModuleOp> bitnet::readModel(StringRef path,
                                        const CompileOptions &options,
                                        MLIRContext &context) {
  if (path == "-" || path.ends_with(".mlir") || path.ends_with(".mlirbc"))
    return parseSourceFile<ModuleOp>(path, &context);
  ImportOptions import;
  import.dims = options.dims;
  return importONNX(path, import, context);
}

/// The stages on tensors.
static LogicalResult runFirstStages(ModuleOp module,
                                    const CompileOptions &options) {
  PassManager pm(module->getContext());
  if (options.emit >= Emit::BitNet) {
    bitnet::RaiseOptions raise;
    raise.release = true;
    raise.explain = static_cast<bool>(options.inspect);
    raise.ternarize = options.ternarize;
    raise.ternarizeHead = options.ternarizeHead;
    bitnet::buildRaisePipeline(pm, raise);
  }
  if (options.emit >= Emit::Packed) {
    bitnet::OptimizeOptions optimize;
    optimize.release = true;
    optimize.features = options.target.features;
    optimize.tile = options.tile;
    bitnet::buildOptimizePipeline(pm, optimize);
  }
  return pm.run(module);
}

/// The stages on buffers.
static LogicalResult runLastStages(ModuleOp module,
                                   const CompileOptions &options) {
  PassManager pm(module->getContext());
  if (options.emit >= Emit::Loops) {
    bitnet::LowerOptions lower;
    lower.features = options.target.features;
    lower.tile = options.tile;
    bitnet::buildLowerPipeline(pm, lower);
  }
  if (options.emit >= Emit::LLVM)
    bitnet::buildCodegenPipeline(pm, bitnet::CodegenOptions());
  return pm.run(module);
}

LogicalResult bitnet::runStages(ModuleOp module,
                                const CompileOptions &options) {
  if (failed(runFirstStages(module, options)))
    return failure();
  if (options.inspect && failed(options.inspect(module)))
    return failure();
  return runLastStages(module, options);
}

/// An error of the emit stage, at the module.
static LogicalResult report(ModuleOp module, llvm::Error error) {
  if (!error)
    return success();
  return module.emitError() << llvm::toString(std::move(error));
}

/// Writes one file; `write` reports its own errors.
static LogicalResult
write(ModuleOp module, StringRef output,
      llvm::function_ref<LogicalResult(llvm::raw_pwrite_stream &)> write) {
  llvm::Expected<bool> written =
      bitnet::writeFile(output, [&](llvm::raw_pwrite_stream &os) {
        return succeeded(write(os));
      });
  if (!written)
    return report(module, written.takeError());
  return success(*written);
}

static void print(ModuleOp module, raw_ostream &os) {
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(kPrintedElements);
  flags.elideLargeResourceString(kPrintedElements);
  module->print(os, flags);
  os << '\n';
}

/// The text of the global that the entry point's pass made.
static FailureOr<StringRef> signatureOf(ModuleOp module) {
  auto global = module.lookupSymbol<LLVM::GlobalOp>("bitnet_signature");
  auto text = global ? dyn_cast_or_null<StringAttr>(global.getValueOrNull())
                     : StringAttr();
  if (!text)
    return module.emitError() << "the module has no function 'main' to run";
  return text.getValue().rtrim('\0');
}

/// The size of the last dimension of the logits, if the signature says so.
static std::optional<int64_t> vocabularyOf(StringRef signature) {
  while (!signature.empty()) {
    StringRef line;
    std::tie(line, signature) = signature.split('\n');
    SmallVector<StringRef> fields;
    line.split(fields, '\t');
    int64_t size;
    if (fields.size() > 4 && fields[0] == "output" && fields[3] == "logits" &&
        !fields.back().getAsInteger(10, size))
      return size;
  }
  return std::nullopt;
}

/// Puts the tokenizer's table into the module.
static LogicalResult addTokenizer(ModuleOp module,
                                  const bitnet::TokenizerTable &tokenizer) {
  if (tokenizer.bytes.empty())
    return success();
  FailureOr<StringRef> signature = signatureOf(module);
  if (failed(signature))
    return failure();
  std::optional<int64_t> vocabulary = vocabularyOf(*signature);
  if (vocabulary && tokenizer.size > *vocabulary)
    return module.emitError()
           << "the tokenizer is not the model's: it has " << tokenizer.size
           << " ids, the model's logits are for " << *vocabulary;
  auto b = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), tokenizer.bytes.size());
  LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true,
                         LLVM::Linkage::External, "bitnet_tokenizer",
                         b.getStringAttr(tokenizer.bytes), /*alignment=*/8);
  return success();
}

static std::string modelName(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>("bitnet.model.name");
  return name ? name.str() : "model";
}

/// Links an object that lives as long as the link.
static LogicalResult
link(ModuleOp module, const CompileOptions &options,
     llvm::function_ref<llvm::Error(StringRef object)> link) {
  SmallString<128> object;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("bitnet", "o", object))
    return module.emitError()
           << "cannot write a temporary file: " << code.message();
  llvm::FileRemover remover(object);
  if (failed(write(module, object, [&](llvm::raw_pwrite_stream &os) {
        return bitnet::emitObject(module, options.target, os);
      })))
    return failure();
  return report(module, link(object));
}

static LogicalResult emitExecutable(ModuleOp module, StringRef output,
                                    const CompileOptions &options) {
  return link(module, options, [&](StringRef object) {
    return bitnet::linkExecutable(object, output, options.target);
  });
}

static LogicalResult emitSharedLibrary(ModuleOp module, StringRef output,
                                       StringRef signature,
                                       const CompileOptions &options) {
  std::string name = modelName(module);
  if (failed(link(module, options, [&](StringRef object) {
        return bitnet::linkSharedLibrary(object, output, name, options.target);
      })))
    return failure();
  SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  return write(module, header, [&](raw_ostream &os) {
    os << bitnet::libraryHeader(name, signature);
    return success();
  });
}

LogicalResult bitnet::compile(ModuleOp module, StringRef output,
                              const CompileOptions &options) {
  if (failed(runStages(module, options)))
    return failure();
  if (options.emit <= Emit::LLVM)
    return write(module, output, [&](raw_ostream &os) {
      print(module, os);
      return success();
    });
  if (failed(addTokenizer(module, options.tokenizer)))
    return failure();
  if (options.emit == Emit::Assembly)
    return write(module, output, [&](llvm::raw_pwrite_stream &os) {
      return emitAssembly(module, options.target, os);
    });
  if (options.emit == Emit::Object)
    return write(module, output, [&](llvm::raw_pwrite_stream &os) {
      return emitObject(module, options.target, os);
    });
  FailureOr<StringRef> signature = signatureOf(module);
  if (failed(signature))
    return failure();
  if (options.emit == Emit::SharedLibrary)
    return emitSharedLibrary(module, output, *signature, options);
  return emitExecutable(module, output, options);
}
