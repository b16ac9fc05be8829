// Compiles an ONNX model to a program, or to what any stage on the way gives.
#include "bitnet/Import/ChatTemplate.h"
#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/Compile.h"
#include "bitnet/Report/Report.h"
#include "bitnet/Target/OutputFile.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"

#include <malloc.h>

using namespace llvm;
using bitnet::Emit;

static cl::OptionCategory category("bitnet-compile options");

static cl::opt<std::string> input(cl::Positional, cl::Required,
                                  cl::desc("<model.onnx or .mlir>"),
                                  cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("File to write, - for stdout"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<Emit> emitKind(
    "emit", cl::desc("What to write:"), cl::init(Emit::Executable),
    cl::values(clEnumValN(Emit::ONNX, "onnx", "the imported model"),
               clEnumValN(Emit::BitNet, "bitnet",
                          "with BitNet layers recognised"),
               clEnumValN(Emit::Packed, "packed", "fused, with packed weights"),
               clEnumValN(Emit::Loops, "loops", "tiled, as loops on buffers"),
               clEnumValN(Emit::LLVM, "llvm", "in the LLVM dialect"),
               clEnumValN(Emit::Assembly, "asm", "assembly"),
               clEnumValN(Emit::Object, "obj", "an object file"),
               clEnumValN(Emit::SharedLibrary, "so",
                          "a shared library and its header"),
               clEnumValN(Emit::Executable, "exe", "a program (default)")),
    cl::cat(category));
static cl::opt<std::string>
    triple("target", cl::desc("Machine to compile for (default: this one)"),
           cl::value_desc("triple"), cl::cat(category));
static cl::opt<std::string> cpu(
    "cpu",
    cl::desc("CPU to compile for (default: native); of several, and of all, "
             "a program chooses at its start"),
    cl::value_desc("name[+feature...][,name...]"), cl::cat(category));
static cl::opt<std::string>
    sysroot("sysroot", cl::desc("Folder with the libraries of another machine"),
            cl::value_desc("folder"), cl::cat(category));
static cl::opt<std::string>
    tile("tile", cl::desc("Row of the tile table to use for every matmul"),
         cl::value_desc("name"), cl::cat(category));
static cl::opt<int64_t> maxContext(
    "max-context",
    cl::desc("The most positions that a language model is to read (default: as "
             "many as the model says)"),
    cl::value_desc("n"), cl::cat(category));
static cl::opt<bool>
    addCaches("add-caches",
              cl::desc("Keep keys and values of a causal model without caches "
                       "(default: true)"),
              cl::init(true), cl::cat(category));
static cl::opt<std::string>
    cache("cache", cl::desc("Keep keys and values in f32 (default), f16, bf16"),
          cl::value_desc("type"), cl::init("f32"), cl::cat(category));
static cl::list<std::string>
    dims("dim", cl::desc("Fix a dimension that the model leaves open"),
         cl::value_desc("name=size"), cl::cat(category));

static cl::opt<std::string>
    tokenizer("tokenizer", cl::desc("Put this tokenizer.json into the program"),
              cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> chatTemplate(
    "chat-template",
    cl::desc("Template of conversations: a Jinja file, or JSON with a field "
             "chat_template; 'none' for none (default: chat_template.jinja or "
             "tokenizer_config.json beside the tokenizer)"),
    cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> reportFile(
    "report", cl::ValueOptional,
    cl::desc("Say what became of each linear layer: as a table, or as JSON in "
             "a file; without -o nothing else is written"),
    cl::value_desc("file.json"), cl::cat(category));
static cl::opt<std::string>
    ternarize("ternarize",
              cl::desc("Round the weights of float layers: b1.58 or b1"),
              cl::value_desc("form"), cl::cat(category));
static cl::opt<bool> ternarizeHead(
    "ternarize-head",
    cl::desc("Also those of the layer that gives the model's output"),
    cl::cat(category));

static cl::opt<std::string> head(
    "head",
    cl::desc("Weights of the layer that gives the logits: exact (default), "
             "f32, f16, bf16, int8 or int4"),
    cl::init("exact"), cl::value_desc("type"), cl::cat(category));

enum class Weights { Embed, File };
static cl::opt<Weights> weights(
    "weights", cl::desc("Where a program or library has its weights:"),
    cl::init(Weights::Embed),
    cl::values(clEnumValN(Weights::Embed, "embed", "in it (default)"),
               clEnumValN(Weights::File, "file",
                          "in a file beside it, with the suffix .weights")),
    cl::cat(category));

static int fail(const Twine &message) {
  WithColor::error(errs(), "bitnet-compile") << message << '\n';
  return 1;
}

/// `model.onnx:layers.3.mlp: error: message`, one line for each error.
static LogicalResult printDiagnostic(StringRef model,
                                     mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Note ||
      diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark)
    return mlir::success();
  mlir::Location location = diagnostic.getLocation();
  auto file = location->findInstanceOf<mlir::FileLineColLoc>();
  auto node = location->findInstanceOf<mlir::NameLoc>();
  if (file && file.getLine() > 0)
    errs() << file.getFilename().getValue() << ':' << file.getLine() << ':'
           << file.getColumn();
  else if (node && node.getName() != model) // not the module's own location
    errs() << model << ':' << node.getName().getValue();
  else
    errs() << model;
  bool warning = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning;
  errs() << (warning ? ": warning: " : ": error: ") << diagnostic << '\n';
  return mlir::success();
}

/// Reads the sizes given with --dim.
static Error parseDims(StringMap<int64_t> &sizes) {
  for (StringRef text : dims) {
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

/// Says on one line what is wrong with the tokenizer, if anything.
static bool readTokenizer(bitnet::CompileOptions &options) {
  if (tokenizer.empty())
    return true;
  auto table = bitnet::readTokenizer(tokenizer);
  if (table) {
    options.tokenizer = std::move(*table);
    return true;
  }
  errs() << tokenizer
         << ": error: " << withoutLineEnds(toString(table.takeError())) << '\n';
  return false;
}

/// What goes with the tokenizer.
static Error readChatTemplate(bitnet::CompileOptions &options) {
  if (tokenizer.empty() && chatTemplate.empty())
    return Error::success();
  if (tokenizer.empty())
    return createStringError("--chat-template wants a --tokenizer beside it");
  Expected<std::string> table =
      bitnet::readChatTemplate(tokenizer, chatTemplate);
  if (!table)
    return table.takeError();
  options.chatTable = std::move(*table);
  return Error::success();
}

static bool isGiven(const cl::Option &option) {
  return option.getNumOccurrences() > 0;
}

/// A report is made of what the optimize stage gives.
static Error checkReport(bitnet::CompileOptions &options) {
  if (!isGiven(reportFile) && !isGiven(output))
    return createStringError("-o is missing: nothing to write but --report");
  if (isGiven(reportFile) && options.emit < Emit::Packed)
    return createStringError("--report wants --emit=packed or later");
  if (reportFile == "-" && output == "-")
    return createStringError("-o - and --report=- both want stdout");
  if (!isGiven(output))
    options.emit = Emit::Packed;
  return Error::success();
}

/// Finds the CPU, or the several CPUs, to compile for.
static Error findTarget(bitnet::CompileOptions &options) {
  if (!bitnet::isListOfCPUs(cpu)) {
    Expected<bitnet::TargetSpec> target = bitnet::TargetSpec::find(triple, cpu);
    if (!target)
      return target.takeError();
    options.target = *target;
    options.target.sysroot = sysroot;
    return Error::success();
  }
  if (isGiven(output) && options.emit < Emit::SharedLibrary)
    return createStringError("--cpu with several names wants --emit=so or exe");
  Expected<std::vector<bitnet::Variant>> variants =
      bitnet::findVariants(triple, cpu);
  if (!variants)
    return variants.takeError();
  options.variants = std::move(*variants);
  options.target = options.variants.back().target;
  options.target.sysroot = sysroot;
  return Error::success();
}

/// Names the file that gets the weights.
static Error checkWeights(bitnet::CompileOptions &options) {
  if (weights == Weights::Embed)
    return Error::success();
  if (options.emit < Emit::SharedLibrary || !isGiven(output))
    return createStringError("--weights=file wants --emit=exe or --emit=so");
  if (!options.variants.empty())
    return createStringError("--weights=file wants a single --cpu");
  SmallString<128> name(sys::path::filename(output));
  sys::path::replace_extension(name, "weights");
  options.weightsFile = name.str().str();
  return Error::success();
}

static Error checkFlags(bitnet::CompileOptions &options) {
  if (Error error = checkReport(options))
    return error;
  if (options.emit >= Emit::Object && output == "-")
    return createStringError("-o - is for text, --emit=asm or before");
  if (Error error = findTarget(options))
    return error;
  options.tile = tile;
  if (isGiven(maxContext) && maxContext < 1)
    return createStringError("--max-context wants a number from 1");
  options.maxContext = maxContext;
  options.addCaches = addCaches;
  options.cache = cache;
  options.ternarize = ternarize;
  options.ternarizeHead = ternarizeHead;
  options.head = head;
  if (Error error = checkWeights(options))
    return error;
  return parseDims(options.dims);
}

/// Writes JSON where a file is named; else a table to stdout, or to stderr if
/// that is where the program's text goes.
static mlir::LogicalResult writeReport(mlir::ModuleOp module) {
  bitnet::Report report = bitnet::makeReport(module);
  if (reportFile.empty()) {
    bitnet::printTable(report, output == "-" ? errs() : outs());
    return mlir::success();
  }
  Expected<bool> written =
      bitnet::writeFile(reportFile, [&](raw_pwrite_stream &os) {
        bitnet::printJSON(report, os);
        return true;
      });
  if (written)
    return mlir::success();
  return module.emitError() << toString(written.takeError());
}

/// Gives weights that are freed back to the system. Else glibc keeps blocks of
/// many megabytes in its heap, between others that are still in use.
static void returnLargeBlocks() {
#ifdef M_MMAP_THRESHOLD
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int main(int argc, char **argv) {
  InitLLVM initialize(argc, argv);
  returnLargeBlocks();
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "Compiles 1-bit ONNX models\n");

  bitnet::CompileOptions options;
  options.emit = emitKind;
  if (Error error = checkFlags(options))
    return fail(toString(std::move(error)));
  if (!readTokenizer(options))
    return 1;
  if (Error error = readChatTemplate(options))
    return fail(withoutLineEnds(toString(std::move(error))));

  if (isGiven(reportFile))
    options.inspect = writeReport;

  // Copies, because lld resets all command line options.
  std::string from = input, to = output;
  mlir::DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    return printDiagnostic(from, diagnostic);
  });
  mlir::OwningOpRef<mlir::ModuleOp> module =
      bitnet::readModel(from, options, context);
  if (!module)
    return 1;
  return failed(to.empty() ? bitnet::runStages(*module, options)
                           : bitnet::compile(*module, to, options));
}
