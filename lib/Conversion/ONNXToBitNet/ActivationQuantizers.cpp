// One matcher for each line of the activation quantizer's definition.
#include "ActivationQuantizers.h"

#include "MathMatchers.h"
#include "ScaleFactors.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

namespace {

/// s = limit / magnitude
struct Scale {
  Value magnitude;
  float limit;
  bool reciprocal;
};

/// What activations are scaled by: their size, and how it is measured.
struct Magnitude {
  float floor;
  Scheme scheme;
  Granularity granularity;
  Value of;
};

/// Codes of x * scale, rounded and clipped.
struct Codes {
  Value scaled;
  int64_t low;
  int64_t high;
};

} // namespace

/// Div(limit, m), or Mul(Reciprocal(m), limit), which is how PyTorch exports
/// it.
static Match<Scale> matchScale(Value scale) {
  if (auto div = scale.getDefiningOp<onnx::DivOp>()) {
    std::optional<float> limit = getScalar(div.getA());
    if (!limit)
      return miss("the scale does not divide a constant");
    return Scale{div.getB(), *limit, /*reciprocal=*/false};
  }
  std::optional<WithConstant> product = matchWithConstant<onnx::MulOp>(scale);
  Value magnitude = product ? matchReciprocal(product->value) : Value();
  if (!magnitude)
    return miss("the scale is not a constant over a magnitude");
  return Scale{magnitude, product->constant, /*reciprocal=*/true};
}

/// v where `result` is `OpTy` of v along each row, or of all of it.
template <typename OpTy>
static Match<std::pair<Value, Granularity>> matchReduction(Value result) {
  Match<Value> row = matchRowReduction<OpTy>(result);
  if (row)
    return std::pair(*row, Granularity::Token);
  if (Match<Value> all = matchWholeReduction<OpTy>(result))
    return std::pair(*all, Granularity::Tensor);
  return row.miss();
}

/// The form's name in the catalogue, where it is given back as floats.
static StringRef getForm(QuantizerAttr quantizer) {
  if (quantizer.getScheme() == Scheme::Shifted || quantizer.getLow() == 0)
    return "A6";
  if (quantizer.getScheme() == Scheme::Absmean)
    return "A7";
  bool isFirst = quantizer.getGranularity() == Granularity::Tensor ||
                 quantizer.getLimit().getValueAsDouble() == 128.0;
  return isFirst ? "A5" : "A1";
}

/// The magnitude of the rows of x, or of all of it.
static Match<Magnitude> matchMagnitude(Value magnitude, Value x) {
  auto clip = magnitude.getDefiningOp<onnx::ClipOp>();
  if (!clip || !clip.getLow())
    return miss("the magnitude of a row has no floor");
  if (clip.getHigh())
    return miss("the magnitude of a row is limited from above");
  std::optional<float> floor = getScalar(clip.getLow());
  if (!floor || !(*floor > 0.0f))
    return miss("the floor of a row's magnitude is not a positive constant");

  Scheme scheme = Scheme::Absmax;
  auto reduced = matchReduction<onnx::ReduceMaxOp>(clip.getX());
  if (!reduced && clip.getX().getDefiningOp<onnx::ReduceMeanOp>()) {
    scheme = Scheme::Absmean;
    reduced = matchReduction<onnx::ReduceMeanOp>(clip.getX());
  }
  if (!reduced)
    return miss("the magnitude is no row maximum: " + reduced.miss().reason);
  auto abs = reduced->first.getDefiningOp<onnx::AbsOp>();
  if (!abs)
    return miss("the maximum is not one of magnitudes");
  if (abs.getX() == x)
    return Magnitude{*floor, scheme, reduced->second, x};
  // Equation 6 of b1: x - min(x) by the magnitude of x.
  auto sub = x.getDefiningOp<onnx::SubOp>();
  if (!sub || abs.getX() != sub.getA() || scheme != Scheme::Absmax)
    return miss("the scale comes from other activations");
  auto smallest = matchReduction<onnx::ReduceMinOp>(sub.getB());
  if (!smallest || smallest->first != sub.getA() ||
      smallest->second != reduced->second)
    return miss("the scale comes from other activations");
  return Magnitude{*floor, Scheme::Shifted, reduced->second, sub.getA()};
}

/// A bound that is an integer of 8 bits.
static std::optional<int64_t> getCodeBound(Value bound) {
  std::optional<float> value = getScalar(bound);
  if (!value || *value != std::floor(*value) || *value < INT8_MIN ||
      *value > INT8_MAX)
    return std::nullopt;
  return static_cast<int64_t>(*value);
}

/// Clip(Round(scaled), low, high)
static Match<Codes> matchCodes(Value codes) {
  auto clip = codes.getDefiningOp<onnx::ClipOp>();
  if (!clip)
    return miss("the codes are not clipped");
  std::optional<int64_t> low, high;
  if (clip.getLow() && clip.getHigh()) {
    low = getCodeBound(clip.getLow());
    high = getCodeBound(clip.getHigh());
  }
  if (!low || !high || *low >= *high)
    return miss("the codes are not clipped to integers of 8 bits");
  auto round = clip.getX().getDefiningOp<onnx::RoundOp>();
  if (!round)
    return miss("the codes are not rounded");
  return Codes{round.getX(), *low, *high};
}

