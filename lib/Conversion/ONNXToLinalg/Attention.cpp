// Attention, in all its forms.
#include "MatMul.h"
#include "Normalization.h"
#include "Patterns.h"
#include "SameSize.h"
#include "ScalarMath.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using arith::CmpIPredicate;

/// [batch, sequence, heads * size] -> [batch, heads, sequence, size]
static Value splitHeads(ImplicitLocOpBuilder &b, Value x,
                        std::optional<int64_t> heads) {
  RankedTensorType type = typeOf(x);
  if (type.getRank() == 4)
    return x;
  Sizes sizes = {sizeOf(b, x, 0), sizeOf(b, x, 1), b.getIndexAttr(*heads),
                 b.getIndexAttr(type.getDimSize(2) / *heads)};
  return transpose(b, expand(b, x, {{0}, {1}, {2, 3}}, sizes), {0, 2, 1, 3});
}

/// past and x along the sequence.
static Value appendTo(ImplicitLocOpBuilder &b, Value past, Value x) {
  if (!past)
    return x;
  Sizes sizes = sizesOf(b, x), part = sizesOf(b, past);
  for (int64_t dim : {0, 1, 3})
    checkSame(b, sizes[dim], part[dim], "the past has another shape");
  Sizes total = sizes;
  total[2] = addSizes(b, sizes[2], part[2]);
  Value result = emptyTensor(b, total, typeOf(x).getElementType());
  SliceRange range(b, sizes);
  range.sizes[2] = part[2];
  result = insertSlice(b, past, result, range);
  range.offsets[2] = part[2];
  range.sizes[2] = sizes[2];
  return insertSlice(b, x, result, range);
}

namespace {

/// Builds the program of one Attention op.
class AttentionProgram {
public:
  AttentionProgram(ImplicitLocOpBuilder &b, onnx::AttentionOp op,
                   onnx::AttentionOp::Adaptor operands)
      : b(b), op(op), operands(operands) {
    isFlat = op.getQ().getType().getRank() == 3;
    query = splitHeads(b, operands.getQ(), op.getQNumHeads());
    key = appendTo(b, operands.getPastKey(),
                   splitHeads(b, operands.getK(), op.getKvNumHeads()));
    value = appendTo(b, operands.getPastValue(),
                     splitHeads(b, operands.getV(), op.getKvNumHeads()));
    element = typeOf(query).getElementType();
    precise = getPreciseType(element);
    groups = typeOf(query).getDimSize(1) / typeOf(key).getDimSize(1);
    checkSizes();
  }

  /// Values of all results, which are not yet cast to their types.
  SmallVector<Value> emit() {
    Value scores = scaleScores(multiplyHeads(query, transposeKeys()));
    Value masked = maskScores(scores);
    Value weights = softmaxOrZero(masked);
    Value y = convertFloats(b, multiplyHeads(weights, convert(value)), element);
    if (isFlat)
      y = collapse(b, transpose(b, y, {0, 2, 1, 3}), {{0}, {1}, {2, 3}});
    std::array<Value, 4> stages = {rawScores, scores, masked, weights};
    Value stage = stages[std::clamp<int64_t>(op.getQkMatmulOutputMode(), 0, 3)];
    SmallVector<Value> results = {y, key, value};
    if (op->getNumResults() == 4)
      results.push_back(convertFloats(b, stage, element));
    results.truncate(op->getNumResults());
    return results;
  }

private:
  Value convert(Value x) { return convertFloats(b, x, precise); }

  void checkSizes() {
    constexpr StringLiteral message =
        "queries, keys and values do not fit together";
    if (!isSameSize(op.getQ(), 0, op.getK(), 0))
      checkSame(b, sizeOf(b, query, 0), sizeOf(b, key, 0), message);
    if (!isSameSize(op.getK(), 0, op.getV(), 0))
      checkSame(b, sizeOf(b, key, 0), sizeOf(b, value, 0), message);
    checkSame(b, sizeOf(b, query, 3), sizeOf(b, key, 3), message);
    checkSame(b, sizeOf(b, key, 1), sizeOf(b, value, 1), message);
    int64_t sequence = isFlat ? 1 : 2;
    if (op.getPastKey() ||
        !isSameSize(op.getK(), sequence, op.getV(), sequence))
      checkSame(b, sizeOf(b, key, 2), sizeOf(b, value, 2), message);
    if (Value lengths = operands.getNonpadKvSeqlen())
      checkSame(b, sizeOf(b, lengths, 0), sizeOf(b, query, 0),
                "there is not one length for each batch entry");
  }

  Value transposeKeys() { return transpose(b, convert(key), {0, 1, 3, 2}); }

