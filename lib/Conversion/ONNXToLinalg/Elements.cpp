// See Elements.h.
#include "Elements.h"

#include "Broadcast.h"
#include "SameSize.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace bitnet;

/// Tensors of more elements are data and computed in loops.
static constexpr int64_t kMaxShapeElements = 16;

bool Operand::isSameDim(int64_t dim, const Operand &other,
                        int64_t otherDim) const {
  if (!typeOf(value).isDynamicDim(dim) &&
      !typeOf(other.value).isDynamicDim(otherDim))
    return typeOf(value).getDimSize(dim) ==
           typeOf(other.value).getDimSize(otherDim);
  auto named = [](const Operand &operand, int64_t dim) {
    return operand.dims.empty() ? NamedDim{operand.original, dim}
                                : operand.dims[dim];
  };
  NamedDim own = named(*this, dim), others = named(other, otherDim);
  return own.value && others.value &&
         isSameSize(own.value, own.dim, others.value, others.dim);
}

static SmallVector<utils::IteratorType> parallelLoops(int64_t rank) {
  return SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel);
}

SmallVector<Value> bitnet::getPosition(ImplicitLocOpBuilder &b, int64_t rank) {
  SmallVector<Value> position;
  for (int64_t dim = 0; dim < rank; ++dim)
    position.push_back(linalg::IndexOp::create(b, dim));
  return position;
}

/// The number that all elements of a constant tensor of one element are.
static TypedAttr getOnlyElement(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1 ||
      isa<DenseResourceElementsAttr>(Attribute(elements)))
    return {};
  return cast<TypedAttr>(elements.getSplatValue<Attribute>());
}

Value bitnet::mapElements(ImplicitLocOpBuilder &b, RankedTensorType type,
                          ArrayRef<Operand> operands, Body body) {
  Broadcast broadcast(b, type, operands);
  int64_t rank = type.getRank();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  SmallVector<TypedAttr> constants;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    constants.push_back(getOnlyElement(operand.value));
    if (operand.isShape || constants.back() || !broadcast.isMapped(index))
      continue;
    inputs.push_back(operand.value);
    maps.push_back(broadcast.getMap(index, rank));
  }
  maps.push_back(b.getMultiDimIdentityMap(rank));
  Value empty = emptyTensor(b, broadcast.getSizes(), type.getElementType());
  auto buildBody = [&](OpBuilder &nested, Location loc, ValueRange args) {
    ImplicitLocOpBuilder inner(loc, nested);
    SmallVector<Value> elements, position;
    for (int64_t index = 0, next = 0,
                 end = static_cast<int64_t>(operands.size());
         index < end; ++index) {
      if (operands[index].isShape)
        continue;
      if (constants[index]) {
        elements.push_back(arith::ConstantOp::create(inner, constants[index]));
      } else if (broadcast.isMapped(index)) {
        elements.push_back(args[next++]);
      } else {
        if (position.empty())
          position = getPosition(inner, rank);
        elements.push_back(broadcast.read(inner, index, position));
      }
    }
    linalg::YieldOp::create(inner, body(inner, elements));
  };
  Value result = linalg::GenericOp::create(b, empty.getType(), inputs, empty,
                                           maps, parallelLoops(rank), buildBody)
                     .getResult(0);
  return castTo(b, result, type);
}

Value bitnet::generate(ImplicitLocOpBuilder &b, ArrayRef<OpFoldResult> sizes,
                       Type element, ValueRange inputs, Body body) {
  AffineMap identity = b.getMultiDimIdentityMap(sizes.size());
  SmallVector<MappedInput> mapped = llvm::map_to_vector(
      inputs, [&](Value input) { return MappedInput{input, identity}; });
  return generateFrom(b, sizes, element, mapped, body);
}

Value bitnet::generateFrom(ImplicitLocOpBuilder &b,
                           ArrayRef<OpFoldResult> sizes, Type element,
                           ArrayRef<MappedInput> inputs, Body body) {
  int64_t rank = sizes.size();
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const MappedInput &input : inputs) {
    tensors.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(b.getMultiDimIdentityMap(rank));
  Value empty = emptyTensor(b, sizes, element);
  auto buildBody = [&](OpBuilder &nested, Location loc, ValueRange args) {
    ImplicitLocOpBuilder inner(loc, nested);
    linalg::YieldOp::create(inner, body(inner, args.drop_back()));
  };
  return linalg::GenericOp::create(b, empty.getType(), tensors, empty, maps,
                                   parallelLoops(rank), buildBody)
      .getResult(0);
}

Value bitnet::reduceElements(ImplicitLocOpBuilder &b, Value tensor,
                             ArrayRef<int64_t> axes, TypedAttr init,
                             Body body) {
  int64_t rank = typeOf(tensor).getRank();
  SmallVector<utils::IteratorType> loops = parallelLoops(rank);
  SmallVector<AffineExpr> kept;
  Sizes sizes;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (llvm::is_contained(axes, dim)) {
      loops[dim] = utils::IteratorType::reduction;
      continue;
    }
    kept.push_back(b.getAffineDimExpr(dim));
    sizes.push_back(sizeOf(b, tensor, dim));
  }
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank),
                                 AffineMap::get(rank, 0, kept, b.getContext())};
  Value start = filledTensor(b, sizes, init);
  auto buildBody = [&](OpBuilder &nested, Location loc, ValueRange args) {
    ImplicitLocOpBuilder inner(loc, nested);
    linalg::YieldOp::create(inner, body(inner, args));
  };
  return linalg::GenericOp::create(b, start.getType(), tensor, start, maps,
                                   loops, buildBody)
      .getResult(0);
}

bool bitnet::isShapeLike(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isInteger() &&
         tensor.getRank() <= 1 && tensor.hasStaticShape() &&
         tensor.getNumElements() <= kMaxShapeElements;
}

SmallVector<Value> bitnet::elementsOf(ImplicitLocOpBuilder &b, Value tensor) {
  if (auto made = tensor.getDefiningOp<tensor::FromElementsOp>())
    return SmallVector<Value>(made.getElements());
  RankedTensorType type = typeOf(tensor);
  if (type.getRank() == 0)
    return {b.createOrFold<tensor::ExtractOp>(tensor, ValueRange())};
  SmallVector<Value> elements;
  for (int64_t index = 0; index < type.getNumElements(); ++index)
    elements.push_back(b.createOrFold<tensor::ExtractOp>(
        tensor, ValueRange(indexOf(b, index))));
  return elements;
}

Value bitnet::scalarOf(ImplicitLocOpBuilder &b, Value tensor) {
  if (auto made = tensor.getDefiningOp<tensor::FromElementsOp>())
    return made.getElements().front();
  SmallVector<Value> indices(typeOf(tensor).getRank());
  if (!indices.empty())
    indices.assign(indices.size(), indexOf(b, 0));
  return b.createOrFold<tensor::ExtractOp>(tensor, indices);
}

TypedAttr bitnet::numberAttr(Type type, double number) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, number);
  return IntegerAttr::get(type, static_cast<int64_t>(number));
}

Value bitnet::numberOf(ImplicitLocOpBuilder &b, Type type, double number) {
  return arith::ConstantOp::create(b, numberAttr(type, number));
}

std::optional<double> bitnet::getConstantNumber(Value original) {
  auto constant = original.getDefiningOp<onnx::ConstantOp>();
  if (!constant)
    return {};
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements || elements.getNumElements() != 1)
    return {};
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  return static_cast<double>(elements.getSplatValue<APInt>().getSExtValue());
}
