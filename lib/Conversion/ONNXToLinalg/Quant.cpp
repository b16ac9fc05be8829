// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear.
#include "Patterns.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// A scale or zero point: one number, or one for each index of an axis, or one
/// for each block along it.
class Parameter {
public:
  struct Layout {
    int64_t axis, blockSize;
  };

  Parameter(ImplicitLocOpBuilder &b, Value value, Layout layout)
      : value(value), layout(layout) {
    isScalar = layout.blockSize == 0 && typeOf(value).hasStaticShape() &&
               typeOf(value).getNumElements() == 1;
    if (isScalar)
      scalar = scalarOf(b, value);
  }

  /// Checks that there is a number for each element of `tensor`.
  void checkSizes(ImplicitLocOpBuilder &b, const Operand &tensor) const {
    if (isScalar)
      return;
    for (int64_t dim = 0; dim < typeOf(value).getRank(); ++dim) {
      int64_t other = layout.blockSize > 0 ? dim : layout.axis;
      OpFoldResult size = sizeOf(b, tensor.value, other);
      if (layout.blockSize > 0 && dim == layout.axis)
        size = getAsOpFoldResult(fold<arith::CeilDivSIOp>(
            b, indexOf(b, size), indexOf(b, layout.blockSize)));
      checkSame(b, size, sizeOf(b, value, dim), "scales do not fit the tensor");
    }
  }

  /// Adds the tensor to those that a loop over `rank` dimensions reads.
  void addInput(ImplicitLocOpBuilder &b, int64_t rank,
                SmallVectorImpl<MappedInput> &inputs) {
    if (isScalar || layout.blockSize > 0)
      return;
    position = inputs.size();
    inputs.push_back(
        {value, AffineMap::get(rank, 0, b.getAffineDimExpr(layout.axis))});
  }

  /// The number for the element that a loop is at.
  Value read(ImplicitLocOpBuilder &b, ValueRange inputs) const {
    if (isScalar)
      return scalar;
    if (layout.blockSize == 0)
      return inputs[position];
    SmallVector<Value> indices = getPosition(b, typeOf(value).getRank());
    indices[layout.axis] = fold<arith::DivUIOp>(b, indices[layout.axis],
                                                indexOf(b, layout.blockSize));
    return tensor::ExtractOp::create(b, value, indices);
  }

private:
  Value value, scalar;
  Layout layout;
  bool isScalar;
  int64_t position = 0;
};

} // namespace

static Parameter::Layout layoutOf(int64_t axis, int64_t blockSize,
                                  Value tensor) {
  return {axis < 0 ? axis + typeOf(tensor).getRank() : axis, blockSize};
}

/// saturate(roundeven(x / scale) + zero), where zero is an element of type
/// `to`.
static Value quantize(ImplicitLocOpBuilder &b, ValueRange x, Type to) {
  Value code =
      math::RoundEvenOp::create(b, arith::DivFOp::create(b, x[0], x[1]));
  if (x.size() > 2)
    code = arith::AddFOp::create(b, code,
                                 convertElement(b, x[2], to, code.getType()));
  return saturateFloat(b, code, to);
}

namespace {

/// DequantizeLinear(x, scale, zero) -> (x - zero) * scale
struct ConvertDequantizeLinear : OpConversionPattern<onnx::DequantizeLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::DequantizeLinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    Type code = op.getX().getType().getElementType();
    Type result = op.getType().getElementType();
    Parameter::Layout layout = layoutOf(op.getAxis(), op.getBlockSize(), x);
    Parameter scale(b, adaptor.getXScale(), layout);
    std::optional<Parameter> zero;
    if (op.getXZeroPoint())
      zero.emplace(b, adaptor.getXZeroPoint(), layout);
    int64_t rank = typeOf(x).getRank();
    SmallVector<MappedInput> inputs = {{x, b.getMultiDimIdentityMap(rank)}};
    scale.checkSizes(b, {op.getX(), x});
    scale.addInput(b, rank, inputs);
    if (zero) {
      zero->checkSizes(b, {op.getX(), x});
      zero->addInput(b, rank, inputs);
    }
    Type i32 = b.getI32Type();
    auto dequantize = [&](ImplicitLocOpBuilder &inner,
                          ValueRange args) -> Value {
      Value y = convertElement(inner, args[0], code, i32);
      if (zero)
        y = fold<arith::SubIOp>(
            inner, y,
            convertElement(inner, zero->read(inner, args), code, i32));
      Value factor = scale.read(inner, args);
      y = arith::SIToFPOp::create(inner, factor.getType(), y);
      return convertFloat(inner, arith::MulFOp::create(inner, y, factor),
                          result);
    };
    Value y = generateFrom(b, sizesOf(b, x), result, inputs, dequantize);
    rewriter.replaceOp(op, castTo(b, y, op.getType()));
    return success();
  }
};

