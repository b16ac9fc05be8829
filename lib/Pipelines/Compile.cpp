// From a model's file to the file that was asked for.
#include "bitnet/Pipelines/Compile.h"

#include "Steps.h"
#include "bitnet/Codegen/Tuning.h"
#include "bitnet/Codegen/WeightBlock.h"
#include "bitnet/Import/ImportONNX.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Pipelines/Tune.h"
#include "bitnet/Target/EmitCode.h"
#include "bitnet/Target/LibraryHeader.h"
#include "bitnet/Target/Link.h"
#include "bitnet/Target/OutputFile.h"
#include "bitnet/Target/WriteWeights.h"
#include "dialects/BitNet/ModelAttrs.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
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

/// Lowers the bound of a language model's context.
static LogicalResult boundContext(ModuleOp module, int64_t positions) {
  if (!positions)
    return success();
  auto known = module->getAttrOfType<IntegerAttr>(bitnet::kContextAttr);
  if (known && known.getInt() < positions)
    return module.emitError()
           << "--max-context=" << positions << " exceeds the model's "
           << known.getInt() << " positions";
  module->setAttr(bitnet::kContextAttr,
                  Builder(module).getI64IntegerAttr(positions));
  return success();
}

static LogicalResult raise(ModuleOp module, const CompileOptions &options) {
  if (options.emit < Emit::BitNet)
    return boundContext(module, options.maxContext);
  PassManager pm(module->getContext());
  bitnet::RaiseOptions raise;
  raise.release = true;
  raise.addCaches = options.addCaches;
  raise.explain = static_cast<bool>(options.inspect);
  raise.ternarize = options.ternarize;
  raise.ternarizeHead = options.ternarizeHead;
  bitnet::buildRaisePipeline(pm, raise);
  if (failed(pm.run(module)))
    return failure();
  return boundContext(module, options.maxContext);
}

/// The CPU whose costs decide, by LLVM's name.
static const std::string &costs(const bitnet::TargetSpec &target) {
  return target.tune.empty() ? target.cpu : target.tune;
}

/// Constants are freed only if no other module wants them.
static LogicalResult optimize(ModuleOp module, const CompileOptions &options,
                              bool release) {
  if (options.emit < Emit::Packed)
    return success();
  PassManager pm(module->getContext());
  bitnet::OptimizeOptions optimize;
  optimize.release = release;
  if (options.devices.empty()) {
    optimize.features = options.target.features;
    optimize.cpu = costs(options.target);
  } else {
    optimize.features = bitnet::kGPUFeatures.str();
  }
  optimize.tile = options.tile;
  optimize.tuning = options.tuning;
  optimize.cache = options.cache;
  optimize.head = options.head;
  bitnet::buildOptimizePipeline(pm, optimize);
  return pm.run(module);
}

/// How codegen is to leave the weights.
static void placeWeights(const CompileOptions &options,
                         bitnet::CodegenOptions &codegen) {
  // Several CPUs share constants that are in their code.
  codegen.separateWeights =
      options.emit >= Emit::SharedLibrary &&
      (options.variants.empty() || !options.weightsFile.empty());
  codegen.weightsFile = options.weightsFile;
}

/// The stages on buffers, for a GPU.
static LogicalResult runLastStagesOfGPU(ModuleOp module,
                                        const CompileOptions &options) {
  PassManager pm(module->getContext());
  if (options.emit >= Emit::Loops) {
    bitnet::LowerToGPUOptions lower;
    lower.tile = options.tile;
    bitnet::buildLowerToGPUPipeline(pm, lower);
  }
  if (options.emit >= Emit::LLVM) {
    bitnet::CodegenOptions codegen;
    placeWeights(options, codegen);
    codegen.device = true;
    for (const bitnet::DeviceSpec &device : options.devices)
      codegen.devices.push_back(device.name());
    if (options.emit == Emit::PTX || options.emit == Emit::Cubin)
      codegen.deviceFormat = options.emit == Emit::PTX ? "ptx" : "cubin";
    bitnet::buildGPUCodegenPipeline(pm, codegen);
  }
  return pm.run(module);
}

/// The stages on buffers.
static LogicalResult runLastStages(ModuleOp module,
                                   const CompileOptions &options) {
  if (!options.devices.empty())
    return runLastStagesOfGPU(module, options);
  PassManager pm(module->getContext());
  if (options.emit >= Emit::Loops) {
    bitnet::LowerOptions lower;
    lower.features = options.target.features;
    lower.cpu = costs(options.target);
    lower.tile = options.tile;
    lower.tuning = options.tuning;
    bitnet::buildLowerPipeline(pm, lower);
  }
  if (options.emit >= Emit::LLVM) {
    bitnet::CodegenOptions codegen;
    placeWeights(options, codegen);
    bitnet::buildCodegenPipeline(pm, codegen);
  }
  return pm.run(module);
}

