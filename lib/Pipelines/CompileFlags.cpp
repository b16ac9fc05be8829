// See CompileFlags.h.
#include "bitnet/Pipelines/CompileFlags.h"
#include "bitnet/Codegen/Tuning.h"
#include "bitnet/Import/ChatTemplate.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using bitnet::CompileFlags;
using bitnet::CompileOptions;
using bitnet::Emit;
using bitnet::WeightsPlace;

//===----------------------------------------------------------------------===//
// By name
//===----------------------------------------------------------------------===//

static Error wrong(StringRef name, StringRef wanted, StringRef value) {
  return createStringError("--" + name + " wants " + wanted + ", found '" +
                           value + "'");
}

static std::string *findText(CompileFlags &flags, StringRef name) {
  return StringSwitch<std::string *>(name)
      .Case("target", &flags.target)
      .Case("cpu", &flags.cpu)
      .Case("sysroot", &flags.sysroot)
      .Case("tile", &flags.tile)
      .Case("tune", &flags.tune)
      .Case("tuning", &flags.tuning)
      .Case("head", &flags.head)
      .Case("cache", &flags.cache)
      .Case("tokenizer", &flags.tokenizer)
      .Case("chat-template", &flags.chatTemplate)
      .Case("ternarize", &flags.ternarize)
      .Default(nullptr);
}

static bool *findSwitch(CompileFlags &flags, StringRef name) {
  return StringSwitch<bool *>(name)
      .Case("add-caches", &flags.addCaches)
      .Case("ternarize-head", &flags.ternarizeHead)
      .Default(nullptr);
}

static std::optional<Emit> parseEmit(StringRef name) {
  return StringSwitch<std::optional<Emit>>(name)
      .Case("onnx", Emit::ONNX)
      .Case("bitnet", Emit::BitNet)
      .Case("packed", Emit::Packed)
      .Case("loops", Emit::Loops)
      .Case("llvm", Emit::LLVM)
      .Case("ptx", Emit::PTX)
      .Case("asm", Emit::Assembly)
      .Case("spirv", Emit::SPIRV)
      .Case("cubin", Emit::Cubin)
      .Case("hsaco", Emit::HSACO)
      .Case("obj", Emit::Object)
      .Case("so", Emit::SharedLibrary)
      .Case("exe", Emit::Executable)
      .Default(std::nullopt);
}

/// The flags that have a word or a number of their own.
static Error setOther(CompileFlags &flags, StringRef name, StringRef value) {
  if (name == "emit") {
    std::optional<Emit> emit = parseEmit(value);
    if (!emit)
      return wrong(name, "a stage's name", value);
    flags.emit = *emit;
  } else if (name == "weights") {
    if (value != "embed" && value != "file")
      return wrong(name, "embed or file", value);
    flags.weights = value == "file" ? WeightsPlace::File : WeightsPlace::Embed;
  } else if (name == "max-context") {
    if (value.getAsInteger(10, flags.maxContext) || flags.maxContext < 1)
      return wrong(name, "a number from 1", value);
  } else if (name == "dim") {
    flags.dims.push_back(value.str());
  } else {
    return createStringError("there is no option '" + name + "'");
  }
  return Error::success();
}

Error bitnet::setFlag(CompileFlags &flags, StringRef name, StringRef value) {
  if (std::string *text = findText(flags, name)) {
    *text = value.str();
    return Error::success();
  }
  bool *flag = findSwitch(flags, name);
  if (!flag)
    return setOther(flags, name, value);
  if (value != "true" && value != "false")
    return wrong(name, "true or false", value);
  *flag = value == "true";
  return Error::success();
}

//===----------------------------------------------------------------------===//
// What they mean together
//===----------------------------------------------------------------------===//

/// Reads the sizes given with --dim.
static Error parseDims(const CompileFlags &flags, StringMap<int64_t> &sizes) {
  for (StringRef text : flags.dims) {
    auto [name, size] = text.rsplit('=');
    int64_t value;
    if (name.empty() || size.getAsInteger(10, value) || value < 1)
      return createStringError("--dim wants name=size, found '" + text + "'");
    sizes[name] = value;
  }
  return Error::success();
}

/// One line of a message. Names from a file may have line ends in them.
static std::string withoutLineEnds(std::string message) {
  for (char &c : message)
    c = c >= 0 && c < ' ' ? ' ' : c;
  return message;
}

static Error readTokenizer(const CompileFlags &flags, CompileOptions &options) {
  if (flags.tokenizer.empty())
    return Error::success();
  Expected<bitnet::TokenizerTable> table =
      bitnet::readTokenizer(flags.tokenizer);
  if (!table)
    return createFileError(flags.tokenizer, createStringError(withoutLineEnds(
                                                toString(table.takeError()))));
  options.tokenizer = std::move(*table);
  return Error::success();
}

/// What goes with the tokenizer.
static Error readChatTemplate(const CompileFlags &flags,
                              CompileOptions &options) {
  if (flags.tokenizer.empty() && flags.chatTemplate.empty())
    return Error::success();
  if (flags.tokenizer.empty())
    return createStringError("--chat-template wants a --tokenizer beside it");
  Expected<std::string> table =
      bitnet::readChatTemplate(flags.tokenizer, flags.chatTemplate);
  if (!table)
    return createStringError(withoutLineEnds(toString(table.takeError())));
  options.chatTable = std::move(*table);
  return Error::success();
}

