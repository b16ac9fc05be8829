// Gives every dimension the name of its size. See Passes.td.
#include "SymbolicShapes.h"
#include "bitnet/Transforms/Passes.h"
#include "dialects/ONNX/ONNXDims.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace bitnet {
#define GEN_PASS_DEF_NAMEDIMENSIONS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using bitnet::onnx::SizeExpr;

#define DEBUG_TYPE "bitnet-name-dimensions"

/// The type of `value` with the sizes that turned out to be numbers. The
/// signature of the function stays what the model says.
static RankedTensorType refine(Value value, ArrayRef<SizeExpr> sizes) {
  auto type = cast<RankedTensorType>(value.getType());
  if (llvm::any_of(value.getUsers(), llvm::IsaPred<func::ReturnOp>))
    return type;
  SmallVector<int64_t> shape(type.getShape());
  for (auto [size, expression] : llvm::zip_equal(shape, sizes))
    if (std::optional<int64_t> constant = expression.getConstant();
        constant && *constant >= 0)
      size = *constant;
  return type.clone(shape);
}

static ArrayAttr nameSizes(Builder &builder, RankedTensorType type,
                           ArrayRef<SizeExpr> sizes) {
  SmallVector<Attribute> names;
  for (auto [dim, size] : llvm::enumerate(sizes))
    names.push_back(
        builder.getStringAttr(type.isDynamicDim(dim) ? size.str() : ""));
  return builder.getArrayAttr(names);
}

/// Writes names and types of the results of one op.
static void nameResults(Operation *op, bitnet::SymbolicShapes &shapes) {
  Builder builder(op->getContext());
  SmallVector<Attribute> names;
  for (Value result : op->getResults()) {
    SmallVector<SizeExpr> sizes = shapes.sizesOf(result);
    auto type = refine(result, sizes);
    result.setType(type);
    names.push_back(nameSizes(builder, type, sizes));
  }
  op->setAttr(bitnet::onnx::kDimsAttr, builder.getArrayAttr(names));
}

/// Writes the names of what a function returns. A size that is not one of the
/// inputs' keeps the name that the model gives it.
static void nameReturned(func::FuncOp function,
                         bitnet::SymbolicShapes &shapes) {
  Builder builder(function.getContext());
  Operation *terminator = function.getBody().front().getTerminator();
  for (auto [index, value] : llvm::enumerate(terminator->getOperands())) {
    auto given =
        function.getResultAttrOfType<ArrayAttr>(index, bitnet::onnx::kDimsAttr);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!given || !type || given.size() != shapes.sizesOf(value).size())
      continue;
    SmallVector<Attribute> names(given.begin(), given.end());
    for (auto [dim, size] : llvm::enumerate(shapes.sizesOf(value)))
      if (std::string name = size.str();
          type.isDynamicDim(dim) && !StringRef(name).contains('?'))
        names[dim] = builder.getStringAttr(name);
    function.setResultAttr(index, bitnet::onnx::kDimsAttr,
                           builder.getArrayAttr(names));
  }
}

/// Puts a constant in place of arithmetic whose result is known.
static void replaceByConstant(Operation *op, ArrayRef<int64_t> numbers) {
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned width = type.getElementTypeBitWidth();
  auto value = DenseIntElementsAttr::get(
      type, llvm::map_to_vector(numbers, [&](int64_t number) {
        return APInt(64, number).trunc(width);
      }));
  auto constant =
      bitnet::onnx::ConstantOp::create(builder, op->getLoc(), type, value);
  op->replaceAllUsesWith(constant);
}

namespace {

struct NameDimensions : bitnet::impl::NameDimensionsBase<NameDimensions> {
  void runOnOperation() override {
    if (!getOperation().getBody().hasOneBlock())
      return;
    bitnet::SymbolicShapes shapes;
    SmallVector<Operation *> known;
    for (BlockArgument argument : getOperation().getArguments())
      shapes.addArgument(argument);
    for (Operation &op : getOperation().getOps()) {
      if (!isa_and_present<bitnet::onnx::ONNXDialect>(op.getDialect()))
        continue;
      shapes.addOp(&op);
      if (isa<bitnet::onnx::ConstantOp>(op))
        continue;
      nameResults(&op, shapes);
      if (op.getNumResults() == 1 && shapes.constantsOf(op.getResult(0)))
        known.push_back(&op);
    }
    nameReturned(getOperation(), shapes);
    for (Operation *op : llvm::reverse(known)) {
      replaceByConstant(op, *shapes.constantsOf(op->getResult(0)));
      op->erase();
    }
  }
};

} // namespace
