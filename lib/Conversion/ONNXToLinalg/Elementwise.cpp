// Operators that make each element from the elements at its position.
//
// A new one needs a definition in dialects/ONNX/*.td with the trait
// Elementwise, and an overload of `emit` here.
#include "Patterns.h"
#include "ScalarMath.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

// Operands of `emit`: `x` are elements of the operator's operands.
using B = ImplicitLocOpBuilder;
using X = ValueRange;

/// Whether the first operand of `op` has an unsigned type.
static bool isUnsigned(Operation *op) {
  return isUnsigned(getElementTypeOrSelf(op->getOperand(0).getType()));
}

/// True for numbers that were sizes before they became i64.
static bool isIndex(Value x) {
  auto cast = x.getDefiningOp<arith::IndexCastOp>();
  return x.getType().isInteger(64) &&
         ((cast && cast.getIn().getType().isIndex()) ||
          matchPattern(x, m_Constant()));
}

template <typename FloatOp, typename IntOp> static Value compute(B &b, X x) {
  if (isFloat(x[0]))
    return FloatOp::create(b, x[0], x[1]);
  // Sizes stay sizes, which are known not to be negative.
  if (isIndex(x[0]) && isIndex(x[1]))
    return fromIndex(b, fold<IntOp>(b, toIndex(b, x[0]), toIndex(b, x[1])),
                     x[0].getType());
  return b.createOrFold<IntOp>(x[0], x[1]);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static Value emit(onnx::AddOp, B &b, X x) {
  return compute<arith::AddFOp, arith::AddIOp>(b, x);
}
static Value emit(onnx::SubOp, B &b, X x) {
  return compute<arith::SubFOp, arith::SubIOp>(b, x);
}
static Value emit(onnx::MulOp, B &b, X x) {
  return compute<arith::MulFOp, arith::MulIOp>(b, x);
}

namespace {
/// A division of integers that doesn't trap: by 0 it is by 1; by -1 it is the
/// negation, which wraps.
struct SafeDivision {
  SafeDivision(B &b, Value dividend, Value divisor)
      : isMinusOne(compare(b, CmpIPredicate::eq, divisor,
                           numberOf(b, divisor.getType(), -1))) {
    Value one = numberOf(b, divisor.getType(), 1);
    Value zero = numberOf(b, divisor.getType(), 0);
    Value isZero = compare(b, CmpIPredicate::eq, divisor, zero);
    safeDivisor =
        select(b, fold<arith::OrIOp>(b, isZero, isMinusOne), one, divisor);
    negated = fold<arith::SubIOp>(b, zero, dividend);
  }
  Value isMinusOne, safeDivisor, negated;
};
} // namespace

static Value emit(onnx::DivOp op, B &b, X x) {
  if (isFloat(x[0]))
    return arith::DivFOp::create(b, x[0], x[1]);
  if (isUnsigned(op)) {
    Value zero = numberOf(b, x[1].getType(), 0);
    Value isZero = compare(b, CmpIPredicate::eq, x[1], zero);
    Value one = numberOf(b, x[1].getType(), 1);
    return fold<arith::DivUIOp>(b, x[0], select(b, isZero, one, x[1]));
  }
  SafeDivision safe(b, x[0], x[1]);
  Value quotient = fold<arith::DivSIOp>(b, x[0], safe.safeDivisor);
  return select(b, safe.isMinusOne, safe.negated, quotient);
}

static Value emit(onnx::ModOp op, B &b, X x) {
  if (isFloat(x[0]))
    return arith::RemFOp::create(b, x[0], x[1]);
  Value zero = numberOf(b, x[1].getType(), 0);
  if (isUnsigned(op)) {
    Value isZero = compare(b, CmpIPredicate::eq, x[1], zero);
    Value one = numberOf(b, x[1].getType(), 1);
    return fold<arith::RemUIOp>(b, x[0], select(b, isZero, one, x[1]));
  }
  SafeDivision safe(b, x[0], x[1]);
  Value rest = fold<arith::RemSIOp>(b, x[0], safe.safeDivisor);
  rest = select(b, safe.isMinusOne, zero, rest);
  if (op.getFmod() != 0)
    return rest;
  // The remainder takes the sign of the divisor.
  Value differs =
      compare(b, CmpIPredicate::slt, fold<arith::XOrIOp>(b, rest, x[1]), zero);
  Value isRest = compare(b, CmpIPredicate::ne, rest, zero);
  return select(b, fold<arith::AndIOp>(b, differs, isRest),
                fold<arith::AddIOp>(b, rest, x[1]), rest);
}

static Value emit(onnx::AbsOp op, B &b, X x) {
  if (isFloat(x[0]))
    return math::AbsFOp::create(b, x[0]);
  if (isUnsigned(op))
    return x[0];
  return math::AbsIOp::create(b, x[0]);
}

static Value emit(onnx::NegOp, B &b, X x) {
  if (isFloat(x[0]))
    return arith::NegFOp::create(b, x[0]);
  return fold<arith::SubIOp>(b, numberOf(b, x[0].getType(), 0), x[0]);
}

static Value emit(onnx::SignOp op, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  Value one = numberOf(b, x[0].getType(), 1);
  Value minusOne = numberOf(b, x[0].getType(), -1);
  if (isFloat(x[0])) {
    // Zeros and NaN stay as they are.
    Value low = compareFloats(b, CmpFPredicate::OLT, x[0], zero);
    Value high = compareFloats(b, CmpFPredicate::OGT, x[0], zero);
    return select(b, high, one, select(b, low, minusOne, x[0]));
  }
  Value isZero = compare(b, CmpIPredicate::eq, x[0], zero);
  if (isUnsigned(op))
    return select(b, isZero, zero, one);
  Value low = compare(b, CmpIPredicate::slt, x[0], zero);
  return select(b, isZero, zero, select(b, low, minusOne, one));
}

static Value emit(onnx::ReciprocalOp, B &b, X x) {
  return arith::DivFOp::create(b, numberOf(b, x[0].getType(), 1), x[0]);
}

/// x to a power that is known: exact, and without a call.
static Value constantPower(B &b, Value x, double exponent) {
  if (exponent == 1)
    return x;
  if (exponent == 2 || exponent == 3) {
    Value power = arith::MulFOp::create(b, x, x);
    return exponent == 2 ? power : arith::MulFOp::create(b, power, x);
  }
  if (exponent == 0.5)
    return math::SqrtOp::create(b, x);
  return {};
}

/// x to an integer power, by squares: one step for each bit.
static Value integerPower(B &b, Value x, Value exponent) {
  Type type = x.getType();
  Value one = numberOf(b, type, 1), zero = numberOf(b, type, 0);
  auto step = [&](OpBuilder &nested, Location loc, Value, ValueRange state) {
    B inner(loc, nested);
    Value power = state[0], square = state[1], rest = state[2];
    Value bit = fold<arith::AndIOp>(inner, rest, one);
    Value isSet = compare(inner, CmpIPredicate::ne, bit, zero);
    power =
        select(inner, isSet, fold<arith::MulIOp>(inner, power, square), power);
    scf::YieldOp::create(
        inner, ValueRange{power, fold<arith::MulIOp>(inner, square, square),
                          fold<arith::ShRUIOp>(inner, rest, one)});
  };
  return scf::ForOp::create(b, indexOf(b, 0),
                            indexOf(b, type.getIntOrFloatBitWidth()),
                            indexOf(b, 1), ValueRange{one, x, exponent}, step)
      .getResult(0);
}

static Value emit(onnx::PowOp op, B &b, X x) {
  Type base = getElementTypeOrSelf(op.getX().getType());
  Type exponent = getElementTypeOrSelf(op.getY().getType());
  if (isFloat(x[0])) {
    if (std::optional<double> number = getConstantNumber(op.getY()))
      if (Value power = constantPower(b, x[0], *number))
        return power;
    return math::PowFOp::create(b, x[0],
                                convertElement(b, x[1], exponent, base));
  }
  if (!isFloat(x[1]))
    return integerPower(b, x[0], convertElement(b, x[1], exponent, base));
  // An integer to a float power is computed in double precision.
  Type f64 = b.getF64Type();
  Value power = math::PowFOp::create(b, convertElement(b, x[0], base, f64),
                                     convertElement(b, x[1], exponent, f64));
  return convertElement(b, power, f64, base);
}

//===----------------------------------------------------------------------===//
// Larger and smaller
//===----------------------------------------------------------------------===//

static Value emit(onnx::MaxOp op, B &b, X x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = maxOf(b, result, next, isUnsigned(op));
  return result;
}

static Value emit(onnx::MinOp op, B &b, X x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = minOf(b, result, next, isUnsigned(op));
  return result;
}

static Value emit(onnx::ClipOp op, B &b, X x) {
  Value result = x[0];
  X bounds = x.drop_front();
  if (op.getLow()) {
    result = isFloat(result) ? limit(b, result, bounds[0], CmpFPredicate::OLT)
                             : maxOf(b, result, bounds[0], isUnsigned(op));
    bounds = bounds.drop_front();
  }
  if (op.getHigh())
    result = isFloat(result) ? limit(b, result, bounds[0], CmpFPredicate::OGT)
                             : minOf(b, result, bounds[0], isUnsigned(op));
  return result;
}

static Value emit(onnx::ReluOp, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  if (isFloat(x[0]))
    return limit(b, x[0], zero, CmpFPredicate::OLT);
  return maxOf(b, x[0], zero, /*isUnsigned=*/false);
}

//===----------------------------------------------------------------------===//
// Functions of the math dialect and what is made of them
//===----------------------------------------------------------------------===//

static Value emit(onnx::CeilOp, B &b, X x) {
  return math::CeilOp::create(b, x[0]);
}
static Value emit(onnx::CosOp, B &b, X x) {
  return math::CosOp::create(b, x[0]);
}
static Value emit(onnx::ErfOp, B &b, X x) {
  return math::ErfOp::create(b, x[0]);
}
static Value emit(onnx::ExpOp, B &b, X x) {
  return math::ExpOp::create(b, x[0]);
}
static Value emit(onnx::FloorOp, B &b, X x) {
  return math::FloorOp::create(b, x[0]);
}
static Value emit(onnx::LogOp, B &b, X x) {
  return math::LogOp::create(b, x[0]);
}
static Value emit(onnx::RoundOp, B &b, X x) {
  return math::RoundEvenOp::create(b, x[0]);
}
static Value emit(onnx::SinOp, B &b, X x) {
  return math::SinOp::create(b, x[0]);
}
static Value emit(onnx::SqrtOp, B &b, X x) {
  return math::SqrtOp::create(b, x[0]);
}
static Value emit(onnx::TanhOp, B &b, X x) {
  return math::TanhOp::create(b, x[0]);
}

static Value emit(onnx::SigmoidOp, B &b, X x) { return sigmoidOf(b, x[0]); }

static Value emit(onnx::SwishOp op, B &b, X x) {
  Value alpha = numberOf(b, x[0].getType(), op.getAlpha().convertToDouble());
  Value scaled = arith::MulFOp::create(b, alpha, x[0]);
  return arith::MulFOp::create(b, x[0], sigmoidOf(b, scaled));
}

static Value emit(onnx::HardSwishOp, B &b, X x) {
  auto number = [&](double value) {
    return numberOf(b, x[0].getType(), value);
  };
  Value line = arith::AddFOp::create(
      b, arith::MulFOp::create(b, x[0], number(1.0 / 6)), number(0.5));
  line = limit(b, line, number(0), CmpFPredicate::OLT);
  line = limit(b, line, number(1), CmpFPredicate::OGT);
  return arith::MulFOp::create(b, x[0], line);
}

/// max(x, 0) + log1p(e^-|x|): ln(1 + e^x) without overflow.
static Value emit(onnx::SoftplusOp, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  Value negative = arith::NegFOp::create(b, math::AbsFOp::create(b, x[0]));
  Value rest = math::Log1pOp::create(b, math::ExpOp::create(b, negative));
  Value base = limit(b, x[0], zero, CmpFPredicate::OLT);
  return arith::AddFOp::create(b, base, rest);
}

static Value emit(onnx::GeluOp op, B &b, X x) {
  Type type = x[0].getType();
  auto number = [&](double value) { return numberOf(b, type, value); };
  auto times = [&](Value a, Value c) -> Value {
    return arith::MulFOp::create(b, a, c);
  };
  Value bell;
  if (op.getApproximate() == "tanh") {
    Value cube = times(times(x[0], x[0]), x[0]);
    Value sum = arith::AddFOp::create(b, x[0], times(number(0.044715), cube));
    bell = math::TanhOp::create(b, times(number(std::sqrt(2 / M_PI)), sum));
  } else {
    bell = math::ErfOp::create(b, times(x[0], number(std::sqrt(0.5))));
  }
  Value weight = arith::AddFOp::create(b, number(1), bell);
  return times(times(number(0.5), x[0]), weight);
}

//===----------------------------------------------------------------------===//
// Truth values and bits
//===----------------------------------------------------------------------===//

namespace {
struct Predicates {
  CmpFPredicate ofFloats;
  CmpIPredicate ofSigned, ofUnsigned;
};
} // namespace

static Value compareElements(Operation *op, B &b, X x,
                             const Predicates &predicates) {
  if (isFloat(x[0]))
    return compareFloats(b, predicates.ofFloats, x[0], x[1]);
  return compare(b,
                 isUnsigned(op) ? predicates.ofUnsigned : predicates.ofSigned,
                 x[0], x[1]);
}

static Value emit(onnx::EqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OEQ, CmpIPredicate::eq, CmpIPredicate::eq});
}
static Value emit(onnx::LessOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OLT, CmpIPredicate::slt, CmpIPredicate::ult});
}
static Value emit(onnx::LessOrEqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OLE, CmpIPredicate::sle, CmpIPredicate::ule});
}
static Value emit(onnx::GreaterOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OGT, CmpIPredicate::sgt, CmpIPredicate::ugt});
}
static Value emit(onnx::GreaterOrEqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OGE, CmpIPredicate::sge, CmpIPredicate::uge});
}

