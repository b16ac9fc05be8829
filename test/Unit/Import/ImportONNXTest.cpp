// The bytes of imported weights, which no text shows: where they come from, how
// they are packed, and that they outlive the import.
#include "bitnet/Import/ImportONNX.h"
#include "bitnet/InitAll.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

using namespace mlir;

namespace {

class ImportONNX : public testing::Test {
protected:
  ImportONNX() : context(makeRegistry()) {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("import", folder));
  }
  ~ImportONNX() override { llvm::sys::fs::remove_directories(folder); }

  std::string write(StringRef name, StringRef bytes) {
    SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << bytes;
    EXPECT_FALSE(error) << error.message();
    return path.str().str();
  }

  /// The values of the model's constants, in the order of the file.
  SmallVector<ElementsAttr> importConstants(StringRef text) {
    module = bitnet::importONNX(write("model.onnxtxt", text), {}, context);
    SmallVector<ElementsAttr> values;
    if (module)
      module->walk([&](Operation *op) {
        if (op->getName().getStringRef() == "onnx.Constant")
          values.push_back(op->getAttrOfType<ElementsAttr>("value"));
      });
    return values;
  }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    bitnet::registerAllDialects(registry);
    return registry;
  }

  MLIRContext context;
  SmallString<128> folder;
  OwningOpRef<ModuleOp> module;
};

} // namespace

static StringRef bytesOf(ElementsAttr value) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (!resource)
    return StringRef();
  ArrayRef<char> bytes = resource.getRawHandle().getBlob()->getData();
  return StringRef(bytes.data(), bytes.size());
}

static std::string countUp(int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes.push_back(char(i * 7));
  return bytes;
}

TEST_F(ImportONNX, MapsWeightsOfAnotherFile) {
  write("weights.bin", "12345678" + countUp(2048) + "rest");
  SmallVector<ElementsAttr> values = importConstants(R"(
    <ir_version: 13, opset_import: ["": 25]>
    model (float[512] x) => (float[512] y)
    <float[512] w = ["location": "weights.bin", "offset": "8", "length": "2048"]>
    { y = Add(x, w) })");
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(bytesOf(values[0]), countUp(2048));
  // The mapping lives as long as the attribute, not as long as the file.
  llvm::sys::fs::remove_directories(folder);
  EXPECT_EQ(bytesOf(values[0]), countUp(2048));
}

TEST_F(ImportONNX, KeepsTwoBitWeightsPacked) {
  write("weights.bin", countUp(2048));
  SmallVector<ElementsAttr> values = importConstants(R"(
    <ir_version: 13, opset_import: ["": 25]>
    model () => (float[64, 128] y)
    <int2[64, 128] w = ["location": "weights.bin"], float scale = {0.5}>
    { y = DequantizeLinear(w, scale) })");
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(bytesOf(values[1]), countUp(2048));
  EXPECT_EQ(values[1].getElementType(), IntegerType::get(&context, 2));
}

TEST_F(ImportONNX, UnpacksSmallTwoBitWeightsLowBitsFirst) {
  write("weights.bin", StringRef("\x4D\x02", 2));
  SmallVector<ElementsAttr> values = importConstants(R"(
    <ir_version: 13, opset_import: ["": 25]>
    model () => (float[5] y)
    <int2[5] w = ["location": "weights.bin"], float scale = {0.5}>
    { y = DequantizeLinear(w, scale) })");
  ASSERT_EQ(values.size(), 2u);
  SmallVector<int64_t> codes;
  for (const APInt &code : values[0].getValues<APInt>())
    codes.push_back(code.getSExtValue());
  EXPECT_EQ(codes, SmallVector<int64_t>({1, -1, 0, 1, -2}));
}

TEST_F(ImportONNX, ReadsEveryKindOfTypedValues) {
  SmallVector<ElementsAttr> values = importConstants(R"(
    <ir_version: 13, opset_import: ["": 25]>
    model () => (float[2] a, double[2] b, int64[2] c, uint32[2] d,
                 int8[2] e, bool[2] f, float16[1] g, float[0] h)
    {
      a = Constant<value = float[2] {1.5, -2.0}>()
      b = Constant<value = double[2] {1.5, -2.0}>()
      c = Constant<value = int64[2] {5, -6}>()
      d = Constant<value = uint32[2] {5, 6}>()
      e = Constant<value = int8[2] {5, -6}>()
      f = Constant<value = bool[2] {0, 1}>()
      g = Constant<value = float16[1] {15360}>()
      h = Constant<value = float[0] {}>()
    })");
  ASSERT_EQ(values.size(), 8u);
  std::string text;
  llvm::raw_string_ostream os(text);
  for (ElementsAttr value : values)
    os << value << "\n";
  EXPECT_EQ(text, "dense<[1.500000e+00, -2.000000e+00]> : tensor<2xf32>\n"
                  "dense<[1.500000e+00, -2.000000e+00]> : tensor<2xf64>\n"
                  "dense<[5, -6]> : tensor<2xi64>\n"
                  "dense<[5, 6]> : tensor<2xui32>\n"
                  "dense<[5, -6]> : tensor<2xi8>\n"
                  "dense<[false, true]> : tensor<2xi1>\n"
                  "dense<1.000000e+00> : tensor<1xf16>\n"
                  "dense<> : tensor<0xf32>\n");
}

// The tool checks sizes itself; this is for those who call the importer.
TEST_F(ImportONNX, RefusesNegativeSizes) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  bitnet::ImportOptions options;
  options.dims["n"] = -1;
  EXPECT_FALSE(bitnet::importONNX(write("model.onnxtxt", R"(
    <ir_version: 13, opset_import: ["": 25]>
    model (float[n] x) => (float[n] y) { y = Abs(x) })"),
                                  options, context));
  EXPECT_EQ(message, "dimension 'n' can't have size -1");
}
