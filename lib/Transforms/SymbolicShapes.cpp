// Rules for shapes, and the order in which a block is looked at.
//
// A rule says only what holds for all sizes of the inputs: a slice that a long
// input would cut, or a dimension that may be broadcast, is left to the names
// that the model itself gives.
#include "SymbolicShapes.h"

#include "dialects/ONNX/ONNXDims.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bitnet;
using bitnet::onnx::SizeExpr;

/// Tensors of more elements are data, not shapes.
static constexpr int64_t kMaxElements = 64;

/// True for integers and truth values of which there are few.
static bool isShapeLike(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Type element = type.getElementType();
  return (element.isInteger(64) || element.isInteger(32) ||
          element.isInteger(1)) &&
         type.getRank() <= 1 && type.hasStaticShape() &&
         type.getNumElements() <= kMaxElements;
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

SymbolicShapes::Elements SymbolicShapes::knownSizes(Value value) const {
  return Elements(llvm::map_range(
      sizesOf(value), [](const SizeExpr &size) { return Size(size); }));
}

/// What both sizes become, unless one of them may be 1.
SymbolicShapes::Size SymbolicShapes::broadcastSizes(const Size &a,
                                                    const Size &b) {
  if (constantOf(a) == 1)
    return b;
  if (constantOf(b) == 1 || (a && b && *a == *b))
    return a;
  for (const Size &size : {a, b})
    if (constantOf(size))
      return size;
  return std::nullopt;
}

SymbolicShapes::Elements
SymbolicShapes::broadcast(ArrayRef<Elements> operands) {
  size_t rank = 0;
  for (const Elements &operand : operands)
    rank = std::max<size_t>(rank, operand.size());
  Elements result(rank, Size(SizeExpr(1)));
  for (const Elements &operand : operands)
    for (auto [dim, size] : llvm::enumerate(operand)) {
      Size &common = result[rank - operand.size() + dim];
      common = broadcastSizes(common, size);
    }
  return result;
}

SymbolicShapes::Elements SymbolicShapes::reshape(onnx::ReshapeOp op) {
  Elements shape = elementsOf(op.getShape());
  Sizes data = sizesOf(op.getData());
  std::optional<size_t> inferred;
  Size rest = SizeExpr(1);
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (constantOf(size) == 0 && op.getAllowzero() == 0 && dim < data.size())
      size = data[dim];
    if (constantOf(size) == -1)
      inferred = dim;
    else
      rest = rest && size ? Size(*rest * *size) : Size();
  }
  if (!inferred)
    return shape;
  SizeExpr total = 1;
  for (const SizeExpr &size : data)
    total = total * size;
  shape[*inferred] = rest ? total.dividedBy(*rest) : Size();
  return shape;
}

/// The size of start:end of a dimension, if no part of it lies outside.
static std::optional<SizeExpr> sliceSize(const SizeExpr &size, SizeExpr start,
                                         SizeExpr end) {
  auto clampConstant = [&](SizeExpr &bound) {
    std::optional<int64_t> constant = bound.getConstant();
    std::optional<int64_t> limit = size.getConstant();
    if (constant && *constant < 0)
      bound = size + bound;
    if (constant && *constant > INT32_MAX - 1)
      bound = size;
    if (constant && limit)
      bound = std::clamp<int64_t>(*bound.getConstant(), 0, *limit);
  };
  clampConstant(start);
  clampConstant(end);
  if (!start.isSurelyNotNegative() || !(size - end).isSurelyNotNegative() ||
      !(end - start).isSurelyNotNegative())
    return std::nullopt;
  return end - start;
}

SymbolicShapes::Elements SymbolicShapes::slice(onnx::SliceOp op) {
  Elements result = knownSizes(op.getData());
  Elements starts = elementsOf(op.getStarts()), ends = elementsOf(op.getEnds());
  int64_t rank = result.size(), count = starts.size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> steps(count, 1);
  if (op.getAxes())
    axes = constantsOf(op.getAxes()).value_or(SmallVector<int64_t>());
  if (op.getSteps())
    steps = constantsOf(op.getSteps()).value_or(SmallVector<int64_t>());
  if (starts.empty() || axes.size() != starts.size() ||
      ends.size() != starts.size() || steps.size() != starts.size())
    return {};
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Size &size = result[fromFront(axis, rank)];
    bool isKnown = starts[i] && ends[i] && steps[i] == 1;
    size = isKnown ? sliceSize(*size, *starts[i], *ends[i]) : Size();
  }
  return result;
}

