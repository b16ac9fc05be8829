// Brings a model to one opset, without functions of its own, with types.

#include "ImportError.h"
#include "Model.h"

#include "onnx/checker.h"
#include "onnx/inliner/inliner.h"
#include "onnx/shape_inference/implementation.h"
#include "onnx/version_converter/convert.h"

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringMap;
using llvm::StringRef;
using llvm::Twine;

/// A model with more nodes after inlining is a bomb, not a model.
static constexpr int64_t kMaxNodes = 1 << 20;
/// Calls nest no deeper; the inliner recurses on them.
static constexpr int kMaxCallDepth = 64;

namespace {

/// Counts the nodes that inlining of model-local functions would make.
class InlinedSize {
public:
  explicit InlinedSize(const ::onnx::ModelProto &proto) {
    for (const ::onnx::FunctionProto &function : proto.functions())
      functions[function.domain() + "\n" + function.name()] = &function;
  }

  template <typename Nodes> int64_t count(const Nodes &nodes, int depth = 0) {
    if (depth > kMaxCallDepth)
      fail("functions of the model call each other too deep");
    int64_t total = 0;
    for (const ::onnx::NodeProto &node : nodes) {
      total += countNode(node, depth);
      if (total > kMaxNodes)
        fail("more than " + Twine(kMaxNodes) +
             " nodes after inlining of functions");
    }
    return total;
  }

private:
  int64_t countNode(const ::onnx::NodeProto &node, int depth) {
    int64_t total = 1;
    for (const ::onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        total += count(attribute.g().node(), depth + 1);
    std::string key = node.domain() + "\n" + node.op_type();
    auto function = functions.find(key);
    if (function == functions.end())
      return total;
    auto [size, isNew] = sizes.try_emplace(key, 0);
    if (isNew) {
      int64_t body = count(function->second->node(), depth + 1);
      sizes[key] = body;
      return total + body;
    }
    return total + size->second;
  }

  StringMap<const ::onnx::FunctionProto *> functions;
  StringMap<int64_t> sizes;
};

} // namespace

/// Runs ONNX's checker; its errors name the node in the middle of their text.
static void checkModel(const Model &model) {
  try {
    ::onnx::checker::check_model(model.proto);
  } catch (const std::exception &error) {
    auto [message, context] =
        StringRef(error.what()).split("\n\n==> Context: ");
    auto [name, opType] =
        context.split("Name: ").second.trim().split("OpType: ");
    fail(oneLine(message), name.trim().empty() ? opType.trim() : name.trim());
  }
}

static void inlineFunctions(Model &model) {
  if (model.proto.functions_size() == 0)
    return;
  InlinedSize(model.proto).count(model.graph().node());
  ::onnx::inliner::InlineLocalFunctions(model.proto, /*convert_version=*/true);
}

static void restoreUnknownOperators(Model &model) {
  for (::onnx::NodeProto &node : *model.graph().mutable_node())
    if (node.domain() == kUnknownDomain)
      node.clear_domain();
  auto *imports = model.proto.mutable_opset_import();
  imports->erase(std::remove_if(imports->begin(), imports->end(),
                                [](const ::onnx::OperatorSetIdProto &import) {
                                  return import.domain() == kUnknownDomain;
                                }),
                 imports->end());
}

static void convertOpset(Model &model) {
  int64_t opset = defaultOpset(model.proto);
  if (opset >= kCanonicalOpset)
    return;
  try {
    model.proto = ::onnx::version_conversion::ConvertVersion(
        model.proto, int(kCanonicalOpset));
  } catch (const std::exception &error) {
    fail("cannot be converted from opset " + Twine(opset) + " to " +
         Twine(kCanonicalOpset) + ": " + oneLine(error.what()));
  }
}

void bitnet::importer::inferShapes(Model &model) {
  ::onnx::ShapeInferenceOptions options(/*check_type=*/false,
                                        /*strict_mode=*/0, /*data_prop=*/true);
  ::onnx::shape_inference::InferShapes(
      model.proto, ::onnx::OpSchemaRegistry::Instance(), options);
}

void bitnet::importer::canonicalizeModel(Model &model) {
  checkModel(model);
  inlineFunctions(model);
  convertOpset(model);
  restoreUnknownOperators(model);
  inferShapes(model);
}
