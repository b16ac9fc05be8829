// Elementary functions become polynomials. See Passes.td, which also states
// their errors. Coefficients are minimax fits in f32 over the reduced range.
#include "bitnet/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "bitnet-expand-math"

namespace bitnet {
#define GEN_PASS_DEF_EXPANDMATH
#include "bitnet/Codegen/Passes.h.inc"
} // namespace bitnet

using namespace mlir;
using Predicate = arith::CmpFPredicate;

/// 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits.
/// Unlike a conversion to int it is defined for NaN.
static constexpr float kMagic = 12582912.0f;
static constexpr double kMagic64 = 6755399441055744.0;
static constexpr float kInfinity = std::numeric_limits<float>::infinity();

namespace {

/// Writes arithmetic on floats of one type, scalar or vector.
class Arithmetic {
public:
  Arithmetic(OpBuilder &builder, Location loc, Type type)
      : b(loc, builder), type(type) {}

  /// The same shape with another element type.
  Type like(Type element) const {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(element);
    return element;
  }
  Arithmetic wide() { return Arithmetic(b, b.getLoc(), like(b.getF64Type())); }

  Value constant(double value) {
    return splat(type, b.getFloatAttr(getElementTypeOrSelf(type), value));
  }
  Value integer(int64_t value) {
    return splat(bitsType(),
                 b.getIntegerAttr(getElementTypeOrSelf(bitsType()), value));
  }

  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(b, x, y, z);
  }
  Value fma(Value x, Value y, double z) { return fma(x, y, constant(z)); }
  Value fma(Value x, double y, Value z) { return fma(x, constant(y), z); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value mul(Value x, double y) { return mul(x, constant(y)); }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value add(Value x, double y) { return add(x, constant(y)); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value sub(Value x, double y) { return sub(x, constant(y)); }
  Value sub(double x, Value y) { return sub(constant(x), y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value div(double x, Value y) { return div(constant(x), y); }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value floor(Value x) { return math::FloorOp::create(b, x); }
  Value sqrt(Value x) { return math::SqrtOp::create(b, x); }
  Value copySign(Value x, Value sign) {
    return math::CopySignOp::create(b, x, sign);
  }

  /// Horner's rule: coefficients of the highest power first.
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = constant(coefficients.front());
    for (double c : coefficients.drop_front())
      sum = fma(sum, x, c);
    return sum;
  }

  Value is(Value x, Predicate predicate, Value y) {
    return arith::CmpFOp::create(b, predicate, x, y);
  }
  Value is(Value x, Predicate predicate, double y) {
    return is(x, predicate, constant(y));
  }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
  /// Leaves NaN alone.
  Value clamp(Value x, double low, double high) {
    x = select(is(x, Predicate::OLT, low), constant(low), x);
    return select(is(x, Predicate::OGT, high), constant(high), x);
  }

  Value bits(Value x) { return arith::BitcastOp::create(b, bitsType(), x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, type, x); }
  Value addBits(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subBits(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value andBits(Value x, int64_t mask) {
    return arith::AndIOp::create(b, x, integer(mask));
  }
  Value shiftLeft(Value x, int64_t by) {
    return arith::ShLIOp::create(b, x, integer(by));
  }
  Value shiftRight(Value x, int64_t by) {
    return arith::ShRSIOp::create(b, x, integer(by));
  }
  Value isSet(Value x, int64_t mask) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, andBits(x, mask),
                                 integer(0));
  }
  Value fromInteger(Value x) { return arith::SIToFPOp::create(b, type, x); }
  /// Converts to this type, exactly or rounding once.
  Value convert(Value x) {
    unsigned from = getElementTypeOrSelf(x).getIntOrFloatBitWidth();
    if (from < getElementTypeOrSelf(type).getIntOrFloatBitWidth())
      return arith::ExtFOp::create(b, type, x);
    return arith::TruncFOp::create(b, type, x);
  }

private:
  Type bitsType() {
    return like(
        b.getIntegerType(getElementTypeOrSelf(type).getIntOrFloatBitWidth()));
  }
  Value splat(Type type, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, value);
  }

  ImplicitLocOpBuilder b;
  Type type;
};

} // namespace

/// 2^n * exp(r) for |r| <= log(2) / 2. `n` is an integer plus kMagic. The power
/// of two is applied in halves, so that only the last product can round.
static Value scaledExp(Arithmetic &a, Value r, Value n) {
  Value p = a.polynomial(r, {1.37805939e-3, 8.37312452e-3, 4.16695364e-2,
                             1.66664720e-1, 4.99999851e-1, 1.0, 1.0});
  Value exponent = a.subBits(a.bits(n), a.bits(a.constant(kMagic)));
  Value half = a.shiftRight(exponent, 1);
  auto power = [&](Value k) {
    return a.fromBits(a.shiftLeft(a.addBits(k, a.integer(127)), 23));
  };
  return a.mul(a.mul(p, power(half)), power(a.subBits(exponent, half)));
}

/// exp(x) = 2^n * exp(x - n * log(2)). Beyond the limits it is 0 or infinity.
static Value expandExp(Arithmetic &a, Value x) {
  x = a.clamp(x, -105.0, 89.0);
  Value shifted = a.fma(x, 1.44269502, a.constant(kMagic));
  Value n = a.sub(shifted, kMagic);
  Value r = a.fma(n, -6.93145752e-1, x);
  r = a.fma(n, -1.42860677e-6, r);
  return scaledExp(a, r, shifted);
}

static Value expandExp2(Arithmetic &a, Value x) {
  x = a.clamp(x, -151.0, 129.0);
  Value shifted = a.add(x, kMagic);
  Value r = a.sub(x, a.sub(shifted, kMagic));
  return scaledExp(a, a.mul(r, 6.93147182e-1), shifted);
}

/// Near zero a series, so that nothing cancels.
static Value expandExpM1(Arithmetic &a, Value x) {
  Value p = a.polynomial(x, {2.48015873e-5, 1.98412698e-4, 1.38888889e-3,
                             8.33333333e-3, 4.16666667e-2, 1.66666667e-1, 0.5});
  Value near = a.fma(a.mul(x, x), p, x);
  Value y = a.select(a.is(a.abs(x), Predicate::OLT, 0.5), near,
                     a.sub(expandExp(a, x), 1.0));
  return a.copySign(y, x);
}

/// tanh(x) = 1 - 2 / (exp(2x) + 1), and an odd polynomial near zero.
static Value expandTanh(Arithmetic &a, Value x) {
  Value t = a.abs(x), s = a.mul(x, x);
  Value e = expandExp(a, a.add(t, t));
  Value far = a.sub(1.0, a.div(2.0, a.add(e, 1.0)));
  Value near = a.polynomial(
      s, {1.57394409e-2, -5.23025580e-2, 1.33152470e-1, -3.33327681e-1, 0.0});
  return a.select(a.is(t, Predicate::OLT, 0.599609375), a.fma(near, x, x),
                  a.copySign(far, x));
}

/// erf(x) = 1 - exp(polynomial of x), and an odd polynomial near zero.
static Value expandErf(Arithmetic &a, Value x) {
  Value t = a.abs(x), s = a.mul(x, x);
  Value r = a.fma(t, -1.72853470e-5, a.constant(3.83197126e-4));
  Value u = a.fma(t, -3.88396438e-3, a.constant(2.42546219e-2));
  r = a.fma(r, s, u);
  for (double c : {-1.06777877e-1, -6.34846687e-1, -1.28717512e-1})
    r = a.fma(r, t, c);
  r = a.fma(r, t, a.sub(-0.0, t));
  Value far = a.sub(1.0, expandExp(a, r));
  Value near = a.polynomial(s, {-5.96761703e-4, 4.99119423e-3, -2.67681349e-2,
                                1.12819925e-1, -3.76125336e-1, 1.28379166e-1});
  // At infinity the polynomial is inf - inf.
  far = a.select(a.is(t, Predicate::OGT, 4.0), a.constant(1.0), far);
  return a.select(a.is(t, Predicate::OGT, 0.927734375), a.copySign(far, x),
                  a.fma(near, x, x));
}

/// log(2^i * m) = i * log(2) + log(m) with m in [2/3, 4/3].
static Value expandLog(Arithmetic &a, Value x) {
  Value denormal = a.is(x, Predicate::OLT, 1.17549435e-38);
  Value bits = a.bits(a.select(denormal, a.mul(x, 8388608.0), x));
  Value exponent =
      a.andBits(a.subBits(bits, a.integer(0x3f2aaaab)), int32_t(0xff800000));
  Value m = a.sub(a.fromBits(a.subBits(bits, exponent)), 1.0);
  Value i = a.fma(a.fromInteger(exponent), 1.19209290e-7,
                  a.select(denormal, a.constant(-23.0), a.constant(0.0)));

  Value s = a.mul(m, m);
  Value r =
      a.polynomial(s, {-0.130310059, -0.121483512, -0.166846126, -0.249996200});
  Value t = a.polynomial(s, {0.140869141, 0.139814854, 0.200120345});
  r = a.fma(t, m, r);
  r = a.fma(r, m, 0.333331972);
  r = a.fma(r, m, -0.5);
  r = a.fma(r, s, m);
  r = a.fma(i, 0.693147182, r);

  r = a.select(a.is(x, Predicate::OLT, kInfinity), r, x);
  r = a.select(a.is(x, Predicate::OLT, 0.0),
               a.constant(std::numeric_limits<float>::quiet_NaN()), r);
  return a.select(a.is(x, Predicate::OEQ, 0.0), a.constant(-kInfinity), r);
}

/// log(1 + x), with what the sum loses added again.
static Value expandLog1p(Arithmetic &a, Value x) {
  Value u = a.add(x, 1.0);
  Value lost = a.div(a.sub(x, a.sub(u, 1.0)), u);
  Value far = expandLog(a, u);
  Value r = a.add(far, lost);
  Value special = a.either(a.is(u, Predicate::OEQ, 0.0),
                           a.is(u, Predicate::OEQ, kInfinity));
  return a.select(special, far, a.select(a.is(u, Predicate::OEQ, 1.0), x, r));
}

static Value expandRsqrt(Arithmetic &a, Value x) {
  return a.div(1.0, a.sqrt(x));
}

/// sin(x + quadrants * pi / 2). pi / 2 is subtracted in three parts; the first
/// step is exact for |x| < 2^22. Beyond that results only stay in [-1, 1].
static Value sine(Arithmetic &a, Value x, int64_t quadrants) {
  Value shifted = a.fma(x, 0.636619747, a.constant(kMagic));
  Value n = a.sub(shifted, kMagic);
  Value r = a.fma(n, -0x1.921fb4p+0, x);
  r = a.fma(n, -0x1.4442d0p-24, r);
  r = a.fma(n, -0x1.846988p-48, r);
  r = a.clamp(r, -1.0, 1.0);

  Value s = a.mul(r, r);
  Value sin = a.polynomial(
      s, {2.86567956e-6, -1.98559923e-4, 8.33338592e-3, -1.66666672e-1});
  sin = a.fma(sin, a.mul(r, s), r);
  sin = a.select(a.is(s, Predicate::OEQ, 0.0), r, sin); // the sum loses -0
  Value cos = a.polynomial(
      s, {2.44677067e-5, -1.38877297e-3, 4.16666567e-2, -0.5, 1.0});
  Value quadrant = a.addBits(a.bits(shifted), a.integer(quadrants));
  Value y = a.select(a.isSet(quadrant, 1), cos, sin);
  return a.select(a.isSet(quadrant, 2), a.sub(-0.0, y), y);
}

static Value expandSin(Arithmetic &a, Value x) { return sine(a, x, 0); }
static Value expandCos(Arithmetic &a, Value x) { return sine(a, x, 1); }

/// log(x) in f64 for x > 0: 2 atanh((m - 1) / (m + 1)) + i * log(2).
static Value logWide(Arithmetic &w, Value x) {
  Value bits = w.bits(x);
  Value exponent =
      w.shiftRight(w.subBits(bits, w.integer(0x3fe6a09e667f3bcd)), 52);
  Value m = w.fromBits(w.subBits(bits, w.shiftLeft(exponent, 52)));
  Value s = w.div(w.sub(m, 1.0), w.add(m, 1.0));
  Value z = w.mul(s, s);
  Value p = w.polynomial(z, {2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11,
                             2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3, 2.0});
  return w.fma(w.fromInteger(exponent), 0.693147180559945309, w.mul(p, s));
}

/// exp(x) in f64 for |x| <= 150.
static Value expWide(Arithmetic &w, Value x) {
  Value shifted = w.fma(x, 1.44269504088896341, w.constant(kMagic64));
  Value n = w.sub(shifted, kMagic64);
  Value r = w.fma(n, -0.693147180559945309, x);
  r = w.fma(n, -2.31904681384629956e-17, r);
  Value p = w.polynomial(r, {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                             1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                             1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0});
  Value exponent = w.subBits(w.bits(shifted), w.bits(w.constant(kMagic64)));
  return w.mul(
      p, w.fromBits(w.shiftLeft(w.addBits(exponent, w.integer(1023)), 52)));
}

/// C's special cases of pow, given |x|^y.
static Value powSpecialCases(Arithmetic &a, Value x, Value y, Value power) {
  Value whole = a.is(a.floor(y), Predicate::OEQ, y);
  Value half = a.mul(y, 0.5);
  Value odd = a.both(whole, a.is(a.floor(half), Predicate::ONE, half));
  Value result = a.select(odd, a.copySign(power, x), power);

  Value undefined = a.both(
      a.both(a.is(x, Predicate::OLT, 0.0), a.is(x, Predicate::OGT, -kInfinity)),
      a.is(a.floor(y), Predicate::ONE, y));
  result = a.select(
      undefined, a.constant(std::numeric_limits<float>::quiet_NaN()), result);
  Value one =
      a.either(a.is(x, Predicate::OEQ, 1.0), a.is(y, Predicate::OEQ, 0.0));
  Value alternating = a.both(a.is(x, Predicate::OEQ, -1.0),
                             a.is(a.abs(y), Predicate::OEQ, kInfinity));
  return a.select(a.either(one, alternating), a.constant(1.0), result);
}

/// The number that a scalar or all elements of a vector are, if it is known.
static std::optional<double> constantOf(Value value) {
  FloatAttr scalar;
  if (matchPattern(value, m_Constant(&scalar)))
    return scalar.getValueAsDouble();
  DenseElementsAttr vector;
  if (matchPattern(value, m_Constant(&vector)) && vector.isSplat())
    return vector.getSplatValue<FloatAttr>().getValueAsDouble();
  return std::nullopt;
}

/// |x|^y = exp(y * log(|x|)) in f64, so that large powers keep their bits.
static Value expandPow(Arithmetic &a, Value x, Value y) {
  std::optional<double> exponent = constantOf(y);
  if (exponent == 2.0)
    return a.mul(x, x);
  if (exponent == 3.0)
    return a.mul(a.mul(x, x), x);

  Arithmetic w = a.wide();
  Value magnitude = w.convert(a.abs(x));
  Value log = logWide(w, magnitude);
  log = w.select(w.is(magnitude, Predicate::OLT, kInfinity), log, magnitude);
  log = w.select(w.is(magnitude, Predicate::OEQ, 0.0), w.constant(-kInfinity),
                 log);
  Value power = expWide(w, w.clamp(w.mul(w.convert(y), log), -150.0, 150.0));
  return powSpecialCases(a, x, y, a.convert(power));
}

namespace {

/// op(x, ...) -> its polynomial, in f32.
template <typename OpTy, auto expand> struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    Type element = getElementTypeOrSelf(type);
    if (isa<ShapedType>(type) && !isa<VectorType>(type))
      return rewriter.notifyMatchFailure(op, "not on scalars or vectors");
    if (!element.isF32() && !element.isF16() && !element.isBF16())
      return rewriter.notifyMatchFailure(op, "only f32 and shorter");

    Arithmetic given(rewriter, op.getLoc(), type);
    Arithmetic a(rewriter, op.getLoc(), given.like(rewriter.getF32Type()));
    SmallVector<Value> x = op->getOperands();
    if (!element.isF32())
      for (Value &operand : x)
        operand = a.convert(operand);
    Value y;
    if constexpr (std::is_invocable_v<decltype(expand), Arithmetic &, Value>)
      y = expand(a, x[0]);
    else
      y = expand(a, x[0], x[1]);
    rewriter.replaceOp(op, element.isF32() ? y : given.convert(y));
    return success();
  }
};

struct ExpandMath : bitnet::impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<
        Expand<math::ExpOp, expandExp>, Expand<math::Exp2Op, expandExp2>,
        Expand<math::ExpM1Op, expandExpM1>, Expand<math::TanhOp, expandTanh>,
        Expand<math::ErfOp, expandErf>, Expand<math::LogOp, expandLog>,
        Expand<math::Log1pOp, expandLog1p>, Expand<math::SinOp, expandSin>,
        Expand<math::CosOp, expandCos>, Expand<math::RsqrtOp, expandRsqrt>,
        Expand<math::PowFOp, expandPow>>(&getContext());
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};

} // namespace
