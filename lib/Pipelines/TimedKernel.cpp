// See TimedKernel.h.
//
// The kernel is a shared library and not code in memory, so that it is what a
// program is: the same stages, the same runtime and its threads.
#include "TimedKernel.h"

#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/Compile.h"
#include "bitnet/Runtime/Library.h"
#include "bitnet/Target/OutputFile.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <cmath>
#include <dlfcn.h>

using namespace mlir;
using bitnet::KernelSpec;
using bitnet::TimedKernel;

/// A figure takes so long, and more only if there would be too few samples.
static constexpr double kSeconds = 0.06;
static constexpr int64_t kSamples = 3;

/// A sample takes at least so long: less could not be told from the clock's
/// own.
static constexpr double kShortest = 1e-3;

/// Bytes that weights are aligned to.
static constexpr int64_t kLine = 64;

//===----------------------------------------------------------------------===//
// Compiling
//===----------------------------------------------------------------------===//

namespace {
/// The types of a kernel's weights.
struct KernelTypes {
  RankedTensorType weights, bytes;

  KernelTypes(MLIRContext *context, const KernelSpec &spec) {
    context->loadDialect<bitnet::BitNetDialect>();
    const bitnet::Tile &tile = *spec.choice.tile;
    auto encoding = bitnet::PackedAttr::get(context, tile.lanes, tile.fields);
    Type element = bitnet::TritType::get(context);
    if (encoding.getLayout().isBinary())
      element = bitnet::BitType::get(context);
    weights = RankedTensorType::get({spec.shape.outputs, spec.shape.inputs},
                                    element, encoding);
    bytes = encoding.getBytesType(weights);
  }
};
} // namespace

/// The model: weights are bytes that are given. {0}: inputs, {1}: outputs, {2},
/// {3}: types of the weights' bytes and of the weights.
static constexpr char kText[] = R"(
func.func @main(%x: tensor<?x{0}xi8> {{onnx.name = "x"}, %bytes: {2} {{onnx.name = "w"},
    %s: tensor<?xf32> {{onnx.name = "s"}) -> tensor<?x{1}xf32> {{
  %scale = arith.constant dense<0.5> : tensor<1xf32>
  %w = builtin.unrealized_conversion_cast %bytes : {2} to {3}
  %sums = bitnet.matmul %x, %w : tensor<?x{0}xi8>, {3} -> tensor<?x{1}xi32>
  %y = bitnet.dequantize %sums, %s, %scale
      : tensor<?x{1}xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x{1}xf32>
  return %y : tensor<?x{1}xf32>
}
)";

static std::string textOf(MLIRContext *context, const KernelSpec &spec) {
  KernelTypes types(context, spec);
  return llvm::formatv(kText, spec.shape.inputs, spec.shape.outputs,
                       types.bytes, types.weights);
}

/// Lets the stages make the choice that is to be timed.
static llvm::Error writeChoice(const KernelSpec &spec, StringRef path) {
  bitnet::Tuning tuning;
  tuning.cpu = spec.target.cpu;
  tuning.choices.push_back({spec.shape, spec.choice});
  return bitnet::writeFile(path,
                           [&](raw_ostream &os) {
                             bitnet::writeTuning(tuning, os);
                             return true;
                           })
      .takeError();
}

static llvm::Error cannotTime(const KernelSpec &spec, const Twine &reason) {
  return llvm::createStringError("a kernel of tile '" + spec.choice.tile->name +
                                 "' cannot be timed: " + reason);
}

static llvm::Error compileKernel(const KernelSpec &spec, StringRef library,
                                 StringRef tuning) {
  if (llvm::Error error = writeChoice(spec, tuning))
    return error;
  DialectRegistry registry;
  bitnet::registerAllDialects(registry);
  MLIRContext context(registry);
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      message = diagnostic.str();
    return success();
  });
  bitnet::CompileOptions options;
  options.emit = bitnet::Emit::SharedLibrary;
  options.target = spec.target;
  options.tuning = tuning.str();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(textOf(&context, spec), &context);
  if (module && succeeded(bitnet::compile(*module, library, options)))
    return llvm::Error::success();
  return cannotTime(spec, message);
}

llvm::Expected<TimedKernel> TimedKernel::create(const KernelSpec &spec,
                                                StringRef folder) {
  std::string name =
      llvm::formatv("{0}x{1}-{2}-{3}", spec.shape.outputs, spec.shape.inputs,
                    spec.choice.tile->name, spec.choice.prefetch);
  SmallString<128> library(folder), tuning(folder);
  llvm::sys::path::append(library, name + ".so");
  llvm::sys::path::append(tuning, name + ".tuning");
  if (llvm::Error error = compileKernel(spec, library, tuning))
    return error;
  void *loaded = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded)
    return cannotTime(spec, dlerror());
  return TimedKernel(spec, loaded);
}

