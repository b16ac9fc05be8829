// ONNX operators that compute: elementwise, reductions and contractions.
#ifndef ONNX_MATH_OPS_TD
#define ONNX_MATH_OPS_TD

include "dialects/ONNX/ONNXDialect.td"

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

class ONNX_UnaryOp<string name, string phrase, string formula, int since,
                   Type type = ONNX_FloatTensor, string element = "f32">
    : ONNX_Op<name, "inferSameAsFirst", [ONNX_Elementwise]> {
  let summary = phrase;
  let description = [{
    Computes `}] # formula # "` for each element (ONNX " # name
      # "-" # since # [{).

    Example:
    ```mlir
    %y = onnx.}] # name # " %x : (tensor<2x3x" # element # ">) -> tensor<2x3x"
      # element # [{>
    ```
  }];
  let arguments = (ins type:$x);
  let results = (outs type:$y);
}

def ONNX_AbsOp : ONNX_UnaryOp<"Abs", "take magnitudes", "y = |x|", 13,
                              ONNX_NumberTensor>;
def ONNX_CeilOp : ONNX_UnaryOp<"Ceil", "round up", "y = ceil(x)", 13>;
def ONNX_CosOp : ONNX_UnaryOp<"Cos", "take cosines", "y = cos(x)", 22>;
def ONNX_ErfOp : ONNX_UnaryOp<"Erf", "take error functions", "y = erf(x)", 13>;
def ONNX_ExpOp : ONNX_UnaryOp<"Exp", "take exponentials", "y = e^x", 13>;
def ONNX_FloorOp : ONNX_UnaryOp<"Floor", "round down", "y = floor(x)", 13>;
def ONNX_LogOp : ONNX_UnaryOp<"Log", "take natural logarithms", "y = ln(x)", 13>;
def ONNX_NegOp : ONNX_UnaryOp<"Neg", "negate elements", "y = -x", 13,
                              ONNX_SignedTensor>;
def ONNX_ReciprocalOp : ONNX_UnaryOp<"Reciprocal", "divide one by elements",
                                     "y = 1 / x", 13>;
def ONNX_ReluOp : ONNX_UnaryOp<"Relu", "replace negative elements by zero",
                               "y = max(0, x)", 14, ONNX_SignedTensor>;
def ONNX_RoundOp : ONNX_UnaryOp<"Round", "round to integers, halves to even",
                                "y = roundeven(x)", 22>;
def ONNX_SigmoidOp : ONNX_UnaryOp<"Sigmoid", "take logistic functions",
                                  "y = 1 / (1 + e^-x)", 13>;
def ONNX_SignOp : ONNX_UnaryOp<"Sign", "take signs as -1, 0 or 1",
                               "y = sign(x)", 13, ONNX_NumberTensor>;
def ONNX_SinOp : ONNX_UnaryOp<"Sin", "take sines", "y = sin(x)", 22>;
def ONNX_SoftplusOp : ONNX_UnaryOp<"Softplus", "take smooth rectifiers",
                                   "y = ln(1 + e^x)", 22>;
def ONNX_SqrtOp : ONNX_UnaryOp<"Sqrt", "take square roots", "y = sqrt(x)", 13>;
def ONNX_TanhOp : ONNX_UnaryOp<"Tanh", "take hyperbolic tangents",
                               "y = tanh(x)", 13>;
def ONNX_BitwiseNotOp : ONNX_UnaryOp<"BitwiseNot", "flip every bit", "y = ~x",
                                     18, ONNX_IntTensor, "i32">;

def ONNX_NotOp : ONNX_Op<"Not", "inferSameAsFirst", [ONNX_Elementwise]> {
  let summary = "negate truth values";
  let description = [{
    Computes `y = not x` for each element (ONNX Not-1).

    Example:
    ```mlir
    %y = onnx.Not %x : (tensor<2x3xi1>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins ONNX_BoolTensor:$x);
  let results = (outs ONNX_BoolTensor:$y);
}

def ONNX_IsNaNOp : ONNX_Op<"IsNaN", "inferBoolOfFirst", [ONNX_Elementwise]> {
  let summary = "tell which elements are not a number";
  let description = [{
    Computes `y = isnan(x)` for each element (ONNX IsNaN-20).

    Example:
    ```mlir
    %y = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins ONNX_FloatTensor:$x);
  let results = (outs ONNX_BoolTensor:$y);
}

//===----------------------------------------------------------------------===//
// Two operands and more
//===----------------------------------------------------------------------===//

class ONNX_BinaryOp<string name, string phrase, string formula, int since,
                    Type type, string element = "f32">
    : ONNX_Op<name, "inferBroadcast", [ONNX_Elementwise]> {
  let summary = phrase;
  let description = [{
    Computes `}] # formula # [{` for each pair of elements; both
    operands are broadcast to a common shape as in NumPy (ONNX }] # name # "-"
    # since # [{).

    Example:
    ```mlir
    %c = onnx.}] # name # " %a, %b : (tensor<2x3x" # element # ">, tensor<3x"
      # element # ">) -> tensor<2x3x" # element # [{>
    ```
  }];
  let arguments = (ins type:$a, type:$b);
  let results = (outs type:$c);
}

def ONNX_AddOp : ONNX_BinaryOp<"Add", "add elements", "c = a + b", 14,
                               ONNX_NumberTensor>;
def ONNX_SubOp : ONNX_BinaryOp<"Sub", "subtract elements", "c = a - b", 14,
                               ONNX_NumberTensor>;
def ONNX_MulOp : ONNX_BinaryOp<"Mul", "multiply elements", "c = a * b", 14,
                               ONNX_NumberTensor>;
def ONNX_DivOp : ONNX_BinaryOp<"Div", "divide elements, integers towards zero",
                               "c = a / b", 14, ONNX_NumberTensor>;
def ONNX_AndOp : ONNX_BinaryOp<"And", "combine truth values by and",
                               "c = a and b", 7, ONNX_BoolTensor, "i1">;
def ONNX_OrOp : ONNX_BinaryOp<"Or", "combine truth values by or",
                              "c = a or b", 7, ONNX_BoolTensor, "i1">;
def ONNX_XorOp : ONNX_BinaryOp<"Xor", "tell which truth values differ",
                               "c = a xor b", 7, ONNX_BoolTensor, "i1">;
def ONNX_BitwiseAndOp : ONNX_BinaryOp<"BitwiseAnd", "combine bits by and",
                                      "c = a & b", 18, ONNX_IntTensor, "i32">;
def ONNX_BitwiseOrOp : ONNX_BinaryOp<"BitwiseOr", "combine bits by or",
                                     "c = a | b", 18, ONNX_IntTensor, "i32">;
def ONNX_BitwiseXorOp : ONNX_BinaryOp<"BitwiseXor", "combine bits by xor",
                                      "c = a ^ b", 18, ONNX_IntTensor, "i32">;

class ONNX_CompareOp<string name, string phrase, string formula, int since,
                     Type type = ONNX_NumberTensor>
    : ONNX_Op<name, "inferBroadcastBool", [ONNX_Elementwise]> {
  let summary = phrase;
  let description = [{
    Computes the truth of `}] # formula # [{` for each pair of
    elements; both operands are broadcast to a common shape. A comparison with
    NaN is false (ONNX }] # name # "-" # since # [{).

    Example:
    ```mlir
    %c = onnx.}] # name # [{ %a, %b
        : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins type:$a, type:$b);
  let results = (outs ONNX_BoolTensor:$c);
}

def ONNX_EqualOp : ONNX_CompareOp<"Equal", "compare elements for equality",
                                  "a = b", 19, ONNX_AnyTensor>;
def ONNX_LessOp : ONNX_CompareOp<"Less", "tell which elements are smaller",
                                 "a < b", 13>;
def ONNX_LessOrEqualOp : ONNX_CompareOp<
    "LessOrEqual", "tell which elements are not larger", "a <= b", 16>;
def ONNX_GreaterOp : ONNX_CompareOp<
    "Greater", "tell which elements are larger", "a > b", 13>;
def ONNX_GreaterOrEqualOp : ONNX_CompareOp<
    "GreaterOrEqual", "tell which elements are not smaller", "a >= b", 16>;

def ONNX_PowOp : ONNX_Op<"Pow", "inferPow", [ONNX_Elementwise]> {
  let summary = "raise elements to powers";
  let description = [{
    Computes `z = x^y` for each pair of elements, both operands broadcast. The
    result has the element type of the base (ONNX Pow-15).

    Example:
    ```mlir
    %z = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$x, ONNX_NumberTensor:$y);
  let results = (outs ONNX_NumberTensor:$z);
}

def ONNX_ModOp : ONNX_Op<"Mod", "inferBroadcast", [ONNX_Elementwise]> {
  let summary = "take remainders of divisions";
  let description = [{
    Computes the remainder of `a / b`, both operands broadcast. It has the sign
    of `b` with `fmod = 0` (integers only) and of `a` with `fmod = 1` (ONNX
    Mod-13).

    Example:
    ```mlir
    %c = onnx.Mod %a, %b : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$a, ONNX_NumberTensor:$b,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$fmod);
  let results = (outs ONNX_NumberTensor:$c);
  let hasVerifier = 1;
}

def ONNX_BitShiftOp : ONNX_Op<"BitShift", "inferBroadcast", [ONNX_Elementwise]> {
  let summary = "shift bits to the left or to the right";
  let description = [{
    Shifts the bits of `x` by `y`, zeros coming in; `direction` is "LEFT" or
    "RIGHT" (ONNX BitShift-11).

    Example:
    ```mlir
    %z = onnx.BitShift %x, %y {direction = "RIGHT"}
        : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
    ```
  }];
  let arguments = (ins RankedTensorOf<ONNX_UnsignedInts>:$x,
                       RankedTensorOf<ONNX_UnsignedInts>:$y,
                       StrAttr:$direction);
  let results = (outs RankedTensorOf<ONNX_UnsignedInts>:$z);
  let hasVerifier = 1;
}

class ONNX_VariadicOp<string name, string phrase, string formula, int since>
    : ONNX_Op<name, "inferBroadcast", [ONNX_Elementwise]> {
  let summary = phrase;
  let description = [{
    Computes `}] # formula # [{` over all operands, which are
    broadcast to a common shape (ONNX }] # name # "-" # since # [{).

    Example:
    ```mlir
    %m = onnx.}] # name # [{ %a, %b
        : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Variadic<ONNX_NumberTensor>:$data);
  let results = (outs ONNX_NumberTensor:$result);
}

def ONNX_MaxOp : ONNX_VariadicOp<"Max", "take the larger elements",
                                 "max(a, b, ...)", 13>;
def ONNX_MinOp : ONNX_VariadicOp<"Min", "take the smaller elements",
                                 "min(a, b, ...)", 13>;

def ONNX_ClipOp
    : ONNX_Op<"Clip", "inferClip",
              [AttrSizedOperandSegments, ONNX_Elementwise]> {
  let summary = "limit elements to a range";
  let description = [{
    Computes `y = min(max(x, low), high)`; a missing bound is no bound. Bounds
    are scalars. If `low > high` the result is `high` (ONNX Clip-13).

    Example:
    ```mlir
    %y = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
        : (tensor<2x3xf32>, tensor<f32>, tensor<f32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$x, Optional<ONNX_NumberTensor>:$low,
                       Optional<ONNX_NumberTensor>:$high);
  let results = (outs ONNX_NumberTensor:$y);
}