struct ConvertQuantizeLinear : OpConversionPattern<onnx::QuantizeLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::QuantizeLinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    Type from = op.getX().getType().getElementType();
    Type to = op.getType().getElementType();
    Parameter::Layout layout = layoutOf(op.getAxis(), op.getBlockSize(), x);
    Parameter scale(b, adaptor.getYScale(), layout);
    Type computed = op.getYScale().getType().getElementType();
    if (!isa<FloatType>(computed))
      return refuse(rewriter, op, "the scale is an integer");
    std::optional<Parameter> zero;
    if (op.getYZeroPoint())
      zero.emplace(b, adaptor.getYZeroPoint(), layout);
    int64_t rank = typeOf(x).getRank();
    SmallVector<MappedInput> inputs = {{x, b.getMultiDimIdentityMap(rank)}};
    scale.checkSizes(b, {op.getX(), x});
    scale.addInput(b, rank, inputs);
    if (zero) {
      zero->checkSizes(b, {op.getX(), x});
      zero->addInput(b, rank, inputs);
    }
    auto body = [&](ImplicitLocOpBuilder &inner, ValueRange args) -> Value {
      SmallVector<Value> operands = {
          convertElement(inner, args[0], from, computed),
          scale.read(inner, args)};
      if (zero)
        operands.push_back(zero->read(inner, args));
      return quantize(inner, operands, to);
    };
    Value y = generateFrom(b, sizesOf(b, x), getComputedType(to), inputs, body);
    rewriter.replaceOp(
        op, castTo(b, y, getTypeConverter()->convertType(op.getType())));
    return success();
  }
};

/// DynamicQuantizeLinear(x) -> the range of x, then its codes
struct ConvertDynamicQuantizeLinear
    : OpConversionPattern<onnx::DynamicQuantizeLinearOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::DynamicQuantizeLinearOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    Type f32 = b.getF32Type(), code = op.getY().getType().getElementType();
    Value high = extreme(b, x, /*isMax=*/true);
    Value low = extreme(b, x, /*isMax=*/false);
    Value scale = arith::DivFOp::create(b, arith::SubFOp::create(b, high, low),
                                        numberOf(b, f32, 255));
    // All elements are 0: any scale will do, but 0.
    Value isFlat = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, scale,
                                         numberOf(b, f32, 0));
    Value divisor = select(b, isFlat, numberOf(b, f32, 1), scale);
    Value zero = quantize(b, {arith::NegFOp::create(b, low), divisor}, code);
    Value y = generate(b, sizesOf(b, x), getComputedType(code), x,
                       [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                         return quantize(inner, {x[0], divisor, zero}, code);
                       });
    auto scalar = [&](Value value) -> Value {
      return tensor::FromElementsOp::create(
          b, RankedTensorType::get({}, value.getType()), value);
    };
    Type type = getTypeConverter()->convertType(op.getY().getType());
    rewriter.replaceOp(op, {castTo(b, y, type), scalar(scale), scalar(zero)});
    return success();
  }

private:
  /// The largest or smallest element, or 0 if it lies beyond.
  static Value extreme(ImplicitLocOpBuilder &b, Value x, bool isMax) {
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank()));
    Value result = reduceElements(
        b, x, all, b.getF32FloatAttr(0),
        [&](ImplicitLocOpBuilder &inner, ValueRange x) {
          return isMax ? maxOf(inner, x[1], x[0], /*isUnsigned=*/false)
                       : minOf(inner, x[1], x[0], /*isUnsigned=*/false);
        });
    return scalarOf(b, result);
  }
};

} // namespace

void bitnet::populateQuantPatterns(const TypeConverter &converter,
                                   RewritePatternSet &patterns) {
  patterns.add<ConvertDequantizeLinear, ConvertDynamicQuantizeLinear,
               ConvertQuantizeLinear>(converter, patterns.getContext());
}