/// The stages after raise. `isLast`: no other module of the context is wanted.
static LogicalResult runTargetStages(ModuleOp module,
                                     const CompileOptions &options,
                                     bool isLast = true) {
  if (failed(optimize(module, options, /*release=*/isLast)))
    return failure();
  if (isLast && options.inspect && failed(options.inspect(module)))
    return failure();
  return runLastStages(module, options);
}

/// Says that a file of measured choices is of no use.
static void warnOfOtherMachine(ModuleOp module, const CompileOptions &options) {
  if (options.tuning.empty())
    return;
  llvm::Expected<bitnet::Tuning> tuning = bitnet::readTuning(options.tuning);
  if (!tuning) // the passes say so
    return llvm::consumeError(tuning.takeError());
  auto isMeasured = [&](const bitnet::TargetSpec &target) {
    return costs(target) == tuning->cpu;
  };
  if (isMeasured(options.target) ||
      llvm::any_of(options.variants, [&](const bitnet::Variant &variant) {
        return isMeasured(variant.target);
      }))
    return;
  module.emitWarning() << "'" << options.tuning << "' was measured on cpu '"
                       << tuning->cpu << "', not on '" << costs(options.target)
                       << "': it is not used";
}

LogicalResult bitnet::runStages(ModuleOp module,
                                const CompileOptions &options) {
  if (failed(raise(module, options)))
    return failure();
  if (!options.tune.empty() && failed(tune(module, options)))
    return failure();
  warnOfOtherMachine(module, options);
  return runTargetStages(module, options);
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

/// Puts what the runtime reads into the module.
static void addTable(ModuleOp module, StringRef name, StringRef bytes) {
  auto b = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), bytes.size());
  LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true,
                         LLVM::Linkage::External, name, b.getStringAttr(bytes),
                         /*alignment=*/8);
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
  addTable(module, "bitnet_tokenizer", tokenizer.bytes);
  return success();
}

/// Puts what the runtime needs beside the code into the module.
static LogicalResult addTables(ModuleOp module, const CompileOptions &options) {
  if (!options.chatTable.empty())
    addTable(module, "bitnet_chat", options.chatTable);
  return addTokenizer(module, options.tokenizer);
}

static std::string modelName(ModuleOp module) {
  auto name = module->getAttrOfType<StringAttr>("bitnet.model.name");
  return name ? name.str() : "model";
}

namespace {

/// Object files that live until they are linked.
class Objects {
public:
  ~Objects() {
    for (const std::string &path : paths)
      llvm::sys::fs::remove(path);
  }

  /// Lets `emit` write one more; it reports its own errors.
  LogicalResult
  add(ModuleOp module,
      llvm::function_ref<LogicalResult(llvm::raw_pwrite_stream &)> emit) {
    SmallString<128> path;
    if (std::error_code code =
            llvm::sys::fs::createTemporaryFile("bitnet", "o", path))
      return module.emitError()
             << "cannot write a temporary file: " << code.message();
    paths.push_back(path.str().str());
    return write(module, path, emit);
  }

  std::vector<std::string> paths;
};

} // namespace

/// The object of one CPU's code.
static LogicalResult emitOne(ModuleOp module, const CompileOptions &options,
                             Objects &objects,
                             bitnet::ModuleHook prepare = {}) {
  return objects.add(module, [&](llvm::raw_pwrite_stream &os) {
    return bitnet::emitObject(module, options.target, os, prepare);
  });
}

/// A raised module for each CPU in turn, and what chooses between them.
static LogicalResult
emitVariants(ModuleOp module, const CompileOptions &options, Objects &objects) {
  bitnet::VariantObjects variants;
  Attribute weights; // in the file, of all variants so far
  for (size_t i = 0; i < options.variants.size(); ++i) {
    bool isLast = i + 1 == options.variants.size();
    CompileOptions one = options;
    one.target = options.variants[i].target;
    OwningOpRef<ModuleOp> copy;
    if (!isLast)
      copy = module.clone();
    ModuleOp variant = isLast ? module : *copy;
    if (weights)
      variant->setAttr(bitnet::kWeightsAttr, weights);
    if (failed(runTargetStages(variant, one, isLast)) ||
        (i == 0 && failed(addTables(variant, options))) ||
        failed(emitOne(variant, one, objects, [&](llvm::Module &translated) {
          variants.prepare(translated, isLast);
        })))
      return failure();
    weights = variant->getAttr(bitnet::kWeightsAttr);
  }
  return objects.add(module, [&](llvm::raw_pwrite_stream &os) {
    variants.emitTable(options.variants, os);
    return success();
  });
}

