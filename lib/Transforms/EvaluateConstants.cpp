// Computes what depends on constants alone, with our own compiler. See
// Passes.td.
#include "ConstantReductions.h"
#include "JitFunctions.h"
#include "WeightForms.h"
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SetVector.h"

#include <map>

namespace bitnet {
#define GEN_PASS_DEF_EVALUATECONSTANTS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using namespace bitnet;

#define DEBUG_TYPE "bitnet-evaluate-constants"

/// Results of fewer bytes are not kept in a resource.
static constexpr size_t kResourceBytes = 1024;

namespace {

/// Ops that depend on constants alone, and the one whose result is wanted.
struct Subgraph {
  Value root;
  /// In the order of the program, without the constants.
  SmallVector<Operation *> ops;
  /// Large constants: arguments of the compiled function.
  SmallVector<onnx::ConstantOp> arguments;
};

using Key = std::vector<const void *>;

} // namespace

/// Ops that move elements or unpack them: a matcher reads through these, and a
/// second copy of the weights would be no gain.
static bool onlyMoves(Operation *op) {
  return isa<onnx::CastOp, onnx::DequantizeLinearOp, onnx::ExpandOp,
             onnx::GatherOp, onnx::IdentityOp, onnx::ReshapeOp, onnx::SliceOp,
             onnx::SqueezeOp, onnx::TransposeOp, onnx::UnsqueezeOp>(op);
}

static bool isResource(onnx::ConstantOp constant) {
  return isa<DenseResourceElementsAttr>(constant.getValue());
}

/// True for tensors that have at least a byte for each element.
static bool hasWholeBytes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         (tensor.getElementTypeBitWidth() >= 8 ||
          tensor.getElementType().isInteger(1));
}

/// Ops of `onnx` whose operands are constants, all the way up.
static llvm::SmallSetVector<Operation *, 32> findConstantOps(func::FuncOp f) {
  llvm::SmallSetVector<Operation *, 32> found;
  auto isConstant = [&](Value operand) {
    Operation *op = operand.getDefiningOp();
    auto constant = dyn_cast_or_null<onnx::ConstantOp>(op);
    if (constant)
      return hasWholeBytes(constant.getType()) || !isResource(constant);
    return op && found.contains(op);
  };
  for (Operation &op : f.getBody().front()) {
    if (!isa_and_present<onnx::ONNXDialect>(op.getDialect()) ||
        isa<onnx::ConstantOp>(op) || op.getNumOperands() == 0)
      continue;
    if (isMemoryEffectFree(&op) && llvm::all_of(op.getOperands(), isConstant) &&
        llvm::all_of(op.getResultTypes(), hasWholeBytes))
      found.insert(&op);
  }
  return found;
}

/// What `root` is computed from.
static Subgraph getSubgraph(Value root) {
  Subgraph subgraph;
  subgraph.root = root;
  SetVector<Operation *> seen;
  seen.insert(root.getDefiningOp());
  for (size_t i = 0; i < seen.size(); ++i)
    for (Value operand : seen[i]->getOperands())
      seen.insert(operand.getDefiningOp());
  for (Operation *op : seen)
    if (!isa<onnx::ConstantOp>(op))
      subgraph.ops.push_back(op);
  llvm::sort(subgraph.ops,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  llvm::SetVector<Operation *> arguments;
  for (Operation *op : subgraph.ops)
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<onnx::ConstantOp>())
        if (isResource(constant) && arguments.insert(constant))
          subgraph.arguments.push_back(constant);
  return subgraph;
}

/// Matrices that someone needs at run time and that are not just moved.
static std::vector<Subgraph> findSubgraphs(func::FuncOp function) {
  auto constantOps = findConstantOps(function);
  llvm::SetVector<Value> roots;
  for (Operation *op : constantOps) {
    bool isNeeded = llvm::any_of(op->getUsers(), [&](Operation *user) {
      return !constantOps.contains(user);
    });
    if (!isNeeded || op->getNumResults() != 1)
      continue;
    // A matcher reads a transposed matrix as well.
    while (isa<onnx::TransposeOp>(op) &&
           constantOps.contains(op->getOperand(0).getDefiningOp()))
      op = op->getOperand(0).getDefiningOp();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (op->getNumResults() == 1 && type.getRank() >= 2 &&
        type.getElementTypeBitWidth() >= 8)
      roots.insert(op->getResult(0));
  }
  std::vector<Subgraph> subgraphs;
  for (Value root : roots) {
    Subgraph subgraph = getSubgraph(root);
    if (!llvm::all_of(subgraph.ops, onlyMoves))
      subgraphs.push_back(std::move(subgraph));
  }
  return subgraphs;
}

