// Operators that the dialect lacks and ONNX defines by others: their bodies
// take their place.

#include "ImportError.h"
#include "Model.h"

#include "onnx/defs/function.h"
#include "onnx/defs/schema.h"

#include <optional>

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringMap;
using llvm::Twine;
using ::onnx::AttributeProto;
using ::onnx::FunctionProto;
using ::onnx::NodeProto;
using ::onnx::OpSchema;
using Nodes = google::protobuf::RepeatedPtrField<NodeProto>;

/// Bodies of bodies of bodies; ONNX's own nest three deep.
static constexpr int kMaxRounds = 8;

static std::vector<::onnx::TypeProto>
findInputTypes(const NodeProto &node,
               const StringMap<const ::onnx::TypeProto *> &types) {
  std::vector<::onnx::TypeProto> result;
  for (const std::string &input : node.input()) {
    const ::onnx::TypeProto *type = types.lookup(input);
    result.push_back(type ? *type : ::onnx::TypeProto());
  }
  return result;
}

/// The body of a node's operator, as the opset has it; none if it has none.
static std::optional<FunctionProto>
findBody(const NodeProto &node, const OpSchema &schema, int opset,
         const StringMap<const ::onnx::TypeProto *> &types) {
  // Operators in it may be of an older opset. What changed since then are
  // types, or else attributes, which the dialect refuses.
  if (const FunctionProto *body = schema.GetFunction(opset))
    return *body;
  if (!schema.HasContextDependentFunction())
    return std::nullopt;
  ::onnx::FunctionBodyBuildContextImpl context(node,
                                               findInputTypes(node, types));
  FunctionProto body;
  try {
    if (schema.BuildContextDependentFunction(context, body, opset))
      return body;
  } catch (const std::exception &) {
    // Needs a type that is not known; then the node is not supported.
  }
  return std::nullopt;
}

namespace {

/// Writes one node's body into the graph.
class BodyExpansion {
public:
  BodyExpansion(const NodeProto &node, const OpSchema &schema,
                const FunctionProto &body, int id);

  void expandInto(Model &model, Nodes &nodes);

private:
  std::string rename(const std::string &name);
  void bindAttributes(NodeProto &node);
  const AttributeProto *findAttribute(const std::string &name) const;

  const NodeProto &node;
  const OpSchema &schema;
  const FunctionProto &body;
  std::string prefix;
  StringMap<std::string> names;
};

} // namespace

BodyExpansion::BodyExpansion(const NodeProto &node, const OpSchema &schema,
                             const FunctionProto &body, int id)
    : node(node), schema(schema), body(body),
      prefix((nodeName(node) + "/" + Twine(id) + "/").str()) {
  for (int i = 0; i < body.input_size(); ++i)
    names[body.input(i)] = i < node.input_size() ? node.input(i) : "";
  for (int i = 0; i < body.output_size() && i < node.output_size(); ++i)
    names[body.output(i)] = node.output(i);
}

std::string BodyExpansion::rename(const std::string &name) {
  if (name.empty())
    return name;
  return names.try_emplace(name, prefix + name).first->second;
}

const AttributeProto *
BodyExpansion::findAttribute(const std::string &name) const {
  for (const AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  for (const AttributeProto &attribute : body.attribute_proto())
    if (attribute.name() == name)
      return &attribute;
  auto known = schema.attributes().find(name);
  bool hasDefault = known != schema.attributes().end() &&
                    known->second.default_value.has_type();
  return hasDefault ? &known->second.default_value : nullptr;
}

/// Replaces references to the node's attributes by their values; one that is
/// not given is left out.
void BodyExpansion::bindAttributes(NodeProto &inner) {
  google::protobuf::RepeatedPtrField<AttributeProto> bound;
  for (const AttributeProto &attribute : inner.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *bound.Add() = attribute;
    } else if (const AttributeProto *value =
                   findAttribute(attribute.ref_attr_name())) {
      *bound.Add() = *value;
      bound.rbegin()->set_name(attribute.name());
    }
  }
  inner.mutable_attribute()->Swap(&bound);
}

void BodyExpansion::expandInto(Model &model, Nodes &nodes) {
  std::string module = model.moduleNames.lookup(node.output(0));
  for (const NodeProto &original : body.node()) {
    NodeProto inner = original;
    for (std::string &input : *inner.mutable_input())
      input = rename(input);
    for (std::string &output : *inner.mutable_output())
      output = rename(output);
    bindAttributes(inner);
    inner.set_name(nodeName(node) + "/" + inner.op_type());
    if (!module.empty())
      for (const std::string &output : inner.output())
        model.moduleNames[output] = module;
    *nodes.Add() = std::move(inner);
  }
}

static StringMap<const ::onnx::TypeProto *>
collectTypes(const ::onnx::GraphProto &graph) {
  StringMap<const ::onnx::TypeProto *> types;
  for (const auto *values :
       {&graph.value_info(), &graph.input(), &graph.output()})
    for (const ::onnx::ValueInfoProto &value : *values)
      types[value.name()] = &value.type();
  return types;
}

/// One round over all nodes; false if there was nothing to expand.
static bool expandOnce(Model &model, IsSupported isSupported) {
  ::onnx::GraphProto &graph = model.graph();
  int opset = int(defaultOpset(model.proto));
  StringMap<const ::onnx::TypeProto *> types = collectTypes(graph);
  Nodes nodes;
  bool expanded = false;
  for (int i = 0; i < graph.node_size(); ++i) {
    NodeProto &node = *graph.mutable_node(i);
    std::optional<FunctionProto> body;
    const OpSchema *schema = nullptr;
    if (node.domain().empty() && node.output_size() > 0 && !isSupported(node))
      schema = ::onnx::OpSchemaRegistry::Schema(node.op_type(), opset, "");
    if (schema)
      body = findBody(node, *schema, opset, types);
    if (!body) {
      *nodes.Add() = std::move(node);
      continue;
    }
    BodyExpansion(node, *schema, *body, i).expandInto(model, nodes);
    expanded = true;
  }
  graph.mutable_node()->Swap(&nodes);
  return expanded;
}

void bitnet::importer::expandFunctionBodies(Model &model,
                                            IsSupported isSupported) {
  for (int round = 0; round < kMaxRounds; ++round) {
    if (!expandOnce(model, isSupported))
      return;
    inferShapes(model);
  }
}
