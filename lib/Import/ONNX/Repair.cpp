// What real files get wrong: domains and opsets not declared, operators newer
// than the opset they claim, values without a type, nodes out of order.

#include "ImportError.h"
#include "Model.h"

#include "onnx/defs/schema.h"
#include "llvm/ADT/StringExtras.h"

#include <set>

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringRef;
using llvm::Twine;

/// Where PyTorch's exporter leaves the modules that a node was traced in.
static constexpr char kNameScopes[] = "pkg.torch.onnx.name_scopes";

int64_t bitnet::importer::defaultOpset(const ::onnx::ModelProto &proto) {
  for (const ::onnx::OperatorSetIdProto &import : proto.opset_import())
    if (import.domain().empty())
      return import.version();
  return 0;
}

std::string bitnet::importer::nodeName(const ::onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  for (const std::string &output : node.output())
    if (!output.empty())
      return output;
  return node.op_type();
}

std::string bitnet::importer::oneLine(StringRef message) {
  // Where in the library's sources an assertion failed is of no use here.
  if (size_t assertion = message.find("Assertion `");
      assertion != StringRef::npos)
    if (size_t text = message.find("` failed", assertion);
        text != StringRef::npos)
      message = message.substr(text + 8).ltrim(":. ");
  std::string line;
  for (StringRef part : llvm::split(message, '\n'))
    if (!part.trim().empty())
      line += (line.empty() ? "" : " ") + part.trim().str();
  return line;
}

static void
repairNodeDomains(google::protobuf::RepeatedPtrField<::onnx::NodeProto> &nodes,
                  std::set<std::string> &domains) {
  for (::onnx::NodeProto &node : nodes) {
    if (node.domain() == "ai.onnx")
      node.clear_domain();
    domains.insert(node.domain());
    for (::onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        repairNodeDomains(*attribute.mutable_g()->mutable_node(), domains);
      for (::onnx::GraphProto &graph : *attribute.mutable_graphs())
        repairNodeDomains(*graph.mutable_node(), domains);
    }
  }
}

/// "ai.onnx" is the default domain; domains in use are imported, once.
static void repairDomains(Model &model) {
  std::set<std::string> used;
  repairNodeDomains(*model.graph().mutable_node(), used);
  for (::onnx::FunctionProto &function : *model.proto.mutable_functions()) {
    std::set<std::string> inner;
    repairNodeDomains(*function.mutable_node(), inner);
    for (auto &import : *function.mutable_opset_import())
      if (import.domain() == "ai.onnx")
        import.clear_domain();
  }
  for (::onnx::OperatorSetIdProto &import :
       *model.proto.mutable_opset_import()) {
    if (import.domain() == "ai.onnx")
      import.clear_domain();
    auto [known, isNew] =
        model.fileOpsets.try_emplace(import.domain(), import.version());
    if (!isNew && known->second != import.version())
      fail("opset " + Twine(known->second) + " and opset " +
           Twine(import.version()) + " of domain '" + import.domain() +
           "' are both imported");
  }
  if (!model.fileOpsets.count(""))
    fail("no opset of domain 'ai.onnx' is imported");
  for (const std::string &domain : used)
    model.fileOpsets.try_emplace(domain, 1);
  model.proto.clear_opset_import();
  for (const auto &[domain, version] : model.fileOpsets) {
    ::onnx::OperatorSetIdProto *import = model.proto.add_opset_import();
    import->set_domain(domain);
    import->set_version(version);
  }
}

/// The module of a node, from the Python list of its scopes: the last is the
/// node, the one before it its module.
static StringRef findModule(const ::onnx::NodeProto &node) {
  for (const ::onnx::StringStringEntryProto &entry : node.metadata_props()) {
    if (entry.key() != kNameScopes)
      continue;
    llvm::SmallVector<StringRef> parts;
    StringRef(entry.value()).split(parts, '\'');
    // ['', 'model', 'linear'] -> "[", "", ", ", "model", ", ", "linear", "]"
    if (parts.size() < 5)
      continue;
    StringRef module = parts[parts.size() - 4];
    // What the exporter writes for code outside of all modules.
    return module.starts_with("_empty_nn_module_stack") ? "" : module;
  }
  return StringRef();
}

