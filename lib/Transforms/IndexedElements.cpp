// Rules for tensors that are functions of their indices. See IndexedElements.h.
#include "IndexedElements.h"

#include "dialects/ONNX/ONNXKnownInts.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bitnet;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t fromFront(int64_t axis, int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

/// The same number everywhere.
static IndexedElement constantOf(int64_t number, int64_t rank) {
  return {{number, SmallVector<int64_t>(rank, 0)}, false};
}

/// Lines dimensions up at the end; one of size 1 has only one index.
static IndexedElement broadcastTo(IndexedElement element, Value from,
                                  int64_t rank) {
  RankedTensorType type = typeOf(from);
  SmallVector<int64_t> &coefficients = element.expr.coefficients;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.getDimSize(i) == 1)
      coefficients[i] = 0;
  coefficients.insert(coefficients.begin(), rank - type.getRank(), 0);
  return element;
}

/// a + factor * b
static IndexedExpr add(IndexedExpr a, const IndexedExpr &b, int64_t factor) {
  a.constant += factor * b.constant;
  for (auto [x, y] : llvm::zip_equal(a.coefficients, b.coefficients))
    x += factor * y;
  return a;
}

/// Whether `expr` is not negative.
static IndexedElement compare(const IndexedExpr &expr) {
  if (expr.isConstant())
    return constantOf(expr.constant >= 0, expr.coefficients.size());
  return {expr, true};
}

static bool isTruth(const IndexedElement &element, bool value) {
  return !element.isComparison && element.expr.isConstant() &&
         (element.expr.constant != 0) == value;
}

using MaybeElement = std::optional<IndexedElement>;

static MaybeElement combineTruths(Operation *op, const IndexedElement &a,
                                  const IndexedElement &b) {
  bool neutral = isa<onnx::AndOp>(op);
  if (isTruth(a, neutral) || isTruth(b, !neutral) || a == b)
    return b;
  if (isTruth(b, neutral) || isTruth(a, !neutral))
    return a;
  return std::nullopt;
}

