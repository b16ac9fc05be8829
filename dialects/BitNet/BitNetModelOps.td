// The rest of a Transformer block, on a level that can be fused.
#ifndef BITNET_MODEL_OPS_TD
#define BITNET_MODEL_OPS_TD

include "dialects/BitNet/BitNetOps.td"

def BitNet_RmsNormOp : BitNet_ShapedOp<"rms_norm"> {
  let summary = "scale rows to a root mean square of one";
  let description = [{
    Computes `y[m, k] = x[m, k] / sqrt(mean_k(x^2) + epsilon) * gain[k]` in f32
    (ONNX RMSNormalization-23: a true division). The mean is summed in lane
    order, see `lib/README.md`.

    Example:
    ```mlir
    %y = bitnet.rms_norm %x, %gain epsilon 1.0e-5
        : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input, 1DTensorOf<[F32]>:$gain,
                       F32Attr:$epsilon);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $gain `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($gain) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_LayerNormOp : BitNet_ShapedOp<"layer_norm"> {
  let summary = "shift rows to mean zero and scale them to variance one";
  let description = [{
    Computes `y = (x - mean) / sqrt(variance + epsilon) * gain + bias` along each
    row in f32 (ONNX LayerNormalization-17).

    Example:
    ```mlir
    %y = bitnet.layer_norm %x, %gain, %bias epsilon 1.0e-5
        : tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32>
        -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input, 1DTensorOf<[F32]>:$gain,
                       1DTensorOf<[F32]>:$bias, F32Attr:$epsilon);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $gain `,` $bias `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($gain) `,` type($bias) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_NormQuantizeOp : BitNet_ShapedOp<"norm_quantize"> {
  let summary = "normalize rows and quantize them in one sweep";
  let description = [{
    Equals `bitnet.quantize` of `bitnet.rms_norm`, to the bit.

    Example:
    ```mlir
    %q, %s = bitnet.norm_quantize %x, %gain epsilon 1.0e-5
        {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32,
           floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
        : tensor<?x256xf32>, tensor<256xf32> -> tensor<?x256xi8>, tensor<?xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input, 1DTensorOf<[F32]>:$gain,
                       F32Attr:$epsilon, BitNet_QuantizerAttr:$quantizer);
  let results = (outs 2DTensorOf<[I8]>:$codes, 1DTensorOf<[F32]>:$scales);
  let assemblyFormat = [{
    $input `,` $gain `epsilon` $epsilon attr-dict
    `:` type($input) `,` type($gain) `->` type($codes) `,` type($scales)
  }];
  let hasVerifier = 1;
}

def BitNet_RopeOp : BitNet_ShapedOp<"rope"> {
  let summary = "rotate pairs of channels by the angle of a position";
  let description = [{
    For x of shape [batch, heads, sequence, d] and cos, sin of shape [batch or
    1, sequence, d / 2], with (a, b) the pair of channels (i, i + d / 2), or
    (2i, 2i + 1) where `interleaved` (ONNX RotaryEmbedding-23):

        a' = a * cos - b * sin
        b' = b * cos + a * sin

    Example:
    ```mlir
    %y = bitnet.rope %x, %cos, %sin : tensor<?x4x?x64xf32>, tensor<?x?x32xf32>,
        tensor<?x?x32xf32> -> tensor<?x4x?x64xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32]>:$input, 3DTensorOf<[F32]>:$cos,
                       3DTensorOf<[F32]>:$sin, UnitAttr:$interleaved);
  let results = (outs 4DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $cos `,` $sin (`interleaved` $interleaved^)? attr-dict
    `:` type($input) `,` type($cos) `,` type($sin) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_AttentionOp : BitNet_ShapedOp<"attention"> {
  let summary = "attend from each query to the keys that its mask allows";
  let description = [{
    Scaled dot product attention (ONNX Attention-24) with grouped heads: query
    [batch, heads, sequence, d]; key and value [batch, kv heads, total, d];
    query head h reads key head `h / (heads / kv heads)`. Keys and values of 16
    bits are widened as they are read; all arithmetic is f32. The mask has shape
    [batch or 1, heads or 1, sequence or 1, total] and is true where a key is
    seen, or it is a number that is added to the score: minus infinity hides a
    key. A query that sees no key gives zeros.

        p = softmax(scale * (q . k) + mask, over the keys seen)
        y = sum over keys of p * v

    A key that is not seen takes part in no sum, so that a row's result
    depends neither on the batch nor on how a prompt is cut into chunks.

    Example:
    ```mlir
    %y = bitnet.attention %q, %k, %v mask %mask : tensor<?x1x?x?xi1>
        scale 0.125 : tensor<?x4x?x64xf32>, tensor<?x2x?x64xf32>,
        tensor<?x2x?x64xf32> -> tensor<?x4x?x64xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32]>:$query,
                       4DTensorOf<[F32, F16, BF16]>:$key,
                       4DTensorOf<[F32, F16, BF16]>:$value,
                       Optional<4DTensorOf<[I1, F32]>>:$mask, F32Attr:$scale);
  let results = (outs 4DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^ `:` type($mask))?
    `scale` $scale attr-dict
    `:` type($query) `,` type($key) `,` type($value) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_KvAppendOp : BitNet_ShapedOp<"kv_append", [
    AllElementTypesMatch<["past", "update", "result"]>]> {
  let summary = "append new keys or values to a cache";
  let description = [{
    Joins [batch, heads, past, d] and [batch, heads, sequence, d] along the
    third dimension: the step of a KV cache. `past` may be zero.

    Example:
    ```mlir
    %next = bitnet.kv_append %past, %new : tensor<?x2x?x64xf32>,
        tensor<?x2x?x64xf32> -> tensor<?x2x?x64xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32, F16, BF16]>:$past,
                       4DTensorOf<[F32, F16, BF16]>:$update);
  let results = (outs 4DTensorOf<[F32, F16, BF16]>:$result);
  let assemblyFormat = [{
    $past `,` $update attr-dict
    `:` type($past) `,` type($update) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_HadamardOp : BitNet_ShapedOp<"hadamard"> {
  let summary = "rotate blocks of a row by a Hadamard matrix";
  let description = [{
    Multiplies each block of `block` neighbouring elements by the Walsh-Hadamard
    matrix over sqrt(block) (BitNet v2). `block` is a power of two that divides
    the row.

    Example:
    ```mlir
    %y = bitnet.hadamard %x block 128 : tensor<?x256xf32> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input, I64Attr:$block);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `block` $block attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // BITNET_MODEL_OPS_TD