/// Finds the GPU and the CPU, or the several CPUs, to compile for.
static Error findTarget(const CompileFlags &flags, StringRef output,
                        CompileOptions &options) {
  if (bitnet::DeviceSpec::isDevice(flags.target)) {
    Expected<bitnet::TargetSpec> host = bitnet::TargetSpec::find("", flags.cpu);
    if (!host)
      return host.takeError();
    options.target = *host;
    Expected<std::vector<bitnet::DeviceSpec>> devices =
        bitnet::DeviceSpec::findAll(flags.target);
    if (!devices)
      return devices.takeError();
    options.devices = std::move(*devices);
  } else if (!bitnet::isListOfCPUs(flags.cpu)) {
    Expected<bitnet::TargetSpec> target =
        bitnet::TargetSpec::find(flags.target, flags.cpu);
    if (!target)
      return target.takeError();
    options.target = *target;
  } else {
    if (!output.empty() && options.emit < Emit::SharedLibrary)
      return createStringError(
          "--cpu with several names wants --emit=so or exe");
    Expected<std::vector<bitnet::Variant>> variants =
        bitnet::findVariants(flags.target, flags.cpu);
    if (!variants)
      return variants.takeError();
    options.variants = std::move(*variants);
    options.target = options.variants.back().target;
  }
  options.target.sysroot = flags.sysroot;
  return Error::success();
}

/// Whether code for the target can be timed here.
static bool isThisMachine(const bitnet::TargetSpec &target) {
  Expected<bitnet::TargetSpec> here = bitnet::TargetSpec::find();
  if (!here) {
    consumeError(here.takeError());
    return false;
  }
  return target.triple == here->triple && target.cpu == here->cpu &&
         target.features == here->features;
}

/// Finds the file of measured choices, and checks it if it is there.
static Error findTuning(const CompileFlags &flags, CompileOptions &options) {
  if (flags.tune.empty() && flags.tuning.empty())
    return Error::success();
  if (flags.tune.empty()) {
    options.tuning = flags.tuning;
    Expected<bitnet::Tuning> tuning = bitnet::readTuning(flags.tuning);
    return tuning ? Error::success()
                  : createFileError(flags.tuning,
                                    createStringError(withoutLineEnds(
                                        toString(tuning.takeError()))));
  }
  if (!flags.tuning.empty())
    return createStringError("--tune writes what --tuning reads: one of them");
  if (!flags.tile.empty())
    return createStringError("--tune finds what --tile says: one of them");
  if (options.emit < Emit::Packed)
    return createStringError("--tune wants --emit=packed or later");
  if (!options.variants.empty() || !isThisMachine(options.target))
    return createStringError("--tune wants the CPU of this machine");
  options.tune = options.tuning = flags.tune;
  return Error::success();
}

/// Code of a device is that of one, of the right kind.
static Error checkDevice(const CompileFlags &flags,
                         const CompileOptions &options) {
  StringRef kind;
  if (flags.emit == Emit::SPIRV)
    kind = "vulkan";
  else if (flags.emit == Emit::PTX || flags.emit == Emit::Cubin)
    kind = "cuda";
  else if (flags.emit == Emit::HSACO)
    kind = "hip";
  if (kind.empty() ||
      (options.devices.size() == 1 && options.devices.front().kind == kind))
    return Error::success();
  return createStringError("this --emit wants one --target of kind '" + kind +
                           "', found '" + flags.target + "'");
}

/// Names the file that gets the weights.
static Error placeWeights(const CompileFlags &flags, StringRef output,
                          CompileOptions &options) {
  if (flags.weights == WeightsPlace::Embed)
    return Error::success();
  if (options.emit < Emit::SharedLibrary || output.empty())
    return createStringError("--weights=file wants --emit=exe or --emit=so");
  SmallString<128> name(sys::path::filename(output));
  sys::path::replace_extension(name, "weights");
  options.weightsFile = name.str().str();
  return Error::success();
}

Expected<CompileOptions> bitnet::resolveFlags(const CompileFlags &flags,
                                              StringRef output) {
  CompileOptions options;
  options.emit = flags.emit;
  if (options.emit > Emit::Assembly && output == "-")
    return createStringError("-o - is for text, --emit=asm or before");
  options.tile = flags.tile;
  options.maxContext = flags.maxContext;
  options.addCaches = flags.addCaches;
  options.cache = flags.cache;
  options.ternarize = flags.ternarize;
  options.ternarizeHead = flags.ternarizeHead;
  options.head = flags.head;
  if (Error error = findTarget(flags, output, options))
    return error;
  if (Error error = findTuning(flags, options))
    return error;
  if (Error error = checkDevice(flags, options))
    return error;
  if (Error error = placeWeights(flags, output, options))
    return error;
  if (Error error = parseDims(flags, options.dims))
    return error;
  if (Error error = ::readTokenizer(flags, options))
    return error;
  if (Error error = ::readChatTemplate(flags, options))
    return error;
  return options;
}

//===----------------------------------------------------------------------===//
// What is said
//===----------------------------------------------------------------------===//

std::string bitnet::describe(StringRef model, mlir::Diagnostic &diagnostic) {
  mlir::DiagnosticSeverity severity = diagnostic.getSeverity();
  if (severity == mlir::DiagnosticSeverity::Note ||
      severity == mlir::DiagnosticSeverity::Remark)
    return "";
  mlir::Location location = diagnostic.getLocation();
  auto file = location->findInstanceOf<mlir::FileLineColLoc>();
  auto node = location->findInstanceOf<mlir::NameLoc>();
  std::string line;
  raw_string_ostream os(line);
  if (file && file.getLine() > 0)
    os << file.getFilename().getValue() << ':' << file.getLine() << ':'
       << file.getColumn();
  else if (node && node.getName() != model) // not the module's own location
    os << model << ':' << node.getName().getValue();
  else
    os << model;
  bool isWarning = severity == mlir::DiagnosticSeverity::Warning;
  os << (isWarning ? ": warning: " : ": error: ") << diagnostic;
  return line;
}