/// Equal for subgraphs that compute the same from other large constants.
static Key getKey(const Subgraph &subgraph) {
  Key key;
  llvm::DenseMap<Value, size_t> numbers;
  for (onnx::ConstantOp argument : subgraph.arguments) {
    numbers[argument] = numbers.size();
    key.push_back(argument.getType().getAsOpaquePointer());
  }
  for (Operation *op : subgraph.ops) {
    NamedAttrList attributes(op->getAttrDictionary());
    attributes.erase(onnx::kDimsAttr);
    key.push_back(op->getName().getAsOpaquePointer());
    key.push_back(
        attributes.getDictionary(op->getContext()).getAsOpaquePointer());
    for (Value operand : op->getOperands()) {
      auto number = numbers.find(operand);
      auto constant = operand.getDefiningOp<onnx::ConstantOp>();
      key.push_back(number != numbers.end()
                        ? reinterpret_cast<const void *>(number->second)
                        : constant.getValue().getAsOpaquePointer());
    }
    for (Value result : op->getResults()) {
      numbers[result] = numbers.size();
      key.push_back(result.getType().getAsOpaquePointer());
    }
  }
  return key;
}

/// func @name(large constants) -> root
static void buildFunction(const Subgraph &subgraph, StringRef name,
                          ModuleOp module) {
  OpBuilder b = OpBuilder::atBlockEnd(module.getBody());
  Location loc = subgraph.root.getLoc();
  SmallVector<Type> types;
  for (onnx::ConstantOp argument : subgraph.arguments)
    types.push_back(argument.getType());
  auto function = func::FuncOp::create(
      b, loc, name, b.getFunctionType(types, subgraph.root.getType()));
  function->setAttr("llvm.emit_c_interface", b.getUnitAttr());
  b.setInsertionPointToStart(function.addEntryBlock());

  IRMapping mapping;
  for (auto [i, argument] : llvm::enumerate(subgraph.arguments)) {
    function.setArgAttr(i, "bufferization.writable", b.getBoolAttr(false));
    mapping.map(argument->getResult(0), function.getArgument(i));
  }
  for (Operation *op : subgraph.ops) {
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        b.clone(*operand.getDefiningOp(), mapping);
    b.clone(*op, mapping);
  }
  func::ReturnOp::create(b, loc, mapping.lookup(subgraph.root));
  for (Operation &op : llvm::make_early_inc_range(
           function.getBody().front().without_terminator()))
    refineReduction(b, &op);
}

/// Of all constants that the subgraph has, each once, but not of bounds.
static int64_t getSourceBytes(const Subgraph &subgraph) {
  llvm::SetVector<Operation *> constants;
  for (Operation *op : subgraph.ops)
    for (Value operand : op->getOperands())
      if (operand.getDefiningOp<onnx::ConstantOp>())
        constants.insert(operand.getDefiningOp());
  int64_t bytes = 0;
  for (Operation *constant : constants) {
    auto type = cast<RankedTensorType>(constant->getResult(0).getType());
    if (type.getNumElements() > 1)
      bytes += getWeightBytes(type);
  }
  return bytes;
}

/// Puts a constant where the subgraph's result was.
static void replaceRoot(const Subgraph &subgraph, AsmResourceBlob blob) {
  Operation *root = subgraph.root.getDefiningOp();
  OpBuilder b(root);
  auto type = cast<RankedTensorType>(subgraph.root.getType());
  ElementsAttr value;
  if (blob.getData().size() > kResourceBytes)
    value = DenseResourceElementsAttr::get(type, "evaluated", std::move(blob));
  else
    value = DenseElementsAttr::getFromRawBuffer(type, blob.getData());
  auto constant = onnx::ConstantOp::create(b, root->getLoc(), type, value);
  if (StringRef form = nameWeightForm(subgraph.ops); !form.empty())
    constant->setAttr(kFormAttr, b.getStringAttr(form));
  constant->setAttr(kSourceBytesAttr,
                    b.getI64IntegerAttr(getSourceBytes(subgraph)));
  if (Attribute dims = root->getAttr(onnx::kDimsAttr))
    constant->setAttr(onnx::kDimsAttr, dims);
  Value(subgraph.root).replaceAllUsesWith(constant);
}

