// See Contraction.h.
#include "Contraction.h"

#include "dialects/BitNet/TileAttrs.h"

using namespace mlir;
using bitnet::Contraction;

static bool endsWith(AffineMap map, unsigned dim) {
  return map.getNumResults() != 0 &&
         map.getResults().back() == getAffineDimExpr(dim, map.getContext());
}

static bool isF32Tensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32();
}

/// Weights may be halves: they are widened where they are read.
static bool isWeightTensor(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type &&
         (type.getElementType().isF32() || type.getElementType().isF16() ||
          type.getElementType().isBF16());
}

FailureOr<Contraction> bitnet::matchContraction(linalg::LinalgOp op,
                                                RewriterBase &rewriter) {
  if (!op.hasPureTensorSemantics() || !linalg::isaContractionOpInterface(op))
    return rewriter.notifyMatchFailure(op, "not a contraction of tensors");
  auto dims = linalg::inferContractionDims(op);
  if (failed(dims) || dims->m.empty() || dims->n.size() != 1 ||
      dims->k.size() != 1)
    return rewriter.notifyMatchFailure(op, "not one n and one k");
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  Contraction result{op.getDpsInputOperand(0)->get(),
                     op.getDpsInputOperand(1)->get(),
                     op.getDpsInitOperand(0)->get(),
                     maps[0],
                     maps[1],
                     maps[2],
                     llvm::to_vector(dims->batch),
                     llvm::to_vector(ArrayRef(dims->m).drop_back()),
                     dims->m.back(),
                     dims->n[0],
                     dims->k[0],
                     0,
                     0,
                     bitnet::getDecision(op, bitnet::kColumnsTogetherAttr, 1)};
  if (!isF32Tensor(result.x) || !isWeightTensor(result.w) ||
      !isF32Tensor(result.init))
    return rewriter.notifyMatchFailure(op, "not of f32");
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  result.columns = sizes[result.n];
  result.terms = sizes[result.k];
  if (ShapedType::isDynamic(result.columns) ||
      ShapedType::isDynamic(result.terms))
    return rewriter.notifyMatchFailure(op, "columns or terms are dynamic");
  bool readsRows =
      endsWith(result.xMap, result.k) && endsWith(result.yMap, result.n) &&
      (endsWith(result.wMap, result.k) || endsWith(result.wMap, result.n));
  if (!readsRows)
    return rewriter.notifyMatchFailure(op, "an operand is read across rows");
  return result;
}
