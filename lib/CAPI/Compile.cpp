// See bitnet-c/Compile.h.
#include "bitnet-c/Compile.h"

#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/CompileFlags.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"

#include <mutex>

using namespace llvm;

struct BitNetCompiler {
  bitnet::CompileFlags flags;
  std::string messages;

  void say(StringRef line) {
    if (!line.empty())
      messages += line.str() + '\n';
  }

  /// 1 after writing down the error, if there is one.
  int report(Error error) {
    if (!error)
      return 0;
    say("error: " + toString(std::move(error)));
    return 1;
  }

  int run(StringRef model, StringRef output);
};

int BitNetCompiler::run(StringRef model, StringRef output) {
  Expected<bitnet::CompileOptions> options =
      bitnet::resolveFlags(flags, output);
  if (!options)
    return report(options.takeError());
  mlir::DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  mlir::MLIRContext context(registry);
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
    say(bitnet::describe(model, diagnostic));
    return mlir::success();
  });
  mlir::OwningOpRef<mlir::ModuleOp> module =
      bitnet::readModel(model, *options, context);
  return !module || failed(bitnet::compile(*module, output, *options));
}

BitNetCompiler *bitnetCompilerCreate() { return new BitNetCompiler; }

void bitnetCompilerDestroy(BitNetCompiler *compiler) { delete compiler; }

int bitnetCompilerSet(BitNetCompiler *compiler, const char *option,
                      const char *value) {
  compiler->messages.clear();
  return compiler->report(bitnet::setFlag(compiler->flags, option, value));
}

int bitnetCompilerRun(BitNetCompiler *compiler, const char *model,
                      const char *output) {
  static std::mutex mutex; // lld, and thus linking, has global state
  std::lock_guard<std::mutex> lock(mutex);
  compiler->messages.clear();
  return compiler->run(model, output);
}

const char *bitnetCompilerMessages(const BitNetCompiler *compiler) {
  return compiler->messages.c_str();
}
