// Writes a canonical model as a function: each node becomes the operation of
// its operator's name. No operator is treated by itself, but for `Constant`.

#include "Nodes.h"

#include "Attributes.h"
#include "ImportError.h"
#include "Tensors.h"
#include "Types.h"

#include "dialects/BitNet/ModelAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

#include "onnx/defs/schema.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::importer;
using ::onnx::NodeProto;
using ::onnx::OpSchema;

/// `onnx.MatMul`, `onnx.com.microsoft.MatMulNBits`.
static std::string getOperationName(const NodeProto &node) {
  std::string domain = node.domain().empty() ? "" : node.domain() + ".";
  return "onnx." + domain + node.op_type();
}

bool bitnet::importer::isSupported(const NodeProto &node,
                                   MLIRContext &context) {
  return RegisteredOperationName::lookup(getOperationName(node), &context)
      .has_value();
}

std::string bitnet::importer::getNodePath(const Model &model,
                                          const NodeProto &node) {
  if (node.output_size() > 0)
    if (std::string module = model.moduleNames.lookup(node.output(0));
        !module.empty())
      return module + "/" + node.op_type();
  return nodeName(node);
}

namespace {

class FunctionBuilder {
public:
  FunctionBuilder(const Model &model, ModuleOp module)
      : model(model), graph(model.proto.graph()), context(*module.getContext()),
        opset(int(defaultOpset(model.proto))), builder(module.getBodyRegion()) {
  }

  void build();

private:
  void collectTypes();
  void collectUses();
  func::FuncOp createFunction();
  void importInitializers();
  void createConstant(ElementsAttr value, const std::string &name,
                      Location loc);
  void importNode(const NodeProto &node);
  void addOperands(const NodeProto &node, OperationState &state);
  void addAttributes(const NodeProto &node, OperationState &state);
  SmallVector<Attribute> addResults(const NodeProto &node,
                                    OperationState &state);
  void completeResults(const NodeProto &node, Operation *op,
                       SmallVector<Attribute> dims);
  void createReturn(func::FuncOp function);

  const OpSchema *getSchema(const NodeProto &node) const {
    return ::onnx::OpSchemaRegistry::Schema(node.op_type(), opset,
                                            node.domain());
  }
  Location getNameLoc(StringRef name) {
    return NameLoc::get(builder.getStringAttr(name));
  }
  DictionaryAttr describeValue(const std::string &name);

  const Model &model;
  const ::onnx::GraphProto &graph;
  MLIRContext &context;
  int opset;
  OpBuilder builder;
  llvm::StringMap<const ::onnx::TypeProto *> types;
  llvm::StringMap<Value> values;
  llvm::StringSet<> used;
};

} // namespace

void FunctionBuilder::collectTypes() {
  for (const auto *list :
       {&graph.value_info(), &graph.output(), &graph.input()})
    for (const ::onnx::ValueInfoProto &value : *list)
      types[value.name()] = &value.type();
}

void FunctionBuilder::collectUses() {
  for (const NodeProto &node : graph.node())
    for (const std::string &input : node.input())
      used.insert(input);
  for (const ::onnx::ValueInfoProto &output : graph.output())
    used.insert(output.name());
}

/// The attributes of an argument or a result of the function.
DictionaryAttr FunctionBuilder::describeValue(const std::string &name) {
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("onnx.dims",
                            importDims(*types.lookup(name), context)),
       builder.getNamedAttr("onnx.name", builder.getStringAttr(name))});
}

func::FuncOp FunctionBuilder::createFunction() {
  SmallVector<Type> argTypes;
  SmallVector<Attribute> argAttrs;
  SmallVector<Location> argLocs;
  SmallVector<std::string> names;
  for (const ::onnx::ValueInfoProto &input : graph.input()) {
    if (model.large.count(input.name()))
      continue;
    argTypes.push_back(
        importType(input.type(), "input '" + input.name() + "'", context));
    argAttrs.push_back(describeValue(input.name()));
    argLocs.push_back(getNameLoc(input.name()));
    names.push_back(input.name());
  }
  auto function =
      func::FuncOp::create(builder, getNameLoc(graph.name()), "main",
                           builder.getFunctionType(argTypes, TypeRange()));
  function.setArgAttrsAttr(builder.getArrayAttr(argAttrs));
  Block *entry =
      builder.createBlock(&function.getBody(), {}, argTypes, argLocs);
  for (auto [name, argument] : llvm::zip(names, entry->getArguments()))
    values[name] = argument;
  return function;
}

