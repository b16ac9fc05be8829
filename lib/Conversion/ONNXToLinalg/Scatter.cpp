// Writing by index: ScatterND, TensorScatter.
#include "Indices.h"
#include "Patterns.h"
#include "SameSize.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

/// `tensor` with the first dimensions merged into one; inserted if there are
/// none.
static Value flattenFirst(ImplicitLocOpBuilder &b, Value tensor,
                          int64_t count) {
  if (count == 0)
    return insertUnitDims(b, tensor, {0});
  Groups groups(1);
  for (int64_t dim = 0; dim < typeOf(tensor).getRank(); ++dim)
    if (dim < count)
      groups[0].push_back(dim);
    else
      groups.push_back({dim});
  return collapse(b, tensor, groups);
}

namespace {

/// Where a slice lies in a tensor whose first dimensions are indexed.
struct SliceAt {
  SliceAt(ImplicitLocOpBuilder &b, Value tensor, ValueRange indices)
      : offsets(typeOf(tensor).getRank(), b.getIndexAttr(0)),
        sizes(sizesOf(b, tensor)), strides(offsets.size(), b.getIndexAttr(1)),
        type(typeOf(tensor).clone(
            typeOf(tensor).getShape().drop_front(indices.size()))) {
    for (size_t dim = 0; dim < indices.size(); ++dim) {
      offsets[dim] = getAsOpFoldResult(indices[dim]);
      sizes[dim] = b.getIndexAttr(1);
    }
  }
  Value extract(ImplicitLocOpBuilder &b, Value tensor) const {
    return tensor::ExtractSliceOp::create(b, type, tensor, offsets, sizes,
                                          strides);
  }
  Value insert(ImplicitLocOpBuilder &b, Value slice, Value tensor) const {
    return tensor::InsertSliceOp::create(b, slice, tensor, offsets, sizes,
                                         strides);
  }

  Sizes offsets, sizes, strides;
  RankedTensorType type;
};

/// ScatterND(x, indices, updates) -> for each tuple, insert_slice
struct ConvertScatterND : OpConversionPattern<onnx::ScatterNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ScatterNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value data = adaptor.getData(), indices = adaptor.getIndices(),
          updates = adaptor.getUpdates();
    int64_t length = typeOf(indices).getShape().back();
    int64_t tuples = typeOf(indices).getRank() - 1;
    int64_t rank = typeOf(data).getRank();
    if (ShapedType::isDynamic(length))
      return refuse(rewriter, op,
                    "the length of index tuples is "
                    "not known");
    if (typeOf(updates).getRank() != tuples + rank - length)
      return refuse(rewriter, op, "updates have the wrong rank");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    checkSizes(b, op, adaptor);
    indices = flattenFirst(b, indices, tuples);
    updates = flattenFirst(b, updates, tuples);
    SmallVector<Value> limits;
    for (int64_t k = 0; k < length; ++k)
      limits.push_back(indexOf(b, sizeOf(b, data, k)));
    checkIndices(b, indices, limits);
    auto write = [&](OpBuilder &nested, Location loc, Value n,
                     ValueRange result) {
      ImplicitLocOpBuilder inner(loc, nested);
      SmallVector<Value> tuple;
      for (int64_t k = 0; k < length; ++k) {
        Value index = tensor::ExtractOp::create(
            inner, indices, ValueRange{n, indexOf(inner, k)});
        tuple.push_back(fromFront(inner, index, limits[k]));
      }
      Value update = SliceAt(inner, updates, n).extract(inner, updates);
      SliceAt place(inner, data, tuple);
      if (op.getReduction() != "none")
        update = combine(inner, op, place.extract(inner, result[0]), update);
      scf::YieldOp::create(inner, place.insert(inner, update, result[0]));
    };
    Value count = indexOf(b, sizeOf(b, indices, 0));
    rewriter.replaceOp(op, scf::ForOp::create(b, indexOf(b, 0), count,
                                              indexOf(b, 1), data, write)
                               .getResult(0));
    return success();
  }

