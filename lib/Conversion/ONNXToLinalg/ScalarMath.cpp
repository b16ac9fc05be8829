// See ScalarMath.h.
#include "ScalarMath.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static bool isFloat(Value x) { return isa<FloatType>(x.getType()); }

static bool isUnsigned(Type type) {
  return type.isUnsignedInteger() || type.isInteger(1);
}

/// Whether the first operand of `op` has an unsigned type.
static bool isUnsigned(Operation *op) {
  return isUnsigned(getElementTypeOrSelf(op->getOperand(0).getType()));
}

static Value compareFloat(B &b, CmpFPredicate predicate, Value a, Value c) {
  return b.createOrFold<arith::CmpFOp>(predicate, a, c);
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

Value bitnet::emit(onnx::AddOp, B &b, X x) {
  return compute<arith::AddFOp, arith::AddIOp>(b, x);
}
Value bitnet::emit(onnx::SubOp, B &b, X x) {
  return compute<arith::SubFOp, arith::SubIOp>(b, x);
}
Value bitnet::emit(onnx::MulOp, B &b, X x) {
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

Value bitnet::emit(onnx::DivOp op, B &b, X x) {
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

Value bitnet::emit(onnx::ModOp op, B &b, X x) {
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

Value bitnet::emit(onnx::AbsOp op, B &b, X x) {
  if (isFloat(x[0]))
    return math::AbsFOp::create(b, x[0]);
  if (isUnsigned(op))
    return x[0];
  return math::AbsIOp::create(b, x[0]);
}

Value bitnet::emit(onnx::NegOp, B &b, X x) {
  if (isFloat(x[0]))
    return arith::NegFOp::create(b, x[0]);
  return fold<arith::SubIOp>(b, numberOf(b, x[0].getType(), 0), x[0]);
}

Value bitnet::emit(onnx::SignOp op, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  Value one = numberOf(b, x[0].getType(), 1);
  Value minusOne = numberOf(b, x[0].getType(), -1);
  if (isFloat(x[0])) {
    // Zeros and NaN stay as they are.
    Value low = compareFloat(b, CmpFPredicate::OLT, x[0], zero);
    Value high = compareFloat(b, CmpFPredicate::OGT, x[0], zero);
    return select(b, high, one, select(b, low, minusOne, x[0]));
  }
  Value isZero = compare(b, CmpIPredicate::eq, x[0], zero);
  if (isUnsigned(op))
    return select(b, isZero, zero, one);
  Value low = compare(b, CmpIPredicate::slt, x[0], zero);
  return select(b, isZero, zero, select(b, low, minusOne, one));
}

Value bitnet::emit(onnx::ReciprocalOp, B &b, X x) {
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

Value bitnet::emit(onnx::PowOp op, B &b, X x) {
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

Value bitnet::maxOf(B &b, Value a, Value c, bool isUnsigned) {
  if (!isFloat(a))
    return isUnsigned ? b.createOrFold<arith::MaxUIOp>(a, c)
                      : b.createOrFold<arith::MaxSIOp>(a, c);
  Value isLarger = compareFloat(b, CmpFPredicate::OGE, a, c);
  Value isNaN = compareFloat(b, CmpFPredicate::UNO, a, a);
  return select(b, fold<arith::OrIOp>(b, isLarger, isNaN), a, c);
}

Value bitnet::minOf(B &b, Value a, Value c, bool isUnsigned) {
  if (!isFloat(a))
    return isUnsigned ? b.createOrFold<arith::MinUIOp>(a, c)
                      : b.createOrFold<arith::MinSIOp>(a, c);
  Value isSmaller = compareFloat(b, CmpFPredicate::OLE, a, c);
  Value isNaN = compareFloat(b, CmpFPredicate::UNO, a, a);
  return select(b, fold<arith::OrIOp>(b, isSmaller, isNaN), a, c);
}

Value bitnet::emit(onnx::MaxOp op, B &b, X x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = maxOf(b, result, next, isUnsigned(op));
  return result;
}

Value bitnet::emit(onnx::MinOp op, B &b, X x) {
  Value result = x[0];
  for (Value next : x.drop_front())
    result = minOf(b, result, next, isUnsigned(op));
  return result;
}

/// x, or a bound that it exceeds; a NaN exceeds none.
static Value limit(B &b, Value x, Value bound, CmpFPredicate exceeds) {
  return select(b, compareFloat(b, exceeds, x, bound), bound, x);
}

Value bitnet::emit(onnx::ClipOp op, B &b, X x) {
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

Value bitnet::emit(onnx::ReluOp, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  if (isFloat(x[0]))
    return limit(b, x[0], zero, CmpFPredicate::OLT);
  return maxOf(b, x[0], zero, /*isUnsigned=*/false);
}

//===----------------------------------------------------------------------===//
// Functions of the math dialect and what is made of them
//===----------------------------------------------------------------------===//

Value bitnet::emit(onnx::CeilOp, B &b, X x) {
  return math::CeilOp::create(b, x[0]);
}
Value bitnet::emit(onnx::CosOp, B &b, X x) {
  return math::CosOp::create(b, x[0]);
}
Value bitnet::emit(onnx::ErfOp, B &b, X x) {
  return math::ErfOp::create(b, x[0]);
}
Value bitnet::emit(onnx::ExpOp, B &b, X x) {
  return math::ExpOp::create(b, x[0]);
}
Value bitnet::emit(onnx::FloorOp, B &b, X x) {
  return math::FloorOp::create(b, x[0]);
}
Value bitnet::emit(onnx::LogOp, B &b, X x) {
  return math::LogOp::create(b, x[0]);
}
Value bitnet::emit(onnx::RoundOp, B &b, X x) {
  return math::RoundEvenOp::create(b, x[0]);
}
Value bitnet::emit(onnx::SinOp, B &b, X x) {
  return math::SinOp::create(b, x[0]);
}
Value bitnet::emit(onnx::SqrtOp, B &b, X x) {
  return math::SqrtOp::create(b, x[0]);
}
Value bitnet::emit(onnx::TanhOp, B &b, X x) {
  return math::TanhOp::create(b, x[0]);
}

Value bitnet::sigmoidOf(B &b, Value x) {
  Value one = numberOf(b, x.getType(), 1);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, power));
}

Value bitnet::emit(onnx::SigmoidOp, B &b, X x) { return sigmoidOf(b, x[0]); }

Value bitnet::emit(onnx::SwishOp op, B &b, X x) {
  Value alpha = numberOf(b, x[0].getType(), op.getAlpha().convertToDouble());
  Value scaled = arith::MulFOp::create(b, alpha, x[0]);
  return arith::MulFOp::create(b, x[0], sigmoidOf(b, scaled));
}

/// max(x, 0) + log1p(e^-|x|): ln(1 + e^x) without overflow.
Value bitnet::emit(onnx::SoftplusOp, B &b, X x) {
  Value zero = numberOf(b, x[0].getType(), 0);
  Value negative = arith::NegFOp::create(b, math::AbsFOp::create(b, x[0]));
  Value rest = math::Log1pOp::create(b, math::ExpOp::create(b, negative));
  Value base = limit(b, x[0], zero, CmpFPredicate::OLT);
  return arith::AddFOp::create(b, base, rest);
}

Value bitnet::emit(onnx::GeluOp op, B &b, X x) {
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
    return compareFloat(b, predicates.ofFloats, x[0], x[1]);
  return compare(b,
                 isUnsigned(op) ? predicates.ofUnsigned : predicates.ofSigned,
                 x[0], x[1]);
}

Value bitnet::emit(onnx::EqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OEQ, CmpIPredicate::eq, CmpIPredicate::eq});
}
Value bitnet::emit(onnx::LessOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OLT, CmpIPredicate::slt, CmpIPredicate::ult});
}
Value bitnet::emit(onnx::LessOrEqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OLE, CmpIPredicate::sle, CmpIPredicate::ule});
}
Value bitnet::emit(onnx::GreaterOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OGT, CmpIPredicate::sgt, CmpIPredicate::ugt});
}
Value bitnet::emit(onnx::GreaterOrEqualOp op, B &b, X x) {
  return compareElements(
      op, b, x, {CmpFPredicate::OGE, CmpIPredicate::sge, CmpIPredicate::uge});
}