/// Codes beyond the scale's limit would saturate: another quantizer. At most
/// one step may be lost, since 128 does not fit 8 bits.
static std::optional<Miss> checkRange(const Codes &codes, float limit) {
  bool symmetric = codes.low == -codes.high || codes.low == -codes.high - 1;
  auto high = static_cast<float>(codes.high);
  if ((high == limit || high + 1 == limit) && (symmetric || codes.low == 0))
    return std::nullopt;
  return miss("codes are clipped to " + Twine(codes.low) + ".." +
              Twine(codes.high) + ", but the scale is for " +
              Twine(static_cast<int64_t>(limit)));
}

/// x where the codes are those of x * s, with s from the rows of x.
static Match<QuantizedCodes> matchQuantizer(const Codes &codes, Value x,
                                            Value s) {
  if (!hasRows(x))
    return miss("the activations are not rows of f32, f16 or bf16");
  Match<Scale> scale = matchScale(s);
  if (!scale)
    return scale.miss();
  Match<Magnitude> magnitude = matchMagnitude(scale->magnitude, x);
  if (!magnitude)
    return magnitude.miss();
  // A mean says nothing about the largest code.
  if (magnitude->scheme != Scheme::Absmean)
    if (std::optional<Miss> range = checkRange(codes, scale->limit))
      return *range;

  Type type = getElementTypeOrSelf(x);
  QuantizerAttr quantizer = QuantizerAttr::get(
      s.getContext(), magnitude->scheme, magnitude->granularity,
      FloatAttr::get(type, scale->limit),
      FloatAttr::get(type, magnitude->floor), codes.low, codes.high,
      scale->reciprocal);
  return QuantizedCodes{
      {magnitude->of, quantizer, getForm(quantizer)}, s, scale->magnitude};
}

/// The quantizer of codes, whichever factor is the scale.
static Match<QuantizedCodes> matchQuantizer(Value value) {
  Match<Codes> codes = matchCodes(value);
  if (!codes)
    return codes.miss();
  auto mul = codes->scaled.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return miss("the codes are not of scaled activations");
  Match<QuantizedCodes> found = matchQuantizer(*codes, mul.getA(), mul.getB());
  if (found)
    return found;
  // The reason is that of the factor which has the shape of a scale.
  bool isScale = !hasRows(mul.getA()) ||
                 cast<RankedTensorType>(mul.getA().getType()).getShape() !=
                     cast<RankedTensorType>(mul.getType()).getShape();
  Match<QuantizedCodes> other = matchQuantizer(*codes, mul.getB(), mul.getA());
  return other || isScale ? other : found;
}

/// Codes, however they are bounded: what the scale is to be taken back from.
static bool areCodes(Value value) {
  return isa_and_present<onnx::ClipOp, onnx::RoundOp>(value.getDefiningOp());
}

/// Codes of x over s, or what is the same: times 1 / s, or m / limit.
static Match<QuantizedActivations> matchRoundTrip(Value value) {
  Value codes = findBase(value, areCodes);
  if (!codes || codes == value)
    return miss("the activations are not quantized");
  Match<QuantizedCodes> found = matchQuantizer(codes);
  if (!found)
    return found.miss();
  Match<std::vector<double>> factors =
      matchScaledBack(value, {codes, found->scale, found->magnitude,
                              found->activations.quantizer.getLimitAsFloat()});
  if (!factors)
    return factors.miss();
  if (factors->size() != 1 || std::fabs(factors->front() - 1.0) > 1e-6)
    return miss("the codes are scaled back by another scale");
  return found->activations;
}

Match<QuantizedCodes> bitnet::matchQuantizedCodes(Value value) {
  while (auto cast = value.getDefiningOp<onnx::CastOp>()) {
    Type type = mlir::cast<RankedTensorType>(cast.getType()).getElementType();
    if (!type.isF32() && !type.isSignlessInteger(8))
      return miss("the codes are not cast to int8 or float");
    value = cast.getInput();
  }
  Match<QuantizedCodes> found = matchQuantizer(value);
  if (found && found->activations.form == "A1")
    found->activations.form = "A3";
  return found;
}

/// Add(x, Sub(q, x)) is q to the forward pass, up to the rounding of the sum.
static Match<QuantizedActivations> matchStraightThrough(onnx::AddOp add) {
  for (auto [x, other] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())}) {
    auto sub = other.getDefiningOp<onnx::SubOp>();
    if (!sub || sub.getB() != x)
      continue;
    Match<QuantizedActivations> inner = matchRoundTrip(sub.getA());
    if (!inner)
      return inner;
    if (inner->input != x)
      return miss("the straight-through estimator is of other activations");
    if (inner->form == "A1")
      inner->form = "A2";
    return inner;
  }
  return miss("the activations are not quantized");
}

/// What `value` is cast from, if both are floats.
static Value skipFloatCast(Value value) {
  auto cast = value.getDefiningOp<onnx::CastOp>();
  return cast && isa<FloatType>(getElementTypeOrSelf(cast.getInput())) &&
                 isa<FloatType>(getElementTypeOrSelf(value))
             ? cast.getInput()
             : value;
}

Match<QuantizedActivations> bitnet::matchQuantizedActivations(Value value) {
  // A quantizer in f32 amid halves: what comes out is rounded once more.
  value = skipFloatCast(value);
  auto add = value.getDefiningOp<onnx::AddOp>();
  Match<QuantizedActivations> found =
      add ? matchStraightThrough(add) : matchRoundTrip(value);
  // What goes in is an f32 for each half.
  if (found && hasRows(skipFloatCast(found->input)) &&
      hasFloatRows(found->input))
    found->input = skipFloatCast(found->input);
  return found;
}
