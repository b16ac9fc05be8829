// See ScalarMath.h.
#include "ScalarMath.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using arith::CmpFPredicate;
using arith::CmpIPredicate;
using B = ImplicitLocOpBuilder;

Value bitnet::compareFloats(B &b, CmpFPredicate predicate, Value a, Value c) {
  return b.createOrFold<arith::CmpFOp>(predicate, a, c);
}

Value bitnet::maxOf(B &b, Value a, Value c, bool isUnsigned) {
  if (!isFloat(a))
    return isUnsigned ? b.createOrFold<arith::MaxUIOp>(a, c)
                      : b.createOrFold<arith::MaxSIOp>(a, c);
  Value isLarger = compareFloats(b, CmpFPredicate::OGE, a, c);
  Value isNaN = compareFloats(b, CmpFPredicate::UNO, a, a);
  return select(b, fold<arith::OrIOp>(b, isLarger, isNaN), a, c);
}

Value bitnet::minOf(B &b, Value a, Value c, bool isUnsigned) {
  if (!isFloat(a))
    return isUnsigned ? b.createOrFold<arith::MinUIOp>(a, c)
                      : b.createOrFold<arith::MinSIOp>(a, c);
  Value isSmaller = compareFloats(b, CmpFPredicate::OLE, a, c);
  Value isNaN = compareFloats(b, CmpFPredicate::UNO, a, a);
  return select(b, fold<arith::OrIOp>(b, isSmaller, isNaN), a, c);
}

Value bitnet::limit(B &b, Value x, Value bound, CmpFPredicate exceeds) {
  return select(b, compareFloats(b, exceeds, x, bound), bound, x);
}

Value bitnet::sigmoidOf(B &b, Value x) {
  Value one = numberOf(b, x.getType(), 1);
  Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  return arith::DivFOp::create(b, one, arith::AddFOp::create(b, one, power));
}

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
  Value isNaN = compareFloats(b, CmpFPredicate::UNO, x, x);
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
    return isFloat(x) ? compareFloats(b, CmpFPredicate::UNE, x, zero)
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
