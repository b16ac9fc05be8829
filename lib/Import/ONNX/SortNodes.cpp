// Topological order: real files have nodes that read what later nodes compute.

#include "ImportError.h"
#include "Model.h"

#include "llvm/ADT/StringSet.h"

#include <functional>
#include <queue>

using namespace bitnet;
using namespace bitnet::importer;
using llvm::StringMap;
using llvm::Twine;

/// Calls `visit` for each value that a node reads, in sub-graphs too.
static void forEachInput(const ::onnx::NodeProto &node,
                         llvm::function_ref<void(const std::string &)> visit) {
  for (const std::string &input : node.input())
    if (!input.empty())
      visit(input);
  for (const ::onnx::AttributeProto &attribute : node.attribute()) {
    for (const ::onnx::NodeProto &inner : attribute.g().node())
      forEachInput(inner, visit);
    for (const ::onnx::GraphProto &graph : attribute.graphs())
      for (const ::onnx::NodeProto &inner : graph.node())
        forEachInput(inner, visit);
  }
}

/// The node that computes each value; -1 for inputs and initializers.
static StringMap<int> findProducers(const ::onnx::GraphProto &graph) {
  StringMap<int> producers;
  for (const ::onnx::ValueInfoProto &input : graph.input())
    if (!producers.try_emplace(input.name(), -1).second)
      fail("two inputs or initializers are named '" + input.name() + "'");
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    if (!producers.try_emplace(tensor.name(), -1).second)
      fail("two inputs or initializers are named '" + tensor.name() + "'");
  for (int i = 0; i < graph.node_size(); ++i)
    for (const std::string &output : graph.node(i).output())
      if (!output.empty() && !producers.try_emplace(output, i).second)
        fail("value '" + output + "' is computed twice",
             nodeName(graph.node(i)));
  return producers;
}

static void checkInputsDefined(const ::onnx::GraphProto &graph,
                               const StringMap<int> &producers) {
  for (const ::onnx::NodeProto &node : graph.node())
    for (const std::string &input : node.input())
      if (!input.empty() && !producers.contains(input))
        fail("input '" + input + "' is not defined", nodeName(node));
  for (const ::onnx::ValueInfoProto &output : graph.output())
    if (!producers.contains(output.name()))
      fail("output '" + output.name() + "' of the model is not computed");
}

void bitnet::importer::sortNodes(::onnx::GraphProto &graph) {
  StringMap<int> producers = findProducers(graph);
  checkInputsDefined(graph, producers);

  int count = graph.node_size();
  std::vector<int> missing(count, 0);
  std::vector<std::vector<int>> readers(count);
  for (int i = 0; i < count; ++i)
    forEachInput(graph.node(i), [&](const std::string &input) {
      auto producer = producers.find(input);
      if (producer == producers.end() || producer->second < 0)
        return;
      readers[producer->second].push_back(i);
      ++missing[i];
    });

  // The earliest of the ready nodes comes first: sorted files stay as they are.
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < count; ++i)
    if (missing[i] == 0)
      ready.push(i);
  google::protobuf::RepeatedPtrField<::onnx::NodeProto> sorted;
  while (!ready.empty()) {
    int i = ready.top();
    ready.pop();
    *sorted.Add() = graph.node(i);
    for (int reader : readers[i])
      if (--missing[reader] == 0)
        ready.push(reader);
  }
  for (int i = 0; i < count; ++i)
    if (missing[i] != 0)
      fail("the graph has a cycle", nodeName(graph.node(i)));
  graph.mutable_node()->Swap(&sorted);
}
