// ONNX operators of quantization.
#ifndef ONNX_QUANT_OPS_TD
#define ONNX_QUANT_OPS_TD

include "dialects/ONNX/ONNXDialect.td"

def ONNX_DequantizeLinearOp
    : ONNX_Op<"DequantizeLinear", "inferDequantizeLinear"> {
  let summary = "turn integer codes into floats";
  let description = [{
    Computes `y = (x - x_zero_point) * x_scale`. The scale is a scalar, or a
    vector along `axis`, or, with `block_size`, has one element for so many
    elements along `axis` (ONNX DequantizeLinear-25).

    Example:
    ```mlir
    %w = onnx.DequantizeLinear %codes, %scale
        : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
    ```
  }];
  let arguments = (ins ONNX_CodeTensor:$x, ONNX_FloatTensor:$x_scale,
                       Optional<ONNX_CodeTensor>:$x_zero_point,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$axis,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$block_size,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$output_dtype);
  let results = (outs ONNX_FloatTensor:$y);
}

def ONNX_QuantizeLinearOp
    : ONNX_Op<"QuantizeLinear", "inferQuantizeLinear"> {
  let summary = "turn floats into integer codes";
  let description = [{
    Computes `y = saturate(roundeven(x / y_scale) + y_zero_point)`, with the
    scale as in `onnx.DequantizeLinear`. The code type is that of the zero point,
    or `output_dtype`, or ui8 (ONNX QuantizeLinear-25).

    Example:
    ```mlir
    %q = onnx.QuantizeLinear %x, %scale, %zero
        : (tensor<2x8xf32>, tensor<f32>, tensor<i8>) -> tensor<2x8xi8>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$x, ONNX_NumberTensor:$y_scale,
                       Optional<ONNX_CodeTensor>:$y_zero_point,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$axis,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$block_size,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$output_dtype,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$precision,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$saturate);
  let results = (outs ONNX_CodeTensor:$y);
}

def ONNX_DynamicQuantizeLinearOp
    : ONNX_Op<"DynamicQuantizeLinear", "inferDynamicQuantizeLinear"> {
  let summary = "turn floats into bytes with a scale that fits them";
  let description = [{
    `y_scale = (max(x, 0) - min(x, 0)) / 255`, `y_zero_point =
    saturate(roundeven(-min(x, 0) / y_scale))`, `y =
    saturate(roundeven(x / y_scale) + y_zero_point)` (ONNX
    DynamicQuantizeLinear-11).

    Example:
    ```mlir
    %q, %scale, %zero = onnx.DynamicQuantizeLinear %x
        : (tensor<2x8xf32>) -> (tensor<2x8xui8>, tensor<f32>, tensor<ui8>)
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$x);
  let results = (outs RankedTensorOf<[UI8]>:$y, RankedTensorOf<[F32]>:$y_scale,
                      RankedTensorOf<[UI8]>:$y_zero_point);
}

def ONNX_MatMulIntegerOp : ONNX_Op<"MatMulInteger", "inferMatMulInteger",
                                   [AttrSizedOperandSegments]> {
  let summary = "multiply matrices of bytes, exactly";
  let description = [{
    As `onnx.MatMul` of `a - a_zero_point` and `b - b_zero_point`, in i32. Zero
    points are scalars, or have one element per row of `a` and per column of `b`
    (ONNX MatMulInteger-10).

    Example:
    ```mlir
    %y = onnx.MatMulInteger %a, %b {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
        : (tensor<2x16xui8>, tensor<16x8xi8>) -> tensor<2x8xi32>
    ```
  }];
  let arguments = (ins ONNX_ByteTensor:$a, ONNX_ByteTensor:$b,
                       Optional<ONNX_ByteTensor>:$a_zero_point,
                       Optional<ONNX_ByteTensor>:$b_zero_point);
  let results = (outs ONNX_I32Tensor:$y);
}

def ONNX_MatMulNBitsOp
    : ONNX_Op<"com.microsoft.MatMulNBits", "inferMatMulNBits",
              [AttrSizedOperandSegments]> {
  let summary = "multiply by a matrix of codes with a scale for each block";
  let description = [{
    `y = a * transpose((b - zero_points) * scales) + bias` for codes of `bits`
    bits in blocks of `block_size` along `K`, packed low bits first
    (com.microsoft MatMulNBits-1). Zero points are packed too, or floats; without
    them they are `2^(bits - 1)`. `g_idx` names the block of each input.

    Example:
    ```mlir
    %y = onnx.com.microsoft.MatMulNBits %a, %b, %scales
        {K = 32 : i64, N = 8 : i64, bits = 2 : i64, block_size = 32 : i64,
         operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
        : (tensor<4x32xf32>, tensor<8x1x8xui8>, tensor<8x1xf32>)
        -> tensor<4x8xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$a, ONNX_ByteTensor:$b,
                       ONNX_FloatTensor:$scales,
                       Optional<ONNX_NumberTensor>:$zero_points,
                       Optional<ONNX_I32Tensor>:$g_idx,
                       Optional<ONNX_FloatTensor>:$bias,
                       ONNX_IntAttr:$K, ONNX_IntAttr:$N,
                       DefaultValuedAttr<ONNX_IntAttr, "4">:$bits,
                       ONNX_IntAttr:$block_size,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$accuracy_level);
  let results = (outs ONNX_FloatTensor:$y);
}

#endif // ONNX_QUANT_OPS_TD
