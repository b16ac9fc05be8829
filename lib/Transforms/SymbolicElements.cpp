// Rules for the integers that shapes are made of. See SymbolicShapes.h.
#include "SymbolicShapes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bitnet;
using bitnet::onnx::SizeExpr;

SymbolicShapes::Elements SymbolicShapes::constantElements(onnx::ConstantOp op) {
  Elements result;
  auto values = dyn_cast<DenseIntElementsAttr>(op.getValue());
  if (!values)
    return result;
  bool isUnsigned = values.getElementType().isUnsignedInteger() ||
                    values.getElementType().isInteger(1);
  for (const APInt &value : values.getValues<APInt>())
    result.push_back(
        SizeExpr(isUnsigned ? value.getZExtValue() : value.getSExtValue()));
  return result;
}

SymbolicShapes::Elements SymbolicShapes::elementsOf(Value value) const {
  return elements.lookup(value);
}

std::optional<SmallVector<int64_t>> SymbolicShapes::constantsOf(Value value) {
  SmallVector<int64_t> result;
  Elements known = elementsOf(value);
  if (known.empty())
    return std::nullopt;
  for (const Size &element : known) {
    std::optional<int64_t> constant = constantOf(element);
    if (!constant)
      return std::nullopt;
    result.push_back(*constant);
  }
  return result;
}

/// The same number everywhere, 0 unless it is given.
SymbolicShapes::Elements
SymbolicShapes::filledElements(onnx::ConstantOfShapeOp op) {
  int64_t number = 0;
  if (std::optional<ElementsAttr> value = op.getValue()) {
    auto numbers = dyn_cast<DenseIntElementsAttr>(*value);
    if (!numbers)
      return {};
    number = (*numbers.value_begin<APInt>()).getSExtValue();
  }
  return Elements(typeOf(op.getOutput()).getNumElements(), SizeExpr(number));
}

SymbolicShapes::Elements SymbolicShapes::shapeElements(onnx::ShapeOp op) {
  Elements all = knownSizes(op.getData());
  int64_t rank = all.size();
  auto clamp = [&](int64_t index) {
    return std::clamp<int64_t>(fromFront(index, rank), 0, rank);
  };
  int64_t start = clamp(op.getStart()), end = clamp(op.getEnd().value_or(rank));
  return start < end ? Elements(ArrayRef(all).slice(start, end - start))
                     : Elements();
}

SymbolicShapes::Elements SymbolicShapes::gatherElements(onnx::GatherOp op) {
  Elements data = elementsOf(op.getData());
  std::optional<SmallVector<int64_t>> indices = constantsOf(op.getIndices());
  if (!indices || typeOf(op.getData()).getRank() != 1)
    return {};
  Elements result;
  int64_t count = data.size();
  for (int64_t index : *indices) {
    int64_t place = fromFront(index, count);
    result.push_back(place >= 0 && place < count ? data[place] : Size());
  }
  return result;
}

SymbolicShapes::Elements SymbolicShapes::sliceElements(onnx::SliceOp op) {
  Elements data = elementsOf(op.getData());
  auto starts = constantsOf(op.getStarts()), ends = constantsOf(op.getEnds());
  auto steps = op.getSteps() ? constantsOf(op.getSteps())
                             : std::optional(SmallVector<int64_t>{1});
  if (!starts || !ends || !steps || starts->size() != 1 || steps->front() != 1)
    return {};
  int64_t count = data.size();
  auto clamp = [&](int64_t index) {
    return std::clamp<int64_t>(fromFront(index, count), 0, count);
  };
  int64_t start = clamp(starts->front()), end = clamp(ends->front());
  return start < end ? Elements(ArrayRef(data).slice(start, end - start))
                     : Elements();
}

SymbolicShapes::Size SymbolicShapes::elementAt(ArrayRef<Size> elements,
                                               int64_t index) {
  if (elements.empty())
    return std::nullopt;
  return elements.size() == 1 ? elements.front() : elements[index];
}

SymbolicShapes::Elements SymbolicShapes::whereElements(onnx::WhereOp op) {
  Elements condition = elementsOf(op.getCondition()), x = elementsOf(op.getX()),
           y = elementsOf(op.getY()), result;
  for (int64_t i = 0; i < typeOf(op.getZ()).getNumElements(); ++i) {
    std::optional<int64_t> chosen = constantOf(elementAt(condition, i));
    result.push_back(!chosen ? Size() : elementAt(*chosen ? x : y, i));
  }
  return result;
}

/// 1 or 0 where it is known whether two numbers are equal.
static std::optional<SizeExpr> compare(const SizeExpr &a, const SizeExpr &b) {
  SizeExpr difference = a - b, opposite = b - a;
  if (std::optional<int64_t> constant = difference.getConstant())
    return SizeExpr(*constant == 0);
  // One of them is larger by 1 at least, as a size is than -1.
  if ((difference - 1).isSurelyNotNegative() ||
      (opposite - 1).isSurelyNotNegative())
    return SizeExpr(0);
  return std::nullopt;
}

static std::optional<SizeExpr> apply(Operation *op, const SizeExpr &a,
                                     const SizeExpr &b) {
  std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
  return TypeSwitch<Operation *, std::optional<SizeExpr>>(op)
      .Case([&](onnx::AddOp) { return a + b; })
      .Case([&](onnx::SubOp) { return a - b; })
      .Case([&](onnx::MulOp) { return a * b; })
      .Case([&](onnx::DivOp) -> std::optional<SizeExpr> {
        if (x && y && *y > 0)
          return SizeExpr(*x / *y);
        return a.dividedBy(b);
      })
      .Case([&](onnx::EqualOp) { return compare(a, b); })
      .Default([](Operation *) { return std::nullopt; });
}

/// A binary op, element by element.
SymbolicShapes::Elements SymbolicShapes::combine(Operation *op) {
  Elements a = elementsOf(op->getOperand(0)), b = elementsOf(op->getOperand(1)),
           result;
  for (int64_t i = 0; i < typeOf(op->getResult(0)).getNumElements(); ++i) {
    Size x = elementAt(a, i), y = elementAt(b, i);
    result.push_back(x && y ? apply(op, *x, *y) : Size());
  }
  return result;
}

SymbolicShapes::Elements SymbolicShapes::inferElements(Operation *op) {
  return TypeSwitch<Operation *, Elements>(op)
      .Case([&](onnx::ConstantOp op) { return constantElements(op); })
      .Case([&](onnx::ConstantOfShapeOp op) { return filledElements(op); })
      .Case([&](onnx::ShapeOp op) { return shapeElements(op); })
      .Case([&](onnx::GatherOp op) { return gatherElements(op); })
      .Case([&](onnx::SliceOp op) { return sliceElements(op); })
      .Case([&](onnx::WhereOp op) { return whereElements(op); })
      .Case([&](onnx::ConcatOp op) {
        Elements result;
        for (Value input : op.getInputs()) {
          Elements part = elementsOf(input);
          part.resize(typeOf(input).getNumElements());
          result.append(part);
        }
        return result;
      })
      .Case<onnx::IdentityOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
            onnx::ReshapeOp>(
          [&](auto op) { return elementsOf(op->getOperand(0)); })
      .Case([&](onnx::CastOp op) {
        unsigned width = typeOf(op.getOutput()).getElementTypeBitWidth();
        return width >= 32 ? elementsOf(op.getInput()) : Elements();
      })
      .Case<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::EqualOp>(
          [&](auto op) { return combine(op); })
      .Default([](Operation *) { return Elements(); });
}
