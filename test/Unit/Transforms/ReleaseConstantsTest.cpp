// Bytes that no op holds are freed, and only those.
#include "bitnet/Transforms/Passes.h"

#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace mlir;

// Attributes within others are held as well.
constexpr const char *kModule = R"(
module attributes {test.a = dense_resource<held> : tensor<4xi8>,
                   test.b = [{c = dense_resource<nested> : tensor<4xi8>}]} {}
{-#
  dialect_resources: {
    builtin: {
      held: "0x0100000001020304",
      nested: "0x0100000001020304"
    }
  }
#-}
)";

static size_t sizeOf(MLIRContext &context, StringRef name) {
  auto &manager = DenseResourceElementsHandle::getManagerInterface(&context)
                      .getBlobManager();
  return manager.lookup(name)->getBlob()->getData().size();
}

TEST(ReleaseConstants, freesWhatNoOpHolds) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kModule, &context);
  ASSERT_TRUE(module);
  // The parser leaves out what nothing refers to.
  auto type = RankedTensorType::get({4}, IntegerType::get(&context, 8));
  auto dropped = DenseResourceElementsAttr::get(
      type, "late",
      HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>({5, 6, 7, 8}));
  std::string name = dropped.getRawHandle().getKey().str();
  EXPECT_EQ(sizeOf(context, name), 4u);

  PassManager pm(&context);
  pm.addPass(bitnet::createReleaseConstants());
  ASSERT_TRUE(succeeded(pm.run(*module)));
  EXPECT_EQ(sizeOf(context, "held"), 4u);
  EXPECT_EQ(sizeOf(context, "nested"), 4u);
  EXPECT_EQ(sizeOf(context, name), 0u);
}
