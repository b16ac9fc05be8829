// Compiles an ONNX model to a program, or to what any stage on the way gives.
#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/CompileFlags.h"
#include "bitnet/Report/Report.h"
#include "bitnet/Target/OutputFile.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

#include <malloc.h>

using namespace llvm;
using bitnet::Emit;
using bitnet::WeightsPlace;

static bitnet::CompileFlags flags;

static cl::OptionCategory category("bitnet-compile options");

static cl::opt<std::string> input(cl::Positional, cl::Required,
                                  cl::desc("<model.onnx or .mlir>"),
                                  cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("File to write, - for stdout"),
                                   cl::value_desc("file"), cl::cat(category));
static cl::opt<Emit, true> emitKind(
    "emit", cl::desc("What to write:"), cl::location(flags.emit),
    cl::values(clEnumValN(Emit::ONNX, "onnx", "the imported model"),
               clEnumValN(Emit::BitNet, "bitnet",
                          "with BitNet layers recognised"),
               clEnumValN(Emit::Packed, "packed", "fused, with packed weights"),
               clEnumValN(Emit::Loops, "loops", "tiled, as loops on buffers"),
               clEnumValN(Emit::LLVM, "llvm", "in the LLVM dialect"),
               clEnumValN(Emit::PTX, "ptx", "kernels for NVIDIA, as text"),
               clEnumValN(Emit::Assembly, "asm", "assembly of the CPU's part"),
               clEnumValN(Emit::SPIRV, "spirv", "kernels for Vulkan"),
               clEnumValN(Emit::Cubin, "cubin", "kernels for NVIDIA"),
               clEnumValN(Emit::HSACO, "hsaco", "kernels for AMD"),
               clEnumValN(Emit::Object, "obj", "an object file"),
               clEnumValN(Emit::SharedLibrary, "so",
                          "a shared library and its header"),
               clEnumValN(Emit::Executable, "exe", "a program (default)")),
    cl::cat(category));
static cl::opt<std::string, true>
    triple("target", cl::location(flags.target),
           cl::desc("Machine to compile for (default: this one), or GPUs: "
                    "vulkan, cuda:sm_80, hip:gfx942"),
           cl::value_desc("triple or device"), cl::cat(category));
static cl::opt<std::string, true> cpu(
    "cpu", cl::location(flags.cpu),
    cl::desc("CPU to compile for (default: native); of several, and of all, "
             "a program chooses at its start"),
    cl::value_desc("name[+feature...][,name...]"), cl::cat(category));
static cl::opt<std::string, true>
    sysroot("sysroot", cl::location(flags.sysroot),
            cl::desc("Folder with the libraries of another machine"),
            cl::value_desc("folder"), cl::cat(category));
static cl::opt<std::string, true>
    tile("tile", cl::location(flags.tile),
         cl::desc("Row of the tile table to use for every matmul"),
         cl::value_desc("name"), cl::cat(category));
