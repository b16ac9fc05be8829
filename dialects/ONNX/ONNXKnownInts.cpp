// Evaluates shape arithmetic as far as it is known at compile time.
#include "dialects/ONNX/ONNXKnownInts.h"

#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace bitnet::onnx;

/// Tensors of more elements are data, not shapes.
static constexpr int64_t kMaxElements = 64;

/// A longer chain of ops is no shape arithmetic; it could exhaust the stack.
static constexpr int kMaxDepth = 200;

namespace {
using KnownInt = std::optional<int64_t>;
using Result = std::optional<KnownInts>;

/// Remembers what it has seen: shared operands would make it exponential.
class Evaluator {
public:
  Result evaluate(Value value);

private:
  Result evaluateOp(Operation *op, int64_t count);
  Result cast(CastOp op);
  Result concat(ConcatOp op);
  Result gather(GatherOp op);
  Result shape(ShapeOp op);
  Result slice(SliceOp op);
  Result where(WhereOp op);
  Result combine(Operation *op, int64_t count,
                 function_ref<KnownInt(int64_t, int64_t)> function);

  DenseMap<Value, Result> known;
  int depth = 0;
};
} // namespace

static Result constant(ConstantOp op) {
  auto elements = dyn_cast<DenseIntElementsAttr>(op.getValue());
  if (!elements)
    return {};
  bool isUnsigned = elements.getElementType().isUnsignedInteger() ||
                    elements.getElementType().isInteger(1);
  KnownInts result;
  for (const APInt &element : elements.getValues<APInt>())
    result.push_back(isUnsigned ? element.getZExtValue()
                                : element.getSExtValue());
  return result;
}

Result Evaluator::shape(ShapeOp op) {
  RankedTensorType type = op.getData().getType();
  int64_t rank = type.getRank();
  auto clamp = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
  };
  KnownInts result;
  for (int64_t dim = clamp(op.getStart()),
               end = clamp(op.getEnd().value_or(rank));
       dim < end; ++dim)
    result.push_back(type.isDynamicDim(dim) ? KnownInt()
                                            : KnownInt(type.getDimSize(dim)));
  return result;
}

Result Evaluator::cast(CastOp op) {
  Result result = evaluate(op.getInput());
  if (!result)
    return {};
  unsigned width = op.getOutput().getType().getElementTypeBitWidth();
  for (KnownInt &element : *result)
    if (element)
      element = width == 1 ? *element != 0
                           : APInt(64, *element).trunc(width).getSExtValue();
  return result;
}

Result Evaluator::concat(ConcatOp op) {
  KnownInts result;
  for (Value input : op.getInputs()) {
    Result part = evaluate(input);
    if (!part)
      return {};
    result.append(*part);
  }
  return result;
}

Result Evaluator::gather(GatherOp op) {
  Result data = evaluate(op.getData()), indices = evaluate(op.getIndices());
  if (!data || !indices || op.getData().getType().getRank() != 1)
    return {};
  KnownInts result;
  int64_t size = data->size();
  for (KnownInt index : *indices) {
    int64_t position = index ? (*index < 0 ? *index + size : *index) : -1;
    result.push_back(position >= 0 && position < size ? (*data)[position]
                                                      : KnownInt());
  }
  return result;
}

Result Evaluator::slice(SliceOp op) {
  Result data = evaluate(op.getData()), starts = evaluate(op.getStarts()),
         ends = evaluate(op.getEnds());
  Result steps =
      op.getSteps() ? evaluate(op.getSteps()) : Result(KnownInts{KnownInt(1)});
  if (!data || !starts || !ends || !steps || starts->size() != 1 ||
      ends->size() != 1 || steps->size() != 1 || !starts->front() ||
      !ends->front() || steps->front() != KnownInt(1))
    return {};
  int64_t size = data->size();
  auto clamp = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
  };
  int64_t start = clamp(*starts->front()), end = clamp(*ends->front());
  KnownInts result;
  for (int64_t index = start; index < end; ++index)
    result.push_back((*data)[index]);
  return result;
}

/// Element `index` of a tensor that may be a broadcast scalar.
static KnownInt elementAt(const KnownInts &ints, int64_t index) {
  return ints.size() == 1 ? ints.front() : ints[index];
}

static bool fits(const Result &ints, int64_t count) {
  return ints &&
         (ints->size() == 1 || static_cast<int64_t>(ints->size()) == count);
}

