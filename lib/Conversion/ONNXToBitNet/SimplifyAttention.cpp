// Takes apart what the Attention operator does besides attention: heads that
// lie in rows, a cache of its own, and masks that it makes itself.
#include "Heads.h"
#include "Raise.h"
#include "dialects/ONNX/ONNXSizeExpr.h"

#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace bitnet;
using bitnet::onnx::isSameDim;
using bitnet::onnx::SizeExpr;

static SmallVector<StringRef> getDimNames(Value value) {
  SmallVector<StringRef> names;
  for (int64_t dim = 0; dim < getRank(value); ++dim)
    names.push_back(onnx::getDimName(value, dim));
  return names;
}

/// The operator again, with other operands.
static onnx::AttentionOp rebuild(PatternRewriter &rewriter,
                                 onnx::AttentionOp attention, TypeRange results,
                                 ArrayRef<Value> operands) {
  SmallVector<Value> present;
  SmallVector<int32_t> segments;
  for (Value operand : operands) {
    segments.push_back(operand ? 1 : 0);
    if (operand)
      present.push_back(operand);
  }
  auto rebuilt = onnx::AttentionOp::create(
      rewriter, attention.getLoc(), results, present, attention->getAttrs());
  rebuilt.getProperties().setOperandSegmentSizes(segments);
  return rebuilt;
}

//===----------------------------------------------------------------------===//
// Rows of heads
//===----------------------------------------------------------------------===//

