// Attributes: by the type that the file gives them, never by operator.

#include "Attributes.h"

#include "ImportError.h"
#include "Model.h"
#include "Tensors.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::importer;
using ::onnx::AttributeProto;
using ::onnx::NodeProto;

static Attribute importStrings(const AttributeProto &attribute,
                               Builder &builder) {
  SmallVector<Attribute> strings;
  for (const std::string &string : attribute.strings())
    strings.push_back(builder.getStringAttr(string));
  return builder.getArrayAttr(strings);
}

static ElementsAttr importTensorAttribute(const ::onnx::TensorProto &tensor,
                                          const std::string &node,
                                          MLIRContext &context) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL)
    fail("a tensor in an attribute has its data in another file", node);
  return importTensor(tensor, context);
}

static StringRef describeType(const AttributeProto &attribute) {
  switch (attribute.type()) {
  case AttributeProto::GRAPH:
  case AttributeProto::GRAPHS:
    return "a sub-graph";
  case AttributeProto::SPARSE_TENSOR:
  case AttributeProto::SPARSE_TENSORS:
    return "a sparse tensor";
  default:
    return "of an unsupported type";
  }
}

Attribute bitnet::importer::importAttribute(const AttributeProto &attribute,
                                            const std::string &node,
                                            MLIRContext &context) {
  Builder builder(&context);
  switch (attribute.type()) {
  case AttributeProto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case AttributeProto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case AttributeProto::STRING:
    return builder.getStringAttr(attribute.s());
  case AttributeProto::TENSOR:
    return importTensorAttribute(attribute.t(), node, context);
  case AttributeProto::INTS:
    return builder.getDenseI64ArrayAttr(
        {attribute.ints().data(), size_t(attribute.ints_size())});
  case AttributeProto::FLOATS:
    return builder.getDenseF32ArrayAttr(
        {attribute.floats().data(), size_t(attribute.floats_size())});
  case AttributeProto::STRINGS:
    return importStrings(attribute, builder);
  default:
    fail("attribute '" + attribute.name() + "' is " + describeType(attribute),
         node);
  }
}

ElementsAttr bitnet::importer::importConstantValue(const NodeProto &node,
                                                   MLIRContext &context) {
  Builder builder(&context);
  if (node.attribute_size() != 1)
    fail("a Constant has one value, this has " + Twine(node.attribute_size()),
         nodeName(node));
  const AttributeProto &value = node.attribute(0);
  switch (value.type()) {
  case AttributeProto::TENSOR:
    return importTensorAttribute(value.t(), nodeName(node), context);
  case AttributeProto::INT:
    return DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getI64Type()), value.i());
  case AttributeProto::FLOAT:
    return DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getF32Type()), value.f());
  case AttributeProto::INTS:
    return DenseElementsAttr::get(
        RankedTensorType::get({value.ints_size()}, builder.getI64Type()),
        ArrayRef<int64_t>(value.ints().data(), value.ints_size()));
  case AttributeProto::FLOATS:
    return DenseElementsAttr::get(
        RankedTensorType::get({value.floats_size()}, builder.getF32Type()),
        ArrayRef<float>(value.floats().data(), value.floats_size()));
  default:
    fail("value of a Constant is " +
             (value.type() == AttributeProto::STRING ||
                      value.type() == AttributeProto::STRINGS
                  ? "a string"
                  : describeType(value)),
         nodeName(node));
  }
}