private:
  static void checkSizes(ImplicitLocOpBuilder &b, onnx::ScatterNDOp op,
                         OpAdaptor adaptor) {
    Value data = adaptor.getData(), indices = adaptor.getIndices(),
          updates = adaptor.getUpdates();
    constexpr StringLiteral message = "updates do not fit the indices";
    int64_t tuples = typeOf(indices).getRank() - 1;
    int64_t length = typeOf(indices).getShape().back();
    for (int64_t dim = 0; dim < typeOf(updates).getRank(); ++dim) {
      bool isTuple = dim < tuples;
      Value original = isTuple ? op.getIndices() : op.getData();
      int64_t other = isTuple ? dim : dim - tuples + length;
      if (!isSameSize(op.getUpdates(), dim, original, other))
        checkSame(b, sizeOf(b, updates, dim),
                  sizeOf(b, isTuple ? indices : data, other), message);
    }
  }

  static Value combine(ImplicitLocOpBuilder &b, onnx::ScatterNDOp op, Value old,
                       Value update) {
    Type element = typeOf(old).getElementType();
    bool isUnsigned = typeOf(op.getData()).getElementType().isUnsignedInteger();
    return generate(
        b, sizesOf(b, old), element, {old, update},
        [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
          StringRef reduction = op.getReduction();
          if (reduction == "max")
            return maxOf(inner, x[0], x[1], isUnsigned);
          if (reduction == "min")
            return minOf(inner, x[0], x[1], isUnsigned);
          bool isAdd = reduction == "add";
          if (isa<FloatType>(element))
            return isAdd ? Value(arith::AddFOp::create(inner, x[0], x[1]))
                         : Value(arith::MulFOp::create(inner, x[0], x[1]));
          return isAdd ? Value(arith::AddIOp::create(inner, x[0], x[1]))
                       : Value(arith::MulIOp::create(inner, x[0], x[1]));
        });
  }
};

/// TensorScatter(cache, update, at) -> for each batch entry and position,
/// insert_slice
struct ConvertTensorScatter : OpConversionPattern<onnx::TensorScatterOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TensorScatterOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value cache = adaptor.getPastCache(), update = adaptor.getUpdate();
    int64_t rank = typeOf(cache).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != axis &&
          !isSameSize(op.getPastCache(), dim, op.getUpdate(), dim))
        checkSame(b, sizeOf(b, cache, dim), sizeOf(b, update, dim),
                  "the update does not fit the cache");
    Value zero = indexOf(b, 0), one = indexOf(b, 1);
    Value capacity = indexOf(b, sizeOf(b, cache, axis));
    Value count = indexOf(b, sizeOf(b, update, axis));
    Value batches = indexOf(b, sizeOf(b, cache, 0));
    bool isCircular = op.getMode() == "circular";
    if (op.getWriteIndices())
      checkSame(b, sizeOf(b, adaptor.getWriteIndices(), 0),
                getAsOpFoldResult(batches),
                "there is not one write index "
                "for each batch entry");
    if (isCircular)
      check(b, compare(b, CmpIPredicate::ule, count, capacity),
            "the update is longer than the cache");

    auto writeBatch = [&](OpBuilder &nested, Location loc, Value batch,
                          ValueRange result) {
      ImplicitLocOpBuilder inner(loc, nested);
      Value start = zero;
      if (op.getWriteIndices())
        start = toIndex(inner, tensor::ExtractOp::create(
                                   inner, adaptor.getWriteIndices(), batch));
      Value limit =
          isCircular ? capacity : fold<arith::SubIOp>(inner, capacity, count);
      Value isInside = fold<arith::AndIOp>(
          inner, compare(inner, CmpIPredicate::sge, start, zero),
          compare(inner, CmpIPredicate::sle, start, limit));
      check(inner, isInside, kOutOfRange);
      auto writeOne = [&](OpBuilder &innermost, Location loc, Value n,
                          ValueRange result) {
        ImplicitLocOpBuilder last(loc, innermost);
        SliceRange range(last, sizesOf(last, update));
        range.offsets[0] = batch;
        range.offsets[axis] = n;
        range.sizes[0] = range.sizes[axis] = last.getIndexAttr(1);
        Value slice = extractSlice(last, update, range);
        Value place = fold<arith::AddIOp>(last, start, n);
        if (isCircular)
          place = fold<arith::RemUIOp>(last, place, capacity);
        range.offsets[axis] = getAsOpFoldResult(place);
        Value next = insertSlice(last, slice, result[0], range);
        scf::YieldOp::create(last, next);
      };
      auto loop = scf::ForOp::create(inner, zero, count, one, result, writeOne);
      scf::YieldOp::create(inner, loop.getResults());
    };
    rewriter.replaceOp(
        op, scf::ForOp::create(b, zero, batches, one, cache, writeBatch)
                .getResult(0));
    return success();
  }
};

} // namespace

void bitnet::populateScatterPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<ConvertScatterND, ConvertTensorScatter>(converter,
                                                       patterns.getContext());
}
