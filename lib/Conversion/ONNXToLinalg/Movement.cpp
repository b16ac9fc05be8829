// Operators that copy elements: Concat, Split, Expand, Transpose, Tile, Trilu.
#include "Elements.h"
#include "Patterns.h"
#include "SameSize.h"
#include "dialects/ONNX/ONNXDialect.h"
#include "dialects/ONNX/ONNXKnownInts.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Concat and Split
//===----------------------------------------------------------------------===//

/// The operands' sizes, added up along `axis`; others are checked.
static Sizes concatSizes(ImplicitLocOpBuilder &b, ArrayRef<Operand> operands,
                         int64_t axis) {
  Sizes sizes = sizesOf(b, operands.front().value);
  for (const Operand &operand : operands.drop_front()) {
    for (auto [dim, size] : llvm::enumerate(sizesOf(b, operand.value))) {
      if (static_cast<int64_t>(dim) == axis)
        sizes[dim] = addSizes(b, sizes[dim], size);
      else if (!isSameSize(operands.front().original, dim, operand.original,
                           dim))
        checkSame(b, sizes[dim], size,
                  "cannot put tensors of different sizes together");
    }
  }
  return sizes;
}

namespace {

/// Concat(x, y) -> insert_slice(y, insert_slice(x, empty))
struct ConvertConcat : OpConversionPattern<onnx::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    if (isShapeLike(type) && llvm::all_of(adaptor.getInputs(), [](Value x) {
          return isShapeLike(x.getType());
        })) {
      SmallVector<Value> elements;
      for (Value input : adaptor.getInputs())
        llvm::append_range(elements, elementsOf(b, input));
      rewriter.replaceOpWithNewOp<tensor::FromElementsOp>(op, type, elements);
      return success();
    }
    rewriter.replaceOp(op, concat(op, adaptor, b, type));
    return success();
  }

private:
  static Value concat(onnx::ConcatOp op, OpAdaptor adaptor,
                      ImplicitLocOpBuilder &b, RankedTensorType type) {
    int64_t rank = type.getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    SmallVector<Operand> operands;
    for (auto [original, value] :
         llvm::zip_equal(op.getInputs(), adaptor.getInputs()))
      operands.push_back({original, value});
    Sizes sizes = refine(b, concatSizes(b, operands, axis), type);
    Value result = emptyTensor(b, sizes, type.getElementType());
    SliceRange part(b, sizes);
    for (const Operand &operand : operands) {
      part.sizes[axis] = sizeOf(b, operand.value, axis);
      result = insertSlice(b, operand.value, result, part);
      part.offsets[axis] = addSizes(b, part.offsets[axis], part.sizes[axis]);
    }
    return castTo(b, result, type);
  }
};

