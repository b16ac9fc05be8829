// Softmax, LogSoftmax, LayerNormalization, RMSNormalization.
#include "Normalization.h"

#include "Patterns.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;

Type bitnet::getPreciseType(Type type) {
  return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext())
                                       : type;
}

Value bitnet::convertFloats(ImplicitLocOpBuilder &b, Value tensor, Type type) {
  if (typeOf(tensor).getElementType() == type)
    return tensor;
  return generate(b, sizesOf(b, tensor), type, tensor,
                  [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                    return convertFloat(inner, x[0], type);
                  });
}

/// `reduced` along `axes`, which stay as ones.
static Value reduceKeeping(ImplicitLocOpBuilder &b, Value tensor,
                           ArrayRef<int64_t> axes, TypedAttr init, Body body) {
  return insertUnitDims(b, reduceElements(b, tensor, axes, init, body), axes);
}

/// A map over tensors of one shape, but for ones.
static Value mapLike(ImplicitLocOpBuilder &b, Value like, ValueRange others,
                     Body body) {
  SmallVector<Operand> operands = {{like, like}};
  for (Value other : others)
    operands.push_back({like, other});
  return mapElements(b, typeOf(like), operands, body);
}

static Value sum(ImplicitLocOpBuilder &b, ValueRange x) {
  return arith::AddFOp::create(b, x[0], x[1]);
}

static Value largest(ImplicitLocOpBuilder &b, Value x, int64_t axis) {
  Type type = typeOf(x).getElementType();
  return reduceKeeping(b, x, {axis}, numberAttr(type, -INFINITY),
                       [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                         return arith::MaximumFOp::create(inner, x[0], x[1]);
                       });
}

static Value subtract(ImplicitLocOpBuilder &b, ValueRange x) {
  return arith::SubFOp::create(b, x[0], x[1]);
}

Value bitnet::softmax(ImplicitLocOpBuilder &b, Value x, int64_t axis) {
  TypedAttr zero = numberAttr(typeOf(x).getElementType(), 0);
  Value power = mapLike(b, x, largest(b, x, axis),
                        [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                          return math::ExpOp::create(inner, subtract(inner, x));
                        });
  Value total = reduceKeeping(b, power, {axis}, zero, sum);
  return mapLike(b, power, total,
                 [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                   return arith::DivFOp::create(inner, x[0], x[1]);
                 });
}

/// x - max - ln(sum(e^(x - max)))
static Value logSoftmax(ImplicitLocOpBuilder &b, Value x, int64_t axis) {
  TypedAttr zero = numberAttr(typeOf(x).getElementType(), 0);
  Value shifted = mapLike(b, x, largest(b, x, axis), subtract);
  Value total =
      reduceKeeping(b, shifted, {axis}, zero,
                    [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                      return arith::AddFOp::create(
                          inner, math::ExpOp::create(inner, x[0]), x[1]);
                    });
  return mapLike(b, shifted, total,
                 [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                   return arith::SubFOp::create(
                       inner, x[0], math::LogOp::create(inner, x[1]));
                 });
}