static void rememberModules(Model &model) {
  for (const ::onnx::NodeProto &node : model.graph().node())
    if (StringRef module = findModule(node); !module.empty())
      for (const std::string &output : node.output())
        model.moduleNames[output] = module.str();
}

/// Values whose type was left out are inferred; shapes that can't be are not
/// believed.
static void dropUntypedValues(::onnx::GraphProto &graph) {
  auto *values = graph.mutable_value_info();
  values->erase(std::remove_if(values->begin(), values->end(),
                               [](const ::onnx::ValueInfoProto &value) {
                                 return value.type().value_case() ==
                                        ::onnx::TypeProto::VALUE_NOT_SET;
                               }),
                values->end());
}

/// An output in the middle that has no name still needs a type.
static void nameSkippedOutputs(::onnx::GraphProto &graph) {
  for (int i = 0; i < graph.node_size(); ++i) {
    ::onnx::NodeProto &node = *graph.mutable_node(i);
    while (node.output_size() > 0 &&
           node.output(node.output_size() - 1).empty())
      node.mutable_output()->RemoveLast();
    for (int k = 0; k < node.output_size(); ++k)
      if (node.output(k).empty())
        node.set_output(k, ("unused." + Twine(i) + "." + Twine(k)).str());
  }
}

/// ORT's name in the default domain, from before ONNX had the operator.
static void renameSimplifiedLayerNormalization(::onnx::NodeProto &node) {
  if (node.domain().empty() &&
      node.op_type() == "SimplifiedLayerNormalization" &&
      node.output_size() == 1)
    node.set_op_type("RMSNormalization");
}

/// Exporters wrote LayerNormalization before opset 17 had it; others make up
/// names. The checker and the converter take such nodes for another domain's.
static void markUnknownOperators(Model &model) {
  int64_t opset = defaultOpset(model.proto);
  bool found = false;
  for (::onnx::NodeProto &node : *model.graph().mutable_node()) {
    renameSimplifiedLayerNormalization(node);
    if (!node.domain().empty() ||
        ::onnx::OpSchemaRegistry::Schema(node.op_type(), int(opset), ""))
      continue;
    node.set_domain(kUnknownDomain);
    found = true;
  }
  if (!found)
    return;
  ::onnx::OperatorSetIdProto *import = model.proto.add_opset_import();
  import->set_domain(kUnknownDomain);
  import->set_version(1);
}

static void checkVersions(const Model &model) {
  if (model.proto.ir_version() < 1)
    fail("not an ONNX model: it has no IR version");
  if (model.proto.ir_version() > ::onnx::IR_VERSION)
    fail("IR version " + Twine(model.proto.ir_version()) +
         ", the newest supported is " + Twine(int(::onnx::IR_VERSION)));
  int64_t opset = defaultOpset(model.proto);
  if (opset < 1 || opset > kNewestOpset)
    fail("opset " + Twine(opset) + ", supported are 1 to " +
         Twine(kNewestOpset));
}

/// The signature is the one thing that can't be inferred.
template <typename Values>
static void checkShapesGiven(const Values &values, StringRef kind) {
  for (const ::onnx::ValueInfoProto &value : values)
    if (value.type().has_tensor_type() &&
        !value.type().tensor_type().has_shape())
      fail(kind + " '" + value.name() + "' has no shape");
}

void bitnet::importer::repairModel(Model &model) {
  repairDomains(model);
  checkVersions(model);
  checkShapesGiven(model.graph().input(), "input");
  checkShapesGiven(model.graph().output(), "output");
  rememberModules(model);
  dropUntypedValues(model.graph());
  nameSkippedOutputs(model.graph());
  sortNodes(model.graph());
  markUnknownOperators(model);
  if (model.graph().name().empty())
    model.graph().set_name("main");
  // Rules of old versions, such as initializers that are inputs too, are gone.
  model.proto.set_ir_version(::onnx::IR_VERSION);
}