def ONNX_WhereOp : ONNX_Op<"Where", "inferWhere", [ONNX_Elementwise]> {
  let summary = "choose between elements of two tensors";
  let description = [{
    Computes `z = condition ? x : y`, all operands broadcast (ONNX Where-16).

    Example:
    ```mlir
    %z = onnx.Where %condition, %x, %y
        : (tensor<2x1xi1>, tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins ONNX_BoolTensor:$condition, ONNX_AnyTensor:$x,
                       ONNX_AnyTensor:$y);
  let results = (outs ONNX_AnyTensor:$z);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

class ONNX_ReduceOp<string name, string phrase, string formula, int since,
                    Type type = ONNX_NumberTensor>
    : ONNX_Op<name, "inferReduce"> {
  let summary = phrase;
  let description = [{
    Computes `}] # formula # [{` along `axes`, along all without
    them (along none if `noop_with_empty_axes` is set). Reduced dimensions stay
    as 1 with `keepdims` (ONNX }] # name # "-" # since # [{).

    Example:
    ```mlir
    %y = onnx.}] # name # [{ %x, %axes
        : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins type:$data, Optional<ONNX_I64Vector>:$axes,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$keepdims,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$noop_with_empty_axes);
  let results = (outs type:$reduced);
}

def ONNX_ReduceMaxOp : ONNX_ReduceOp<"ReduceMax", "take the largest elements",
                                     "max(x)", 20, ONNX_OrderedTensor>;
def ONNX_ReduceMinOp : ONNX_ReduceOp<"ReduceMin", "take the smallest elements",
                                     "min(x)", 20, ONNX_OrderedTensor>;
def ONNX_ReduceSumOp : ONNX_ReduceOp<"ReduceSum", "sum elements", "sum(x)", 13>;
def ONNX_ReduceMeanOp : ONNX_ReduceOp<"ReduceMean", "average elements",
                                      "sum(x) / count", 18>;
def ONNX_ReduceProdOp : ONNX_ReduceOp<"ReduceProd", "multiply elements",
                                      "prod(x)", 18>;
def ONNX_ReduceSumSquareOp : ONNX_ReduceOp<
    "ReduceSumSquare", "sum squares of elements", "sum(x^2)", 18>;
def ONNX_ReduceL1Op : ONNX_ReduceOp<"ReduceL1", "sum magnitudes of elements",
                                    "sum(|x|)", 18>;
def ONNX_ReduceL2Op : ONNX_ReduceOp<"ReduceL2", "take Euclidean norms",
                                    "sqrt(sum(x^2))", 18, ONNX_FloatTensor>;

class ONNX_ArgReduceOp<string name, string which>
    : ONNX_Op<name, "inferArgReduce"> {
  let summary = "find the " # which # " elements";
  let description = [{
    Gives the index of the }] # which # [{ element along `axis`:
    the first one, or with `select_last_index` the last one of equals (ONNX }]
    # name # [{-13).

    Example:
    ```mlir
    %y = onnx.}] # name # [{ %x {axis = -1 : i64, keepdims = 0 : i64}
        : (tensor<2x3xf32>) -> tensor<2xi64>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$data,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$axis,
                       DefaultValuedAttr<ONNX_IntAttr, "1">:$keepdims,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$select_last_index);
  let results = (outs RankedTensorOf<[I64]>:$reduced);
}

