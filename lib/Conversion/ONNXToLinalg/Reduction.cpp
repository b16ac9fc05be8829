// Reduce*, ArgMax, ArgMin, CumSum.
#include "Patterns.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXKnownInts.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using B = ImplicitLocOpBuilder;
using namespace bitnet::onnx;

//===----------------------------------------------------------------------===//
// What a reduction computes: one overload per operator that differs
//===----------------------------------------------------------------------===//

static Value add(B &b, Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(b, a, c);
  return fold<arith::AddIOp>(b, a, c);
}

static Value multiply(B &b, Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::MulFOp::create(b, a, c);
  return fold<arith::MulIOp>(b, a, c);
}

static bool isUnsigned(Operation *op) {
  Type element = getElementTypeOrSelf(op->getOperand(0).getType());
  return element.isUnsignedInteger() || element.isInteger(1);
}

/// An element as it takes part.
static Value prepare(Operation *op, B &b, Value x) {
  if (isa<ReduceSumSquareOp, ReduceL2Op>(op))
    return multiply(b, x, x);
  if (!isa<ReduceL1Op>(op) || isUnsigned(op))
    return x;
  if (isa<FloatType>(x.getType()))
    return math::AbsFOp::create(b, x);
  return math::AbsIOp::create(b, x);
}

static Value combine(Operation *op, B &b, Value x, Value sum) {
  bool isFloat = isa<FloatType>(x.getType());
  if (isa<ReduceMaxOp>(op))
    return isFloat ? Value(arith::MaximumFOp::create(b, x, sum))
                   : maxOf(b, x, sum, isUnsigned(op));
  if (isa<ReduceMinOp>(op))
    return isFloat ? Value(arith::MinimumFOp::create(b, x, sum))
                   : minOf(b, x, sum, isUnsigned(op));
  if (isa<ReduceProdOp>(op))
    return multiply(b, x, sum);
  return add(b, x, sum);
}

/// What combining starts from.
static TypedAttr startOf(Operation *op, Type type) {
  if (!isa<ReduceMaxOp, ReduceMinOp>(op))
    return numberAttr(type, isa<ReduceProdOp>(op) ? 1 : 0);
  bool isMax = isa<ReduceMaxOp>(op);
  if (isa<FloatType>(type))
    return numberAttr(type, isMax ? -INFINITY : INFINITY);
  unsigned width = type.getIntOrFloatBitWidth();
  APInt lowest = isUnsigned(op) ? APInt::getMinValue(width)
                                : APInt::getSignedMinValue(width);
  APInt highest = isUnsigned(op) ? APInt::getMaxValue(width)
                                 : APInt::getSignedMaxValue(width);
  return IntegerAttr::get(type, isMax ? lowest : highest);
}