TimedKernel::TimedKernel(TimedKernel &&other)
    : spec(other.spec), library(std::exchange(other.library, nullptr)) {}

TimedKernel::~TimedKernel() {
  if (library)
    dlclose(library);
}

//===----------------------------------------------------------------------===//
// Timing
//===----------------------------------------------------------------------===//

namespace {

/// The arguments of calls.
class Call {
public:
  Call(void *library, const KernelSpec &spec, int64_t rows, int64_t streamed);

  /// Goes through all weights `times` times. False after an error.
  bool run(int64_t times);

  int64_t copies;

private:
  decltype(&bitnet_run) function;
  decltype(&bitnet_release) release;
  std::vector<int8_t> activations;
  std::vector<float> scales;
  std::vector<char> memory;
  /// In a line of the cache, as in a program.
  char *weights;
  int64_t bytes;
  bitnet_tensor inputs[3];
};

} // namespace

Call::Call(void *library, const KernelSpec &spec, int64_t rows,
           int64_t streamed)
    : function(reinterpret_cast<decltype(&bitnet_run)>(
          dlsym(library, "bitnet_run"))),
      release(reinterpret_cast<decltype(&bitnet_release)>(
          dlsym(library, "bitnet_release"))),
      activations(rows * spec.shape.inputs), scales(rows, 12.5f) {
  for (auto [i, code] : llvm::enumerate(activations))
    code = static_cast<int8_t>(static_cast<int>(i * 37 % 255) - 127);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  RankedTensorType type = KernelTypes(&context, spec).bytes;
  bytes = type.getNumElements();
  copies = std::max<int64_t>(streamed / bytes, 1);
  // A byte that every encoding has.
  memory.assign(copies * bytes + kLine, 0x11);
  weights = reinterpret_cast<char *>(
      llvm::alignAddr(memory.data(), llvm::Align(kLine)));
  inputs[0] = {
      "x",    BITNET_I8, 2, {rows, spec.shape.inputs}, activations.data(),
      nullptr};
  inputs[1] = {"w", BITNET_I8, 3, {}, nullptr, nullptr};
  llvm::copy(type.getShape(), inputs[1].shape);
  inputs[2] = {"s", BITNET_F32, 1, {rows}, scales.data(), nullptr};
}

bool Call::run(int64_t times) {
  for (int64_t i = 0, e = times * copies; i < e; ++i) {
    inputs[1].data = weights + i % copies * bytes;
    bitnet_tensor output;
    if (function(inputs, 3, &output, 1, nullptr, 0))
      return false;
    release(&output, 1);
  }
  return true;
}

static double seconds() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

llvm::Expected<double> TimedKernel::time(int64_t rows, int64_t streamed) {
  Call call(library, spec, rows, streamed);
  double end = seconds() + kSeconds, best = INFINITY;
  int64_t times = 1;
  // The first sample warms up.
  for (int64_t samples = -1; samples < kSamples || seconds() < end;) {
    double start = seconds();
    if (!call.run(times))
      return cannotTime(spec, "it fails");
    double taken = seconds() - start;
    if (taken < kShortest) {
      times *= 2;
      continue;
    }
    if (samples++ >= 0)
      best = std::min(best, taken / double(times * call.copies));
  }
  return best * 1e9;
}
