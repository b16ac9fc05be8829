// Layers of f16 and bf16: the naive lowering and the vectors give the codes,
// scales and results of the reference, bit for bit.
#include "bitnet/Conversion/Passes.h"
#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Reference/Reference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/TargetSelect.h"

#include "gtest/gtest.h"

#include <random>

using namespace mlir;
namespace reference = bitnet::reference;
using reference::Precision;

namespace {

constexpr int64_t kOutputs = 6;

/// What a model computes in.
struct Numbers {
  std::string activations, arithmetic;
  bool reciprocal;
  std::string scheme = "absmax";
};

Precision precisionOf(StringRef type) {
  return type == "f32"   ? Precision::F32
         : type == "f16" ? Precision::F16
                         : Precision::BF16;
}

const llvm::fltSemantics &semanticsOf(StringRef type) {
  return type == "f16" ? APFloat::IEEEhalf() : APFloat::BFloat();
}

uint16_t toBits(StringRef type, float value) {
  APFloat number(value);
  bool losesInfo = false;
  number.convert(semanticsOf(type), APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

float fromBits(StringRef type, uint16_t bits) {
  return APFloat(semanticsOf(type), APInt(16, bits)).convertToFloat();
}

/// func @quantize and func @linear of rows of `k` activations.
std::string moduleOf(const Numbers &numbers, int64_t k) {
  return llvm::formatv(
             R"(
#q = #bitnet.quantizer<{5}, token, limit = 127.0 : {1}, floor = 1.0e-5 : {1},
                       low = -128, high = 127, reciprocal = {3}>
func.func @quantize(%x: tensor<?x{2}x{0}>) -> (tensor<?x{2}xi8>, tensor<?xf32>)
    attributes {{llvm.emit_c_interface} {{
  %q, %s = bitnet.quantize %x {{quantizer = #q}
      : tensor<?x{2}x{0}> -> tensor<?x{2}xi8>, tensor<?xf32>
  return %q, %s : tensor<?x{2}xi8>, tensor<?xf32>
}
func.func @linear(%x: tensor<?x{2}x{0}>, %w: tensor<{4}x{2}x!bitnet.trit>)
    -> tensor<?x{4}x{0}> attributes {{llvm.emit_c_interface} {{
  %scale = arith.constant dense<0.0172119140625> : tensor<1xf32>
  %y = bitnet.linear %x, %w, %scale {{quantizer = #q}
      : tensor<?x{2}x{0}>, tensor<{4}x{2}x!bitnet.trit>, tensor<1xf32>
      -> tensor<?x{4}x{0}>
  return %y : tensor<?x{4}x{0}>
}
)",
             numbers.activations, numbers.arithmetic, k,
             numbers.reciprocal ? "true" : "false", kOutputs, numbers.scheme)
      .str();
}

/// Stands for the runtime's function of that name.
void failTest(const char *message) {
  ADD_FAILURE() << message;
  abort();
}

/// Rows of 16-bit floats.
struct Rows {
  std::vector<uint16_t> bits;
  std::vector<float> values;
  int64_t count, size;
};

struct Codes {
  std::vector<int8_t> codes;
  std::vector<float> scales;
};

/// A module compiled for this machine.
class Compiled {
public:
  Compiled(const std::string &text, bool isNaive) {
    DialectRegistry registry;
    bitnet::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(text, &context);
    PassManager pm(&context);
    bitnet::CodegenOptions codegen;
    codegen.threads = false;
    if (isNaive)
      pm.addPass(bitnet::createConvertBitNetToLinalg());
    else
      bitnet::buildOptimizePipeline(pm, {});
    bitnet::buildLowerPipeline(pm, {});
    bitnet::buildCodegenPipeline(pm, codegen);
    if (!module || failed(pm.run(*module)))
      return;
    auto transformer = makeOptimizingTransformer(2, 0, nullptr);
    ExecutionEngineOptions options;
    options.transformer = transformer;
    auto created = ExecutionEngine::create(*module, options);
    if (!created) {
      llvm::consumeError(created.takeError());
      return;
    }
    engine = std::move(*created);
    engine->registerSymbols([](llvm::orc::MangleAndInterner intern) {
      llvm::orc::SymbolMap symbols;
      symbols[intern("bitnet_fail")] = {
          llvm::orc::ExecutorAddr::fromPtr(&failTest),
          llvm::JITSymbolFlags::Exported};
      return symbols;
    });
  }

  explicit operator bool() const { return engine != nullptr; }

  Codes quantize(Rows &rows) {
    struct {
      StridedMemRefType<int8_t, 2> codes;
      StridedMemRefType<float, 1> scales;
    } results = {};
    auto input = describe(rows.bits.data(), rows.count, rows.size);
    call("quantize", &results, {&input});
    Codes quantized = {
        {results.codes.data, results.codes.data + rows.count * rows.size},
        {results.scales.data, results.scales.data + rows.count}};
    free(results.codes.basePtr);
    free(results.scales.basePtr);
    return quantized;
  }

  std::vector<uint16_t> linear(Rows &rows, std::vector<int8_t> &weights) {
    StridedMemRefType<uint16_t, 2> result = {};
    auto input = describe(rows.bits.data(), rows.count, rows.size);
    auto w = describe(weights.data(), kOutputs, rows.size);
    call("linear", &result, {&input, &w});
    std::vector<uint16_t> y(result.data, result.data + rows.count * kOutputs);
    free(result.basePtr);
    return y;
  }

private:
  template <typename T>
  static StridedMemRefType<T, 2> describe(T *data, int64_t n, int64_t k) {
    return {data, data, 0, {n, k}, {k, 1}};
  }

  void call(StringRef name, void *result, std::vector<void *> arguments) {
    arguments.insert(arguments.begin(), result);
    std::vector<void *> packed;
    for (void *&argument : arguments)
      packed.push_back(&argument);
    EXPECT_FALSE(
        bool(engine->invokePacked(("_mlir_ciface_" + name).str(), packed)));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<ExecutionEngine> engine;
};

/// Rows of all magnitudes: zeros, below the guard, ordinary, near the limit of
/// f16; and rows that are nothing but ties, where each rounding of the scale
/// shows.
Rows makeRows(StringRef type, int64_t size) {
  Rows rows = {{}, {}, 0, size};
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (float magnitude :
       {0.0f, 1e-7f, 1e-5f, 1e-3f, 0.1f, 1.0f, 3.0f, 200.0f, 15000.0f})
    for (int repeat = 0; repeat < 8; ++repeat, ++rows.count)
      for (int64_t k = 0; k < size; ++k) {
        float half = static_cast<float>(random() % 509) / 2.0f - 127.0f;
        float x = repeat < 4 ? normal(random) : half / 127.0f;
        rows.bits.push_back(toBits(type, x * magnitude));
        rows.values.push_back(fromBits(type, rows.bits.back()));
      }
  return rows;
}

class Halves : public testing::TestWithParam<Numbers> {
protected:
  static void SetUpTestSuite() {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  }

  static reference::Quantizer quantizerOf(const Numbers &numbers) {
    reference::Quantizer quantizer;
    quantizer.precision = precisionOf(numbers.arithmetic);
    quantizer.floor = roundTo(quantizer.precision, 1e-5f);
    quantizer.division = numbers.reciprocal ? reference::Division::Reciprocal
                                            : reference::Division::Exact;
    if (numbers.scheme == "shifted")
      quantizer.scheme = reference::Quantizer::Scheme::Shifted;
    return quantizer;
  }
};

TEST_P(Halves, EqualReference) {
  Numbers numbers = GetParam();
  reference::Quantizer quantizer = quantizerOf(numbers);
  std::mt19937 random(2);
  for (int64_t size : {1, 5, 16, 130}) {
    Rows rows = makeRows(numbers.activations, size);
    Codes wanted = {std::vector<int8_t>(rows.values.size()), {}};
    for (int64_t m = 0; m < rows.count; ++m)
      wanted.scales.push_back(reference::quantize(
          &rows.values[m * size], size, &wanted.codes[m * size], quantizer));
    std::vector<int8_t> weights(kOutputs * size);
    for (int8_t &weight : weights)
      weight = static_cast<int8_t>(random() % 3) - 1;
    std::vector<float> y(rows.count * kOutputs);
    reference::linear(rows.values.data(),
                      {weights.data(), 0.0172119140625f, nullptr},
                      {rows.count, kOutputs, size}, y.data(),
                      {quantizer, precisionOf(numbers.activations)});

    for (bool isNaive : {true, false}) {
      Compiled compiled(moduleOf(numbers, size), isNaive);
      ASSERT_TRUE(bool(compiled));
      Codes found = compiled.quantize(rows);
      EXPECT_EQ(found.codes, wanted.codes) << size << (isNaive ? " naive" : "");
      EXPECT_EQ(found.scales, wanted.scales) << size;
      std::vector<uint16_t> bits = compiled.linear(rows, weights);
      for (auto [i, value] : llvm::enumerate(bits))
        ASSERT_EQ(fromBits(numbers.activations, value), y[i]) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Types, Halves,
    testing::Values(Numbers{"bf16", "bf16", true},
                    Numbers{"bf16", "bf16", true, "shifted"},
                    Numbers{"f16", "f16", false, "shifted"},
                    Numbers{"bf16", "bf16", false},
                    Numbers{"bf16", "f32", true}, Numbers{"f16", "f16", true},
                    Numbers{"f16", "f16", false}),
    [](const testing::TestParamInfo<Numbers> &info) {
      const Numbers &numbers = info.param;
      return numbers.scheme + "_of_" + numbers.activations + "_in_" +
             numbers.arithmetic +
             (numbers.reciprocal ? "_by_reciprocal" : "_by_division");
    });

} // namespace