/// Split(x) -> extract_slice(x), ...
struct ConvertSplit : OpConversionPattern<onnx::SplitOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::SplitOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value input = adaptor.getInput();
    int64_t rank = typeOf(input).getRank();
    int64_t axis = op.getAxis() < 0 ? op.getAxis() + rank : op.getAxis();
    Sizes parts = partSizes(op, adaptor, b, axis);
    OpFoldResult sum = b.getIndexAttr(0);
    for (OpFoldResult part : parts)
      sum = addSizes(b, sum, part);
    checkSame(b, sum, sizeOf(b, input, axis),
              "the parts do not make up the tensor");
    SmallVector<Value> results;
    SliceRange range(b, sizesOf(b, input));
    for (auto [part, output] : llvm::zip_equal(parts, op.getOutputs())) {
      auto type =
          getTypeConverter()->convertType<RankedTensorType>(output.getType());
      range.sizes[axis] = part;
      range.sizes = refine(b, range.sizes, type);
      results.push_back(castTo(b, extractSlice(b, input, range), type));
      range.offsets[axis] = addSizes(b, range.offsets[axis], part);
    }
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  static Sizes partSizes(onnx::SplitOp op, OpAdaptor adaptor,
                         ImplicitLocOpBuilder &b, int64_t axis) {
    Sizes parts;
    if (!op.getSplit())
      return equalParts(op, adaptor, b, axis);
    for (int64_t index = 0; index < op->getNumResults(); ++index) {
      Value part =
          toIndex(b, b.createOrFold<tensor::ExtractOp>(
                         adaptor.getSplit(), ValueRange(indexOf(b, index))));
      checkNotNegative(b, part, "the size of a part is negative");
      parts.push_back(getAsOpFoldResult(part));
    }
    return parts;
  }

  /// ceil(size / count) each, the last one what is left.
  static Sizes equalParts(onnx::SplitOp op, OpAdaptor adaptor,
                          ImplicitLocOpBuilder &b, int64_t axis) {
    Value left = indexOf(b, sizeOf(b, adaptor.getInput(), axis));
    Value count = indexOf(b, op->getNumResults());
    Value whole = fold<arith::CeilDivSIOp>(b, left, count);
    Sizes parts;
    for (int64_t index = 0; index < op->getNumResults(); ++index) {
      Value part = fold<arith::MinSIOp>(b, whole, left);
      parts.push_back(getAsOpFoldResult(part));
      left = fold<arith::SubIOp>(b, left, part);
    }
    return parts;
  }
};

//===----------------------------------------------------------------------===//
// Expand and Tile
//===----------------------------------------------------------------------===//

/// Expand(x, shape) -> generic, with ones read again and again
struct ConvertExpand : OpConversionPattern<onnx::ExpandOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::ExpandOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    if (isUnchanged(op)) {
      rewriter.replaceOp(op, castTo(b, adaptor.getInput(), type));
      return success();
    }
    // What `shape` says is a tensor without elements of its own.
    Value shape = emptyTensor(b, shapeSizes(op, adaptor, b), b.getI1Type());
    SmallVector<Operand> operands = {{op.getInput(), adaptor.getInput()},
                                     {op.getOutput(), shape, true}};
    rewriter.replaceOp(op, mapElements(b, type, operands,
                                       [](ImplicitLocOpBuilder &,
                                          ValueRange x) { return x.front(); }));
    return success();
  }

private:
  /// True if the operand surely has the result's shape.
  static bool isUnchanged(onnx::ExpandOp op) {
    if (typeOf(op.getInput()).getRank() != typeOf(op.getOutput()).getRank())
      return false;
    return llvm::all_of(llvm::seq<int64_t>(0, typeOf(op.getInput()).getRank()),
                        [&](int64_t dim) {
                          return isSameSize(op.getInput(), dim, op.getOutput(),
                                            dim);
                        });
  }

  /// The result's sizes, as far as the operand's don't give them.
  static Sizes shapeSizes(onnx::ExpandOp op, OpAdaptor adaptor,
                          ImplicitLocOpBuilder &b) {
    RankedTensorType type = typeOf(op.getOutput());
    int64_t offset = type.getRank() - typeOf(op.getInput()).getRank();
    int64_t missing = type.getRank() - typeOf(adaptor.getShape()).getDimSize(0);
    Sizes sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (!type.isDynamicDim(dim)) {
        sizes.push_back(b.getIndexAttr(type.getDimSize(dim)));
      } else if (dim >= offset &&
                 isSameSize(op.getInput(), dim - offset, op.getOutput(), dim)) {
        sizes.push_back(sizeOf(b, adaptor.getInput(), dim - offset));
      } else if (dim < missing) {
        sizes.push_back(b.getIndexAttr(1));
      } else {
        sizes.push_back(readSize(op, adaptor, b, dim - missing));
      }
    }
    return sizes;
  }

  /// What `shape` says of the result's dimension; where it says 1, the size is
  /// the operand's.
  static OpFoldResult readSize(onnx::ExpandOp op, OpAdaptor adaptor,
                               ImplicitLocOpBuilder &b, int64_t index) {
    Value size =
        toIndex(b, b.createOrFold<tensor::ExtractOp>(
                       adaptor.getShape(), ValueRange(indexOf(b, index))));
    checkNotNegative(b, size, "a size is negative");
    int64_t fromEnd = typeOf(adaptor.getShape()).getDimSize(0) - index;
    int64_t dim = typeOf(op.getInput()).getRank() - fromEnd;
    if (dim < 0)
      return getAsOpFoldResult(size);
    Value isOne = compare(b, CmpIPredicate::eq, size, indexOf(b, 1));
    Value own = indexOf(b, sizeOf(b, adaptor.getInput(), dim));
    return getAsOpFoldResult(select(b, isOne, own, size));
  }
};

