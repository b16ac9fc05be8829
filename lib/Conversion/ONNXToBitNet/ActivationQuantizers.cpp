// One matcher for each line of the activation quantizer's definition.
#include "ActivationQuantizers.h"

#include "MathMatchers.h"
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

/// The floor where `magnitude` is max(|x|) of each row, or the floor.
static Match<float> matchRowMagnitude(Value magnitude, Value x) {
  auto clip = magnitude.getDefiningOp<onnx::ClipOp>();
  if (!clip || !clip.getLow())
    return miss("the magnitude of a row has no floor");
  if (clip.getHigh())
    return miss("the magnitude of a row is limited from above");
  std::optional<float> floor = getScalar(clip.getLow());
  if (!floor || !(*floor > 0.0f))
    return miss("the floor of a row's magnitude is not a positive constant");

  Match<Value> magnitudes = matchRowReduction<onnx::ReduceMaxOp>(clip.getX());
  if (!magnitudes)
    return miss("the magnitude is no row maximum: " + magnitudes.miss().reason);
  auto abs = (*magnitudes).getDefiningOp<onnx::AbsOp>();
  if (!abs)
    return miss("the maximum is not one of magnitudes");
  if (abs.getX() != x)
    return miss("the scale comes from other activations");
  return *floor;
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

/// Codes beyond the scale's limit would saturate: another quantizer.
static std::optional<Miss> checkRange(const Codes &codes, float limit) {
  bool symmetric = codes.low == -codes.high || codes.low == -codes.high - 1;
  if (static_cast<float>(codes.high) == limit && symmetric)
    return std::nullopt;
  return miss("codes are clipped to " + Twine(codes.low) + ".." +
              Twine(codes.high) + ", but the scale is for " +
              Twine(static_cast<int64_t>(limit)));
}

/// x where the codes are those of x * s, with s from the rows of x.
static Match<QuantizedActivations> matchQuantizer(const Codes &codes, Value s) {
  auto mul = codes.scaled.getDefiningOp<onnx::MulOp>();
  Value x = mul ? getOther(mul, s) : Value();
  if (!x)
    return miss("the codes are scaled back by another scale");
  if (!hasRows(x))
    return miss("the activations are not rows of f32, f16 or bf16");

  Match<Scale> scale = matchScale(s);
  if (!scale)
    return scale.miss();
  Match<float> floor = matchRowMagnitude(scale->magnitude, x);
  if (!floor)
    return floor.miss();
  if (std::optional<Miss> range = checkRange(codes, scale->limit))
    return *range;

  Type type = getElementTypeOrSelf(x);
  return QuantizedActivations{
      x,
      QuantizerAttr::get(s.getContext(), Scheme::Absmax, Granularity::Token,
                         FloatAttr::get(type, scale->limit),
                         FloatAttr::get(type, *floor), codes.low, codes.high,
                         scale->reciprocal),
      "A1"};
}

/// Div(codes of x, s)
static Match<QuantizedActivations> matchRoundTrip(Value value) {
  auto div = value.getDefiningOp<onnx::DivOp>();
  if (!div)
    return miss("the activations are not quantized");
  Match<Codes> codes = matchCodes(div.getA());
  if (!codes)
    return codes.miss();
  return matchQuantizer(*codes, div.getB());
}

Match<QuantizedCodes> bitnet::matchQuantizedCodes(Value value) {
  while (auto cast = value.getDefiningOp<onnx::CastOp>()) {
    Type type = mlir::cast<RankedTensorType>(cast.getType()).getElementType();
    if (!type.isF32() && !type.isSignlessInteger(8))
      return miss("the codes are not cast to int8 or float");
    value = cast.getInput();
  }
  Match<Codes> codes = matchCodes(value);
  if (!codes)
    return codes.miss();
  auto mul = codes->scaled.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return miss("the codes are not of scaled activations");
  Match<QuantizedActivations> found = matchQuantizer(*codes, mul.getB());
  Value scale = mul.getB();
  if (!found) {
    scale = mul.getA();
    found = matchQuantizer(*codes, scale);
  }
  if (!found)
    return found.miss();
  found->form = "A3";
  return QuantizedCodes{*found, scale};
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
