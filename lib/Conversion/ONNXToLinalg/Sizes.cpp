// See Sizes.h.
#include "Sizes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace bitnet;

RankedTensorType bitnet::typeOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType());
}

/// A size that an op states, or nothing.
static OpFoldResult getStatedSize(Value tensor, int64_t dim) {
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getMixedSizes()[dim];
  if (auto expand = tensor.getDefiningOp<tensor::ExpandShapeOp>())
    return expand.getMixedOutputShape()[dim];
  auto slice = tensor.getDefiningOp<tensor::ExtractSliceOp>();
  if (slice && slice.getDroppedDims().none())
    return slice.getMixedSizes()[dim];
  return {};
}

/// A tensor, and its dimension, that has the size of this one; or nothing.
static std::pair<Value, int64_t> getSameSized(Value tensor, int64_t dim) {
  auto result = dyn_cast<OpResult>(tensor);
  if (!result)
    return {};
  Operation *op = result.getOwner();
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    ReassociationIndices group = collapse.getReassociationIndices()[dim];
    if (group.size() == 1)
      return {collapse.getSrc(), group.front()};
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return {cast.getSource(), dim};
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return {insert.getDest(), dim};
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return {loop.getInitArgs()[result.getResultNumber()], dim};
  if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
    return {linalg.getDpsInits()[result.getResultNumber()], dim};
  return {};
}

OpFoldResult bitnet::sizeOf(ImplicitLocOpBuilder &b, Value tensor,
                            int64_t dim) {
  while (true) {
    if (!typeOf(tensor).isDynamicDim(dim))
      return b.getIndexAttr(typeOf(tensor).getDimSize(dim));
    if (OpFoldResult size = getStatedSize(tensor, dim))
      return size;
    auto [other, otherDim] = getSameSized(tensor, dim);
    if (!other)
      return getAsOpFoldResult(b.createOrFold<tensor::DimOp>(tensor, dim));
    tensor = other;
    dim = otherDim;
  }
}

Sizes bitnet::sizesOf(ImplicitLocOpBuilder &b, Value tensor) {
  Sizes sizes;
  for (int64_t dim = 0; dim < typeOf(tensor).getRank(); ++dim)
    sizes.push_back(sizeOf(b, tensor, dim));
  return sizes;
}

Value bitnet::indexOf(ImplicitLocOpBuilder &b, OpFoldResult size) {
  return getValueOrCreateConstantIndexOp(b, b.getLoc(), size);
}

Value bitnet::indexOf(ImplicitLocOpBuilder &b, int64_t size) {
  return arith::ConstantIndexOp::create(b, size);
}

bool bitnet::isSize(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant >= 0;
  Operation *op = index.getDefiningOp();
  if (isa_and_present<tensor::DimOp>(op))
    return true;
  return isa_and_present<arith::AddIOp, arith::MulIOp, arith::MinSIOp>(op) &&
         llvm::all_of(op->getOperands(), isSize);
}

Value bitnet::atLeastZero(ImplicitLocOpBuilder &b, Value x) {
  return isSize(x) ? x : fold<arith::MaxSIOp>(b, x, indexOf(b, 0));
}

Value bitnet::toIndex(ImplicitLocOpBuilder &b, Value integer) {
  if (integer.getType().isIndex())
    return integer;
  if (auto cast = integer.getDefiningOp<arith::IndexCastOp>())
    return cast.getIn();
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), integer);
}

Value bitnet::fromIndex(ImplicitLocOpBuilder &b, Value index, Type type) {
  return b.createOrFold<arith::IndexCastOp>(type, index);
}

Value bitnet::compare(ImplicitLocOpBuilder &b, arith::CmpIPredicate predicate,
                      Value a, Value c) {
  return b.createOrFold<arith::CmpIOp>(predicate, a, c);
}

Value bitnet::select(ImplicitLocOpBuilder &b, Value condition, Value a,
                     Value c) {
  return b.createOrFold<arith::SelectOp>(condition, a, c);
}

OpFoldResult bitnet::addSizes(ImplicitLocOpBuilder &b, OpFoldResult a,
                              OpFoldResult c) {
  return getAsOpFoldResult(
      fold<arith::AddIOp>(b, indexOf(b, a), indexOf(b, c)));
}

OpFoldResult bitnet::productOf(ImplicitLocOpBuilder &b,
                               ArrayRef<OpFoldResult> sizes) {
  OpFoldResult product = b.getIndexAttr(1);
  for (OpFoldResult size : sizes)
    product = getAsOpFoldResult(
        fold<arith::MulIOp>(b, indexOf(b, product), indexOf(b, size)));
  return product;
}

void bitnet::check(ImplicitLocOpBuilder &b, Value condition,
                   const Twine &message) {
  if (!matchPattern(condition, m_One()))
    cf::AssertOp::create(b, condition, message.str());
}

void bitnet::checkNotNegative(ImplicitLocOpBuilder &b, Value index,
                              const Twine &message) {
  if (!isSize(index))
    check(b, compare(b, arith::CmpIPredicate::sge, index, indexOf(b, 0)),
          message);
}

void bitnet::checkSame(ImplicitLocOpBuilder &b, OpFoldResult a, OpFoldResult c,
                       const Twine &message) {
  if (a != c)
    check(b, compare(b, arith::CmpIPredicate::eq, indexOf(b, a), indexOf(b, c)),
          message);
}