SymbolicShapes::Elements SymbolicShapes::expand(onnx::ExpandOp op) {
  Elements shape = elementsOf(op.getShape());
  if (shape.empty())
    return {};
  return broadcast({knownSizes(op.getInput()), shape});
}

SymbolicShapes::Elements SymbolicShapes::concat(onnx::ConcatOp op) {
  Elements result = knownSizes(op.getInputs().front());
  int64_t axis = fromFront(op.getAxis(), result.size());
  for (Value input : op.getInputs().drop_front())
    for (auto [dim, size] : llvm::enumerate(sizesOf(input))) {
      if (static_cast<int64_t>(dim) == axis)
        result[dim] = *result[dim] + size;
      else if (size.getConstant()) // it must be that of the others, too
        result[dim] = size;
    }
  return result;
}

SymbolicShapes::Elements SymbolicShapes::gather(onnx::GatherOp op) {
  Elements data = knownSizes(op.getData());
  int64_t axis = fromFront(op.getAxis(), data.size());
  Elements result(ArrayRef(data).take_front(axis));
  result.append(knownSizes(op.getIndices()));
  result.append(data.begin() + axis + 1, data.end());
  return result;
}

SymbolicShapes::Elements SymbolicShapes::gatherND(onnx::GatherNDOp op) {
  Elements data = knownSizes(op.getData()),
           result = knownSizes(op.getIndices());
  std::optional<int64_t> length = constantOf(result.back());
  if (!length)
    return {};
  result.pop_back();
  int64_t used = op.getBatchDims() + *length;
  result.append(data.begin() + used, data.end());
  return result;
}

SymbolicShapes::Elements SymbolicShapes::matmul(onnx::MatMulOp op) {
  Elements a = knownSizes(op.getA()), b = knownSizes(op.getB());
  if (a.size() < 2 || b.size() < 2)
    return {};
  Size rows = a[a.size() - 2], columns = b.back();
  Elements result = broadcast(
      {Elements(ArrayRef(a).drop_back(2)), Elements(ArrayRef(b).drop_back(2))});
  result.append({rows, columns});
  return result;
}

SymbolicShapes::Elements SymbolicShapes::range(onnx::RangeOp op) {
  Size start = elementAt(elementsOf(op.getStart()), 0),
       limit = elementAt(elementsOf(op.getLimit()), 0);
  if (!start || !limit ||
      constantOf(elementAt(elementsOf(op.getDelta()), 0)) != 1 ||
      !(*limit - *start).isSurelyNotNegative())
    return {};
  return {*limit - *start};
}

SymbolicShapes::Elements SymbolicShapes::unsqueeze(onnx::UnsqueezeOp op) {
  Elements data = knownSizes(op.getData()), result;
  auto axes = constantsOf(op.getAxes());
  if (!axes)
    return {};
  int64_t rank = data.size() + axes->size();
  for (int64_t &axis : *axes)
    axis = fromFront(axis, rank);
  for (int64_t dim = 0, next = 0; dim < rank; ++dim)
    result.push_back(llvm::is_contained(*axes, dim) ? Size(SizeExpr(1))
                                                    : data[next++]);
  return result;
}

SymbolicShapes::Elements SymbolicShapes::squeeze(onnx::SqueezeOp op) {
  Elements data = knownSizes(op.getData()), result;
  if (!op.getAxes())
    return {};
  auto axes = constantsOf(op.getAxes());
  if (!axes)
    return {};
  for (int64_t &axis : *axes)
    axis = fromFront(axis, data.size());
  for (auto [dim, size] : llvm::enumerate(data))
    if (!llvm::is_contained(*axes, static_cast<int64_t>(dim)))
      result.push_back(size);
  return result;
}

SymbolicShapes::Elements SymbolicShapes::transpose(onnx::TransposeOp op) {
  Elements data = knownSizes(op.getData());
  if (!op.getPerm())
    return Elements(llvm::reverse(data));
  return Elements(
      llvm::map_range(*op.getPerm(), [&](int64_t dim) { return data[dim]; }));
}

/// The reduced dimensions are 1 if they stay; then the others are as before.
SymbolicShapes::Elements SymbolicShapes::reduce(Operation *op) {
  Elements data = knownSizes(op->getOperand(0)), result;
  RankedTensorType type = typeOf(op->getResult(0));
  bool areAxesKnown =
      op->getNumOperands() == 1 || constantsOf(op->getOperand(1));
  if (!areAxesKnown || type.getRank() != static_cast<int64_t>(data.size()))
    return {};
  for (auto [dim, size] : llvm::enumerate(data))
    result.push_back(type.isDynamicDim(dim) ? size : Size());
  return result;
}