static Value finish(Operation *op, B &b, Value x, Value count) {
  if (isa<ReduceL2Op>(op))
    return math::SqrtOp::create(b, x);
  if (!isa<ReduceMeanOp>(op))
    return x;
  Value divisor = convertElement(b, fromIndex(b, count, b.getI64Type()),
                                 b.getI64Type(), x.getType());
  if (isa<FloatType>(x.getType()))
    return arith::DivFOp::create(b, x, divisor);
  // The mean of nothing is not asked for; it must not trap.
  divisor = maxOf(b, divisor, numberOf(b, x.getType(), 1), false);
  return isUnsigned(op) ? fold<arith::DivUIOp>(b, x, divisor)
                        : fold<arith::DivSIOp>(b, x, divisor);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The type that sums of elements are computed in.
static Type getSumType(Type type) {
  return type.isF16() || type.isBF16() ? Float32Type::get(type.getContext())
                                       : type;
}

/// The reduction of a vector of integers, as scalars.
static Value reduceScalars(B &b, Operation *op, Value data) {
  SmallVector<Value> elements = elementsOf(b, data);
  Value sum =
      arith::ConstantOp::create(b, startOf(op, typeOf(data).getElementType()));
  for (Value x : elements)
    sum = combine(op, b, prepare(op, b, x), sum);
  return finish(op, b, sum, indexOf(b, elements.size()));
}

static Value reduce(B &b, Operation *op, Value data, ArrayRef<int64_t> axes) {
  Type element = typeOf(data).getElementType(), type = getSumType(element);
  Value reduced = reduceElements(
      b, data, axes, startOf(op, type), [&](B &inner, ValueRange x) {
        Value next =
            isa<FloatType>(type) ? convertFloat(inner, x[0], type) : x[0];
        return combine(op, inner, prepare(op, inner, next), x[1]);
      });
  if (!isa<ReduceL2Op, ReduceMeanOp>(op) && type == element)
    return reduced;
  Sizes counted;
  for (int64_t axis : axes)
    counted.push_back(sizeOf(b, data, axis));
  Value count = indexOf(b, productOf(b, counted));
  return generate(
      b, sizesOf(b, reduced), element, reduced, [&](B &inner, ValueRange x) {
        Value result = finish(op, inner, x[0], count);
        return isa<FloatType>(element) ? convertFloat(inner, result, element)
                                       : result;
      });
}

namespace {

template <typename OpTy> struct ConvertReduce : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t>> axes = SmallVector<int64_t>();
    if (op.getAxes())
      axes = getConstantInts(op.getAxes());
    if (!axes)
      return refuse(rewriter, op, "axes are not constant");
    B b(op.getLoc(), rewriter);
    auto type =
        this->getTypeConverter()->template convertType<RankedTensorType>(
            op.getType());
    Value data = adaptor.getData();
    int64_t rank = typeOf(data).getRank();
    for (int64_t &axis : *axes)
      axis = axis < 0 ? axis + rank : axis;
    if (axes->empty() && op.getNoopWithEmptyAxes() == 0)
      axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    llvm::sort(*axes);
    if (isShapeLike(data.getType()) && axes->size() == 1) {
      rewriter.replaceOpWithNewOp<tensor::FromElementsOp>(
          op, type, ValueRange(reduceScalars(b, op, data)));
      return success();
    }
    Value result = reduce(b, op, data, *axes);
    if (op.getKeepdims() != 0)
      result = insertUnitDims(b, result, *axes);
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }
};

/// ArgMax(x) -> generic that carries the best element and its index
template <typename OpTy> struct ConvertArgReduce : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    B b(op.getLoc(), rewriter);
    Value data = adaptor.getData();
    int64_t rank = typeOf(data).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    check(b,
          compare(b, arith::CmpIPredicate::ne,
                  indexOf(b, sizeOf(b, data, axis)), indexOf(b, 0)),
          "there is no element to choose");
    Value result = findBest(b, op, data, axis);
    if (op.getKeepdims() != 0)
      result = insertUnitDims(b, result, {axis});
    rewriter.replaceOp(op, castTo(b, result, op.getType()));
    return success();
  }

private:
  static constexpr bool isMax = std::is_same_v<OpTy, ArgMaxOp>;

  /// Whether x takes the place of the best element so far.
  static Value isBetter(B &b, OpTy op, Value x, Value best) {
    bool takesEqual = op.getSelectLastIndex() != 0;
    using arith::CmpFPredicate;
    using arith::CmpIPredicate;
    if (isa<FloatType>(x.getType())) {
      auto strict = isMax ? CmpFPredicate::OGT : CmpFPredicate::OLT;
      auto loose = isMax ? CmpFPredicate::OGE : CmpFPredicate::OLE;
      return arith::CmpFOp::create(b, takesEqual ? loose : strict, x, best);
    }
    auto strict = isMax ? CmpIPredicate::sgt : CmpIPredicate::slt;
    auto loose = isMax ? CmpIPredicate::sge : CmpIPredicate::sle;
    if (isUnsigned(op)) {
      strict = isMax ? CmpIPredicate::ugt : CmpIPredicate::ult;
      loose = isMax ? CmpIPredicate::uge : CmpIPredicate::ule;
    }
    return compare(b, takesEqual ? loose : strict, x, best);
  }

  static Value findBest(B &b, OpTy op, Value data, int64_t axis) {
    int64_t rank = typeOf(data).getRank();
    SmallVector<AffineExpr> kept;
    Sizes sizes;
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    loops[axis] = utils::IteratorType::reduction;
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (dim == axis)
        continue;
      kept.push_back(b.getAffineDimExpr(dim));
      sizes.push_back(sizeOf(b, data, dim));
    }
    AffineMap map = AffineMap::get(rank, 0, kept, b.getContext());
    Value best = emptyTensor(b, sizes, typeOf(data).getElementType());
    Value where = filledTensor(b, sizes, b.getI64IntegerAttr(-1));
    auto choose = [&](OpBuilder &nested, Location loc, ValueRange x) {
      B inner(loc, nested);
      Value index = fromIndex(inner, linalg::IndexOp::create(inner, axis),
                              inner.getI64Type());
      Value isFirst = compare(inner, arith::CmpIPredicate::eq, x[2],
                              numberOf(inner, inner.getI64Type(), -1));
      Value isNew =
          fold<arith::OrIOp>(inner, isFirst, isBetter(inner, op, x[0], x[1]));
      linalg::YieldOp::create(inner,
                              ValueRange{select(inner, isNew, x[0], x[1]),
                                         select(inner, isNew, index, x[2])});
    };
    return linalg::GenericOp::create(
               b, TypeRange{best.getType(), where.getType()}, data,
               ValueRange{best, where},
               ArrayRef<AffineMap>{b.getMultiDimIdentityMap(rank), map, map},
               loops, choose)
        .getResult(1);
  }
};