Value bitnet::emit(onnx::IsNaNOp, B &b, X x) {
  return compareFloat(b, CmpFPredicate::UNO, x[0], x[0]);
}
Value bitnet::emit(onnx::AndOp, B &b, X x) {
  return fold<arith::AndIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::OrOp, B &b, X x) {
  return fold<arith::OrIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::XorOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::BitwiseAndOp, B &b, X x) {
  return fold<arith::AndIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::BitwiseOrOp, B &b, X x) {
  return fold<arith::OrIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::BitwiseXorOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], x[1]);
}
Value bitnet::emit(onnx::BitwiseNotOp, B &b, X x) {
  return fold<arith::XOrIOp>(b, x[0], numberOf(b, x[0].getType(), -1));
}
Value bitnet::emit(onnx::NotOp, B &b, X x) {
  Value isTrue = arith::ConstantOp::create(b, b.getBoolAttr(true));
  return fold<arith::XOrIOp>(b, x[0], isTrue);
}
Value bitnet::emit(onnx::WhereOp, B &b, X x) {
  return select(b, x[0], x[1], x[2]);
}

Value bitnet::emit(onnx::BitShiftOp op, B &b, X x) {
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

Type bitnet::getComputedType(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return type;
  unsigned width = integer.getWidth();
  return IntegerType::get(type.getContext(),
                          width == 1 ? 1 : std::max(width, 8u));
}

Value bitnet::convertFloat(B &b, Value x, Type type) {
  unsigned from = x.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (x.getType() == type)
    return x;
  if (from == to) // f16 and bf16
    return convertFloat(b, convertFloat(b, x, b.getF32Type()), type);
  if (from < to)
    return arith::ExtFOp::create(b, type, x);
  return arith::TruncFOp::create(b, type, x);
}

/// The numbers of integer type `to`, as a float of type `type` can give them.
static std::pair<double, double> rangeOf(Type to, FloatType type) {
  unsigned width = to.getIntOrFloatBitWidth();
  double low = to.isUnsignedInteger() ? 0 : -std::ldexp(1, width - 1);
  double high = std::ldexp(1, to.isUnsignedInteger() ? width : width - 1) - 1;
  // The largest float below 2^n, if 2^n - 1 would be rounded up to 2^n.
  unsigned digits = type.getFPMantissaWidth();
  unsigned bits = to.isUnsignedInteger() ? width : width - 1;
  if (bits > digits)
    high = std::ldexp(std::ldexp(1, digits) - 1, bits - digits);
  if (type.isF16())
    return {std::max(low, -65504.0), std::min(high, 65504.0)};
  return {low, high};
}

Value bitnet::saturateFloat(B &b, Value x, Type to) {
  auto type = cast<FloatType>(x.getType());
  auto [low, high] = rangeOf(to, type);
  x = limit(b, x, numberOf(b, type, low), CmpFPredicate::OLT);
  x = limit(b, x, numberOf(b, type, high), CmpFPredicate::OGT);
  Value isNaN = compareFloat(b, CmpFPredicate::UNO, x, x);
  x = select(b, isNaN, numberOf(b, type, 0), x);
  Type computed = getComputedType(to);
  return to.isUnsignedInteger()
             ? Value(arith::FPToUIOp::create(b, computed, x))
             : Value(arith::FPToSIOp::create(b, computed, x));
}

/// Keeps the low bits of a number that has fewer bits than it is kept in.
static Value wrapToWidth(B &b, Value x, Type to) {
  unsigned width = to.getIntOrFloatBitWidth();
  if (width == x.getType().getIntOrFloatBitWidth())
    return x;
  Value low =
      arith::TruncIOp::create(b, IntegerType::get(b.getContext(), width), x);
  return to.isUnsignedInteger()
             ? Value(arith::ExtUIOp::create(b, x.getType(), low))
             : Value(arith::ExtSIOp::create(b, x.getType(), low));
}

static Value integerToInteger(B &b, Value x, Type from, Type to) {
  Type computed = getComputedType(to);
  unsigned have = x.getType().getIntOrFloatBitWidth();
  unsigned want = computed.getIntOrFloatBitWidth();
  if (have > want)
    x = b.createOrFold<arith::TruncIOp>(computed, x);
  else if (have < want && isUnsigned(from))
    x = b.createOrFold<arith::ExtUIOp>(computed, x);
  else if (have < want)
    x = b.createOrFold<arith::ExtSIOp>(computed, x);
  return wrapToWidth(b, x, to);
}

/// Elements of 2 and 4 bits wrap around, larger ones are limited.
static Value floatToInteger(B &b, Value x, Type to) {
  if (to.getIntOrFloatBitWidth() >= 8)
    return saturateFloat(b, x, to);
  Type i32 = b.getI32Type();
  return integerToInteger(b, saturateFloat(b, x, i32), i32, to);
}

Value bitnet::convertElement(B &b, Value x, Type from, Type to) {
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    Value zero = numberOf(b, x.getType(), 0);
    return isFloat(x) ? compareFloat(b, CmpFPredicate::UNE, x, zero)
                      : compare(b, CmpIPredicate::ne, x, zero);
  }
  if (isFloat(x))
    return isa<FloatType>(to) ? convertFloat(b, x, to)
                              : floatToInteger(b, x, to);
  if (!isa<FloatType>(to))
    return integerToInteger(b, x, from, to);
  return isUnsigned(from) ? Value(arith::UIToFPOp::create(b, to, x))
                          : Value(arith::SIToFPOp::create(b, to, x));
}

template <typename OpTy> static Value emitConversion(OpTy op, B &b, X x) {
  return convertElement(b, x[0], getElementTypeOrSelf(op.getInput().getType()),
                        getElementTypeOrSelf(op.getOutput().getType()));
}

Value bitnet::emit(onnx::CastOp op, B &b, X x) {
  return emitConversion(op, b, x);
}
Value bitnet::emit(onnx::CastLikeOp op, B &b, X x) {
  return emitConversion(op, b, x);
}