  /// left [b, h * n, s, x] times right [b, h, x, y], of which each head is
  /// shared by n heads on the left: all rows of these at once.
  Value multiplyHeads(Value left, Value right) {
    left = convert(left);
    Sizes sizes = sizesOf(b, left);
    Sizes split = {sizes[0], sizeOf(b, right, 1), b.getIndexAttr(groups),
                   sizes[2], sizes[3]};
    Value rows = collapse(b, expand(b, left, {{0}, {1, 2}, {3}, {4}}, split),
                          {{0}, {1}, {2, 3}, {4}});
    // The first two dimensions of both sides are those of `right`.
    auto type = typeOf(right).clone(
        {typeOf(right).getDimSize(0), typeOf(right).getDimSize(1),
         typeOf(rows).getDimSize(2), typeOf(right).getDimSize(3)});
    Operand a = {rows, rows}, c = {right, right};
    a.dims = c.dims = {{op.getK(), 0}, {op.getK(), 0}, {}, {}};
    Value product = multiplyMatrices(b, type, a, c);
    split[4] = sizes[3] = sizeOf(b, product, 3);
    return collapse(b, expand(b, product, {{0}, {1}, {2, 3}, {4}}, split),
                    {{0}, {1, 2}, {3}, {4}});
  }

  /// Scores as the program uses them; also keeps those before the softcap.
  Value scaleScores(Value product) {
    double size = static_cast<double>(typeOf(query).getDimSize(3));
    double scale =
        op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(size);
    double softcap = op.getSoftcap().convertToDouble();
    rawScores =
        generate(b, sizesOf(b, product), precise, product,
                 [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                   return arith::MulFOp::create(
                       inner, x[0], numberOf(inner, precise, scale));
                 });
    if (softcap == 0)
      return rawScores;
    return generate(b, sizesOf(b, product), precise, rawScores,
                    [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                      Value cap = numberOf(inner, precise, softcap);
                      Value ratio = arith::DivFOp::create(inner, x[0], cap);
                      return arith::MulFOp::create(
                          inner, math::TanhOp::create(inner, ratio), cap);
                    });
  }

  /// Where the sizes of scores have their names.
  SmallVector<NamedDim> nameScores() {
    int64_t sequence = isFlat ? 1 : 2;
    NamedDim total = {op.getK(), sequence};
    if (op.getPastKey())
      total = op.getPresent().empty() ? NamedDim{}
                                      : NamedDim{op.getPresent()[0], 2};
    return {{op.getQ(), 0}, {}, {op.getQ(), sequence}, total};
  }

  Value maskScores(Value scores) {
    if (Value mask = operands.getAttnMask())
      scores = applyMask(scores, mask);
    if (op.getIsCausal() == 0 && !operands.getNonpadKvSeqlen())
      return scores;
    return generate(b, sizesOf(b, scores), precise, scores,
                    [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                      Value hidden = numberOf(inner, precise, -INFINITY);
                      return select(inner, isSeen(inner), x[0], hidden);
                    });
  }

  /// Whether the key is neither later than the query nor padding.
  Value isSeen(ImplicitLocOpBuilder &inner) {
    SmallVector<Value> position = getPosition(inner, 4);
    Value length;
    if (Value lengths = operands.getNonpadKvSeqlen())
      length = toIndex(inner,
                       tensor::ExtractOp::create(inner, lengths, position[0]));
    Value isPresent =
        length ? compare(inner, CmpIPredicate::slt, position[3], length)
               : Value();
    if (op.getIsCausal() == 0)
      return isPresent;
    // The last query sees the last key: earlier keys are an offset.
    Value offset = indexOf(inner, 0);
    if (op.getPastKey())
      offset = indexOf(inner, sizeOf(inner, operands.getPastKey(), 2));
    else if (length)
      offset = fold<arith::SubIOp>(inner, length,
                                   indexOf(inner, sizeOf(inner, query, 2)));
    Value last = fold<arith::AddIOp>(inner, position[2], offset);
    Value isEarlier = compare(inner, CmpIPredicate::sle, position[3], last);
    return isPresent ? fold<arith::AndIOp>(inner, isPresent, isEarlier)
                     : isEarlier;
  }

  /// A mask that covers fewer keys than there are hides the others.
  Value padMask(Value mask, OpFoldResult total) {
    RankedTensorType type = typeOf(mask);
    int64_t rank = type.getRank();
    Value covered = indexOf(b, sizeOf(b, mask, rank - 1));
    check(b, compare(b, CmpIPredicate::ule, covered, indexOf(b, total)),
          "the mask is longer than the keys");
    Sizes sizes = sizesOf(b, mask);
    sizes.back() = total;
    TypedAttr hidden = isa<FloatType>(type.getElementType())
                           ? numberAttr(type.getElementType(), -INFINITY)
                           : numberAttr(type.getElementType(), 0);
    return generate(
        b, sizes, type.getElementType(), {},
        [&](ImplicitLocOpBuilder &inner, ValueRange) {
          SmallVector<Value> position = getPosition(inner, rank);
          Value isCovered =
              compare(inner, CmpIPredicate::ult, position.back(), covered);
          position.back() =
              select(inner, isCovered, position.back(), indexOf(inner, 0));
          return readOrHide(inner, mask, position, isCovered, hidden);
        });
  }

