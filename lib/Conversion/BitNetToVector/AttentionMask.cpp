// Which keys a query sees. See AttentionTile.h.
#include "AttentionTile.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::rows;

static constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

bool SeenKeys::hasFloatMask() const {
  return given && given.getType().getElementType().isF32();
}

bool SeenKeys::differAmongHeads() const {
  return given && given.getType().getDimSize(1) != 1;
}

/// A copy of the mask up to `padded` keys, of which the last ones are hidden.
/// Truth values become bytes: vectors of i1 are read as bits, which is not how
/// i1 lies in memory.
static Value padMask(ImplicitLocOpBuilder &b, Value mask, Value padded) {
  bool isFloat =
      cast<RankedTensorType>(mask.getType()).getElementType().isF32();
  TypedAttr hidden = b.getI8IntegerAttr(0);
  if (isFloat)
    hidden = b.getF32FloatAttr(kMinusInfinity);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), mask);
  SmallVector<OpFoldResult> paddedSizes = sizes;
  paddedSizes[3] = getAsOpFoldResult(padded);
  Value fill = arith::ConstantOp::create(b, hidden);
  Value all = linalg::FillOp::create(
                  b, fill, emptyTensor(b, paddedSizes, hidden.getType()))
                  .getResult(0);

  SmallVector<OpFoldResult> offsets(4, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(4, b.getIndexAttr(1));
  Value slice = tensor::ExtractSliceOp::create(b, all, offsets, sizes, strides);
  AffineMap identity = b.getMultiDimIdentityMap(4);
  SmallVector<utils::IteratorType> iterators(4, utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      b, slice.getType(), mask, slice, ArrayRef<AffineMap>{identity, identity},
      iterators, [&](OpBuilder &body, Location loc, ValueRange args) {
        Value element = args[0];
        if (!isFloat)
          element =
              arith::ExtUIOp::create(body, loc, hidden.getType(), element);
        linalg::YieldOp::create(body, loc, element);
      });
  return tensor::InsertSliceOp::create(b, copy.getResult(0), all, offsets,
                                       sizes, strides);
}

SeenKeys::SeenKeys(ImplicitLocOpBuilder &b, AttentionOp op)
    : given(op.getMask()) {
  // The mask's own size, so that layers that share a mask share its copy.
  Value source = given ? Value(given) : Value(op.getKey());
  total = b.createOrFold<tensor::DimOp>(source, indexOf(b, given ? 3 : 2));
  Value blocks = arith::CeilDivUIOp::create(b, total, indexOf(b, kLanes));
  padded = b.createOrFold<arith::MulIOp>(blocks, indexOf(b, kLanes));
  if (given)
    mask = padMask(b, given, padded);
}

/// What the mask says of the keys first, ..., first + 15.
Value SeenKeys::readMask(ImplicitLocOpBuilder &b, const AttentionRow &row,
                         Value first) const {
  auto shape = given.getType().getShape();
  Value zero = indexOf(b, 0);
  return readVector(b, mask,
                    {shape[0] == 1 ? zero : row.batch,
                     shape[1] == 1 ? zero : row.head,
                     shape[2] == 1 ? zero : row.query, first},
                    kLanes);
}

Value SeenKeys::seenBy(ImplicitLocOpBuilder &b, const AttentionRow &row,
                       Value first) const {
  if (!mask) {
    Value left = arith::SubIOp::create(b, total, first);
    return vector::CreateMaskOp::create(
        b, VectorType::get(kLanes, b.getI1Type()), left);
  }
  Value read = readMask(b, row, first);
  if (hasFloatMask())
    return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, read,
                                 splatOf(b, kMinusInfinity));
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(read.getType()));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, read, none);
}

Value SeenKeys::maskScores(ImplicitLocOpBuilder &b, const AttentionRow &row,
                           Value first, Value scores) const {
  Value seen = seenBy(b, row, first);
  if (hasFloatMask())
    scores = arith::AddFOp::create(b, scores, readMask(b, row, first));
  return arith::SelectOp::create(b, seen, scores, splatOf(b, kMinusInfinity));
}
