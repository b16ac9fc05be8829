// Slice: ranges of indices along some axes.
#include "Elements.h"
#include "Patterns.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXKnownInts.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

namespace {
/// start, start + step, ... along a dimension, `size` numbers of it.
struct IndexRange {
  OpFoldResult start, size, step;
};
} // namespace

/// The range that start:end:step means, as in NumPy.
static IndexRange clampRange(ImplicitLocOpBuilder &b, ValueRange range,
                             Value size) {
  Value start = range[0], end = range[1], step = range[2];
  Value zero = indexOf(b, 0), one = indexOf(b, 1);
  check(b, compare(b, CmpIPredicate::ne, step, zero), "a step is 0");
  Value isBackward = compare(b, CmpIPredicate::slt, step, zero);
  Value last = fold<arith::SubIOp>(b, size, one);
  auto fromEnd = [&](Value index) {
    if (isSize(index))
      return index;
    Value isNegative = compare(b, CmpIPredicate::slt, index, zero);
    return select(b, isNegative, fold<arith::AddIOp>(b, index, size), index);
  };
  Value highest = select(b, isBackward, last, size);
  start = fold<arith::MinSIOp>(b, atLeastZero(b, fromEnd(start)), highest);
  // A range backwards may end before the first element.
  end = fromEnd(end);
  if (getConstantIntValue(step) > 0)
    end = atLeastZero(b, end);
  else
    end = fold<arith::MaxSIOp>(b, end,
                               select(b, isBackward, indexOf(b, -1), zero));
  end = fold<arith::MinSIOp>(b, end, highest);
  Value count =
      fold<arith::CeilDivSIOp>(b, fold<arith::SubIOp>(b, end, start), step);
  return {getAsOpFoldResult(start), getAsOpFoldResult(atLeastZero(b, count)),
          getAsOpFoldResult(step)};
}

/// Elements `range` of a small integer tensor; null if it isn't known which.
static Value sliceScalars(ImplicitLocOpBuilder &b, Value data,
                          const IndexRange &range) {
  std::optional<int64_t> start = getConstantIntValue(range.start),
                         size = getConstantIntValue(range.size),
                         step = getConstantIntValue(range.step);
  if (!isShapeLike(data.getType()) || !start || !size || !step)
    return {};
  SmallVector<Value> all = elementsOf(b, data), elements;
  for (int64_t index = 0; index < *size; ++index)
    elements.push_back(all[*start + index * *step]);
  auto type = RankedTensorType::get({*size}, typeOf(data).getElementType());
  return tensor::FromElementsOp::create(b, type, elements);
}

/// Reads each element, for steps that may be negative.
static Value readSlice(ImplicitLocOpBuilder &b, Value data,
                       ArrayRef<IndexRange> ranges) {
  Sizes sizes;
  SmallVector<Value> starts, steps;
  for (const IndexRange &range : ranges) {
    sizes.push_back(range.size);
    starts.push_back(indexOf(b, range.start));
    steps.push_back(indexOf(b, range.step));
  }
  return generate(
      b, sizes, typeOf(data).getElementType(), {},
      [&](ImplicitLocOpBuilder &inner, ValueRange) -> Value {
        SmallVector<Value> position = getPosition(inner, ranges.size());
        for (size_t dim = 0; dim < position.size(); ++dim)
          position[dim] = fold<arith::AddIOp>(
              inner, starts[dim],
              fold<arith::MulIOp>(inner, position[dim], steps[dim]));
        return tensor::ExtractOp::create(inner, data, position);
      });
}

static Value slice(ImplicitLocOpBuilder &b, Value data,
                   ArrayRef<IndexRange> ranges) {
  SliceRange whole(b, sizesOf(b, data));
  for (auto [dim, range] : llvm::enumerate(ranges)) {
    std::optional<int64_t> step = getConstantIntValue(range.step);
    if (!step || *step < 0)
      return readSlice(b, data, ranges);
    whole.offsets[dim] = range.start;
    whole.sizes[dim] = range.size;
    whole.strides[dim] = range.step;
  }
  return extractSlice(b, data, whole);
}

namespace {

/// Slice(x) -> extract_slice(x)
struct ConvertSlice : OpConversionPattern<onnx::SliceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t>> axes = getAxes(op);
    if (!axes)
      return refuse(rewriter, op, "axes are not constant");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value data = adaptor.getData();
    OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
    SmallVector<IndexRange> ranges;
    for (OpFoldResult size : sizesOf(b, data))
      ranges.push_back({zero, size, one});
    for (size_t index = 0; index < axes->size(); ++index) {
      int64_t axis = (*axes)[index];
      int64_t dim = axis < 0 ? axis + type.getRank() : axis;
      auto read = [&](Value numbers) {
        return toIndex(b, b.createOrFold<tensor::ExtractOp>(
                              numbers, ValueRange(indexOf(b, index))));
      };
      Value step = op.getSteps() ? read(adaptor.getSteps()) : indexOf(b, 1);
      ranges[dim] = clampRange(
          b, {read(adaptor.getStarts()), read(adaptor.getEnds()), step},
          indexOf(b, sizeOf(b, data, dim)));
    }
    Value result = typeOf(data).getRank() == 1
                       ? sliceScalars(b, data, ranges.front())
                       : Value();
    if (!result)
      result = slice(b, data, refineRanges(b, ranges, type));
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }

private:
  static std::optional<SmallVector<int64_t>> getAxes(onnx::SliceOp op) {
    if (op.getAxes())
      return onnx::getConstantInts(op.getAxes());
    int64_t count = typeOf(op.getStarts()).getDimSize(0);
    if (ShapedType::isDynamic(count))
      return {};
    return llvm::to_vector(llvm::seq<int64_t>(0, count));
  }

  static SmallVector<IndexRange> refineRanges(ImplicitLocOpBuilder &b,
                                              ArrayRef<IndexRange> ranges,
                                              RankedTensorType type) {
    Sizes sizes = llvm::map_to_vector(
        ranges, [](const IndexRange &range) { return range.size; });
    SmallVector<IndexRange> refined(ranges);
    for (auto [range, size] : llvm::zip_equal(refined, refine(b, sizes, type)))
      range.size = size;
    return refined;
  }
};

} // namespace

void bitnet::populateSlicePatterns(const TypeConverter &converter,
                                   RewritePatternSet &patterns) {
  patterns.add<ConvertSlice>(converter, patterns.getContext());
}