void FunctionBuilder::createConstant(ElementsAttr value,
                                     const std::string &name, Location loc) {
  OperationState state(loc, "onnx.Constant");
  state.addAttribute("value", value);
  state.addTypes(value.getType());
  values[name] = builder.create(state)->getResult(0);
}

void FunctionBuilder::importInitializers() {
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    if (used.contains(tensor.name()))
      createConstant(importTensor(tensor, context), tensor.name(),
                     getNameLoc(tensor.name()));
  for (const auto &[name, tensor] : model.large)
    if (used.contains(name))
      createConstant(importTensor(tensor, context), name, getNameLoc(name));
}

/// How many inputs an operator can have. ONNX Runtime's have no schema here.
static int countInputs(const NodeProto &node, const OpSchema *schema) {
  constexpr int kInputsOfMatMulNBits = 6;
  if (schema)
    return static_cast<int>(schema->inputs().size());
  return node.op_type() == "MatMulNBits" ? kInputsOfMatMulNBits
                                         : node.input_size();
}

/// One operand group for each input of the schema, if the operation has groups.
void FunctionBuilder::addOperands(const NodeProto &node,
                                  OperationState &state) {
  for (const std::string &input : node.input())
    if (!input.empty())
      state.operands.push_back(values.lookup(input));

  const OpSchema *schema = getSchema(node);
  if (state.name.hasTrait<OpTrait::AttrSizedOperandSegments>()) {
    SmallVector<int32_t> sizes;
    for (int i = 0, e = countInputs(node, schema); i < e; ++i)
      sizes.push_back(i < node.input_size() && !node.input(i).empty());
    if (schema && !sizes.empty() &&
        schema->inputs().back().GetOption() == OpSchema::Variadic)
      sizes.back() = std::max(0, node.input_size() - int(sizes.size()) + 1);
    state.addAttribute("operandSegmentSizes",
                       builder.getDenseI32ArrayAttr(sizes));
    return;
  }
  // Only inputs at the end can be left out.
  for (size_t i = 0; i < state.operands.size(); ++i)
    if (node.input(i).empty())
      fail("operator '" + node.op_type() + "' without input " + Twine(i) +
               " but with one after it is not supported",
           getNodePath(model, node));
}

/// True if leaving the attribute out means the same.
static bool isDefault(const OpSchema *schema,
                      const ::onnx::AttributeProto &attribute) {
  if (!schema)
    return false;
  auto known = schema->attributes().find(attribute.name());
  if (known == schema->attributes().end())
    return false;
  ::onnx::AttributeProto value = attribute, unset = known->second.default_value;
  for (::onnx::AttributeProto *proto : {&value, &unset}) {
    proto->clear_doc_string();
    proto->clear_name();
  }
  return value.SerializeAsString() == unset.SerializeAsString();
}

void FunctionBuilder::addAttributes(const NodeProto &node,
                                    OperationState &state) {
  std::optional<RegisteredOperationName> known = state.name.getRegisteredInfo();
  for (const ::onnx::AttributeProto &attribute : node.attribute()) {
    if (known && !llvm::is_contained(llvm::map_range(known->getAttributeNames(),
                                                     [](StringAttr name) {
                                                       return name.getValue();
                                                     }),
                                     StringRef(attribute.name()))) {
      if (isDefault(getSchema(node), attribute))
        continue;
      fail("attribute '" + attribute.name() + "' of operator '" +
               node.op_type() + "' is not supported",
           getNodePath(model, node));
    }
    state.addAttribute(
        attribute.name(),
        importAttribute(attribute, getNodePath(model, node), context));
  }
}