/// Tile(x, repeats) -> generic that reads x at i mod size
struct ConvertTile : OpConversionPattern<onnx::TileOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TileOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    Value input = adaptor.getInput();
    SmallVector<Value> own;
    Sizes sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      Value repeats =
          toIndex(b, b.createOrFold<tensor::ExtractOp>(
                         adaptor.getRepeats(), ValueRange(indexOf(b, dim))));
      checkNotNegative(b, repeats, "a number of repeats is negative");
      own.push_back(indexOf(b, sizeOf(b, input, dim)));
      sizes.push_back(
          getAsOpFoldResult(fold<arith::MulIOp>(b, own.back(), repeats)));
    }
    Value result =
        generate(b, refine(b, sizes, type), type.getElementType(), {},
                 [&](ImplicitLocOpBuilder &inner, ValueRange) -> Value {
                   SmallVector<Value> position =
                       getPosition(inner, type.getRank());
                   for (auto [index, size] : llvm::zip_equal(position, own))
                     index = arith::RemUIOp::create(inner, index, size);
                   return tensor::ExtractOp::create(inner, input, position);
                 });
    rewriter.replaceOp(op, castTo(b, result, type));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Transpose and Trilu
//===----------------------------------------------------------------------===//

/// Transpose(x) -> linalg.transpose(x)
struct ConvertTranspose : OpConversionPattern<onnx::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TransposeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    int64_t rank = typeOf(adaptor.getData()).getRank();
    SmallVector<int64_t> perm;
    if (op.getPerm())
      perm = llvm::to_vector(*op.getPerm());
    else
      perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
    Value result = transpose(b, adaptor.getData(), perm);
    rewriter.replaceOp(
        op, castTo(b, result, getTypeConverter()->convertType(op.getType())));
    return success();
  }
};

/// Trilu(x, k) -> select(j - i >= k, x, 0)
struct ConvertTrilu : OpConversionPattern<onnx::TriluOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::TriluOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value input = adaptor.getInput();
    RankedTensorType type = typeOf(input);
    Value diagonal = op.getK()
                         ? scalarOf(b, adaptor.getK())
                         : arith::ConstantOp::create(b, b.getI64IntegerAttr(0));
    auto predicate =
        op.getUpper() != 0 ? CmpIPredicate::sge : CmpIPredicate::sle;
    Value result =
        generate(b, sizesOf(b, input), type.getElementType(), input,
                 [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                   int64_t rank = type.getRank();
                   Value row = linalg::IndexOp::create(inner, rank - 2);
                   Value column = linalg::IndexOp::create(inner, rank - 1);
                   Value offset =
                       fromIndex(inner, fold<arith::SubIOp>(inner, column, row),
                                 inner.getI64Type());
                   Value isKept = compare(inner, predicate, offset, diagonal);
                   Value zero = arith::ConstantOp::create(
                       inner, inner.getZeroAttr(type.getElementType()));
                   return select(inner, isKept, x.front(), zero);
                 });
    rewriter.replaceOp(
        op, castTo(b, result, getTypeConverter()->convertType(op.getType())));
    return success();
  }
};

} // namespace

void bitnet::populateMovementPatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<ConvertConcat, ConvertExpand, ConvertSplit, ConvertTile,
               ConvertTranspose, ConvertTrilu>(converter,
                                               patterns.getContext());
}
