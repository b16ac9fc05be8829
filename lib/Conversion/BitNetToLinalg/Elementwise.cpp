// Elementwise ops, reductions and lane sums as linalg. See Elementwise.h.
#include "Elementwise.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

static constexpr int64_t kLanes = 16;

static int64_t rankOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

static Type elementOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

//===----------------------------------------------------------------------===//
// Elementwise ops and folds
//===----------------------------------------------------------------------===//

AffineMap bitnet::naive::selectDims(ImplicitLocOpBuilder &b, int64_t rank,
                                    ArrayRef<int64_t> dims) {
  auto exprs = llvm::map_to_vector(
      dims, [&](int64_t dim) { return b.getAffineDimExpr(dim); });
  return AffineMap::get(rank, 0, exprs, b.getContext());
}

static Value emitGeneric(ImplicitLocOpBuilder &b, ArrayRef<ReadTensor> inputs,
                         ReadTensor result, ElementBody body) {
  SmallVector<utils::IteratorType> iterators(result.map.getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr expr : result.map.getResults())
    iterators[cast<AffineDimExpr>(expr).getPosition()] =
        utils::IteratorType::parallel;
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (const ReadTensor &input : inputs) {
    operands.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(result.map);
  auto emitBody = [&](OpBuilder &builder, Location loc, ValueRange args) {
    ImplicitLocOpBuilder b(loc, builder);
    linalg::YieldOp::create(b, body(b, args));
  };
  return linalg::GenericOp::create(b, result.tensor.getType(), operands,
                                   result.tensor, maps, iterators, emitBody)
      .getResult(0);
}

Value bitnet::naive::mapElements(ImplicitLocOpBuilder &b,
                                 ArrayRef<ReadTensor> inputs,
                                 ArrayRef<OpFoldResult> sizes, Type element,
                                 ElementBody body) {
  Value empty = tensor::EmptyOp::create(b, sizes, element);
  AffineMap identity = b.getMultiDimIdentityMap(sizes.size());
  return emitGeneric(b, inputs, {empty, identity}, body);
}

Value bitnet::naive::mapLike(ImplicitLocOpBuilder &b, ValueRange inputs,
                             Type element, ElementBody body) {
  AffineMap identity = b.getMultiDimIdentityMap(rankOf(inputs[0]));
  auto reads = llvm::map_to_vector(
      inputs, [&](Value input) { return ReadTensor{input, identity}; });
  return mapElements(b, reads, tensor::getMixedSizes(b, b.getLoc(), inputs[0]),
                     element, body);
}

Value bitnet::naive::foldElements(ImplicitLocOpBuilder &b, const Fold &fold,
                                  ElementBody body) {
  Value init = arith::ConstantOp::create(b, fold.init);
  Value filled =
      linalg::FillOp::create(b, init, fold.result.tensor).getResult(0);
  return emitGeneric(b, fold.inputs, {filled, fold.result.map}, body);
}

Value bitnet::naive::foldLast(ImplicitLocOpBuilder &b, Value tensor,
                              TypedAttr init, ElementBody body) {
  int64_t rank = rankOf(tensor);
  auto kept = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  auto sizes = tensor::getMixedSizes(b, b.getLoc(), tensor);
  sizes.pop_back();
  Value empty = tensor::EmptyOp::create(b, sizes, elementOf(tensor));
  ReadTensor input{tensor, b.getMultiDimIdentityMap(rank)};
  return foldElements(
      b, {rank, input, {empty, selectDims(b, rank, kept)}, init}, body);
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

Value bitnet::naive::toLanes(ImplicitLocOpBuilder &b, Value tensor) {
  int64_t rank = rankOf(tensor);
  auto sizes = tensor::getMixedSizes(b, b.getLoc(), tensor);
  AffineExpr size = b.getAffineSymbolExpr(0);
  auto apply = [&](AffineExpr expr) {
    return affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr,
                                                 {sizes.back()});
  };
  OpFoldResult blocks = apply(size.ceilDiv(kLanes));
  SmallVector<OpFoldResult> low(rank, b.getIndexAttr(0)), high = low;
  high.back() = apply(size.ceilDiv(kLanes) * kLanes - size);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(elementOf(tensor)));
  auto shape =
      llvm::to_vector(cast<RankedTensorType>(tensor.getType()).getShape());
  std::optional<int64_t> count = getConstantIntValue(blocks);
  shape.back() = count ? *count * kLanes : ShapedType::kDynamic;
  Value padded =
      tensor::PadOp::create(b, RankedTensorType::get(shape, elementOf(tensor)),
                            tensor, low, high, zero);

  shape.back() = count.value_or(ShapedType::kDynamic);
  shape.push_back(kLanes);
  sizes.back() = blocks;
  sizes.push_back(b.getIndexAttr(kLanes));
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank; ++dim)
    groups.push_back({dim});
  groups.back().push_back(rank);
  return tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, elementOf(tensor)), padded, groups,
      sizes);
}

