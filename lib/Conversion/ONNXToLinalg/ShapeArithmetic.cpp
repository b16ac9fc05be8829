// Shapes as tensors: Shape, Size, Range.
#include "Elements.h"
#include "Patterns.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace bitnet;

namespace {

/// Shape(x) -> from_elements(dim x, 0; dim x, 1; ...)
struct ConvertShape : OpConversionPattern<onnx::ShapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ShapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    int64_t rank = op.getData().getType().getRank();
    auto clamp = [&](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
    };
    int64_t start = clamp(op.getStart());
    int64_t end = std::max(start, clamp(op.getEnd().value_or(rank)));
    SmallVector<Value> sizes;
    for (int64_t dim = start; dim < end; ++dim)
      sizes.push_back(fromIndex(
          b, indexOf(b, sizeOf(b, adaptor.getData(), dim)), b.getI64Type()));
    auto type = RankedTensorType::get({end - start}, b.getI64Type());
    Value shape = tensor::FromElementsOp::create(b, type, sizes);
    rewriter.replaceOp(op, castTo(b, shape, op.getType()));
    return success();
  }
};

/// Size(x) -> the product of all sizes
struct ConvertSize : OpConversionPattern<onnx::SizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    OpFoldResult size = productOf(b, sizesOf(b, adaptor.getData()));
    Value count = fromIndex(b, indexOf(b, size), b.getI64Type());
    rewriter.replaceOpWithNewOp<tensor::FromElementsOp>(
        op, cast<RankedTensorType>(op.getType()), ValueRange(count));
    return success();
  }
};

} // namespace

/// max(0, ceil((limit - start) / delta)), as an index.
static Value countSteps(ImplicitLocOpBuilder &b, ValueRange range) {
  Value start = range[0], limit = range[1], delta = range[2];
  Value zero = numberOf(b, delta.getType(), 0);
  Value count;
  if (isa<FloatType>(delta.getType())) {
    Value isMoving =
        b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::UNE, delta, zero);
    check(b, isMoving, "delta is zero");
    Value steps =
        arith::DivFOp::create(b, arith::SubFOp::create(b, limit, start), delta);
    // Nothing that fits into memory has more than 2^48 elements.
    Value bound = numberOf(b, delta.getType(), 281474976710656.0);
    Value isFinite =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, steps, bound);
    check(b, isFinite, "the range has no end");
    steps = math::CeilOp::create(b, steps);
    Value isPositive =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, steps, zero);
    steps = select(b, isPositive, steps, zero);
    count = toIndex(b, arith::FPToSIOp::create(b, b.getI64Type(), steps));
  } else {
    check(b, compare(b, arith::CmpIPredicate::ne, delta, zero),
          "delta is zero");
    Value step = toIndex(b, delta);
    Value distance =
        fold<arith::SubIOp>(b, toIndex(b, limit), toIndex(b, start));
    count = fold<arith::CeilDivSIOp>(b, distance, step);
  }
  return atLeastZero(b, count);
}

namespace {

/// Range(start, limit, delta) -> start + i * delta
struct ConvertRange : OpConversionPattern<onnx::RangeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::RangeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getStart().getType().getElementType().isUnsignedInteger())
      return refuse(rewriter, op, "counts in unsigned integers");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> range;
    for (Value operand : adaptor.getOperands())
      range.push_back(scalarOf(b, operand));
    Type element = range[0].getType();
    auto type = cast<RankedTensorType>(op.getType());
    Sizes sizes = refine(b, {getAsOpFoldResult(countSteps(b, range))}, type);
    Value result = generate(
        b, sizes, element, {}, [&](ImplicitLocOpBuilder &inner, ValueRange) {
          Value step = fromIndex(inner, linalg::IndexOp::create(inner, 0),
                                 inner.getI64Type());
          if (auto floating = dyn_cast<FloatType>(element)) {
            step = arith::SIToFPOp::create(inner, floating, step);
            step = arith::MulFOp::create(inner, step, range[2]);
            return Value(arith::AddFOp::create(inner, range[0], step));
          }
          if (element != inner.getI64Type())
            step = arith::TruncIOp::create(inner, element, step);
          step = fold<arith::MulIOp>(inner, step, range[2]);
          return fold<arith::AddIOp>(inner, range[0], step);
        });
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }
};

} // namespace

void bitnet::populateShapeArithmeticPatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<ConvertRange, ConvertShape, ConvertSize>(converter,
                                                        patterns.getContext());
}