static MaybeElement combineNumbers(Operation *op, const IndexedExpr &a,
                                   const IndexedExpr &b) {
  auto less = [](const IndexedExpr &a, const IndexedExpr &b, int64_t by) {
    IndexedExpr difference = add(b, a, -1);
    difference.constant -= by;
    return compare(difference);
  };
  return TypeSwitch<Operation *, MaybeElement>(op)
      .Case([&](onnx::AddOp) { return IndexedElement{add(a, b, 1)}; })
      .Case([&](onnx::SubOp) { return IndexedElement{add(a, b, -1)}; })
      .Case([&](onnx::LessOp) { return less(a, b, 1); })
      .Case([&](onnx::LessOrEqualOp) { return less(a, b, 0); })
      .Case([&](onnx::GreaterOp) { return less(b, a, 1); })
      .Case([&](onnx::GreaterOrEqualOp) { return less(b, a, 0); })
      .Case([&](onnx::EqualOp) -> MaybeElement {
        IndexedExpr difference = add(a, b, -1);
        if (!difference.isConstant())
          return std::nullopt;
        return constantOf(difference.constant == 0,
                          difference.coefficients.size());
      })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

std::optional<IndexedElement> IndexedElements::lookup(Value value) const {
  Parts parts = known.lookup(value);
  return parts.size() == 1 ? MaybeElement(parts.front()) : std::nullopt;
}

bool IndexedElements::isCausal(Value mask) const {
  MaybeElement element = lookup(mask);
  return element && element->isComparison &&
         element->expr == IndexedExpr{0, {0, 0, 1, -1}};
}

/// One number, or many that are equal.
static MaybeElement readConstant(ElementsAttr value, int64_t rank) {
  auto numbers = dyn_cast_if_present<DenseIntElementsAttr>(value);
  if (!numbers || !numbers.isSplat())
    return std::nullopt;
  APInt number = numbers.getSplatValue<APInt>();
  return constantOf(number.getBitWidth() == 1 ? number.getZExtValue()
                                              : number.getSExtValue(),
                    rank);
}

static MaybeElement readRange(onnx::RangeOp op) {
  auto start = onnx::getConstantInts(op.getStart());
  auto step = onnx::getConstantInts(op.getDelta());
  if (!start || !step || start->size() != 1 || step->size() != 1)
    return std::nullopt;
  return IndexedElement{{start->front(), {step->front()}}};
}

static MaybeElement cast(onnx::CastOp op, const IndexedElement &element) {
  Type from = getElementTypeOrSelf(op.getInput()),
       to = getElementTypeOrSelf(op.getOutput());
  if (from == to)
    return element;
  if (element.isComparison || !isa<IntegerType>(to))
    return std::nullopt;
  if (to.isInteger(1))
    return element.expr.isConstant()
               ? MaybeElement(constantOf(element.expr.constant != 0,
                                         element.expr.coefficients.size()))
               : std::nullopt;
  if (to.getIntOrFloatBitWidth() < 32)
    return std::nullopt;
  return element;
}

/// Adds or drops dimensions of size 1.
static MaybeElement changeRank(Operation *op, IndexedElement element) {
  RankedTensorType from = typeOf(op->getOperand(0)),
                   to = typeOf(op->getResult(0));
  SmallVector<int64_t> kept;
  for (int64_t i = 0; i < from.getRank(); ++i)
    if (from.getDimSize(i) != 1)
      kept.push_back(element.expr.coefficients[i]);
  // A reshape might put two dimensions into another order.
  if (isa<onnx::ReshapeOp>(op) && kept.size() > 1)
    return std::nullopt;
  SmallVector<int64_t> coefficients;
  auto next = kept.begin();
  for (int64_t size : to.getShape()) {
    if (size != 1 && next == kept.end())
      return std::nullopt;
    coefficients.push_back(size == 1 ? 0 : *next++);
  }
  if (next != kept.end())
    return std::nullopt;
  element.expr.coefficients = coefficients;
  return element;
}

IndexedElements::Parts IndexedElements::slice(onnx::SliceOp op) const {
  MaybeElement element = lookup(op.getData());
  int64_t rank = typeOf(op.getData()).getRank();
  auto starts = onnx::getConstantInts(op.getStarts());
  std::optional<SmallVector<int64_t>> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, starts ? starts->size() : 0));
  if (op.getAxes())
    axes = onnx::getConstantInts(op.getAxes());
  std::optional<SmallVector<int64_t>> steps = SmallVector<int64_t>();
  if (op.getSteps())
    steps = onnx::getConstantInts(op.getSteps());
  if (!element || !starts || !axes || !steps ||
      axes->size() != starts->size() ||
      llvm::any_of(*steps, [](int64_t step) { return step != 1; }) ||
      llvm::any_of(*starts, [](int64_t start) { return start < 0; }))
    return {};
  for (auto [axis, start] : llvm::zip_equal(*axes, *starts)) {
    int64_t coefficient = element->expr.coefficients[fromFront(axis, rank)];
    element->expr.constant += coefficient * start;
  }
  return {*element};
}

IndexedElements::Parts IndexedElements::concat(onnx::ConcatOp op) const {
  ValueRange inputs = op.getInputs();
  int64_t rank = typeOf(op.getConcatResult()).getRank();
  int64_t axis = fromFront(op.getAxis(), rank);
  Parts parts;
  bool areSingle = true;
  for (Value input : inputs) {
    MaybeElement element = lookup(input);
    if (!element)
      return {};
    areSingle &= typeOf(input).getDimSize(axis) == 1;
    parts.push_back(*element);
  }
  if (areSingle && axis == rank - 1)
    return parts;
  // One element that continues what follows it.
  if (inputs.size() != 2 || typeOf(inputs[0]).getDimSize(axis) != 1)
    return {};
  IndexedElement all = parts[1], first = parts[0];
  all.expr.constant -= all.expr.coefficients[axis];
  first.expr.coefficients[axis] = all.expr.coefficients[axis];
  if (!(all == first))
    return {};
  return {all};
}

/// The element of `data` at indices that are expressions themselves.
static MaybeElement substitute(const IndexedElement &data,
                               ArrayRef<IndexedElement> indices, int64_t rank) {
  IndexedElement result = data;
  result.expr.coefficients.assign(rank, 0);
  for (auto [index, coefficient] :
       llvm::zip_equal(indices, data.expr.coefficients)) {
    // A negative index would count from the end.
    if (index.isComparison || index.expr.constant < 0 ||
        llvm::any_of(index.expr.coefficients, [](int64_t c) { return c < 0; }))
      return std::nullopt;
    IndexedExpr at = index.expr;
    at.coefficients.resize(rank);
    result.expr = add(result.expr, at, coefficient);
  }
  return result;
}

