// The same elements in another shape: Reshape, Flatten, Squeeze, Unsqueeze.
#include "Elements.h"
#include "Patterns.h"
#include "ReshapeGroups.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXKnownInts.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

/// The elements of a small integer tensor in another shape; null for others.
static Value reshapeScalars(ImplicitLocOpBuilder &b, Value value,
                            RankedTensorType type) {
  if (!isShapeLike(type) || !isShapeLike(value.getType()) ||
      typeOf(value).getNumElements() != type.getNumElements())
    return {};
  return tensor::FromElementsOp::create(b, type, elementsOf(b, value));
}

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

namespace {

/// Finds the sizes of the result of a Reshape.
class ReshapeSizes {
public:
  ReshapeSizes(ImplicitLocOpBuilder &b, onnx::ReshapeOp op, Value data,
               Value shape)
      : b(b), op(op), data(data), groups(op.getData(), op.getReshaped()) {
    RankedTensorType type = op.getReshaped().getType();
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (!type.isDynamicDim(dim))
        sizes.push_back(b.getIndexAttr(type.getDimSize(dim)));
      else if (groups.source[dim] >= 0)
        sizes.push_back(sizeOf(b, data, groups.source[dim]));
      else
        sizes.push_back(readSize(shape, dim));
    }
    if (!groups.isProven)
      finishLastGroup();
  }

  const ReshapeGroups &getGroups() const { return groups; }
  ArrayRef<OpFoldResult> getSizes() const { return sizes; }

private:
  /// What `shape` says; -1 and 0 are told apart when the program runs unless
  /// they are known.
  OpFoldResult readSize(Value shape, int64_t dim) {
    Value size = toIndex(b, isShapeLike(shape.getType())
                                ? elementsOf(b, shape)[dim]
                                : b.createOrFold<tensor::ExtractOp>(
                                      shape, ValueRange(indexOf(b, dim))));
    bool isKept = op.getAllowzero() == 0 && dim < typeOf(data).getRank();
    std::optional<int64_t> constant = getConstantIntValue(size);
    if (!isKept || (constant && *constant != 0))
      return getAsOpFoldResult(size);
    Value isZero = compare(b, CmpIPredicate::eq, size, indexOf(b, 0));
    return getAsOpFoldResult(
        select(b, isZero, indexOf(b, sizeOf(b, data, dim)), size));
  }

  /// Puts in what is left for a size of -1, and checks the number of elements.
  void finishLastGroup() {
    Sizes fromSizes, toSizes;
    for (int64_t dim : groups.from.back())
      fromSizes.push_back(sizeOf(b, data, dim));
    for (int64_t dim : groups.to.back())
      toSizes.push_back(sizes[dim]);
    OpFoldResult total = productOf(b, fromSizes);
    Value minusOne = indexOf(b, -1), one = indexOf(b, 1), zero = indexOf(b, 0);
    Value rest = one;
    for (OpFoldResult size : toSizes)
      rest = fold<arith::MulIOp>(b, rest, orOne(size));
    Value divisor =
        select(b, compare(b, CmpIPredicate::eq, rest, zero), one, rest);
    for (auto [dim, size] : llvm::zip_equal(groups.to.back(), toSizes)) {
      Value index = indexOf(b, size);
      if (isSize(index))
        continue;
      Value isFree = compare(b, CmpIPredicate::eq, index, minusOne);
      Value inferred = fold<arith::DivUIOp>(b, indexOf(b, total), divisor);
      index = select(b, isFree, inferred, index);
      checkNotNegative(b, index, "a size is negative");
      sizes[dim] = size = getAsOpFoldResult(index);
    }
    checkSame(b, total, productOf(b, toSizes),
              "cannot reshape to another number of elements");
  }

  /// A size as a factor; 1 for -1.
  Value orOne(OpFoldResult size) {
    Value index = indexOf(b, size);
    if (isSize(index))
      return index;
    Value isFree = compare(b, CmpIPredicate::eq, index, indexOf(b, -1));
    return select(b, isFree, indexOf(b, 1), index);
  }