namespace {

template <typename OpTy> struct ConvertSoftmax : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element = op.getType().getElementType();
    int64_t rank = op.getType().getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    Value x = convertFloats(b, adaptor.getInput(), getPreciseType(element));
    Value result = std::is_same_v<OpTy, onnx::SoftmaxOp>
                       ? softmax(b, x, axis)
                       : logSoftmax(b, x, axis);
    rewriter.replaceOp(
        op, castTo(b, convertFloats(b, result, element), op.getType()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// LayerNormalization and RMSNormalization
//===----------------------------------------------------------------------===//

/// The dimensions from `axis` to the last.
SmallVector<int64_t> trailingAxes(int64_t axis, int64_t rank) {
  return llvm::to_vector(
      llvm::seq<int64_t>(axis < 0 ? axis + rank : axis, rank));
}

} // namespace

/// The mean along `axes` of elements, or of their squares.
static Value meanOf(ImplicitLocOpBuilder &b, Value x, ArrayRef<int64_t> axes,
                    bool ofSquares) {
  Type type = typeOf(x).getElementType();
  Value total =
      reduceKeeping(b, x, axes, numberAttr(type, 0),
                    [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                      Value next = x[0];
                      if (ofSquares)
                        next = arith::MulFOp::create(inner, next, next);
                      return arith::AddFOp::create(inner, next, x[1]);
                    });
  Sizes counted;
  for (int64_t axis : axes)
    counted.push_back(sizeOf(b, x, axis));
  Value count = convertElement(
      b, fromIndex(b, indexOf(b, productOf(b, counted)), b.getI64Type()),
      b.getI64Type(), type);
  return generate(b, sizesOf(b, total), type, total,
                  [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                    return arith::DivFOp::create(inner, x[0], count);
                  });
}

/// sqrt(x + epsilon)
static Value rootOf(ImplicitLocOpBuilder &b, Value x, const APFloat &epsilon) {
  Type type = typeOf(x).getElementType();
  return generate(b, sizesOf(b, x), type, x,
                  [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                    Value offset =
                        numberOf(inner, type, epsilon.convertToDouble());
                    return math::SqrtOp::create(
                        inner, arith::AddFOp::create(inner, x[0], offset));
                  });
}

/// x * scale, + bias if there is one; the product is in the scale's type.
static Value applyParameters(ImplicitLocOpBuilder &b, RankedTensorType type,
                             ArrayRef<Operand> operands) {
  return mapElements(b, type, operands,
                     [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                       Value y = convertFloat(inner, x[0], x[1].getType());
                       y = arith::MulFOp::create(inner, y, x[1]);
                       if (x.size() == 2)
                         return y;
                       return arith::AddFOp::create(inner, y, x[2]);
                     });
}

namespace {

struct ConvertLayerNormalization
    : OpConversionPattern<onnx::LayerNormalizationOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::LayerNormalizationOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getY().getType());
    SmallVector<int64_t> axes = trailingAxes(op.getAxis(), type.getRank());
    Type precise = getPreciseType(type.getElementType());
    Value x = convertFloats(b, adaptor.getX(), precise);
    Value mean = meanOf(b, x, axes, /*ofSquares=*/false);
    Value centered = mapLike(b, x, mean, subtract);
    Value variance = meanOf(b, centered, axes, /*ofSquares=*/true);
    Value deviation = rootOf(b, variance, op.getEpsilon());
    Value normal =
        mapLike(b, centered, deviation,
                [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                  return arith::DivFOp::create(inner, x[0], x[1]);
                });
    SmallVector<Operand> operands = {{op.getX(), normal},
                                     {op.getScale(), adaptor.getScale()}};
    if (op.getBias())
      operands.push_back({op.getBias(), adaptor.getBias()});
    SmallVector<Value> results = {applyParameters(b, type, operands)};
    if (!op.getStatistics().empty())
      results.push_back(mean);
    if (op.getStatistics().size() > 1)
      results.push_back(
          generate(b, sizesOf(b, deviation), precise, deviation,
                   [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                     return arith::DivFOp::create(
                         inner, numberOf(inner, precise, 1), x[0]);
                   }));
    for (auto [value, result] : llvm::zip_equal(results, op->getResults()))
      value =
          castTo(b, convertFloats(b, value, typeOf(result).getElementType()),
                 result.getType());
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ConvertRMSNormalization : OpConversionPattern<onnx::RMSNormalizationOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::RMSNormalizationOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType type = op.getX().getType();
    SmallVector<int64_t> axes = trailingAxes(op.getAxis(), type.getRank());
    Value x =
        convertFloats(b, adaptor.getX(), getPreciseType(type.getElementType()));
    Value root =
        rootOf(b, meanOf(b, x, axes, /*ofSquares=*/true), op.getEpsilon());
    Value normal = mapLike(
        b, x, root, [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
          return arith::DivFOp::create(inner, x[0], x[1]);
        });
    rewriter.replaceOp(op,
                       applyParameters(b, op.getType(),
                                       {{op.getX(), normal},
                                        {op.getScale(), adaptor.getScale()}}));
    return success();
  }
};

} // namespace

void bitnet::populateNormalizationPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns
      .add<ConvertLayerNormalization, ConvertRMSNormalization,
           ConvertSoftmax<onnx::LogSoftmaxOp>, ConvertSoftmax<onnx::SoftmaxOp>>(
          converter, patterns.getContext());
}
