// Every row of the tile table against the naive lowering and the reference, bit
// for bit, over shapes around the tile's own and extreme inputs.
#include "bitnet/Codegen/TileTable.h"
#include "bitnet/InitAll.h"
#include "bitnet/Pipelines/Pipelines.h"
#include "bitnet/Reference/Reference.h"
#include "bitnet/Target/TargetSpec.h"
#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/CRunnerUtils.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/TargetSelect.h"

#include "gtest/gtest.h"

#include <random>

using namespace mlir;

namespace {

/// Weights of one function of a module, N x K.
struct Matrix {
  int64_t n, k;
  std::vector<int8_t> trits;
  std::string name() const {
    return "matmul_" + std::to_string(n) + "x" + std::to_string(k);
  }
};

/// Random weights; the first row is all +1 and the second all -1, so that
/// extreme activations give the largest sums there are.
Matrix makeMatrix(int64_t n, int64_t k, std::mt19937 &random) {
  Matrix matrix = {n, k, std::vector<int8_t>(n * k)};
  for (int64_t i = 0; i < n * k; ++i)
    matrix.trits[i] = i < k       ? 1
                      : i < 2 * k ? -1
                                  : static_cast<int8_t>(random() % 3) - 1;
  return matrix;
}

/// func @matmul_NxK(tensor<?xKxi8>) -> tensor<?xNxi32> for each matrix.
OwningOpRef<ModuleOp> buildModule(MLIRContext &context,
                                  ArrayRef<Matrix> matrices) {
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b(&context);
  auto trit = bitnet::TritType::get(&context);
  for (const Matrix &matrix : matrices) {
    b.setInsertionPointToEnd(module->getBody());
    auto dynamic = ShapedType::kDynamic;
    auto x = RankedTensorType::get({dynamic, matrix.k}, b.getI8Type());
    auto y = RankedTensorType::get({dynamic, matrix.n}, b.getI32Type());
    auto func =
        func::FuncOp::create(b, loc, matrix.name(), b.getFunctionType(x, y));
    func->setAttr("llvm.emit_c_interface", b.getUnitAttr());
    b.setInsertionPointToStart(func.addEntryBlock());
    ArrayRef<char> bytes(reinterpret_cast<const char *>(matrix.trits.data()),
                         matrix.trits.size());
    auto value = DenseResourceElementsAttr::get(
        RankedTensorType::get({matrix.n, matrix.k}, trit), matrix.name(),
        HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
    Value w = bitnet::ConstantOp::create(b, loc, value);
    Value product = bitnet::MatmulOp::create(b, loc, y, func.getArgument(0), w,
                                             nullptr, nullptr);
    func::ReturnOp::create(b, loc, product);
  }
  return module;
}

/// Stands for the runtime's function of that name.
void failTest(const char *message) {
  ADD_FAILURE() << message;
  abort();
}

/// A module compiled for this machine with one tile forced.
class Compiled {
public:
  Compiled(ArrayRef<Matrix> matrices, StringRef features, StringRef tile) {
    DialectRegistry registry;
    bitnet::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    module = buildModule(context, matrices);
    PassManager pm(&context);
    bitnet::OptimizeOptions optimize;
    optimize.features = features.str();
    optimize.tile = tile.str();
    bitnet::LowerOptions lower;
    lower.features = features.str();
    lower.tile = tile.str();
    bitnet::CodegenOptions codegen;
    codegen.threads = false;
    bitnet::buildOptimizePipeline(pm, optimize);
    bitnet::buildLowerPipeline(pm, lower);
    bitnet::buildCodegenPipeline(pm, codegen);
    if (failed(pm.run(*module)))
      return;
    auto transformer = makeOptimizingTransformer(2, 0, nullptr);
    ExecutionEngineOptions options;
    options.transformer = transformer;
    auto created = ExecutionEngine::create(*module, options);
    if (created) {
      engine = std::move(*created);
      engine->registerSymbols([](llvm::orc::MangleAndInterner intern) {
        llvm::orc::SymbolMap symbols;
        symbols[intern("bitnet_fail")] = {
            llvm::orc::ExecutorAddr::fromPtr(&failTest),
            llvm::JITSymbolFlags::Exported};
        return symbols;
      });
    } else
      llvm::consumeError(created.takeError());
  }

  explicit operator bool() const { return engine != nullptr; }

  /// The sums of `m` rows of activations.
  std::vector<int32_t> run(const Matrix &matrix, int8_t *x, int64_t m) {
    StridedMemRefType<int8_t, 2> input = {
        x, x, 0, {m, matrix.k}, {matrix.k, 1}};
    StridedMemRefType<int32_t, 2> output = {};
    auto *in = &input;
    auto *out = &output;
    std::string name = "_mlir_ciface_" + matrix.name();
    void *arguments[] = {&out, &in};
    EXPECT_FALSE(bool(engine->invokePacked(name, arguments)));
    std::vector<int32_t> sums(output.data, output.data + m * matrix.n);
    free(output.basePtr);
    return sums;
  }

private:
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<ExecutionEngine> engine;
};

/// Activations that make accumulators as large as they get, then random ones.
std::vector<int8_t> makeActivations(int kind, int64_t count,
                                    std::mt19937 &random) {
  std::vector<int8_t> x(count);
  for (int64_t i = 0; i < count; ++i)
    x[i] = kind == 0   ? 127
           : kind == 1 ? -128
           : kind == 2 ? (i % 2 ? 127 : -128)
                       : static_cast<int8_t>(random());
  return x;
}

class TileSweep : public testing::TestWithParam<std::string> {
protected:
  static void SetUpTestSuite() {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
  }
};

std::string hostFeatures() {
  llvm::Expected<bitnet::TargetSpec> host = bitnet::TargetSpec::find();
  EXPECT_TRUE(bool(host));
  return host ? host->features : "";
}

TEST_P(TileSweep, EqualsReference) {
  std::string features = hostFeatures();
  const bitnet::Tile *tile = bitnet::findTile(GetParam());
  if (tile && !bitnet::supports(features, *tile))
    GTEST_SKIP() << "this CPU has no " << tile->feature.str();
  // The naive lowering is swept over the shapes of the widest tile.
  int64_t columns = tile ? tile->columns() : 64;
  int64_t rows = tile ? tile->rows : 6;

  std::mt19937 random(1);
  std::vector<Matrix> matrices;
  for (int64_t n : {int64_t(1), columns - 1, columns, columns + 1, 2 * columns,
                    3 * columns + 2})
    for (int64_t k : {1, 3, 4, 5, 63, 64, 65, 194})
      matrices.push_back(makeMatrix(n, k, random));
  matrices.push_back(makeMatrix(columns + 3, 8191, random));

  Compiled compiled(matrices, features, GetParam());
  ASSERT_TRUE(bool(compiled));
  for (const Matrix &matrix : matrices)
    for (int64_t m : {int64_t(0), int64_t(1), rows - 1, rows, rows + 1,
                      2 * rows, 3 * rows + 2})
      for (int kind = 0; kind < 4; ++kind) {
        // One byte off, so that nothing is aligned.
        std::vector<int8_t> x = makeActivations(kind, m * matrix.k + 1, random);
        std::vector<int32_t> wanted(m * matrix.n);
        bitnet::reference::matmul(x.data() + 1, matrix.trits.data(),
                                  {m, matrix.n, matrix.k}, wanted.data());
        ASSERT_EQ(compiled.run(matrix, x.data() + 1, m), wanted)
            << matrix.name() << ", " << m << " rows, kind " << kind;
      }
}

std::vector<std::string> allTiles() {
  std::vector<std::string> names = {"naive"};
  for (const bitnet::Tile &tile : bitnet::tileTable())
    names.push_back(tile.name.str());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Table, TileSweep, testing::ValuesIn(allTiles()),
                         [](const testing::TestParamInfo<std::string> &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