static cl::opt<std::string, true> tune(
    "tune", cl::location(flags.tune),
    cl::desc("Measure on this machine how to compute each matmul, write it "
             "to this file, and compile so"),
    cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string, true>
    tuning("tuning", cl::location(flags.tuning),
           cl::desc("Compile as --tune has found on such a machine before"),
           cl::value_desc("file"), cl::cat(category));
static cl::opt<int64_t, true> maxContext(
    "max-context", cl::location(flags.maxContext),
    cl::desc("The most positions that a language model is to read (default: as "
             "many as the model says)"),
    cl::value_desc("n"), cl::cat(category));
static cl::opt<bool, true>
    addCaches("add-caches", cl::location(flags.addCaches),
              cl::desc("Keep keys and values of a causal model without caches "
                       "(default: true)"),
              cl::cat(category));
static cl::opt<std::string, true>
    cache("cache", cl::location(flags.cache),
          cl::desc("Keep keys and values in f32 (default), f16, bf16"),
          cl::value_desc("type"), cl::cat(category));
static cl::list<std::string, std::vector<std::string>>
    dims("dim", cl::location(flags.dims),
         cl::desc("Fix a dimension that the model leaves open"),
         cl::value_desc("name=size"), cl::cat(category));

static cl::opt<std::string, true>
    tokenizer("tokenizer", cl::location(flags.tokenizer),
              cl::desc("Put this tokenizer.json into the program"),
              cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string, true> chatTemplate(
    "chat-template", cl::location(flags.chatTemplate),
    cl::desc("Template of conversations: a Jinja file, or JSON with a field "
             "chat_template; 'none' for none (default: chat_template.jinja or "
             "tokenizer_config.json beside the tokenizer)"),
    cl::value_desc("file"), cl::cat(category));
static cl::opt<std::string> reportFile(
    "report", cl::ValueOptional,
    cl::desc("Say what became of each linear layer: as a table, or as JSON in "
             "a file; without -o nothing else is written"),
    cl::value_desc("file.json"), cl::cat(category));
static cl::opt<std::string, true>
    ternarize("ternarize", cl::location(flags.ternarize),
              cl::desc("Round the weights of float layers: b1.58 or b1"),
              cl::value_desc("form"), cl::cat(category));
static cl::opt<bool, true> ternarizeHead(
    "ternarize-head", cl::location(flags.ternarizeHead),
    cl::desc("Also those of the layer that gives the model's output"),
    cl::cat(category));

static cl::opt<std::string, true> head(
    "head", cl::location(flags.head),
    cl::desc("Weights of the layer that gives the logits: exact (default), "
             "f32, f16, bf16, int8 or int4"),
    cl::value_desc("type"), cl::cat(category));

static cl::opt<WeightsPlace, true> weights(
    "weights", cl::desc("Where a program or library has its weights:"),
    cl::location(flags.weights),
    cl::values(clEnumValN(WeightsPlace::Embed, "embed", "in it (default)"),
               clEnumValN(WeightsPlace::File, "file",
                          "in a file beside it, with the suffix .weights")),
    cl::cat(category));

/// `file: error: message` where a file is wrong.
static int fail(Error error) {
  handleAllErrors(
      std::move(error),
      [](const FileError &in) {
        errs() << in.getFileName() << ": error: " << in.messageWithoutFileInfo()
               << '\n';
      },
      [](const ErrorInfoBase &other) {
        WithColor::error(errs(), "bitnet-compile") << other.message() << '\n';
      });
  return 1;
}

static bool isGiven(const cl::Option &option) {
  return option.getNumOccurrences() > 0;
}

/// What the program alone knows: a report is made of what optimize gives.
static Error checkFlags() {
  if (!isGiven(reportFile) && !isGiven(output) && flags.tune.empty())
    return createStringError(
        "-o is missing: nothing to write but --report and --tune");
  if (isGiven(reportFile) && flags.emit < Emit::Packed)
    return createStringError("--report wants --emit=packed or later");
  if (reportFile == "-" && output == "-")
    return createStringError("-o - and --report=- both want stdout");
  if (isGiven(maxContext) && flags.maxContext < 1)
    return createStringError("--max-context wants a number from 1");
  if (!isGiven(output))
    flags.emit = Emit::Packed;
  return Error::success();
}

/// Writes JSON where a file is named; else a table to stdout, or to stderr if
/// that is where the program's text goes.
static mlir::LogicalResult writeReport(mlir::ModuleOp module,
                                       const std::string &file, bool isToText) {
  bitnet::Report report = bitnet::makeReport(module);
  if (file.empty()) {
    bitnet::printTable(report, isToText ? errs() : outs());
    return mlir::success();
  }
  Expected<bool> written = bitnet::writeFile(file, [&](raw_pwrite_stream &os) {
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

  if (Error error = checkFlags())
    return fail(std::move(error));
  Expected<bitnet::CompileOptions> options =
      bitnet::resolveFlags(flags, output);
  if (!options)
    return fail(options.takeError());
  // Copies, because lld resets all command line options.
  std::string from = input, to = output;
  if (isGiven(reportFile))
    options->inspect = [file = reportFile.getValue(),
                        isToText = to == "-"](mlir::ModuleOp module) {
      return writeReport(module, file, isToText);
    };
  mlir::DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    std::string line = bitnet::describe(from, diagnostic);
    errs() << line << (line.empty() ? "" : "\n");
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module =
      bitnet::readModel(from, *options, context);
  if (!module)
    return 1;
  return failed(to.empty() ? bitnet::runStages(*module, *options)
                           : bitnet::compile(*module, to, *options));
}
