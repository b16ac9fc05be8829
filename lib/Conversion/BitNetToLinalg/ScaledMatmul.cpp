// Products with rounded weights, spelled out. See Passes.td.
#include "Elementwise.h"
#include "Patterns.h"

#include "dialects/BitNet/BitNetDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace bitnet;
using namespace bitnet::naive;

/// Codes of one byte each, as [panels, blocks, parts, 4, 16].
static Value splitBytes(ImplicitLocOpBuilder &b, ScaledMatmulOp op) {
  ArrayRef<int64_t> shape = op.getCodes().getType().getShape();
  int64_t parts = op.getCodesPerByte();
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(
      b.getContext(), {shape[0], shape[1], parts, shape[2], shape[3]});
  // By how much a part is shifted to the byte's upper end.
  SmallVector<int8_t> distances(parts, 0);
  distances.front() = static_cast<int8_t>(8 - op.getBits());
  auto type = RankedTensorType::get(parts, b.getI8Type());
  Value shifts = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<int8_t>(distances)));
  SmallVector<ReadTensor> reads = {
      {op.getCodes(), selectDims(b, 5, {0, 1, 3, 4})},
      {shifts, selectDims(b, 5, {2})}};
  return mapElements(b, reads, sizes, b.getI8Type(),
                     [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                       Value back =
                           arith::ConstantIntOp::create(b, 8 - op.getBits(), 8);
                       Value upper = arith::ShLIOp::create(b, x[0], x[1]);
                       return arith::ShRSIOp::create(b, upper, back);
                     });
}

/// [m, k] -> [m, groups, blocks of a group, parts, 16]
static Value splitRows(ImplicitLocOpBuilder &b, Value x, ScaledMatmulOp op) {
  int64_t parts = op.getCodesPerByte(), groups = op.getGroups();
  int64_t blocks = op.getCodes().getType().getDimSize(1) / groups;
  Value rows =
      castTo(b,
             RankedTensorType::get({ShapedType::kDynamic, op.getInputs()},
                                   b.getF32Type()),
             x);
  auto type = RankedTensorType::get(
      {ShapedType::kDynamic, groups, blocks, parts, ScaledMatmulOp::kLanes},
      b.getF32Type());
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), type.getShape());
  sizes[0] = tensor::getMixedSize(b, b.getLoc(), rows, 0);
  SmallVector<ReassociationIndices> dims = {{0}, {1, 2, 3, 4}};
  return tensor::ExpandShapeOp::create(b, type, rows, dims, sizes);
}

/// The lanes of each group as [m, panels, groups, 4, 16].
static Value sumGroups(ImplicitLocOpBuilder &b, Value x, ScaledMatmulOp op) {
  ArrayRef<int64_t> shape = op.getCodes().getType().getShape();
  int64_t groups = op.getGroups();
  auto type = RankedTensorType::get({shape[0], groups, shape[1] / groups,
                                     op.getCodesPerByte(), shape[2], shape[3]},
                                    b.getI8Type());
  SmallVector<ReassociationIndices> dims = {{0}, {1, 2}, {3}, {4}, {5}};
  Value codes = tensor::ExpandShapeOp::create(b, type, splitBytes(b, op), dims);
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(
      b.getContext(), {0, shape[0], groups, shape[2], shape[3]});
  sizes[0] = tensor::getMixedSize(b, b.getLoc(), x, 0);
  Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
  // Loops m, panel, group, row of the panel, lane; block and part are summed.
  ReadTensor activations{splitRows(b, x, op),
                         selectDims(b, 7, {0, 2, 5, 6, 4})};
  ReadTensor weights{codes, selectDims(b, 7, {1, 2, 5, 6, 3, 4})};
  return foldElements(b,
                      {7,
                       {activations, weights},
                       {empty, selectDims(b, 7, {0, 1, 2, 3, 4})},
                       b.getF32FloatAttr(0)},
                      [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                        Value code =
                            arith::SIToFPOp::create(b, b.getF32Type(), x[1]);
                        return math::FmaOp::create(b, x[0], code, x[2]);
                      });
}

/// The lanes of each row as [m, panels, 4, 16].
static Value sumScaled(ImplicitLocOpBuilder &b, Value lanes,
                       ScaledMatmulOp op) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, b.getLoc(), lanes);
  sizes.erase(sizes.begin() + 2);
  Value empty = tensor::EmptyOp::create(b, sizes, b.getF32Type());
  // Loops m, panel, row of the panel, lane; groups are summed.
  return foldElements(b,
                      {5,
                       {{lanes, selectDims(b, 5, {0, 1, 4, 2, 3})},
                        {op.getScales(), selectDims(b, 5, {1, 4, 2})}},
                       {empty, selectDims(b, 5, {0, 1, 2, 3})},
                       b.getF32FloatAttr(0)},
                      [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                        return math::FmaOp::create(b, x[0], widen(b, x[1]),
                                                   x[2]);
                      });
}

namespace {

/// scaled_matmul(x, codes) -> lanes of groups, of rows, and their sums
struct SumScaledGroups : OpConversionPattern<ScaledMatmulOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ScaledMatmulOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value lanes = sumScaled(b, sumGroups(b, adaptor.getInput(), op), op);
    Value sums = addLanes(b, lanes);
    SmallVector<ReassociationIndices> dims = {{0}, {1, 2}};
    Value padded = tensor::CollapseShapeOp::create(b, sums, dims);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), padded);
    sizes[1] = b.getIndexAttr(op.getType().getDimSize(1));
    SmallVector<OpFoldResult> zeros(2, b.getIndexAttr(0)),
        ones(2, b.getIndexAttr(1));
    Value y = tensor::ExtractSliceOp::create(b, padded, zeros, sizes, ones);
    rewriter.replaceOp(op, castTo(b, op.getType(), y));
    return success();
  }
};

} // namespace

void bitnet::populateScaledMatmulToLinalg(RewritePatternSet &patterns,
                                          const TypeConverter &types) {
  patterns.add<SumScaledGroups>(types, patterns.getContext());
}
