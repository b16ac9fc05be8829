// A BitNet layer: whole, and as quantize, matmul, dequantize.
#ifndef BITNET_OPS_TD
#define BITNET_OPS_TD

include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/BitNet/BitNetAttrs.td"
include "dialects/BitNet/BitNetTypes.td"

class BitNet_Op<string mnemonic, list<Trait> traits = []>
    : Op<BitNet_Dialect, mnemonic, traits>;

/// An op whose results have the dynamic sizes of its first operand, dimension by
/// dimension.
class BitNet_ShapedOp<string mnemonic, list<Trait> traits = []>
    : BitNet_Op<mnemonic, !listconcat(traits, [
        Pure,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>])>;

/// Activations of a model of any precision.
def BitNet_Activations : 2DTensorOf<[F32, F16, BF16]>;

def BitNet_ConstantOp : BitNet_Op<"constant", [
    ConstantLike, Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "hold the weights of a layer";
  let description = [{
    Weights known at compile time. Without an encoding the bytes are one int8
    value each, row by row, or, if there are a quarter as many, two bits each,
    lowest first; with `#bitnet.packed` they are that layout's bytes.

    Example:
    ```mlir
    %w = bitnet.constant dense_resource<q_proj> : tensor<256x256x!bitnet.trit>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs BitNet_WeightTensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def BitNet_LinearOp : BitNet_ShapedOp<"linear"> {
  let summary = "apply a whole BitLinear layer";
  let description = [{
    Quantizes each row of the input, multiplies by 1-bit or ternary weights and
    scales back (BitNet, equation 11; b1.58, equations 1-3):

        q, s    = quantize(x)
        y[m, n] = (sum_k q[m, k] * w[n, k]) * (scale[n] / s[m]) + bias[n]

    `scale` has one element for the tensor, or one for each output row. As
    [groups, n] it has one for each of so many groups of neighbouring inputs:
    then the sums of the groups are exact, each is scaled by its own
    `scale[g, n] / s[m]`, and they are added in ascending order, the bias last.
    Where it is `inverse`, the sums are divided by `scale[n] * s[m]`. The result
    is computed in f32; one of f16 or bf16 is rounded at the end, once.

    Example:
    ```mlir
    %y = bitnet.linear %x, %w, %scale
        {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32,
           floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
        : tensor<?x256xf32>, tensor<704x256x!bitnet.trit>, tensor<1xf32>
        -> tensor<?x704xf32>
    ```
  }];
  let arguments = (ins BitNet_Activations:$input, BitNet_WeightTensor:$weights,
                       AnyTypeOf<[1DTensorOf<[F32]>, 2DTensorOf<[F32]>]>:$scale,
                       Optional<1DTensorOf<[F32]>>:$bias,
                       BitNet_QuantizerAttr:$quantizer, UnitAttr:$inverse);
  let results = (outs BitNet_Activations:$result);
  let assemblyFormat = [{
    $input `,` $weights `,` $scale (`inverse` $inverse^)?
    (`bias` $bias^ `:` type($bias))? attr-dict
    `:` type($input) `,` type($weights) `,` type($scale) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// How many groups of inputs have a scale of their own.
    int64_t getGroups() {
      auto type = ::llvm::cast<::mlir::ShapedType>(getScale().getType());
      return type.getRank() == 2 ? type.getDimSize(0) : 1;
    }
  }];
}

def BitNet_TernarizeOp : BitNet_Op<"ternarize", [Pure]> {
  let summary = "round float weights to {-1, 0, +1} by their mean magnitude";
  let description = [{
    b1.58, equations 1-3: `gamma = max(mean(|w|), floor)`,
    `q = clamp(round_half_even(w * (1 / gamma)), -1, 1)`. The scale is `gamma`.

    Example:
    ```mlir
    %q, %gamma = bitnet.ternarize %w floor 1.0e-5
        : tensor<704x256xf32> -> tensor<704x256x!bitnet.trit>, tensor<1xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$weights, F32Attr:$floor);
  let results = (outs 2DTensorOf<[BitNet_TritType]>:$codes,
                      1DTensorOf<[F32]>:$scale);
  let assemblyFormat = [{
    $weights `floor` $floor attr-dict
    `:` type($weights) `->` type($codes) `,` type($scale)
  }];
  let hasVerifier = 1;
}

def BitNet_BinarizeOp : BitNet_Op<"binarize", [Pure]> {
  let summary = "take the sign of float weights around their mean";
  let description = [{
    BitNet, equations 1-3 and 12: `alpha = mean(w)`, `q = +1 if w > alpha, else
    -1`, and the scale is `beta = mean(|w|)`.

    Example:
    ```mlir
    %q, %beta = bitnet.binarize %w
        : tensor<704x256xf32> -> tensor<704x256x!bitnet.bit>, tensor<1xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$weights);
  let results = (outs 2DTensorOf<[BitNet_BitType]>:$codes,
                      1DTensorOf<[F32]>:$scale);
  let assemblyFormat = [{
    $weights attr-dict `:` type($weights) `->` type($codes) `,` type($scale)
  }];
  let hasVerifier = 1;
}

def BitNet_QuantizeOp : BitNet_ShapedOp<"quantize"> {
  let summary = "turn rows of activations into int8 codes and a scale each";
  let description = [{
    See `#bitnet.quantizer` for the arithmetic, which may not be narrower than
    the input. `scales[m]` is what row m was multiplied by, as f32; with
    granularity `tensor` all of them are equal.

    Example:
    ```mlir
    %q, %s = bitnet.quantize %x
        {quantizer = #bitnet.quantizer<absmax, token, limit = 127.0 : f32,
           floor = 1.0e-5 : f32, low = -128, high = 127, reciprocal = true>}
        : tensor<?x256xf32> -> tensor<?x256xi8>, tensor<?xf32>
    ```
  }];
  let arguments = (ins BitNet_Activations:$input, BitNet_QuantizerAttr:$quantizer);
  let results = (outs 2DTensorOf<[I8]>:$codes, 1DTensorOf<[F32]>:$scales);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($codes) `,` type($scales)
  }];
  let hasVerifier = 1;
}