def ONNX_ArgMaxOp : ONNX_ArgReduceOp<"ArgMax", "largest">;
def ONNX_ArgMinOp : ONNX_ArgReduceOp<"ArgMin", "smallest">;

def ONNX_CumSumOp : ONNX_Op<"CumSum", "inferSameAsFirst"> {
  let summary = "sum up along an axis";
  let description = [{
    Element i of the result is the sum of elements 0..i along `axis`, a scalar;
    with `exclusive` of 0..i-1, with `reverse` from the end (ONNX CumSum-14).

    Example:
    ```mlir
    %y = onnx.CumSum %x, %axis : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$x, ONNX_IndexTensor:$axis,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$exclusive,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$reverse);
  let results = (outs ONNX_NumberTensor:$y);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

def ONNX_MatMulOp : ONNX_Op<"MatMul", "inferMatMul"> {
  let summary = "multiply matrices";
  let description = [{
    Multiplies the last two dimensions as matrices and broadcasts the others, as
    `numpy.matmul`; a 1-D operand is a row on the left and a column on the right
    (ONNX MatMul-13).

    Example:
    ```mlir
    %y = onnx.MatMul %a, %b
        : (tensor<2x5x16xf32>, tensor<16x48xf32>) -> tensor<2x5x48xf32>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$a, ONNX_NumberTensor:$b);
  let results = (outs ONNX_NumberTensor:$y);
}

def ONNX_GemmOp : ONNX_Op<"Gemm", "inferGemm"> {
  let summary = "multiply two matrices and add a third";
  let description = [{
    Computes `y = alpha * a' * b' + beta * c` where a' and b' are `a` and `b`,
    transposed if `transA` and `transB` say so, and `c` is broadcast to the
    shape of the result (ONNX Gemm-13).

    Example:
    ```mlir
    %y = onnx.Gemm %a, %b, %c {transB = 1 : i64}
        : (tensor<?x16xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins ONNX_NumberTensor:$a, ONNX_NumberTensor:$b,
                       Optional<ONNX_NumberTensor>:$c,
                       DefaultValuedAttr<F32Attr, "1.0f">:$alpha,
                       DefaultValuedAttr<F32Attr, "1.0f">:$beta,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$transA,
                       DefaultValuedAttr<ONNX_IntAttr, "0">:$transB);
  let results = (outs ONNX_NumberTensor:$y);
}

#endif // ONNX_MATH_OPS_TD