Value bitnet::naive::addLanes(ImplicitLocOpBuilder &b, Value tensor) {
  int64_t rank = rankOf(tensor);
  auto sizes = tensor::getMixedSizes(b, b.getLoc(), tensor);
  SmallVector<OpFoldResult> zeros(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> ones(rank, b.getIndexAttr(1));
  for (int64_t half = kLanes / 2; half >= 1; half /= 2) {
    SmallVector<OpFoldResult> offsets = zeros;
    offsets.back() = b.getIndexAttr(half);
    sizes.back() = b.getIndexAttr(half);
    Value low = tensor::ExtractSliceOp::create(b, tensor, zeros, sizes, ones);
    Value high =
        tensor::ExtractSliceOp::create(b, tensor, offsets, sizes, ones);
    tensor = mapLike(b, {low, high}, elementOf(tensor),
                     [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                       return arith::AddFOp::create(b, x[0], x[1]);
                     });
  }
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    groups.push_back({dim});
  if (!groups.empty())
    groups.back().push_back(rank - 1);
  return tensor::CollapseShapeOp::create(b, tensor, groups);
}

Value bitnet::naive::sumRows(ImplicitLocOpBuilder &b, Value tensor) {
  Value blocks = toLanes(b, tensor);
  int64_t rank = rankOf(blocks);
  auto kept = llvm::to_vector(llvm::seq<int64_t>(0, rank - 2));
  kept.push_back(rank - 1);
  auto sizes = tensor::getMixedSizes(b, b.getLoc(), blocks);
  sizes.erase(sizes.end() - 2);
  Value empty = tensor::EmptyOp::create(b, sizes, elementOf(tensor));
  ReadTensor input{blocks, b.getMultiDimIdentityMap(rank)};
  Value lanes = foldElements(
      b,
      {rank, input, {empty, selectDims(b, rank, kept)}, b.getF32FloatAttr(0)},
      [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        return arith::AddFOp::create(b, x[1], x[0]);
      });
  return addLanes(b, lanes);
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

Value bitnet::naive::sizeAsFloat(ImplicitLocOpBuilder &b, Value tensor,
                                 int64_t dim) {
  Value size = tensor::DimOp::create(b, tensor, dim);
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(), size);
  return arith::SIToFPOp::create(b, b.getF32Type(), integer);
}

Value bitnet::naive::constant(ImplicitLocOpBuilder &b, float value) {
  return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
}

Value bitnet::naive::larger(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value isLarger = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, isLarger, x, y);
}

Value bitnet::naive::smaller(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value isSmaller = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  return arith::SelectOp::create(b, isSmaller, x, y);
}

Value bitnet::naive::widen(ImplicitLocOpBuilder &b, Value x) {
  if (x.getType().isF32())
    return x;
  return arith::ExtFOp::create(b, b.getF32Type(), x);
}

Value bitnet::naive::narrow(ImplicitLocOpBuilder &b, Type type, Value x) {
  if (type.isF32())
    return x;
  return arith::TruncFOp::create(b, type, x);
}

Value bitnet::naive::roundTo(ImplicitLocOpBuilder &b, Type type, Value x) {
  return widen(b, narrow(b, type, x));
}

Value bitnet::naive::castTo(ImplicitLocOpBuilder &b, Type type, Value value) {
  if (value.getType() == type)
    return value;
  return tensor::CastOp::create(b, type, value);
}