def BitNet_MatmulOp : BitNet_ShapedOp<"matmul"> {
  let summary = "multiply int8 activations by 1-bit weights, exactly";
  let description = [{
    Computes `y[m, n] = sum_k x[m, k] * w[n, k]`, with every `w[n, k]` in
    {-1, 0, +1} or {-1, +1}. Weights are output-major, so that each result
    reads one row.

    The sum never overflows (see the verifier), so a lowering may reorder it
    and a test compares it with `==`. `tiles` names the rows of the tile table
    that compute it, largest first: each takes the blocks that the ones before
    it have left over. `SelectTile` writes it.

    Example:
    ```mlir
    %y = bitnet.matmul %x, %w
        : tensor<8x2560xi8>, tensor<6912x2560x!bitnet.trit> -> tensor<8x6912xi32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[I8]>:$activations,
                       BitNet_WeightTensor:$weights,
                       OptionalAttr<StrArrayAttr>:$tiles);
  let results = (outs 2DTensorOf<[I32]>:$result);
  let assemblyFormat = [{
    $activations `,` $weights (`tiles` $tiles^)? attr-dict
    `:` type($activations) `,` type($weights) `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_DequantizeOp : BitNet_ShapedOp<"dequantize"> {
  let summary = "scale int32 sums back to activations";
  let description = [{
    Computes `y[m, n] = float(x[m, n]) * (weight_scale[n] / scales[m])`, then
    adds `bias[n]`. The quotient and the product are rounded once each, in this
    order, on every target. `weight_scale` has one element, or one for each
    column. Where it is `inverse`, that is `float(x[m, n]) / (weight_scale[n] *
    scales[m])`: how transformers' packed layers are scaled. A result of f16 or
    bf16 is rounded at the end.

    Example:
    ```mlir
    %y = bitnet.dequantize %sums, %s, %ws
        : tensor<?x704xi32>, tensor<?xf32>, tensor<1xf32> -> tensor<?x704xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[I32]>:$input, 1DTensorOf<[F32]>:$scales,
                       1DTensorOf<[F32]>:$weight_scale,
                       Optional<1DTensorOf<[F32]>>:$bias, UnitAttr:$inverse);
  let results = (outs BitNet_Activations:$result);
  let assemblyFormat = [{
    $input `,` $scales `,` $weight_scale (`inverse` $inverse^)?
    (`bias` $bias^ `:` type($bias))? attr-dict `:` type($input) `,` type($scales) `,` type($weight_scale)
    `->` type($result)
  }];
  let hasVerifier = 1;
}

def BitNet_ScaledMatmulOp : BitNet_ShapedOp<"scaled_matmul"> {
  let summary = "multiply f32 rows by int8 or int4 codes that have scales";
  let description = [{
    A float layer whose weights were rounded: `w[n, k] = code[n, k] *
    scale[n, g]`, with one scale for each of `groups` of neighbouring inputs.
    Codes lie in the order in which they are read, for `panels` of four rows:

    - `bits` 8, [panels, K / 16, 4, 16]: `codes[p, i, c, j]` is the code of row
      `4p + c` and input `16i + j`;
    - `bits` 4, [panels, K / 32, 4, 16]: the low half of the byte is the code of
      input `32i + j`, the high half that of `32i + 16 + j`.

    Scales are [panels, groups, 4]. Rows of the last panel that the result does
    not have are padding.

    The order of a sum is lane order (`lib/README.md`) within a group; then each
    lane is multiplied by the group's scale and added to the row's lane, by fma,
    groups ascending; the row's lanes are added as a tree at the end.

    Example:
    ```mlir
    %y = bitnet.scaled_matmul %x, %codes, %scales bits 4
        : tensor<?x64xf32>, tensor<2x2x4x16xi8>, tensor<2x2x4xbf16>
        -> tensor<?x7xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input,
                       StaticShapeTensorOf<[I8]>:$codes,
                       StaticShapeTensorOf<[F32, BF16]>:$scales,
                       I64Attr:$bits);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $codes `,` $scales `bits` $bits attr-dict
    `:` type($input) `,` type($codes) `,` type($scales) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Rows of weights in a panel, and codes of a row that lie together.
    static constexpr int64_t kPanelRows = 4, kLanes = 16;
    /// Codes in a byte.
    int64_t getCodesPerByte() { return 8 / getBits(); }
    int64_t getInputs() {
      return getCodes().getType().getDimSize(1) * kLanes * getCodesPerByte();
    }
    int64_t getGroups() { return getScales().getType().getDimSize(1); }
  }];
}

#endif // BITNET_OPS_TD