static Value emit(onnx::IsNaNOp, B &b, X x) {
  return compareFloats(b, CmpFPredicate::UNO, x[0], x[0]);
}
static Value emit(onnx::AndOp, B &b, X x) {
  return fold<arith::AndIOp>(b, x[0], x[1]);
}
static Value emit(onnx::OrOp, B &b, X x) {
  return fold<arith::OrIOp>(b, x[0], x[1]);
}
static Value emit(onnx::XorOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], x[1]);
}
static Value emit(onnx::BitwiseAndOp, B &b, X x) {
  return fold<arith::AndIOp>(b, x[0], x[1]);
}
static Value emit(onnx::BitwiseOrOp, B &b, X x) {
  return fold<arith::OrIOp>(b, x[0], x[1]);
}
static Value emit(onnx::BitwiseXorOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], x[1]);
}
static Value emit(onnx::BitwiseNotOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], numberOf(b, x[0].getType(), -1));
}
static Value emit(onnx::NotOp, B &b, X x) {
  Value isTrue = arith::ConstantOp::create(b, b.getBoolAttr(true));
  return fold<arith::XOrIOp>(b, x[0], isTrue);
}
static Value emit(onnx::WhereOp, B &b, X x) {
  return select(b, x[0], x[1], x[2]);
}

