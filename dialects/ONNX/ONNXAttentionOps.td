// ONNX operators of attention blocks.
#ifndef ONNX_ATTENTION_OPS_TD
#define ONNX_ATTENTION_OPS_TD

include "dialects/ONNX/ONNXDialect.td"

def ONNX_AttentionOp
    : ONNX_Op<"Attention", "inferAttention", [AttrSizedOperandSegments]> {
  let summary = "average values by the likeness of queries and keys";
  let description = [{
    Computes `y = softmax(scale * q * k^T + mask) * v` for each head. Queries,
    keys and values are [batch, heads, sequence, size], or 3-D [batch, sequence,
    heads * size] with `q_num_heads` and `kv_num_heads`. Fewer heads of keys
    than of queries are shared by groups of them. `past_key` and `past_value`
    are put before the keys and values; further results give them
    (`present_key`, `present_value`) and the scores at the stage
    `qk_matmul_output_mode`. A mask is boolean (true takes part) or is added to
    the scores; `is_causal` lets query i see keys up to i + past. Scores go
    through `softcap * tanh(score / softcap)` if `softcap` is set. A row with
    nothing to see gives zero (ONNX Attention-24).

    Example:
    ```mlir
    %y = onnx.Attention %q, %k, %v, %mask
        {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 0.125 : f32}
        : (tensor<1x4x3x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
           tensor<1x1x3x8xi1>) -> tensor<1x4x3x64xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$q, ONNX_FloatTensor:$k,
                       ONNX_FloatTensor:$v, Optional<ONNX_AnyTensor>:$attn_mask,
                       Optional<ONNX_FloatTensor>:$past_key,
                       Optional<ONNX_FloatTensor>:$past_value,
                       Optional<RankedTensorOf<[I64]>>:$nonpad_kv_seqlen,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$is_causal,
                       OptionalAttr<ONNX_IntAttr>:$kv_num_heads,
                       OptionalAttr<ONNX_IntAttr>:$q_num_heads,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$qk_matmul_output_mode,
                       OptionalAttr<F32Attr>:$scale,
                       DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       OptionalAttr<ONNX_IntAttr>:$softmax_precision);
  let results = (outs ONNX_FloatTensor:$y, Variadic<ONNX_FloatTensor>:$present);
}

def ONNX_RotaryEmbeddingOp
    : ONNX_Op<"RotaryEmbedding", "inferRotaryEmbedding"> {
  let summary = "rotate pairs of channels by the angle of a position";
  let description = [{
    `x` is [batch, heads, sequence, size], or [batch, sequence, heads * size]
    with `num_heads`. The first `rotary_embedding_dim` channels of each head (all
    if 0) are rotated in pairs: channel i with i + half, or neighbours if
    `interleaved`. The caches are [positions, half], looked up by
    `position_ids`, or without these [batch, sequence, half] (ONNX
    RotaryEmbedding-23).

    Example:
    ```mlir
    %y = onnx.RotaryEmbedding %x, %cos, %sin
        : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>)
        -> tensor<?x4x?x64xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$cos_cache,
                       ONNX_FloatTensor:$sin_cache,
                       Optional<RankedTensorOf<[I64]>>:$position_ids,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$interleaved,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$num_heads,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$rotary_embedding_dim);
  let results = (outs ONNX_FloatTensor:$y);
}

#endif // ONNX_ATTENTION_OPS_TD
