// Shape functions: result types of every op, from its operands and attributes.
#ifndef DIALECTS_ONNX_ONNXSHAPES_H
#define DIALECTS_ONNX_ONNXSHAPES_H

#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/TypeUtilities.h"

namespace bitnet::onnx {

using InferredTypes = llvm::SmallVectorImpl<mlir::RankedTensorType>;

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

/// The element type with this number in ONNX's TensorProto, null if unknown.
mlir::Type getElementTypeOf(mlir::MLIRContext *context, int64_t number);

/// `axis` counted from the front. Emits an error if it is outside `rank`.
mlir::FailureOr<int64_t> normalizeAxis(mlir::Operation *op, int64_t axis,
                                       int64_t rank);

/// The same for several axes, which must be distinct.
mlir::FailureOr<llvm::SmallVector<int64_t>>
normalizeAxes(mlir::Operation *op, llvm::ArrayRef<int64_t> axes, int64_t rank);

/// The size that two sizes broadcast to; fails if they can't be.
mlir::FailureOr<int64_t> broadcastSizes(int64_t a, int64_t b);

/// The shape that all shapes broadcast to. Emits an error if there is none.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(mlir::Operation *op,
                llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

//===----------------------------------------------------------------------===//
// One function per op, or per family
//===----------------------------------------------------------------------===//

llvm::LogicalResult inferSameAsFirst(mlir::Operation *op, InferredTypes &types);
llvm::LogicalResult inferBoolOfFirst(mlir::Operation *op, InferredTypes &types);
llvm::LogicalResult inferBroadcast(mlir::Operation *op, InferredTypes &types);
llvm::LogicalResult inferBroadcastBool(mlir::Operation *op,
                                       InferredTypes &types);
llvm::LogicalResult inferReduce(mlir::Operation *op, InferredTypes &types);
llvm::LogicalResult inferArgReduce(mlir::Operation *op, InferredTypes &types);

llvm::LogicalResult inferClip(ClipOp op, InferredTypes &types);
llvm::LogicalResult inferGemm(GemmOp op, InferredTypes &types);
llvm::LogicalResult inferMatMul(MatMulOp op, InferredTypes &types);
llvm::LogicalResult inferPow(PowOp op, InferredTypes &types);
llvm::LogicalResult inferWhere(WhereOp op, InferredTypes &types);

llvm::LogicalResult inferCast(CastOp op, InferredTypes &types);
llvm::LogicalResult inferCastLike(CastLikeOp op, InferredTypes &types);
llvm::LogicalResult inferConcat(ConcatOp op, InferredTypes &types);
llvm::LogicalResult inferConstant(ConstantOp op, InferredTypes &types);
llvm::LogicalResult inferConstantOfShape(ConstantOfShapeOp op,
                                         InferredTypes &types);
llvm::LogicalResult inferExpand(ExpandOp op, InferredTypes &types);
llvm::LogicalResult inferFlatten(FlattenOp op, InferredTypes &types);
llvm::LogicalResult inferGather(GatherOp op, InferredTypes &types);
llvm::LogicalResult inferGatherElements(GatherElementsOp op,
                                        InferredTypes &types);
llvm::LogicalResult inferGatherND(GatherNDOp op, InferredTypes &types);
llvm::LogicalResult inferRange(RangeOp op, InferredTypes &types);
llvm::LogicalResult inferReshape(ReshapeOp op, InferredTypes &types);
llvm::LogicalResult inferShapeOp(ShapeOp op, InferredTypes &types);
llvm::LogicalResult inferSize(SizeOp op, InferredTypes &types);
llvm::LogicalResult inferSlice(SliceOp op, InferredTypes &types);
llvm::LogicalResult inferSplit(SplitOp op, InferredTypes &types);
llvm::LogicalResult inferSqueeze(SqueezeOp op, InferredTypes &types);
llvm::LogicalResult inferTile(TileOp op, InferredTypes &types);
llvm::LogicalResult inferTopK(TopKOp op, InferredTypes &types);
llvm::LogicalResult inferTranspose(TransposeOp op, InferredTypes &types);
llvm::LogicalResult inferUnsqueeze(UnsqueezeOp op, InferredTypes &types);

llvm::LogicalResult inferLayerNormalization(LayerNormalizationOp op,
                                            InferredTypes &types);
llvm::LogicalResult inferRMSNormalization(RMSNormalizationOp op,
                                          InferredTypes &types);

llvm::LogicalResult inferDequantizeLinear(DequantizeLinearOp op,
                                          InferredTypes &types);
llvm::LogicalResult inferDynamicQuantizeLinear(DynamicQuantizeLinearOp op,
                                               InferredTypes &types);
llvm::LogicalResult inferMatMulNBits(MatMulNBitsOp op, InferredTypes &types);
llvm::LogicalResult inferMatMulInteger(MatMulIntegerOp op,
                                       InferredTypes &types);
llvm::LogicalResult inferQuantizeLinear(QuantizeLinearOp op,
                                        InferredTypes &types);

llvm::LogicalResult inferAttention(AttentionOp op, InferredTypes &types);
llvm::LogicalResult inferRotaryEmbedding(RotaryEmbeddingOp op,
                                         InferredTypes &types);

} // namespace bitnet::onnx

#endif // DIALECTS_ONNX_ONNXSHAPES_H