Result Evaluator::where(WhereOp op) {
  Result condition = evaluate(op.getCondition()), x = evaluate(op.getX()),
         y = evaluate(op.getY());
  auto type = op.getZ().getType();
  if (!type.hasStaticShape())
    return {};
  int64_t count = type.getNumElements();
  if (!fits(condition, count) || !fits(x, count) || !fits(y, count))
    return {};
  KnownInts result;
  for (int64_t index = 0; index < count; ++index) {
    KnownInt chosen = elementAt(*condition, index);
    result.push_back(!chosen ? KnownInt()
                             : elementAt(*chosen ? *x : *y, index));
  }
  return result;
}

Result Evaluator::combine(Operation *op, int64_t count,
                          function_ref<KnownInt(int64_t, int64_t)> function) {
  Result result;
  for (Value operand : op->getOperands()) {
    Result next = evaluate(operand);
    if (!fits(next, count))
      return {};
    if (!result) {
      result = KnownInts();
      for (int64_t index = 0; index < count; ++index)
        result->push_back(elementAt(*next, index));
      continue;
    }
    for (int64_t index = 0; index < count; ++index) {
      KnownInt a = (*result)[index], b = elementAt(*next, index);
      (*result)[index] = a && b ? function(*a, *b) : KnownInt();
    }
  }
  return result;
}

// Arithmetic wraps as the compiled program's does; it must not be undefined.
static KnownInt wrap(uint64_t value) { return static_cast<int64_t>(value); }

static KnownInt divide(int64_t a, int64_t b) {
  if (b == 0 || (a == INT64_MIN && b == -1))
    return {};
  return a / b;
}

Result Evaluator::evaluateOp(Operation *op, int64_t count) {
  return TypeSwitch<Operation *, Result>(op)
      .Case([&](ConstantOp op) { return constant(op); })
      .Case([&](ShapeOp op) { return shape(op); })
      .Case([&](ConcatOp op) { return concat(op); })
      .Case([&](GatherOp op) { return gather(op); })
      .Case([&](SliceOp op) { return slice(op); })
      .Case([&](WhereOp op) { return where(op); })
      .Case([&](CastOp op) { return cast(op); })
      .Case<IdentityOp, SqueezeOp, UnsqueezeOp, ReshapeOp>(
          [&](auto op) { return evaluate(op->getOperand(0)); })
      .Case([&](AddOp op) {
        return combine(op, count,
                       [](uint64_t a, uint64_t b) { return wrap(a + b); });
      })
      .Case([&](SubOp op) {
        return combine(op, count,
                       [](uint64_t a, uint64_t b) { return wrap(a - b); });
      })
      .Case([&](MulOp op) {
        return combine(op, count,
                       [](uint64_t a, uint64_t b) { return wrap(a * b); });
      })
      .Case([&](DivOp op) { return combine(op, count, divide); })
      .Case([&](MaxOp op) {
        return combine(op, count, [](int64_t a, int64_t b) {
          return KnownInt(std::max(a, b));
        });
      })
      .Case([&](MinOp op) {
        return combine(op, count, [](int64_t a, int64_t b) {
          return KnownInt(std::min(a, b));
        });
      })
      .Case([&](EqualOp op) {
        return combine(op, count,
                       [](int64_t a, int64_t b) { return KnownInt(a == b); });
      })
      .Default([](Operation *) { return Result(); });
}

Result Evaluator::evaluate(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isInteger() || type.getRank() > 1 ||
      !type.hasStaticShape() || type.getNumElements() > kMaxElements)
    return {};
  auto [place, isNew] = known.try_emplace(value, Result());
  if (!isNew)
    return place->second;
  int64_t count = type.getNumElements();
  Result result;
  Operation *op = value.getDefiningOp();
  if (op && depth < kMaxDepth) {
    ++depth;
    result = evaluateOp(op, count);
    --depth;
  }
  if (!result || static_cast<int64_t>(result->size()) != count)
    result = KnownInts(count);
  known[value] = result;
  return result;
}

std::optional<KnownInts> bitnet::onnx::getKnownInts(Value value) {
  return Evaluator().evaluate(value);
}

std::optional<SmallVector<int64_t>> bitnet::onnx::getConstantInts(Value value) {
  std::optional<KnownInts> known = getKnownInts(value);
  if (!known || !llvm::all_of(*known, [](auto x) { return x.has_value(); }))
    return {};
  return llvm::map_to_vector(*known, [](auto x) { return *x; });
}