/// Constants whose bytes nobody but the subgraph reads, and which no other op
/// of the module holds.
static std::vector<onnx::ConstantOp>
findOwnArguments(const Subgraph &subgraph,
                 const DenseMap<Attribute, int64_t> &holders) {
  llvm::SmallPtrSet<Operation *, 32> ops(subgraph.ops.begin(),
                                         subgraph.ops.end());
  auto staysInside = [&](Operation *op) {
    return llvm::all_of(op->getUsers(),
                        [&](Operation *user) { return ops.contains(user); });
  };
  Operation *root = subgraph.root.getDefiningOp();
  std::vector<onnx::ConstantOp> own;
  if (llvm::all_of(subgraph.ops, [&](Operation *op) {
        return op == root || staysInside(op);
      }))
    for (onnx::ConstantOp argument : subgraph.arguments)
      if (staysInside(argument) && holders.lookup(argument.getValue()) == 1)
        own.push_back(argument);
  return own;
}

/// Frees the bytes of a resource.
static void release(onnx::ConstantOp constant) {
  cast<DenseResourceElementsAttr>(constant.getValue())
      .getRawHandle()
      .getResource()
      ->setBlob(AsmResourceBlob());
}

/// Erases what only the subgraph has used.
static void eraseUnused(func::FuncOp function) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isa_and_present<onnx::ONNXDialect>(op.getDialect()) && op.use_empty())
      op.erase();
}

namespace {

struct EvaluateConstants
    : bitnet::impl::EvaluateConstantsBase<EvaluateConstants> {
  using EvaluateConstantsBase::EvaluateConstantsBase;

  /// What runs within this pass is a pipeline of its own.
  void getDependentDialects(DialectRegistry &registry) const override {
    OpPassManager pm(ModuleOp::getOperationName());
    buildJitPipeline(pm);
    pm.getDependentDialects(registry);
  }

  void runOnOperation() override {
    getOperation().walk(
        [&](onnx::ConstantOp constant) { ++holders[constant.getValue()]; });
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (llvm::hasSingleElement(function.getBody()) &&
          failed(evaluate(function, findSubgraphs(function))))
        return signalPassFailure();
  }

private:
  LogicalResult evaluate(func::FuncOp function, ArrayRef<Subgraph> subgraphs) {
    if (subgraphs.empty())
      return success();
    OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
    std::map<Key, std::string> functions;
    std::vector<StringRef> names;
    for (const Subgraph &subgraph : subgraphs) {
      auto [entry, isNew] = functions.try_emplace(
          getKey(subgraph), "evaluate_" + std::to_string(functions.size()));
      if (isNew)
        buildFunction(subgraph, entry->second, *module);
      names.push_back(entry->second);
    }
    PassManager pm(&getContext());
    buildJitPipeline(pm);
    if (failed(pm.run(*module)))
      return failure();
    llvm::Expected<JitFunctions> jit = JitFunctions::create(*module);
    if (!jit) {
      // Where no code may run at compile time, the program does the arithmetic.
      llvm::consumeError(jit.takeError());
      return success();
    }
    for (auto [subgraph, name] : llvm::zip(subgraphs, names))
      run(subgraph, name, *jit);
    eraseUnused(function);
    return success();
  }

  /// A subgraph whose checks fail stays in the program, and fails there.
  void run(const Subgraph &subgraph, StringRef name, JitFunctions &jit) {
    SmallVector<std::pair<RankedTensorType, ArrayRef<char>>> arguments;
    for (onnx::ConstantOp argument : subgraph.arguments) {
      auto resource = cast<DenseResourceElementsAttr>(argument.getValue());
      AsmResourceBlob *blob = resource.getRawHandle().getBlob();
      if (!blob)
        return;
      arguments.push_back({argument.getType(), blob->getData()});
    }
    std::optional<AsmResourceBlob> result = jit.call(
        name, arguments, cast<RankedTensorType>(subgraph.root.getType()));
    if (!result)
      return;
    std::vector<onnx::ConstantOp> own;
    if (releaseConstants)
      own = findOwnArguments(subgraph, holders);
    replaceRoot(subgraph, std::move(*result));
    llvm::for_each(own, release);
    ++numEvaluated;
  }

  /// How many ops hold an attribute.
  DenseMap<Attribute, int64_t> holders;
};

} // namespace