IndexedElements::Parts IndexedElements::gather(onnx::GatherNDOp op) const {
  MaybeElement data = lookup(op.getData());
  int64_t rank = typeOf(op.getOutput()).getRank();
  if (!data || op.getBatchDims() != 0)
    return {};
  if (!data->isComparison && data->expr.isConstant())
    return {constantOf(data->expr.constant, rank)};
  Parts indices = known.lookup(op.getIndices());
  if (indices.size() != data->expr.coefficients.size() ||
      rank != typeOf(op.getIndices()).getRank() - 1)
    return {};
  MaybeElement element = substitute(*data, indices, rank);
  return element ? Parts{*element} : Parts();
}

IndexedElements::Parts IndexedElements::combine(Operation *op) const {
  int64_t rank = typeOf(op->getResult(0)).getRank();
  SmallVector<IndexedElement, 2> operands;
  for (Value operand : op->getOperands()) {
    MaybeElement element = lookup(operand);
    if (!element)
      return {};
    operands.push_back(broadcastTo(*element, operand, rank));
  }
  const IndexedElement &a = operands[0], &b = operands[1];
  MaybeElement result;
  if (isa<onnx::AndOp, onnx::OrOp>(op))
    result = combineTruths(op, a, b);
  else if (!a.isComparison && !b.isComparison)
    result = combineNumbers(op, a.expr, b.expr);
  return result ? Parts{*result} : Parts();
}

IndexedElements::Parts IndexedElements::infer(Operation *op) const {
  int64_t rank = typeOf(op->getResult(0)).getRank();
  MaybeElement first;
  if (op->getNumOperands() != 0)
    first = lookup(op->getOperand(0));
  auto result =
      TypeSwitch<Operation *, MaybeElement>(op)
          .Case([&](onnx::ConstantOp op) {
            return readConstant(op.getValue(), rank);
          })
          .Case([&](onnx::ConstantOfShapeOp op) {
            return readConstant(op.getValue().value_or(ElementsAttr()), rank);
          })
          .Case([](onnx::RangeOp op) { return readRange(op); })
          .Case([&](onnx::IdentityOp) { return first; })
          .Case([&](onnx::CastOp op) {
            return first ? ::cast(op, *first) : std::nullopt;
          })
          .Case<onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::ReshapeOp>(
              [&](auto op) {
                return first ? changeRank(op, *first) : std::nullopt;
              })
          .Case([&](onnx::ExpandOp op) {
            return first
                       ? MaybeElement(broadcastTo(*first, op.getInput(), rank))
                       : std::nullopt;
          })
          .Case([&](onnx::NotOp) -> MaybeElement {
            if (!first)
              return std::nullopt;
            if (!first->isComparison)
              return constantOf(first->expr.constant == 0, rank);
            IndexedExpr opposite = constantOf(-1, rank).expr;
            return compare(add(opposite, first->expr, -1));
          })
          .Case([&](onnx::CumSumOp) -> MaybeElement {
            // Only of zeros, as where sequences are told apart.
            return first && isTruth(*first, false) ? first : std::nullopt;
          })
          .Default([](Operation *) { return std::nullopt; });
  return result ? Parts{*result} : Parts();
}

void IndexedElements::addOp(Operation *op) {
  if (op->getNumResults() != 1 ||
      !isa<RankedTensorType>(op->getResult(0).getType()) ||
      isa<FloatType>(getElementTypeOrSelf(op->getResult(0))))
    return;
  Parts parts = TypeSwitch<Operation *, Parts>(op)
                    .Case([&](onnx::SliceOp op) { return slice(op); })
                    .Case([&](onnx::ConcatOp op) { return concat(op); })
                    .Case([&](onnx::GatherNDOp op) { return gather(op); })
                    .Case<onnx::AndOp, onnx::OrOp, onnx::AddOp, onnx::SubOp,
                          onnx::EqualOp, onnx::LessOp, onnx::LessOrEqualOp,
                          onnx::GreaterOp, onnx::GreaterOrEqualOp>(
                        [&](auto op) { return combine(op); })
                    .Default([&](Operation *op) { return infer(op); });
  if (!parts.empty())
    known[op->getResult(0)] = parts;
}