SmallVector<Attribute> FunctionBuilder::addResults(const NodeProto &node,
                                                   OperationState &state) {
  const OpSchema *schema = getSchema(node);
  auto canBeLeftOut = [&](int i) {
    return schema && i < int(schema->outputs().size()) &&
           schema->outputs()[i].GetOption() == OpSchema::Optional &&
           !used.contains(node.output(i));
  };
  int count = node.output_size();
  while (count > 1 && canBeLeftOut(count - 1))
    --count;

  SmallVector<Attribute> dims;
  for (int i = 0; i < count; ++i) {
    std::string what = "value '" + node.output(i) + "'";
    const ::onnx::TypeProto *type = types.lookup(node.output(i));
    RankedTensorType tensor =
        type ? importType(*type, what, context) : RankedTensorType();
    // A scalar until the operation exists and can tell.
    state.addTypes(tensor ? tensor
                          : RankedTensorType::get({}, builder.getF32Type()));
    dims.push_back(tensor ? importDims(*type, context) : ArrayAttr());
  }
  return dims;
}

/// Asks the operation for the types that ONNX's inference doesn't know.
void FunctionBuilder::completeResults(const NodeProto &node, Operation *op,
                                      SmallVector<Attribute> dims) {
  if (llvm::is_contained(dims, Attribute())) {
    SmallVector<RankedTensorType> inferred;
    if (failed(
            cast<bitnet::onnx::ShapeInference>(op).inferResultTypes(inferred)))
      throw ReportedError();
    inferred.resize(dims.size());
    for (auto [i, type] : llvm::enumerate(inferred)) {
      if (dims[i])
        continue;
      if (!type)
        fail("rank of value '" + node.output(int(i)) + "' can't be inferred",
             getNodePath(model, node));
      op->getResult(i).setType(type);
      SmallVector<StringRef> unnamed(type.getRank());
      dims[i] = builder.getStrArrayAttr(unnamed);
    }
  }
  op->setAttr("onnx.dims", builder.getArrayAttr(dims));
}

void FunctionBuilder::importNode(const NodeProto &node) {
  Location loc = getNameLoc(getNodePath(model, node));
  if (node.domain().empty() && node.op_type() == "Constant")
    return createConstant(importConstantValue(node, context), node.output(0),
                          loc);
  OperationState state(loc, getOperationName(node));
  addOperands(node, state);
  addAttributes(node, state);
  SmallVector<Attribute> dims = addResults(node, state);
  auto emitError = [&] { return mlir::emitError(loc); };
  NamedAttrList attributes(state.attributes);
  if (failed(state.name.verifyInherentAttrs(attributes, emitError)))
    throw ReportedError();
  Operation *op = builder.create(state);
  completeResults(node, op, std::move(dims));
  for (auto [name, result] : llvm::zip(node.output(), op->getResults()))
    values[name] = result;
}

void FunctionBuilder::createReturn(func::FuncOp function) {
  SmallVector<Value> results;
  SmallVector<Attribute> resultAttrs;
  for (const ::onnx::ValueInfoProto &output : graph.output()) {
    results.push_back(values.lookup(output.name()));
    resultAttrs.push_back(describeValue(output.name()));
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(resultAttrs));
}

void FunctionBuilder::build() {
  collectTypes();
  collectUses();
  func::FuncOp function = createFunction();
  importInitializers();
  for (const NodeProto &node : graph.node())
    importNode(node);
  createReturn(function);
}

/// The file's name; in a folder of one model, as `austen/model.onnx`, its name.
static StringRef getModelName(StringRef path) {
  StringRef name = llvm::sys::path::stem(path);
  StringRef folder =
      llvm::sys::path::filename(llvm::sys::path::parent_path(path));
  return name == "model" && !folder.empty() && folder != "." ? folder : name;
}

OwningOpRef<ModuleOp> bitnet::importer::buildModule(const Model &model,
                                                    MLIRContext &context) {
  auto path = StringAttr::get(&context, model.path);
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(path));
  (*module)->setAttr("bitnet.model.name",
                     StringAttr::get(&context, getModelName(model.path)));
  if (model.context)
    (*module)->setAttr(
        bitnet::kContextAttr,
        IntegerAttr::get(IntegerType::get(&context, 64), model.context));
  FunctionBuilder(model, *module).build();
  return module;
}
