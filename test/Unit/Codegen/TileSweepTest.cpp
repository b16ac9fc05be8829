// Every CPU's row of the tile table against the naive lowering and the
// reference, bit for bit, over shapes around the tile's own and extreme inputs.
#include "AmxEmulator.h"
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
  bool isBinary;
  std::vector<int8_t> weights;
  std::string name() const {
    return "matmul_" + std::to_string(n) + "x" + std::to_string(k);
  }
};

/// Random weights; the first row is all +1 and the second all -1, so that
/// extreme activations give the largest sums there are.
Matrix makeMatrix(int64_t n, int64_t k, bool isBinary, std::mt19937 &random) {
  Matrix matrix = {n, k, isBinary, std::vector<int8_t>(n * k)};
  for (int64_t i = 0; i < n * k; ++i) {
    int64_t any = isBinary ? random() % 2 * 2 : random() % 3;
    matrix.weights[i] = static_cast<int8_t>(i < k       ? 1
                                            : i < 2 * k ? -1
                                                        : any - 1);
  }
  return matrix;
}

/// func @matmul_NxK(tensor<?xKxi8>) -> tensor<?xNxi32> for each matrix.
OwningOpRef<ModuleOp> buildModule(MLIRContext &context,
                                  ArrayRef<Matrix> matrices) {
  Location loc = UnknownLoc::get(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder b(&context);
  for (const Matrix &matrix : matrices) {
    b.setInsertionPointToEnd(module->getBody());
    auto dynamic = ShapedType::kDynamic;
    auto x = RankedTensorType::get({dynamic, matrix.k}, b.getI8Type());
    auto y = RankedTensorType::get({dynamic, matrix.n}, b.getI32Type());
    auto func =
        func::FuncOp::create(b, loc, matrix.name(), b.getFunctionType(x, y));
    func->setAttr("llvm.emit_c_interface", b.getUnitAttr());
    b.setInsertionPointToStart(func.addEntryBlock());
    ArrayRef<char> bytes(reinterpret_cast<const char *>(matrix.weights.data()),
                         matrix.weights.size());
    Type element = matrix.isBinary ? Type(bitnet::BitType::get(&context))
                                   : Type(bitnet::TritType::get(&context));
    auto value = DenseResourceElementsAttr::get(
        RankedTensorType::get({matrix.n, matrix.k}, element), matrix.name(),
        HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 64));
    Value w = bitnet::ConstantOp::create(b, loc, value);
    Value product = bitnet::MatmulOp::create(b, loc, y, func.getArgument(0), w,
                                             /*tiles=*/nullptr);
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
    // The JIT has this machine's features, and those of an emulated unit.
    auto optimize2 = makeOptimizingTransformer(2, 0, nullptr);
    std::string enabled = features.str();
    auto transformer = [=](llvm::Module *llvmModule) {
      for (llvm::Function &function : *llvmModule)
        function.addFnAttr("target-features", enabled);
      return optimize2(llvmModule);
    };
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

/// What this machine lacks for a row, or "". AMX may be emulated.
std::string missingFor(const bitnet::Tile &tile, std::string &features) {
  if (!bitnet::supports(features, tile) && tile.feature.contains("amx")) {
    bitnet::test::Amx amx = bitnet::test::enableAmx();
    if (amx != bitnet::test::Amx::Unavailable)
      features += ",+amx-tile,+amx-int8";
    std::printf("AMX instructions run %s\n",
                amx == bitnet::test::Amx::Native ? "natively" : "emulated");
  }
  return bitnet::supports(features, tile) ? "" : tile.feature.str();
}

/// Around a tile's own sizes; for tiles of many rows only one size at a time.
std::vector<Matrix> makeMatrices(int64_t columns, bool isBinary, bool isSmall) {
  std::mt19937 random(1);
  std::vector<Matrix> matrices;
  for (int64_t n : {int64_t(1), columns - 1, columns, columns + 1, 2 * columns,
                    3 * columns + 2})
    for (int64_t k : {1, 3, 4, 5, 63, 64, 65, 194})
      if (isSmall || n == columns + 1 || k == 194)
        matrices.push_back(makeMatrix(n, k, isBinary, random));
  matrices.push_back(makeMatrix(columns + 3, 8191, isBinary, random));
  return matrices;
}

/// Runs some rows of every kind of activations.
void compare(Compiled &compiled, const Matrix &matrix, int64_t m) {
  std::mt19937 random(2);
  for (int kind = 0; kind < 4; ++kind) {
    // One byte off, so that nothing is aligned.
    std::vector<int8_t> x = makeActivations(kind, m * matrix.k + 1, random);
    std::vector<int32_t> wanted(m * matrix.n);
    bitnet::reference::matmul(x.data() + 1, matrix.weights.data(),
                              {m, matrix.n, matrix.k}, wanted.data());
    ASSERT_EQ(compiled.run(matrix, x.data() + 1, m), wanted)
        << matrix.name() << ", " << m << " rows, kind " << kind;
  }
}

void sweep(const std::string &name, const bitnet::Tile *tile, bool isBinary) {
  std::string features = hostFeatures();
  if (tile)
    if (std::string missing = missingFor(*tile, features); !missing.empty())
      GTEST_SKIP() << "this CPU has no " << missing;
  // The naive lowering is swept over the shapes of the widest tile.
  int64_t rows = tile ? tile->rows : 6;
  std::vector<Matrix> matrices = makeMatrices(tile ? tile->columns() : 64,
                                              isBinary, /*isSmall=*/rows < 16);
  Compiled compiled(matrices, features, name);
  ASSERT_TRUE(bool(compiled));
  for (const Matrix &matrix : matrices)
    for (int64_t m : {int64_t(0), int64_t(1), rows - 1, rows, rows + 1,
                      2 * rows, 3 * rows + 2})
      ASSERT_NO_FATAL_FAILURE(compare(compiled, matrix, m));
}

TEST_P(TileSweep, EqualsReference) {
  const bitnet::Tile *tile = bitnet::findTile(GetParam());
  sweep(GetParam(), tile, tile && tile->fields == 8);
}

TEST(NaiveSweep, EqualsReferenceForBits) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  sweep("naive", nullptr, /*isBinary=*/true);
}

/// Those of CPUs; test/Integration/test_gpu_tiles.py has the others.
std::vector<std::string> allTiles() {
  std::vector<std::string> names = {"naive"};
  for (const bitnet::Tile &tile : bitnet::tileTable())
    if (tile.feature != "gpu")
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