/// [batch, sequence, heads * size] -> [batch, heads, sequence, size]
static Value splitRows(PatternRewriter &rewriter, Value rows, int64_t heads) {
  Location loc = rows.getLoc();
  auto type = cast<RankedTensorType>(rows.getType());
  int64_t batch = type.getDimSize(0), length = type.getDimSize(1),
          size = type.getDimSize(2) / heads;
  StringRef batchName = onnx::getDimName(rows, 0),
            lengthName = onnx::getDimName(rows, 1);
  auto reshape = onnx::ReshapeOp::create(
      rewriter, loc, type.clone({batch, length, heads, size}), rows,
      createIntegers(rewriter, loc, {0, 0, heads, size}));
  setDimNames(reshape, {batchName, lengthName, "", ""});
  auto transpose = onnx::TransposeOp::create(
      rewriter, loc, type.clone({batch, heads, length, size}), reshape,
      rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
  setDimNames(transpose, {batchName, "", lengthName, ""});
  return transpose;
}

/// [batch, heads, sequence, size] -> [batch, sequence, heads * size]
static Value joinRows(PatternRewriter &rewriter, Value heads, Type type) {
  Location loc = heads.getLoc();
  auto shape = cast<RankedTensorType>(heads.getType());
  int64_t count = shape.getDimSize(1), size = shape.getDimSize(3);
  StringRef batchName = onnx::getDimName(heads, 0),
            lengthName = onnx::getDimName(heads, 2);
  auto transpose = onnx::TransposeOp::create(
      rewriter, loc,
      shape.clone({shape.getDimSize(0), shape.getDimSize(2), count, size}),
      heads, rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
  setDimNames(transpose, {batchName, lengthName, "", ""});
  auto reshape = onnx::ReshapeOp::create(
      rewriter, loc, type, transpose,
      createIntegers(rewriter, loc, {0, 0, count * size}));
  setDimNames(reshape, {batchName, lengthName, ""});
  return reshape;
}

namespace {

/// Attention of rows -> rows of Attention of heads
struct SplitRowsOfHeads : OpRewritePattern<onnx::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AttentionOp attention,
                                PatternRewriter &rewriter) const override {
    Value q = attention.getQ(), k = attention.getK(), v = attention.getV();
    auto heads = static_cast<int64_t>(attention.getQNumHeads().value_or(0)),
         kvHeads = static_cast<int64_t>(attention.getKvNumHeads().value_or(0));
    for (Value rows : {q, k, v})
      if (getRank(rows) != 3 || ShapedType::isDynamic(getDimSize(rows, 2)))
        return rewriter.notifyMatchFailure(attention,
                                           "not rows of a known length");
    if (attention->getNumResults() > 3)
      return rewriter.notifyMatchFailure(attention, "gives its scores");
    q = splitRows(rewriter, q, heads);
    k = splitRows(rewriter, k, kvHeads);
    v = splitRows(rewriter, v, kvHeads);
    auto type = cast<RankedTensorType>(q.getType());
    SmallVector<Type> results(attention.getResultTypes());
    results[0] = type.clone(
        {type.getDimSize(0), heads, type.getDimSize(2), getDimSize(v, 3)});
    auto ofHeads =
        rebuild(rewriter, attention, results,
                {q, k, v, attention.getAttnMask(), attention.getPastKey(),
                 attention.getPastValue(), attention.getNonpadKvSeqlen()});
    ofHeads.removeQNumHeadsAttr();
    ofHeads.removeKvNumHeadsAttr();
    // Those of the caches are as they were.
    if (auto dims = attention->getAttrOfType<ArrayAttr>(onnx::kDimsAttr)) {
      SmallVector<Attribute> names(dims.begin(), dims.end());
      names[0] = rewriter.getStrArrayAttr(
          {onnx::getDimName(q, 0), "", onnx::getDimName(q, 2), ""});
      ofHeads->setAttr(onnx::kDimsAttr, rewriter.getArrayAttr(names));
    }
    SmallVector<Value> values(ofHeads.getResults());
    values[0] = joinRows(rewriter, values[0], attention.getY().getType());
    rewriter.replaceOp(attention, values);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Caches
//===----------------------------------------------------------------------===//

/// Concat(past, x) along the positions; x where there is no past.
static Value appendTo(PatternRewriter &rewriter, Value past, Value x,
                      Type type) {
  if (!past)
    return x;
  auto concat =
      onnx::ConcatOp::create(rewriter, x.getLoc(), type, {past, x}, /*axis=*/2);
  SmallVector<StringRef> names = getDimNames(x);
  std::string length;
  if (concat.getType().isDynamicDim(2)) {
    auto sizeOf = [](Value part) {
      int64_t size = getDimSize(part, 2);
      return ShapedType::isDynamic(size)
                 ? SizeExpr::parse(onnx::getDimName(part, 2))
                 : SizeExpr(size);
    };
    length = (sizeOf(past) + sizeOf(x)).str();
  }
  names[2] = length;
  setDimNames(concat, names);
  return concat;
}

namespace {

/// Attention(q, k, v, past) -> Attention(q, Concat(past, k), Concat(past, v))
struct AppendToCache : OpRewritePattern<onnx::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AttentionOp attention,
                                PatternRewriter &rewriter) const override {
    Value pastKey = attention.getPastKey(),
          pastValue = attention.getPastValue();
    if (!pastKey && attention.getPresent().empty())
      return rewriter.notifyMatchFailure(attention, "has no cache");
    if (attention->getNumResults() > 3)
      return rewriter.notifyMatchFailure(attention, "gives its scores");
    if (attention.getIsCausal() != 0)
      return rewriter.notifyMatchFailure(attention, "mask depends on the past");
    if (!isHeads(attention.getQ()) || !isHeads(attention.getK()) ||
        !isHeads(attention.getV()))
      return rewriter.notifyMatchFailure(attention, "not 4-D tensors of f32");
    for (auto [past, x] : {std::pair(pastKey, attention.getK()),
                           std::pair(pastValue, attention.getV())})
      if (past && getDimSize(past, 2) == ShapedType::kDynamic &&
          onnx::getDimName(past, 2).empty())
        return rewriter.notifyMatchFailure(attention, "past has no length");
    auto typeOf = [&](Value past, Value x) -> Type {
      auto type = cast<RankedTensorType>(x.getType());
      SmallVector<int64_t> shape(type.getShape());
      if (past)
        shape[2] = ShapedType::isDynamic(shape[2]) ||
                           ShapedType::isDynamic(getDimSize(past, 2))
                       ? ShapedType::kDynamic
                       : shape[2] + getDimSize(past, 2);
      return type.clone(shape);
    };
    Value k = appendTo(rewriter, pastKey, attention.getK(),
                       typeOf(pastKey, attention.getK()));
    Value v = appendTo(rewriter, pastValue, attention.getV(),
                       typeOf(pastValue, attention.getV()));
    SmallVector<Value> present = {k, v};
    for (auto [given, made] : llvm::zip(attention.getPresent(), present))
      if (given.getType() != made.getType())
        return rewriter.notifyMatchFailure(attention,
                                           "cache has a type of its own");
    auto plain = rebuild(rewriter, attention, attention.getY().getType(),
                         {attention.getQ(), k, v, attention.getAttnMask(),
                          Value(), Value(), attention.getNonpadKvSeqlen()});
    setDimNames(plain, getDimNames(attention.getY()));
    SmallVector<Value> results = {plain.getY(), k, v};
    results.truncate(attention->getNumResults());
    rewriter.replaceOp(attention, results);
    return success();
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

namespace {

/// Builds the mask that an operator describes by attributes and lengths.
class OwnMask {
public:
  OwnMask(PatternRewriter &rewriter, onnx::AttentionOp attention)
      : rewriter(rewriter), attention(attention), loc(attention.getLoc()) {}

  /// True where a key is neither later than the query nor padding.
  Value build();

  Value combine(Value mask);

private:
  Value number(int64_t value);
  Value lengthOf(Value heads);
  Value count(Value limit, StringRef name, int64_t size);
  Value unsqueeze(Value value, ArrayRef<int64_t> axes);
  template <typename OpTy>
  Value create(Type element, ValueRange operands, bool isScalar = false);

  PatternRewriter &rewriter;
  onnx::AttentionOp attention;
  Location loc;
};

} // namespace

/// An op on operands of one rank, of which each size is 1 or that of the other.
template <typename OpTy>
Value OwnMask::create(Type element, ValueRange operands, bool isScalar) {
  int64_t rank = isScalar ? 0 : 4;
  SmallVector<int64_t> shape(rank, 1);
  SmallVector<StringRef> names(rank);
  for (Value operand : operands)
    for (int64_t dim = 0; dim < getRank(operand); ++dim)
      if (getDimSize(operand, dim) != 1) {
        shape[dim] = getDimSize(operand, dim);
        names[dim] = onnx::getDimName(operand, dim);
      }
  auto op = OpTy::create(rewriter, loc, RankedTensorType::get(shape, element),
                         operands);
  setDimNames(op, names);
  return op->getResult(0);
}

Value OwnMask::number(int64_t value) {
  auto type = RankedTensorType::get({}, rewriter.getI64Type());
  return onnx::ConstantOp::create(rewriter, loc, type,
                                  DenseElementsAttr::get(type, value));
}

/// The length of [batch, heads, length, size] as a scalar.
Value OwnMask::lengthOf(Value heads) {
  if (int64_t size = getDimSize(heads, 2); !ShapedType::isDynamic(size))
    return number(size);
  Value length = onnx::ShapeOp::create(
      rewriter, loc, RankedTensorType::get({1}, rewriter.getI64Type()), heads,
      rewriter.getI64IntegerAttr(2), rewriter.getI64IntegerAttr(3));
  return onnx::SqueezeOp::create(
      rewriter, loc, RankedTensorType::get({}, rewriter.getI64Type()), length,
      createIntegers(rewriter, loc, {0}));
}

/// 0, 1, .., limit - 1
Value OwnMask::count(Value limit, StringRef name, int64_t size) {
  auto range = onnx::RangeOp::create(
      rewriter, loc, RankedTensorType::get({size}, rewriter.getI64Type()),
      number(0), limit, number(1));
  setDimNames(range, {name});
  return range;
}

/// A vector as a 4-D tensor with 1 in the dimensions `axes`.
Value OwnMask::unsqueeze(Value value, ArrayRef<int64_t> axes) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(4, 1);
  SmallVector<StringRef> names(4);
  for (int64_t dim = 0; dim < 4; ++dim)
    if (!llvm::is_contained(axes, dim)) {
      shape[dim] = type.getDimSize(0);
      names[dim] = onnx::getDimName(value, 0);
    }
  auto op = onnx::UnsqueezeOp::create(rewriter, loc, type.clone(shape), value,
                                      createIntegers(rewriter, loc, axes));
  setDimNames(op, names);
  return op;
}

Value OwnMask::build() {
  Type integer = rewriter.getI64Type(), truth = rewriter.getI1Type();
  Value query = attention.getQ(), key = attention.getK(),
        past = attention.getPastKey();
  Value length = lengthOf(query), total = lengthOf(key);
  SizeExpr name = SizeExpr::parse(onnx::getDimName(key, 2));
  int64_t size = getDimSize(key, 2);
  if (past) {
    Value before = lengthOf(past);
    total = create<onnx::AddOp>(integer, {before, total}, /*isScalar=*/true);
    auto sizeOf = [](Value part) {
      int64_t size = getDimSize(part, 2);
      return ShapedType::isDynamic(size)
                 ? SizeExpr::parse(onnx::getDimName(part, 2))
                 : SizeExpr(size);
    };
    name = sizeOf(past) + sizeOf(key);
    size = name.getConstant().value_or(ShapedType::kDynamic);
  }
  std::string keys = ShapedType::isDynamic(size) ? name.str() : "";
  Value columns = unsqueeze(count(total, keys, size), {0, 1, 2});
  Value lengths = attention.getNonpadKvSeqlen(), seen;
  if (lengths) {
    lengths = unsqueeze(lengths, {1, 2, 3});
    seen = create<onnx::LessOp>(truth, {columns, lengths});
  }
  if (attention.getIsCausal() == 0)
    return seen;
  Value last =
      unsqueeze(count(length, onnx::getDimName(query, 2), getDimSize(query, 2)),
                {0, 1, 3});
  // The last query sees the last key: earlier keys are an offset.
  if (past)
    last = create<onnx::AddOp>(integer, {last, lengthOf(past)});
  else if (lengths)
    last = create<onnx::AddOp>(
        integer, {last, create<onnx::SubOp>(integer, {lengths, length})});
  Value isEarlier = create<onnx::LessOrEqualOp>(truth, {columns, last});
  return seen ? create<onnx::AndOp>(truth, {seen, isEarlier}) : isEarlier;
}

/// The built mask and the one that is given, 4-D.
Value OwnMask::combine(Value mask) {
  Value seen = build();
  if (!mask)
    return seen;
  if (getElementTypeOrSelf(mask).isInteger(1))
    return create<onnx::AndOp>(rewriter.getI1Type(), {seen, mask});
  auto type = RankedTensorType::get({}, rewriter.getF32Type());
  Value hidden = onnx::ConstantOp::create(
      rewriter, loc, type, DenseElementsAttr::get(type, -INFINITY));
  return create<onnx::WhereOp>(rewriter.getF32Type(), {seen, mask, hidden});
}

namespace {

/// Attention that is causal, or that pads -> Attention with a mask
struct MakeMask : OpRewritePattern<onnx::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(onnx::AttentionOp attention,
                                PatternRewriter &rewriter) const override {
    Value key = attention.getK(), past = attention.getPastKey(),
          mask = attention.getAttnMask();
    if (attention.getIsCausal() == 0 && !attention.getNonpadKvSeqlen())
      return rewriter.notifyMatchFailure(attention, "makes no mask");
    if (!isHeads(attention.getQ()) || !isHeads(key))
      return rewriter.notifyMatchFailure(attention, "not 4-D tensors of f32");
    if (mask && (past || getRank(mask) != 4 || !isSameDim(mask, 3, key, 2) ||
                 !isOneOrSameDim(mask, 2, attention.getQ(), 2) ||
                 !(getElementTypeOrSelf(mask).isInteger(1) ||
                   getElementTypeOrSelf(mask).isF32())))
      return rewriter.notifyMatchFailure(
          attention, "mask is not one number for each query and key");
    for (Value heads : {Value(attention.getQ()), key, past})
      if (heads && ShapedType::isDynamic(getDimSize(heads, 2)) &&
          onnx::getDimName(heads, 2).empty())
        return rewriter.notifyMatchFailure(attention, "a length has no name");
    Value combined = OwnMask(rewriter, attention).combine(mask);
    rewriter.modifyOpInPlace(attention, [&] {
      attention.getAttnMaskMutable().assign(combined);
      attention.getNonpadKvSeqlenMutable().clear();
      attention.setIsCausal(0);
    });
    return success();
  }
};

} // namespace

void bitnet::populateSimplifyAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<AppendToCache, MakeMask, SplitRowsOfHeads>(
      patterns.getContext());
}