static Value emit(onnx::BitShiftOp op, B &b, X x) {
  Value shifted = op.getDirection() == "LEFT"
                      ? fold<arith::ShLIOp>(b, x[0], x[1])
                      : fold<arith::ShRUIOp>(b, x[0], x[1]);
  // A shift by the width or more is poison in arith and gives 0 here.
  Type type = x[0].getType();
  Value width = numberOf(b, type, type.getIntOrFloatBitWidth());
  return select(b, compare(b, CmpIPredicate::ult, x[1], width), shifted,
                numberOf(b, type, 0));
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

template <typename OpTy> static Value emitConversion(OpTy op, B &b, X x) {
  return convertElement(b, x[0], getElementTypeOrSelf(op.getInput().getType()),
                        getElementTypeOrSelf(op.getOutput().getType()));
}

static Value emit(onnx::CastOp op, B &b, X x) {
  return emitConversion(op, b, x);
}
static Value emit(onnx::CastLikeOp op, B &b, X x) {
  return emitConversion(op, b, x);
}

//===----------------------------------------------------------------------===//
// The pattern
//===----------------------------------------------------------------------===//

/// A small integer tensor, element by element, so that it folds to scalars.
static Value mapScalars(ImplicitLocOpBuilder &b, RankedTensorType type,
                        ValueRange values, Body body) {
  SmallVector<SmallVector<Value>> elements;
  for (Value value : values)
    elements.push_back(elementsOf(b, value));
  SmallVector<Value> results;
  for (int64_t index = 0; index < type.getNumElements(); ++index) {
    SmallVector<Value> x;
    for (ArrayRef<Value> operand : elements)
      x.push_back(operand[operand.size() == 1 ? 0 : index]);
    results.push_back(body(b, x));
  }
  return tensor::FromElementsOp::create(b, type, results);
}

static Value mapOp(ImplicitLocOpBuilder &b, RankedTensorType type,
                   ArrayRef<Operand> operands, Body body) {
  SmallVector<Value> values =
      llvm::map_to_vector(operands, [](const Operand &x) { return x.value; });
  bool isShape = isShapeLike(type) && llvm::all_of(values, [](Value value) {
                   return isShapeLike(value.getType());
                 });
  return isShape ? mapScalars(b, type, values, body)
                 : mapElements(b, type, operands, body);
}

namespace {

template <typename OpTy> struct MapElements : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type =
        this->getTypeConverter()->template convertType<RankedTensorType>(
            op->getResult(0).getType());
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Operand> operands;
    for (auto [original, value] :
         llvm::zip_equal(op->getOperands(), adaptor.getOperands()))
      operands.push_back({original, value});
    // The second operand of CastLike is only a type.
    if (isa<onnx::CastLikeOp>(op))
      operands.pop_back();
    rewriter.replaceOp(op,
                       mapOp(b, type, operands,
                             [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                               return emit(op, inner, x);
                             }));
    return success();
  }
};

} // namespace

template <typename OpTy>
static void addIfElementwise(const TypeConverter &converter,
                             RewritePatternSet &patterns) {
  if constexpr (OpTy::template hasTrait<onnx::Elementwise>())
    patterns.add<MapElements<OpTy>>(converter, patterns.getContext());
}

template <typename... OpTys>
static void addElementwise(const TypeConverter &converter,
                           RewritePatternSet &patterns) {
  (addIfElementwise<OpTys>(converter, patterns), ...);
}

void bitnet::populateElementwisePatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  addElementwise<
#define GET_OP_LIST
#include "dialects/ONNX/ONNXOps.cpp.inc"
      >(converter, patterns);
  patterns.add<MapElements<onnx::CastLikeOp>>(converter, patterns.getContext());
}