namespace {

/// A folder for what is linked.
class TemporaryFolder {
public:
  std::error_code create() {
    return llvm::sys::fs::createUniqueDirectory("bitnet", path);
  }
  ~TemporaryFolder() {
    if (!path.empty())
      llvm::sys::fs::remove_directories(path);
  }
  std::string file(StringRef name) const {
    SmallString<128> full(path);
    llvm::sys::path::append(full, name);
    return full.str().str();
  }

private:
  SmallString<128> path;
};

} // namespace

/// Writes a program or library that was linked, with its weights or beside
/// them.
static LogicalResult writeLinked(ModuleOp module, StringRef linked,
                                 StringRef output,
                                 const CompileOptions &options) {
  std::vector<bitnet::WeightPart> parts = bitnet::getWeightParts(module);
  auto file = llvm::MemoryBuffer::getFile(linked);
  if (!file)
    return report(module, llvm::errorCodeToError(file.getError()));
  if (!options.weightsFile.empty()) {
    SmallString<128> path(llvm::sys::path::parent_path(output));
    llvm::sys::path::append(path, options.weightsFile);
    if (failed(write(module, path, [&](llvm::raw_pwrite_stream &os) {
          bitnet::writeWeightsFile(parts, os);
          return success();
        })))
      return failure();
    parts.clear();
  }
  llvm::Expected<bool> written = bitnet::writeFile(
      output,
      [&](llvm::raw_pwrite_stream &os) {
        bitnet::writeWithWeights((*file)->getBuffer(), parts, os);
        return true;
      },
      llvm::sys::fs::all_all);
  return report(module, written ? llvm::Error::success() : written.takeError());
}

/// Links what `emit` says, and writes the header of a library.
static LogicalResult link(ModuleOp module, StringRef output,
                          const CompileOptions &options,
                          const Objects &objects) {
  FailureOr<StringRef> signature = signatureOf(module);
  if (failed(signature))
    return failure();
  TemporaryFolder folder;
  if (std::error_code code = folder.create())
    return module.emitError()
           << "cannot write a temporary file: " << code.message();
  std::string linked = folder.file(llvm::sys::path::filename(output));
  std::string name = modelName(module);
  bool isProgram = options.emit == Emit::Executable;
  if (failed(report(
          module,
          isProgram
              ? bitnet::linkExecutable(objects.paths, linked, options.target)
              : bitnet::linkSharedLibrary(objects.paths, linked, name,
                                          options.target))) ||
      failed(writeLinked(module, linked, output, options)))
    return failure();
  if (isProgram)
    return success();
  SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  return write(module, header, [&](raw_ostream &os) {
    os << bitnet::libraryHeader(name, *signature);
    return success();
  });
}

static LogicalResult compileVariants(ModuleOp module, StringRef output,
                                     const CompileOptions &options) {
  assert(options.emit >= Emit::SharedLibrary && "variants are linked");
  Objects objects;
  warnOfOtherMachine(module, options);
  if (failed(raise(module, options)) ||
      failed(emitVariants(module, options, objects)))
    return failure();
  return link(module, output, options, objects);
}

/// Whether a device's code alone is wanted.
static bool isDeviceCode(Emit emit) {
  return emit == Emit::PTX || emit == Emit::SPIRV || emit == Emit::Cubin ||
         emit == Emit::HSACO;
}

/// Writes what the program would give to the device's driver.
static LogicalResult writeDeviceCode(ModuleOp module, StringRef output,
                                     bool isText) {
  auto global = module.lookupSymbol<LLVM::GlobalOp>("bitnet_device_bytes");
  if (!global)
    return module.emitError() << "the model has nothing for a device to do";
  StringRef bytes = cast<StringAttr>(*global.getValue()).getValue();
  return write(module, output, [&](raw_ostream &os) {
    os << (isText ? bytes.rtrim('\0') : bytes);
    return success();
  });
}

LogicalResult bitnet::compile(ModuleOp module, StringRef output,
                              const CompileOptions &options) {
  if (!options.variants.empty())
    return compileVariants(module, output, options);
  if (failed(runStages(module, options)))
    return failure();
  if (options.emit <= Emit::LLVM)
    return write(module, output, [&](raw_ostream &os) {
      print(module, os);
      return success();
    });
  if (isDeviceCode(options.emit))
    return writeDeviceCode(module, output, options.emit == Emit::PTX);
  if (failed(addTables(module, options)))
    return failure();
  if (options.emit == Emit::Assembly)
    return write(module, output, [&](llvm::raw_pwrite_stream &os) {
      return emitAssembly(module, options.target, os);
    });
  if (options.emit == Emit::Object)
    return write(module, output, [&](llvm::raw_pwrite_stream &os) {
      return emitObject(module, options.target, os);
    });
  if (failed(signatureOf(module))) // nothing to link
    return failure();
  Objects objects;
  if (failed(emitOne(module, options, objects)))
    return failure();
  return link(module, output, options, objects);
}