SymbolicShapes::Elements SymbolicShapes::inferSizes(Operation *op) {
  auto sameAsFirst = [&] { return knownSizes(op->getOperand(0)); };
  auto ofAll = [&] {
    SmallVector<Elements> operands;
    for (Value operand : op->getOperands())
      operands.push_back(knownSizes(operand));
    return broadcast(operands);
  };
  return TypeSwitch<Operation *, Elements>(op)
      .Case([&](onnx::ReshapeOp op) { return reshape(op); })
      .Case([&](onnx::SliceOp op) { return slice(op); })
      .Case([&](onnx::ConcatOp op) { return concat(op); })
      .Case([&](onnx::GatherOp op) { return gather(op); })
      .Case([&](onnx::GatherNDOp op) { return gatherND(op); })
      .Case([&](onnx::MatMulOp op) { return matmul(op); })
      .Case([&](onnx::RangeOp op) { return range(op); })
      .Case([&](onnx::UnsqueezeOp op) { return unsqueeze(op); })
      .Case([&](onnx::SqueezeOp op) { return squeeze(op); })
      .Case([&](onnx::TransposeOp op) { return transpose(op); })
      .Case([&](onnx::ExpandOp op) { return expand(op); })
      .Case<onnx::ReduceMaxOp, onnx::ReduceMeanOp, onnx::ReduceMinOp,
            onnx::ReduceSumOp>([&](auto op) { return reduce(op); })
      .Case<onnx::AddOp, onnx::AndOp, onnx::DivOp, onnx::EqualOp,
            onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
            onnx::LessOrEqualOp, onnx::MaxOp, onnx::MinOp, onnx::MulOp,
            onnx::OrOp, onnx::PowOp, onnx::SubOp, onnx::WhereOp>(
          [&](auto) { return ofAll(); })
      .Case<onnx::AbsOp, onnx::CastOp, onnx::ClipOp, onnx::CosOp,
            onnx::CumSumOp, onnx::ErfOp, onnx::ExpOp, onnx::FloorOp,
            onnx::GeluOp, onnx::IdentityOp, onnx::IsNaNOp,
            onnx::LayerNormalizationOp, onnx::NegOp, onnx::NotOp,
            onnx::RMSNormalizationOp, onnx::ReciprocalOp, onnx::ReluOp,
            onnx::RotaryEmbeddingOp, onnx::RoundOp, onnx::SigmoidOp,
            onnx::SignOp, onnx::SinOp, onnx::SoftmaxOp, onnx::SqrtOp,
            onnx::SwishOp, onnx::TanhOp>([&](auto) { return sameAsFirst(); })
      .Default([](Operation *) { return Elements(); });
}

//===----------------------------------------------------------------------===//
// The order of a block
//===----------------------------------------------------------------------===//

/// What is known of each dimension: by its type, by a rule, by its name.
void SymbolicShapes::setSizes(Value value, ArrayRef<Size> known) {
  RankedTensorType type = typeOf(value);
  Sizes sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    StringRef name = onnx::getDimName(value, dim);
    if (!type.isDynamicDim(dim))
      sizes.push_back(type.getDimSize(dim));
    else if (dim < static_cast<int64_t>(known.size()) && known[dim])
      sizes.push_back(*known[dim]);
    else if (!name.empty())
      sizes.push_back(SizeExpr::parse(name));
    else
      sizes.push_back(SizeExpr::named("?" + std::to_string(unnamed++)));
  }
  shapes[value] = std::move(sizes);
}

void SymbolicShapes::addArgument(BlockArgument argument) {
  if (isa<RankedTensorType>(argument.getType()))
    setSizes(argument, {});
}

void SymbolicShapes::addOp(Operation *op) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(op->getOperandTypes(), isTensor) ||
      !llvm::all_of(op->getResultTypes(), isTensor))
    return;
  for (Value result : op->getResults()) {
    Elements known;
    if (op->getNumResults() == 1 && !typeOf(result).hasStaticShape())
      known = inferSizes(op);
    setSizes(result, known);
    if (!isShapeLike(result))
      continue;
    Elements values = inferElements(op);
    if (static_cast<int64_t>(values.size()) == typeOf(result).getNumElements())
      elements[result] = values;
  }
}