Sizes bitnet::refine(ImplicitLocOpBuilder &b, ArrayRef<OpFoldResult> sizes,
                     RankedTensorType type) {
  Sizes refined;
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    if (type.isDynamicDim(dim)) {
      refined.push_back(size);
      continue;
    }
    OpFoldResult declared = b.getIndexAttr(type.getDimSize(dim));
    checkSame(b, size, declared,
              "dimension " + Twine(dim) + " of the result is not " +
                  Twine(type.getDimSize(dim)));
    refined.push_back(declared);
  }
  return refined;
}

Value bitnet::emptyTensor(ImplicitLocOpBuilder &b, ArrayRef<OpFoldResult> sizes,
                          Type element) {
  return tensor::EmptyOp::create(b, sizes, element);
}

Value bitnet::filledTensor(ImplicitLocOpBuilder &b,
                           ArrayRef<OpFoldResult> sizes, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, value);
  return linalg::FillOp::create(b, scalar,
                                emptyTensor(b, sizes, value.getType()))
      .getResult(0);
}

static bool isEmpty(const SliceRange &range) {
  return llvm::any_of(range.sizes, isZeroInteger);
}

Value bitnet::extractSlice(ImplicitLocOpBuilder &b, Value tensor,
                           const SliceRange &range) {
  if (isEmpty(range))
    return emptyTensor(b, range.sizes, typeOf(tensor).getElementType());
  return tensor::ExtractSliceOp::create(b, tensor, range.offsets, range.sizes,
                                        range.strides);
}

Value bitnet::insertSlice(ImplicitLocOpBuilder &b, Value slice, Value tensor,
                          const SliceRange &range) {
  if (isEmpty(range))
    return tensor;
  SmallVector<int64_t> shape;
  for (OpFoldResult size : range.sizes)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  slice = castTo(b, slice, typeOf(slice).clone(shape));
  return tensor::InsertSliceOp::create(b, slice, tensor, range.offsets,
                                       range.sizes, range.strides);
}

Value bitnet::castTo(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(b, type, value);
}

Value bitnet::collapse(ImplicitLocOpBuilder &b, Value value,
                       const Groups &groups) {
  if (static_cast<int64_t>(groups.size()) == typeOf(value).getRank())
    return value;
  return tensor::CollapseShapeOp::create(b, value, groups);
}

Value bitnet::expand(ImplicitLocOpBuilder &b, Value value, const Groups &groups,
                     ArrayRef<OpFoldResult> sizes) {
  if (static_cast<int64_t>(groups.size()) == static_cast<int64_t>(sizes.size()))
    return value;
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  // What is static in the result of a group must be so in the operand.
  SmallVector<int64_t> collapsed;
  for (auto [dim, group] : llvm::enumerate(groups)) {
    int64_t product = 1;
    for (int64_t index : group)
      product =
          ShapedType::isDynamic(product) || ShapedType::isDynamic(shape[index])
              ? ShapedType::kDynamic
              : product * shape[index];
    collapsed.push_back(product);
  }
  Type element = typeOf(value).getElementType();
  value = castTo(b, value, RankedTensorType::get(collapsed, element));
  return tensor::ExpandShapeOp::create(b, RankedTensorType::get(shape, element),
                                       value, groups, sizes);
}

/// Groups that attach each dimension of `unit` to a neighbour that stays. None
/// if nothing stays.
static Groups groupUnitDims(int64_t rank, ArrayRef<int64_t> unit) {
  Groups groups;
  ReassociationIndices pending;
  for (int64_t dim = 0; dim < rank; ++dim) {
    pending.push_back(dim);
    if (llvm::is_contained(unit, dim))
      continue;
    groups.push_back(pending);
    pending.clear();
  }
  if (!groups.empty())
    groups.back().append(pending);
  return groups;
}

Value bitnet::insertUnitDims(ImplicitLocOpBuilder &b, Value value,
                             ArrayRef<int64_t> dims) {
  Sizes sizes = sizesOf(b, value);
  for (int64_t dim : dims)
    sizes.insert(sizes.begin() + dim, b.getIndexAttr(1));
  return expand(b, value, groupUnitDims(sizes.size(), dims), sizes);
}

Value bitnet::dropUnitDims(ImplicitLocOpBuilder &b, Value value,
                           ArrayRef<int64_t> dims) {
  SmallVector<int64_t> shape(typeOf(value).getShape());
  for (int64_t dim : dims)
    shape[dim] = 1;
  value = castTo(b, value, typeOf(value).clone(shape));
  return collapse(b, value, groupUnitDims(shape.size(), dims));
}

Value bitnet::transpose(ImplicitLocOpBuilder &b, Value value,
                        ArrayRef<int64_t> perm) {
  if (llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())))
    return value;
  // What is known of a size must be so in the operand's type too.
  Sizes own = sizesOf(b, value), sizes;
  SmallVector<int64_t> shape;
  for (OpFoldResult size : own)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  value = castTo(b, value, typeOf(value).clone(shape));
  for (int64_t dim : perm)
    sizes.push_back(own[dim]);
  Value empty = emptyTensor(b, sizes, typeOf(value).getElementType());
  return linalg::TransposeOp::create(b, value, empty, perm)->getResult(0);
}
