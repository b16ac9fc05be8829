// ONNX operators of neural networks: activations and normalizations.
#ifndef ONNX_NN_OPS_TD
#define ONNX_NN_OPS_TD

include "dialects/ONNX/ONNXDialect.td"

class ONNX_SoftmaxLikeOp<string name, string phrase, string formula>
    : ONNX_Op<name, "inferSameAsFirst"> {
  let summary = phrase;
  let description = [{
    Computes `}] # formula # [{` along `axis`, after subtracting
    the largest element (ONNX }] # name # [{-13).

    Example:
    ```mlir
    %y = onnx.}] # name # [{ %x {axis = -1 : i64}
        : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$input,
                       DefaultValuedAttr<ONNX_IntAttr, "-1">:$axis);
  let results = (outs ONNX_FloatTensor:$output);
  let hasVerifier = 1;
}

def ONNX_SoftmaxOp : ONNX_SoftmaxLikeOp<
    "Softmax", "turn scores into probabilities", "e^x / sum(e^x)">;
def ONNX_LogSoftmaxOp : ONNX_SoftmaxLikeOp<
    "LogSoftmax", "turn scores into logarithms of probabilities",
    "x - ln(sum(e^x))">;

def ONNX_GeluOp : ONNX_Op<"Gelu", "inferSameAsFirst", [ONNX_Elementwise]> {
  let summary = "apply the Gaussian error linear unit";
  let description = [{
    Computes `y = 0.5 * x * (1 + erf(x / sqrt(2)))`, or with `approximate =
    "tanh"` `0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))` (ONNX
    Gelu-20).

    Example:
    ```mlir
    %y = onnx.Gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x,
                       DefaultValuedAttr<StrAttr, "\"none\"">:$approximate);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

def ONNX_SwishOp : ONNX_Op<"Swish", "inferSameAsFirst", [ONNX_Elementwise]> {
  let summary = "multiply elements by their logistic function";
  let description = [{
    Computes `y = x * sigmoid(alpha * x)`, with alpha = 1 also known as SiLU
    (ONNX Swish-24).

    Example:
    ```mlir
    %y = onnx.Swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x,
                       DefaultValuedAttr<F32Attr, "1.0f">:$alpha);
  let results = (outs ONNX_FloatTensor:$y);
}

def ONNX_HardSwishOp
    : ONNX_Op<"HardSwish", "inferSameAsFirst", [ONNX_Elementwise]> {
  let summary = "multiply elements by a logistic function made of lines";
  let description = [{
    Computes `y = x * max(0, min(1, x / 6 + 0.5))` (ONNX HardSwish-22).

    Example:
    ```mlir
    %y = onnx.HardSwish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x);
  let results = (outs ONNX_FloatTensor:$y);
}

def ONNX_LayerNormalizationOp
    : ONNX_Op<"LayerNormalization", "inferLayerNormalization"> {
  let summary = "normalize to mean zero and variance one";
  let description = [{
    Computes `y = (x - mean) / sqrt(variance + epsilon) * scale + bias` over the
    dimensions from `axis` to the last. Two more results, the mean and the
    inverse deviation, may be asked for. The statistics are computed in the type
    number `stash_type` of TensorProto (ONNX LayerNormalization-17).

    Example:
    ```mlir
    %y = onnx.LayerNormalization %x, %scale, %bias {axis = -1 : i64}
        : (tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32>) -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale,
                       Optional<ONNX_FloatTensor>:$bias,
                       DefaultValuedAttr<ONNX_IntAttr, "-1">:$axis,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$stash_type);
  let results = (outs ONNX_FloatTensor:$y,
                      Variadic<ONNX_FloatTensor>:$statistics);
}

def ONNX_RMSNormalizationOp
    : ONNX_Op<"RMSNormalization", "inferRMSNormalization"> {
  let summary = "normalize to a root mean square of one";
  let description = [{
    Computes `y = x / sqrt(mean(x^2) + epsilon) * scale` over the dimensions from
    `axis` to the last; the mean is computed in the type number `stash_type` of
    TensorProto (ONNX RMSNormalization-23).

    Example:
    ```mlir
    %y = onnx.RMSNormalization %x, %scale {epsilon = 1.0e-5 : f32}
        : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale,
                       DefaultValuedAttr<ONNX_IntAttr, "-1">:$axis,
                       DefaultValuedAttr<F32Attr, "1e-5f">:$epsilon,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$stash_type);
  let results = (outs ONNX_FloatTensor:$y);
}

#endif // ONNX_NN_OPS_TD
