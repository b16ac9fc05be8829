// Reading by index: Gather, GatherElements, GatherND.
#include "Indices.h"
#include "Patterns.h"
#include "SameSize.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXKnownInts.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Constant elements of a small integer tensor; null for other operands.
static Value gatherScalars(ImplicitLocOpBuilder &b, onnx::GatherOp op,
                           Value data, RankedTensorType type) {
  std::optional<SmallVector<int64_t>> indices =
      onnx::getConstantInts(op.getIndices());
  if (!isShapeLike(data.getType()) || typeOf(data).getRank() != 1 ||
      !isShapeLike(type) || !indices)
    return {};
  SmallVector<Value> all = elementsOf(b, data), elements;
  int64_t size = all.size();
  for (int64_t index : *indices) {
    index = index < 0 ? index + size : index;
    if (index < 0 || index >= size)
      return {};
    elements.push_back(all[index]);
  }
  return tensor::FromElementsOp::create(b, type, elements);
}

/// A part of `data` that is one wide along `axis`, without this dimension.
static Value sliceAt(ImplicitLocOpBuilder &b, Value data, int64_t axis,
                     Value index) {
  int64_t rank = typeOf(data).getRank();
  Value size = indexOf(b, sizeOf(b, data, axis));
  index = fromFront(b, index, size);
  check(b, compare(b, CmpIPredicate::ult, index, size), kOutOfRange);
  Sizes offsets(rank, b.getIndexAttr(0)), sizes = sizesOf(b, data);
  offsets[axis] = getAsOpFoldResult(index);
  sizes[axis] = b.getIndexAttr(1);
  SmallVector<int64_t> shape(typeOf(data).getShape());
  shape.erase(shape.begin() + axis);
  auto type = RankedTensorType::get(shape, typeOf(data).getElementType());
  return tensor::ExtractSliceOp::create(b, type, data, offsets, sizes,
                                        Sizes(rank, b.getIndexAttr(1)));
}

/// A tensor [index, ..] of whole rows of `data`: each is one copy, after one
/// check of its index.
static Value copyRows(ImplicitLocOpBuilder &b, Value data, Value indices) {
  RankedTensorType type = typeOf(data);
  int64_t rank = type.getRank();
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Sizes sizes = sizesOf(b, data), unit(rank, one);
  Value count = indexOf(b, sizeOf(b, indices, 0));
  sizes[0] = getAsOpFoldResult(count);
  Value empty = emptyTensor(b, sizes, type.getElementType());
  sizes[0] = one;
  auto copyRow = [&](OpBuilder &nested, Location loc, Value position,
                     ValueRange result) {
    ImplicitLocOpBuilder inner(loc, nested);
    Value index = tensor::ExtractOp::create(inner, indices, position);
    Value row = sliceAt(inner, data, 0, index);
    Sizes offsets(rank, zero);
    offsets[0] = position;
    Value next = tensor::InsertSliceOp::create(inner, row, result[0], offsets,
                                               sizes, unit);
    scf::YieldOp::create(inner, next);
  };
  return scf::ForOp::create(b, indexOf(b, 0), count, indexOf(b, 1), empty,
                            copyRow)
      .getResult(0);
}

namespace {

struct ConvertGather : OpConversionPattern<onnx::GatherOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t rank = typeOf(data).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    Value result = gatherScalars(b, op, data, type);
    if (!result) {
      RankedTensorType indexType = typeOf(indices);
      if (indexType.hasStaticShape() && indexType.getNumElements() == 1)
        result = gatherOne(b, data, indices, axis);
      else if (axis == 0 && rank > 1)
        result = gatherRows(b, data, indices);
      else
        result = gatherElements(b, data, indices, axis);
    }
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }

private:
  static Value gatherOne(ImplicitLocOpBuilder &b, Value data, Value indices,
                         int64_t axis) {
    Value slice = sliceAt(b, data, axis, scalarOf(b, indices));
    int64_t rank = typeOf(indices).getRank();
    return insertUnitDims(
        b, slice, llvm::to_vector(llvm::seq<int64_t>(axis, axis + rank)));
  }

  static Value gatherRows(ImplicitLocOpBuilder &b, Value data, Value indices) {
    int64_t indexRank = typeOf(indices).getRank();
    Groups flat(1), groups(1);
    for (int64_t dim = 0; dim < indexRank; ++dim) {
      flat[0].push_back(dim);
      groups[0].push_back(dim);
    }
    Sizes sizes = sizesOf(b, indices);
    for (int64_t dim = 1; dim < typeOf(data).getRank(); ++dim) {
      groups.push_back({indexRank + dim - 1});
      sizes.push_back(sizeOf(b, data, dim));
    }
    Value rows = copyRows(b, data, collapse(b, indices, flat));
    return expand(b, rows, groups, sizes);
  }

  static Value gatherElements(ImplicitLocOpBuilder &b, Value data,
                              Value indices, int64_t axis) {
    int64_t rank = typeOf(data).getRank();
    int64_t indexRank = typeOf(indices).getRank();
    Value size = indexOf(b, sizeOf(b, data, axis));
    checkIndices(b, indices, size);
    Sizes sizes = sizesOf(b, data), indexSizes = sizesOf(b, indices);
    sizes.erase(sizes.begin() + axis);
    sizes.insert(sizes.begin() + axis, indexSizes.begin(), indexSizes.end());
    return generate(
        b, sizes, typeOf(data).getElementType(), {},
        [&](ImplicitLocOpBuilder &inner, ValueRange) -> Value {
          SmallVector<Value> position = getPosition(inner, sizes.size());
          ArrayRef<Value> own = ArrayRef(position).slice(axis, indexRank);
          Value index = tensor::ExtractOp::create(inner, indices, own);
          SmallVector<Value> source(position.begin(), position.begin() + axis);
          source.push_back(fromFront(inner, index, size));
          source.append(position.end() - (rank - axis - 1), position.end());
          return tensor::ExtractOp::create(inner, data, source);
        });
  }
};

//===----------------------------------------------------------------------===//
// GatherElements and GatherND
//===----------------------------------------------------------------------===//

struct ConvertGatherElements : OpConversionPattern<onnx::GatherElementsOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherElementsOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t rank = type.getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != axis && !isSameSize(op.getData(), dim, op.getIndices(), dim))
        check(b,
              compare(b, CmpIPredicate::ule,
                      indexOf(b, sizeOf(b, indices, dim)),
                      indexOf(b, sizeOf(b, data, dim))),
              "there are more indices than elements");
    Value size = indexOf(b, sizeOf(b, data, axis));
    checkIndices(b, indices, size);
    Value result = generate(
        b, refine(b, sizesOf(b, indices), type), type.getElementType(), indices,
        [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
          SmallVector<Value> position = getPosition(inner, rank);
          position[axis] = fromFront(inner, x[0], size);
          return tensor::ExtractOp::create(inner, data, position);
        });
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }
};

struct ConvertGatherND : OpConversionPattern<onnx::GatherNDOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GatherNDOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value data = adaptor.getData(), indices = adaptor.getIndices();
    int64_t length = typeOf(indices).getShape().back();
    if (ShapedType::isDynamic(length))
      return refuse(rewriter, op,
                    "the length of index tuples is "
                    "not known");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    int64_t batch = op.getBatchDims(), tuples = typeOf(indices).getRank() - 1;
    for (int64_t dim = 0; dim < batch; ++dim)
      if (!isSameSize(op.getData(), dim, op.getIndices(), dim))
        checkSame(b, sizeOf(b, data, dim), sizeOf(b, indices, dim),
                  "batches of data and indices differ");
    SmallVector<Value> limits;
    for (int64_t k = 0; k < length; ++k)
      limits.push_back(indexOf(b, sizeOf(b, data, batch + k)));
    checkIndices(b, indices, limits);
    Sizes sizes = sizesOf(b, indices);
    sizes.pop_back();
    Sizes dataSizes = sizesOf(b, data);
    sizes.append(dataSizes.begin() + batch + length, dataSizes.end());
    auto read = [&](ImplicitLocOpBuilder &inner, ValueRange) -> Value {
      SmallVector<Value> position = getPosition(inner, sizes.size());
      SmallVector<Value> tuple(position.begin(), position.begin() + tuples);
      SmallVector<Value> source(position.begin(), position.begin() + batch);
      tuple.emplace_back();
      for (int64_t k = 0; k < length; ++k) {
        tuple.back() = indexOf(inner, k);
        Value index = tensor::ExtractOp::create(inner, indices, tuple);
        source.push_back(fromFront(inner, index, limits[k]));
      }
      source.append(position.begin() + tuples, position.end());
      return tensor::ExtractOp::create(inner, data, source);
    };
    Value result =
        generate(b, refine(b, sizes, type), type.getElementType(), {}, read);
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }
};

} // namespace

void bitnet::populateGatherPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<ConvertGather, ConvertGatherElements, ConvertGatherND>(
      converter, patterns.getContext());
}
