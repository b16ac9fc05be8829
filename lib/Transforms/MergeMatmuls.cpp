// One matmul for layers on one quantized input. See Passes.td.
#include "bitnet/Transforms/Passes.h"
#include "dialects/BitNet/BitNetDialect.h"
#include "dialects/BitNet/LayerAttrs.h"
#include "dialects/BitNet/TritBytes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

namespace bitnet {
#define GEN_PASS_DEF_MERGEMATMULS
#include "bitnet/Transforms/Passes.h.inc"
} // namespace bitnet

using namespace mlir;

#define DEBUG_TYPE "bitnet-merge-matmuls"

namespace {

/// A layer whose columns may become a segment of a wider one.
struct Segment {
  bitnet::MatmulOp matmul;
  bitnet::DequantizeOp dequantize;
  ElementsAttr weights;
  DenseElementsAttr scale;

  int64_t columns() { return matmul.getType().getDimSize(1); }
};

} // namespace

/// The matmul as a segment, if its result is only rescaled and split into
/// heads.
static std::optional<Segment> matchSegment(bitnet::MatmulOp matmul) {
  auto dequantize = matmul->hasOneUse()
                        ? dyn_cast<bitnet::DequantizeOp>(*matmul->user_begin())
                        : nullptr;
  auto constant = matmul.getWeights().getDefiningOp<bitnet::ConstantOp>();
  if (!dequantize || !constant || dequantize.getBias() ||
      dequantize.getInverse() || !dequantize->hasOneUse() ||
      !isa<tensor::ExpandShapeOp>(*dequantize->user_begin()))
    return std::nullopt;
  DenseElementsAttr scale;
  if (!matchPattern(dequantize.getWeightScale(), m_Constant(&scale)) ||
      !bitnet::hasTrits(constant.getValue()))
    return std::nullopt;
  return Segment{matmul, dequantize, constant.getValue(), scale};
}

/// The weights of all segments, one after the other.
static Value joinWeights(OpBuilder &b, Location loc,
                         MutableArrayRef<Segment> segments, int64_t columns) {
  RankedTensorType first = segments[0].matmul.getWeights().getType();
  auto type = RankedTensorType::get({columns, first.getDimSize(1)},
                                    first.getElementType());
  std::vector<int8_t> trits;
  for (Segment &segment : segments)
    llvm::append_range(trits, bitnet::readTrits(segment.weights));
  return bitnet::ConstantOp::create(
      b, loc,
      DenseResourceElementsAttr::get(type, "merged", bitnet::makeTrits(trits)));
}

/// One scale for each column.
static Value joinScales(OpBuilder &b, Location loc,
                        MutableArrayRef<Segment> segments, int64_t columns) {
  SmallVector<float> scales;
  for (Segment &segment : segments)
    for (int64_t column = 0; column < segment.columns(); ++column)
      scales.push_back(segment.scale.isSplat()
                           ? segment.scale.getSplatValue<float>()
                           : segment.scale.getValues<float>()[column]);
  auto type = RankedTensorType::get({columns}, b.getF32Type());
  return arith::ConstantOp::create(
      b, loc, DenseElementsAttr::get(type, ArrayRef<float>(scales)));
}

/// What a report says of each segment, if somebody has written it down.
static void keepLayers(Operation *merged, MutableArrayRef<Segment> segments) {
  Builder b(merged->getContext());
  SmallVector<Attribute> layers;
  for (Segment &segment : segments) {
    NamedAttrList layer(segment.matmul->getDiscardableAttrDictionary());
    if (layer.empty())
      return;
    StringRef name = bitnet::getNodePath(segment.matmul.getLoc());
    layer.set("name", b.getStringAttr(name));
    layer.set("columns", b.getI64IntegerAttr(segment.columns()));
    layers.push_back(layer.getDictionary(b.getContext()));
  }
  merged->setAttr(bitnet::kSegmentsAttr, b.getArrayAttr(layers));
}

static void merge(RewriterBase &rewriter, MutableArrayRef<Segment> segments) {
  bitnet::MatmulOp first = segments[0].matmul;
  SmallVector<Location> locations;
  int64_t columns = 0;
  for (Segment &segment : segments) {
    locations.push_back(segment.matmul.getLoc());
    columns += segment.columns();
  }
  Location loc = rewriter.getFusedLoc(locations);
  rewriter.setInsertionPoint(first);
  Value rows = first.getActivations();
  int64_t height = first.getType().getDimSize(0);
  auto sums = RankedTensorType::get({height, columns}, rewriter.getI32Type());
  Value product = bitnet::MatmulOp::create(
      rewriter, loc, sums, rows, joinWeights(rewriter, loc, segments, columns),
      /*tiles=*/nullptr);
  keepLayers(product.getDefiningOp(), segments);
  Value all = bitnet::DequantizeOp::create(
      rewriter, loc,
      sums.clone(segments[0].dequantize.getType().getElementType()), product,
      segments[0].dequantize.getScales(),
      joinScales(rewriter, loc, segments, columns), /*bias=*/Value(),
      /*inverse=*/false);
  OpFoldResult size = tensor::getMixedSize(rewriter, loc, rows, 0);
  OpFoldResult one = rewriter.getIndexAttr(1), zero = rewriter.getIndexAttr(0);
  int64_t offset = 0;
  for (Segment &segment : segments) {
    Value slice = tensor::ExtractSliceOp::create(
        rewriter, segment.dequantize.getLoc(), segment.dequantize.getType(),
        all, SmallVector<OpFoldResult>{zero, rewriter.getIndexAttr(offset)},
        SmallVector<OpFoldResult>{size,
                                  rewriter.getIndexAttr(segment.columns())},
        SmallVector<OpFoldResult>{one, one});
    offset += segment.columns();
    rewriter.replaceOp(segment.dequantize, slice);
    rewriter.eraseOp(segment.matmul);
  }
}

namespace {

struct MergeMatmuls : bitnet::impl::MergeMatmulsBase<MergeMatmuls> {
  void runOnOperation() override {
    // Rows, their scales, the type of the weights and that of the result.
    using Key = std::tuple<Value, Value, Type, Type>;
    llvm::MapVector<Key, SmallVector<Segment>> groups;
    getOperation().walk([&](bitnet::MatmulOp matmul) {
      if (std::optional<Segment> segment = matchSegment(matmul))
        groups[{matmul.getActivations(), segment->dequantize.getScales(),
                matmul.getWeights().getType().getElementType(),
                segment->dequantize.getType().getElementType()}]
            .push_back(*segment);
    });
    IRRewriter rewriter(&getContext());
    for (auto &[key, segments] : groups)
      if (segments.size() > 1)
        merge(rewriter, segments);
  }
};

} // namespace
