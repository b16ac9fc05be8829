// What the patterns of this folder offer to each other and to the pass.
#ifndef BITNET_LIB_CONVERSION_ONNXTOBITNET_RAISE_H
#define BITNET_LIB_CONVERSION_ONNXTOBITNET_RAISE_H

#include "Match.h"
#include "dialects/ONNX/ONNXDialect.h"

#include "mlir/IR/PatternMatch.h"

namespace bitnet {

/// Brings spellings of one thing to one form: Max(x, c) -> Clip(x, c).
void populateSpellingPatterns(mlir::RewritePatternSet &patterns);

/// The same for a largest magnitude: TopK(x, 1) -> ReduceMax(x).
void populateReductionSpellingPatterns(mlir::RewritePatternSet &patterns);

/// MatMul of quantized activations and ternary weights -> bitnet.linear.
void populateBitLinearPatterns(mlir::RewritePatternSet &patterns);

/// Products of integer codes that are scaled afterwards -> bitnet.linear.
void populateIntegerLinearPatterns(mlir::RewritePatternSet &patterns);

/// MatMul with a Hadamard matrix -> bitnet.hadamard.
void populateHadamardPatterns(mlir::RewritePatternSet &patterns);

/// MatMulNBits(x, codes, scales) -> MatMul(x, DequantizeLinear(codes, scales)).
/// Emits an error where its weights are not constant.
llvm::LogicalResult expandMatMulNBits(onnx::MatMulNBitsOp matmul);

/// RMSNormalization, LayerNormalization and what they are made of.
void populateNormPatterns(mlir::RewritePatternSet &patterns);

/// RotaryEmbedding and products with cosines and sines -> bitnet.rope.
void populateRopePatterns(mlir::RewritePatternSet &patterns);

/// Concat of a cache and what is new -> bitnet.kv_append.
void populateKvAppendPatterns(mlir::RewritePatternSet &patterns);

/// What the operator Attention does besides attention -> operators of its own.
void populateSimplifyAttentionPatterns(mlir::RewritePatternSet &patterns);

/// Attention and softmax(q . k) . v -> bitnet.attention.
void populateAttentionPatterns(mlir::RewritePatternSet &patterns);

/// Copies of an embedding table that a head multiplies by -> the table.
void populateShareEmbeddingPatterns(mlir::RewritePatternSet &patterns);

/// Rows of a table, looked up by ids of any shape: as [rows, k].
void populateEmbeddingPatterns(mlir::RewritePatternSet &patterns);

/// Float ops that work on each row by itself: from [.., k] to [rows, k].
void populateFlattenPatterns(mlir::RewritePatternSet &patterns);

/// Why MatMul or Gemm of floats is no BitLinear layer.
Miss explainFloatProduct(mlir::Operation *product);

/// Why MatMul or MatMulInteger of codes is no BitLinear layer.
Miss explainIntegerProduct(mlir::Operation *product);

/// Says of each product with a matrix why it is no BitLinear layer, as a remark
/// and, where the matrix is constant, in the attribute `bitnet.float_layer`.
void explainFloatLayers(mlir::Operation *root);

} // namespace bitnet

#endif // BITNET_LIB_CONVERSION_ONNXTOBITNET_RAISE_H
