// The import stage, step by step, and the place where exceptions end.

#include "bitnet/Import/ImportONNX.h"

#include "ImportError.h"
#include "Model.h"
#include "Nodes.h"

#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::importer;
using ::onnx::NodeProto;

/// How the file calls an operator, and which opset of it the file asked for.
static std::string describeOperator(const Model &model, const NodeProto &node) {
  std::string domain = node.domain().empty() ? "ai.onnx" : node.domain();
  auto opset = model.fileOpsets.find(node.domain());
  return "operator '" + node.op_type() + "' of domain '" + domain +
         "', opset " +
         std::to_string(opset == model.fileOpsets.end() ? 0 : opset->second);
}

/// One error for all nodes, so that a user sees at once what a model needs.
static void reportUnsupported(const Model &model, MLIRContext &context) {
  SmallVector<const NodeProto *> unsupported;
  for (const NodeProto &node : model.proto.graph().node())
    if (!isSupported(node, context))
      unsupported.push_back(&node);
  if (unsupported.empty())
    return;
  if (unsupported.size() == 1)
    fail("unsupported ONNX " + describeOperator(model, *unsupported.front()),
         getNodePath(model, *unsupported.front()));
  std::string list;
  for (const NodeProto *node : unsupported)
    list += (list.empty() ? "" : "; ") + describeOperator(model, *node) +
            " in node '" + nodeName(*node) + "'";
  fail(Twine(unsupported.size()) +
       " nodes have unsupported ONNX operators: " + list);
}

static OwningOpRef<ModuleOp> importOrThrow(StringRef path,
                                           const ImportOptions &options,
                                           MLIRContext &context) {
  Model model = loadModel(path);
  overrideDims(model, options);
  repairModel(model);
  canonicalizeModel(model);
  expandFunctionBodies(
      model, [&](const NodeProto &node) { return isSupported(node, context); });
  reportUnsupported(model, context);
  OwningOpRef<ModuleOp> module = buildModule(model, context);
  if (failed(verify(*module)))
    throw ReportedError();
  return module;
}

OwningOpRef<ModuleOp> bitnet::importONNX(StringRef path,
                                         const ImportOptions &options,
                                         MLIRContext &context) {
  context.loadDialect<BitNetDialect, func::FuncDialect,
                      bitnet::onnx::ONNXDialect>();
  std::string node, message;
  try {
    return importOrThrow(path, options, context);
  } catch (const ReportedError &) {
    return nullptr;
  } catch (const ImportError &error) {
    node = error.node;
    message = error.what();
  } catch (const std::bad_alloc &) {
    message = "needs more memory than there is";
  } catch (const std::exception &error) {
    message = oneLine(error.what());
  }
  // The caller knows the file.
  Location loc = UnknownLoc::get(&context);
  if (!node.empty())
    loc = NameLoc::get(StringAttr::get(&context, node));
  emitError(loc, message);
  return nullptr;
}
