// RotaryEmbedding, in all its forms.
#include "Indices.h"
#include "Patterns.h"
#include "SameSize.h"
#include "dialects/ONNX/ONNXDialect.h"

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

namespace {

/// The rotation of one channel.
class Rotation {
public:
  Rotation(ImplicitLocOpBuilder &b, onnx::RotaryEmbeddingOp op,
           onnx::RotaryEmbeddingOp::Adaptor operands, Value x)
      : op(op), operands(operands), x(x) {
    sequenceDim = op.getX().getType().getRank() == 4 ? 2 : 1;
    rotated = op.getRotaryEmbeddingDim() != 0
                  ? indexOf(b, op.getRotaryEmbeddingDim())
                  : indexOf(b, sizeOf(b, x, 3));
    half = fold<arith::DivUIOp>(b, rotated, indexOf(b, 2));
    checkSizes(b);
  }

  /// y[position]
  Value emit(ImplicitLocOpBuilder &b, ArrayRef<Value> position) {
    Value channel = position[3];
    Value isRotated = compare(b, CmpIPredicate::ult, channel, rotated);
    auto [pair, isFirst] = pairOf(b, channel, isRotated);
    SmallVector<Value> other(position);
    other[3] = partnerOf(b, channel, isFirst, isRotated);
    Value own = tensor::ExtractOp::create(b, x, position);
    Value partner = tensor::ExtractOp::create(b, x, other);
    Value cosine = readCache(b, operands.getCosCache(), position, pair);
    Value sine = readCache(b, operands.getSinCache(), position, pair);
    Value straight = arith::MulFOp::create(b, cosine, own);
    Value across = arith::MulFOp::create(b, sine, partner);
    Value first = arith::SubFOp::create(b, straight, across);
    Value second = arith::AddFOp::create(b, across, straight);
    return select(b, isRotated, select(b, isFirst, first, second), own);
  }

private:
  void checkSizes(ImplicitLocOpBuilder &b) {
    check(b,
          compare(b, CmpIPredicate::ule, rotated, indexOf(b, sizeOf(b, x, 3))),
          "more channels are rotated than there are");
    constexpr StringLiteral message = "the caches do not fit the tensor";
    Value cosine = operands.getCosCache(), sine = operands.getSinCache();
    for (Value cache : {cosine, sine})
      checkSame(b, sizeOf(b, cache, typeOf(cache).getRank() - 1),
                getAsOpFoldResult(half), message);
    if (Value ids = operands.getPositionIds()) {
      checkLikeX(b, op.getPositionIds(), ids);
      OpFoldResult limit = sizeOf(b, cosine, 0);
      checkSame(b, limit, sizeOf(b, sine, 0), message);
      checkIndices(b, ids, indexOf(b, limit));
      return;
    }
    checkLikeX(b, op.getCosCache(), cosine);
    checkLikeX(b, op.getSinCache(), sine);
  }

  /// Checks the dimensions batch and sequence of an operand.
  void checkLikeX(ImplicitLocOpBuilder &b, Value original, Value value) {
    constexpr StringLiteral message =
        "an operand has another batch or sequence";
    if (typeOf(value).getDimSize(0) != 1 &&
        !isSameSize(original, 0, op.getX(), 0))
      checkSame(b, sizeOf(b, value, 0), sizeOf(b, x, 0), message);
    if (!isSameSize(original, 1, op.getX(), sequenceDim))
      checkSame(b, sizeOf(b, value, 1), sizeOf(b, x, sequenceDim), message);
  }

  /// The pair that a channel belongs to, 0 for those that aren't rotated, and
  /// whether it is the first of its pair.
  std::pair<Value, Value> pairOf(ImplicitLocOpBuilder &b, Value channel,
                                 Value isRotated) {
    Value zero = indexOf(b, 0), two = indexOf(b, 2), pair, isFirst;
    if (op.getInterleaved() != 0) {
      pair = fold<arith::DivUIOp>(b, channel, two);
      isFirst = compare(b, CmpIPredicate::eq,
                        fold<arith::RemUIOp>(b, channel, two), zero);
    } else {
      isFirst = compare(b, CmpIPredicate::ult, channel, half);
      pair = select(b, isFirst, channel, fold<arith::SubIOp>(b, channel, half));
    }
    return {select(b, isRotated, pair, zero), isFirst};
  }

  Value partnerOf(ImplicitLocOpBuilder &b, Value channel, Value isFirst,
                  Value isRotated) {
    Value distance = op.getInterleaved() != 0 ? indexOf(b, 1) : half;
    Value partner =
        select(b, isFirst, fold<arith::AddIOp>(b, channel, distance),
               fold<arith::SubIOp>(b, channel, distance));
    return select(b, isRotated, partner, channel);
  }

  Value readCache(ImplicitLocOpBuilder &b, Value cache,
                  ArrayRef<Value> position, Value pair) {
    auto batchOf = [&](Value tensor) {
      return typeOf(tensor).getDimSize(0) == 1 ? indexOf(b, 0) : position[0];
    };
    Value sequence = position[sequenceDim];
    if (Value ids = operands.getPositionIds()) {
      Value id =
          tensor::ExtractOp::create(b, ids, ValueRange{batchOf(ids), sequence});
      Value row = fromFront(b, id, indexOf(b, sizeOf(b, cache, 0)));
      return tensor::ExtractOp::create(b, cache, ValueRange{row, pair});
    }
    return tensor::ExtractOp::create(
        b, cache, ValueRange{batchOf(cache), sequence, pair});
  }

  onnx::RotaryEmbeddingOp op;
  onnx::RotaryEmbeddingOp::Adaptor operands;
  Value x, rotated, half;
  int64_t sequenceDim;
};

struct ConvertRotaryEmbedding : OpConversionPattern<onnx::RotaryEmbeddingOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::RotaryEmbeddingOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value x = adaptor.getX();
    RankedTensorType type = typeOf(x);
    bool isFlat = type.getRank() == 3;
    if (isFlat && type.isDynamicDim(2))
      return refuse(rewriter, op, "the size of heads is not known");
    if (isFlat && type.getDimSize(2) % op.getNumHeads() != 0)
      return refuse(rewriter, op, "channels do not split into heads");
    Groups groups = {{0}, {1}, {2, 3}};
    if (isFlat) {
      Sizes sizes = {sizeOf(b, x, 0), sizeOf(b, x, 1),
                     b.getIndexAttr(op.getNumHeads()),
                     b.getIndexAttr(type.getDimSize(2) / op.getNumHeads())};
      x = expand(b, x, groups, sizes);
    }
    Rotation rotation(b, op, adaptor, x);
    Value y = generate(b, sizesOf(b, x), type.getElementType(), {},
                       [&](ImplicitLocOpBuilder &inner, ValueRange) {
                         return rotation.emit(inner, getPosition(inner, 4));
                       });
    if (isFlat)
      y = collapse(b, y, groups);
    rewriter.replaceOp(op, castTo(b, y, op.getType()));
    return success();
  }
};

} // namespace

void bitnet::populateRotaryEmbeddingPatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<ConvertRotaryEmbedding>(converter, patterns.getContext());
}