  /// mask[position] where it is covered. An empty mask must not be read.
  static Value readOrHide(ImplicitLocOpBuilder &inner, Value mask,
                          ArrayRef<Value> position, Value isCovered,
                          TypedAttr hidden) {
    auto branch = scf::IfOp::create(
        inner, isCovered,
        [&](OpBuilder &nested, Location loc) {
          Value read = tensor::ExtractOp::create(nested, loc, mask, position);
          scf::YieldOp::create(nested, loc, read);
        },
        [&](OpBuilder &nested, Location loc) {
          Value none = arith::ConstantOp::create(nested, loc, hidden);
          scf::YieldOp::create(nested, loc, none);
        });
    return branch.getResult(0);
  }

  Value applyMask(Value scores, Value mask) {
    SmallVector<NamedDim> names = nameScores();
    Value original = op.getAttnMask();
    int64_t rank = typeOf(mask).getRank(), last = rank - 1;
    Operand own = {original, mask};
    Operand other = {scores, scores};
    other.dims = names;
    for (int64_t dim = 0; dim < rank; ++dim)
      own.dims.push_back({original, dim});
    if (!own.isSameDim(last, other, 3)) {
      own.value = padMask(mask, sizeOf(b, scores, 3));
      // Both last dimensions are one now.
      own.dims[last] = other.dims[3] = {op.getQ(), 0};
    }
    bool isBool = typeOf(mask).getElementType().isInteger(1);
    return mapElements(b, typeOf(scores), {other, own},
                       [&](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                         if (isBool)
                           return select(inner, x[1], x[0],
                                         numberOf(inner, precise, -INFINITY));
                         return arith::AddFOp::create(
                             inner, x[0], convertFloat(inner, x[1], precise));
                       });
  }

  /// The softmax of each row; zeros for a row that sees nothing.
  Value softmaxOrZero(Value scores) {
    Value weights = softmax(b, scores, 3);
    bool isMasked = operands.getAttnMask() || operands.getNonpadKvSeqlen() ||
                    op.getIsCausal() != 0;
    if (!isMasked)
      return weights;
    Value best =
        reduceElements(b, scores, {3}, numberAttr(precise, -INFINITY),
                       [](ImplicitLocOpBuilder &inner, ValueRange x) -> Value {
                         return arith::MaximumFOp::create(inner, x[0], x[1]);
                       });
    AffineMap all = b.getMultiDimIdentityMap(4);
    return generateFrom(b, sizesOf(b, scores), precise,
                        {{weights, all}, {best, all.dropResult(3)}},
                        [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                          Value none = numberOf(inner, precise, -INFINITY);
                          Value isBlind = arith::CmpFOp::create(
                              inner, arith::CmpFPredicate::OEQ, x[1], none);
                          return select(inner, isBlind,
                                        numberOf(inner, precise, 0), x[0]);
                        });
  }

  ImplicitLocOpBuilder &b;
  onnx::AttentionOp op;
  onnx::AttentionOp::Adaptor operands;
  bool isFlat;
  Value query, key, value, rawScores;
  Type element, precise;
  int64_t groups;
};

/// Attention(q, k, v) -> two products with a softmax between them
struct ConvertAttention : OpConversionPattern<onnx::AttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::AttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!hasStaticHeads(op))
      return refuse(rewriter, op,
                    "the number or the size of heads is not known");
    if (Value mask = op.getAttnMask()) {
      Type type = typeOf(mask).getElementType();
      if (!isa<FloatType>(type) && !type.isInteger(1))
        return refuse(rewriter, op, "the mask is of integers");
      if (typeOf(mask).getRank() == 0)
        return refuse(rewriter, op, "the mask is a scalar");
    }
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> results = AttentionProgram(b, op, adaptor).emit();
    for (auto [value, result] : llvm::zip_equal(results, op->getResults()))
      value = castTo(b, value, result.getType());
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  static bool hasStaticHeads(onnx::AttentionOp op) {
    for (Value x : {Value(op.getQ()), Value(op.getK()), Value(op.getV())}) {
      RankedTensorType type = typeOf(x);
      int64_t rank = type.getRank();
      if (type.isDynamicDim(rank - 1) || (rank == 4 && type.isDynamicDim(1)))
        return false;
    }
    return true;
  }
};

} // namespace

void bitnet::populateAttentionPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<ConvertAttention>(converter, patterns.getContext());
}