/// CumSum(x) -> a loop over slices along the axis
struct ConvertCumSum : OpConversionPattern<CumSumOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(CumSumOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    std::optional<SmallVector<int64_t>> axes = getConstantInts(op.getAxis());
    if (!axes || axes->size() != 1)
      return refuse(rewriter, op, "the axis is not constant");
    B b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    int64_t rank = typeOf(x).getRank();
    int64_t axis = axes->front() < 0 ? axes->front() + rank : axes->front();
    if (axis < 0 || axis >= rank)
      return refuse(rewriter, op, "the axis is out of range");
    rewriter.replaceOp(op, sumUp(b, op, x, axis));
    return success();
  }

private:
  /// Position p of the result is that before it plus x[p], or plus the element
  /// before if the sums are exclusive.
  static Value sumUp(B &b, CumSumOp op, Value x, int64_t axis) {
    Type element = typeOf(x).getElementType();
    bool isExclusive = op.getExclusive() != 0, isReverse = op.getReverse() != 0;
    Value one = indexOf(b, 1), count = indexOf(b, sizeOf(b, x, axis));
    SliceRange range(b, sizesOf(b, x));
    range.sizes[axis] = b.getIndexAttr(1);
    Value start = x;
    if (isExclusive)
      start = filledTensor(b, sizesOf(b, x), b.getZeroAttr(element));
    auto step = [&](OpBuilder &nested, Location loc, Value n,
                    ValueRange state) {
      B inner(loc, nested);
      Value place = n, before = fold<arith::SubIOp>(inner, n, one);
      if (isReverse) {
        before = fold<arith::SubIOp>(inner, count, n);
        place = fold<arith::SubIOp>(inner, before, one);
      }
      range.offsets[axis] = before;
      Value sum = extractSlice(inner, state[0], range);
      Value next = isExclusive ? extractSlice(inner, x, range) : Value();
      range.offsets[axis] = place;
      if (!next)
        next = extractSlice(inner, state[0], range);
      Value total = generate(inner, range.sizes, element, {sum, next},
                             [](B &innermost, ValueRange x) {
                               return add(innermost, x[0], x[1]);
                             });
      scf::YieldOp::create(inner, insertSlice(inner, total, state[0], range));
    };
    return scf::ForOp::create(b, one, count, one, start, step).getResult(0);
  }
};

} // namespace

void bitnet::populateReductionPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns
      .add<ConvertArgReduce<ArgMaxOp>, ConvertArgReduce<ArgMinOp>,
           ConvertCumSum, ConvertReduce<ReduceL1Op>, ConvertReduce<ReduceL2Op>,
           ConvertReduce<ReduceMaxOp>, ConvertReduce<ReduceMeanOp>,
           ConvertReduce<ReduceMinOp>, ConvertReduce<ReduceProdOp>,
           ConvertReduce<ReduceSumOp>, ConvertReduce<ReduceSumSquareOp>>(
          converter, patterns.getContext());
}