  ImplicitLocOpBuilder &b;
  onnx::ReshapeOp op;
  Value data;
  ReshapeGroups groups;
  Sizes sizes;
};

/// Reshape(x, shape) -> expand_shape(collapse_shape(x))
struct ConvertReshape : OpConversionPattern<onnx::ReshapeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ReshapeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value data = adaptor.getData();
    if (Value scalars = reshapeScalars(b, data, type)) {
      rewriter.replaceOp(op, scalars);
      return success();
    }
    ReshapeSizes sizes(b, op, data, adaptor.getShape());
    Value result = reshape(b, data, sizes);
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }

private:
  static Value reshape(ImplicitLocOpBuilder &b, Value data,
                       const ReshapeSizes &sizes) {
    Groups from = sizes.getGroups().from, to = sizes.getGroups().to;
    // A scalar has no dimensions to group: the other shape is all ones.
    if (typeOf(data).getRank() == 0)
      return expand(b, data, {},
                    Sizes(sizes.getSizes().size(), b.getIndexAttr(1)));
    if (sizes.getSizes().empty())
      return dropUnitDims(
          b, data,
          llvm::to_vector(llvm::seq<int64_t>(0, typeOf(data).getRank())));
    return expand(b, collapse(b, data, from), to, sizes.getSizes());
  }
};

//===----------------------------------------------------------------------===//
// Flatten, Squeeze, Unsqueeze
//===----------------------------------------------------------------------===//

/// Flatten(x) -> collapse_shape(x)
struct ConvertFlatten : OpConversionPattern<onnx::FlattenOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::FlattenOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value data = adaptor.getInput();
    int64_t rank = typeOf(data).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    // Both sides need a dimension to be made of.
    if (axis == 0) {
      data = insertUnitDims(b, data, {0});
      axis = 1;
      ++rank;
    }
    if (axis == rank)
      data = insertUnitDims(b, data, {rank++});
    Groups groups(2);
    for (int64_t dim = 0; dim < rank; ++dim)
      groups[dim < axis ? 0 : 1].push_back(dim);
    Value result = collapse(b, data, groups);
    rewriter.replaceOp(
        op, castTo(b, result, getTypeConverter()->convertType(op.getType())));
    return success();
  }
};

/// Squeeze(x) -> collapse_shape(x)
struct ConvertSqueeze : OpConversionPattern<onnx::SqueezeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SqueezeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value data = adaptor.getData();
    int64_t rank = typeOf(data).getRank();
    std::optional<SmallVector<int64_t>> axes = SmallVector<int64_t>();
    if (op.getAxes())
      axes = onnx::getConstantInts(op.getAxes());
    else if (typeOf(data).hasStaticShape())
      for (int64_t dim = 0; dim < rank; ++dim)
        axes->append(typeOf(data).getDimSize(dim) == 1 ? 1 : 0, dim);
    else
      axes.reset();
    if (!axes)
      return refuse(rewriter, op, "axes are not constant");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    for (int64_t &axis : *axes) {
      axis = axis < 0 ? axis + rank : axis;
      checkSame(b, sizeOf(b, data, axis), b.getIndexAttr(1),
                "cannot drop a dimension whose size is not 1");
    }
    Value result = reshapeScalars(b, data, type);
    if (!result)
      result = castTo(b, dropUnitDims(b, data, *axes), type);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Unsqueeze(x) -> expand_shape(x)
struct ConvertUnsqueeze : OpConversionPattern<onnx::UnsqueezeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::UnsqueezeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    std::optional<SmallVector<int64_t>> axes =
        onnx::getConstantInts(op.getAxes());
    if (!axes)
      return refuse(rewriter, op, "axes are not constant");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value result = reshapeScalars(b, adaptor.getData(), type);
    if (!result) {
      for (int64_t &axis : *axes)
        axis = axis < 0 ? axis + type.getRank() : axis;
      llvm::sort(*axes);
      result = castTo(b, insertUnitDims(b, adaptor.getData(), *axes), type);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void bitnet::populateReshapePatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns
      .add<ConvertFlatten, ConvertReshape, ConvertSqueeze, ConvertUnsqueeze>(
          converter, patterns.getContext());
}
