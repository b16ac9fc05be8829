// The example of every op, read, printed in both forms and read again.
// RUN: bitnet-opt %s | bitnet-opt --mlir-print-op-generic | bitnet-opt | FileCheck %s

// CHECK-LABEL: func @abs(
// CHECK: onnx.Abs
func.func @abs(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @add(
// CHECK: onnx.Add
func.func @add(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: func @and(
// CHECK: onnx.And
func.func @and(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> tensor<2x3xi1> {
  %c = onnx.And %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @arg_max(
// CHECK: onnx.ArgMax
func.func @arg_max(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  %y = onnx.ArgMax %x {axis = -1 : i64, keepdims = 0 : i64}
      : (tensor<2x3xf32>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-LABEL: func @arg_min(
// CHECK: onnx.ArgMin
func.func @arg_min(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  %y = onnx.ArgMin %x {axis = -1 : i64, keepdims = 0 : i64}
      : (tensor<2x3xf32>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-LABEL: func @attention(
// CHECK: onnx.Attention
func.func @attention(
    %q: tensor<1x4x3x64xf32>,
    %k: tensor<1x2x8x64xf32>,
    %v: tensor<1x2x8x64xf32>,
    %mask: tensor<1x1x3x8xi1>)
    -> tensor<1x4x3x64xf32> {
  %y = onnx.Attention %q, %k, %v, %mask
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 0.125 : f32}
      : (tensor<1x4x3x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
      tensor<1x1x3x8xi1>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// CHECK-LABEL: func @bit_shift(
// CHECK: onnx.BitShift
func.func @bit_shift(%x: tensor<4xui8>, %y: tensor<ui8>) -> tensor<4xui8> {
  %z = onnx.BitShift %x, %y {direction = "RIGHT"}
      : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
  return %z : tensor<4xui8>
}

// CHECK-LABEL: func @bitwise_and(
// CHECK: onnx.BitwiseAnd
func.func @bitwise_and(
    %a: tensor<2x3xi32>, %b: tensor<3xi32>)
    -> tensor<2x3xi32> {
  %c = onnx.BitwiseAnd %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: func @bitwise_not(
// CHECK: onnx.BitwiseNot
func.func @bitwise_not(%x: tensor<2x3xi32>) -> tensor<2x3xi32> {
  %y = onnx.BitwiseNot %x : (tensor<2x3xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}

// CHECK-LABEL: func @bitwise_or(
// CHECK: onnx.BitwiseOr
func.func @bitwise_or(
    %a: tensor<2x3xi32>, %b: tensor<3xi32>)
    -> tensor<2x3xi32> {
  %c = onnx.BitwiseOr %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: func @bitwise_xor(
// CHECK: onnx.BitwiseXor
func.func @bitwise_xor(
    %a: tensor<2x3xi32>, %b: tensor<3xi32>)
    -> tensor<2x3xi32> {
  %c = onnx.BitwiseXor %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return %c : tensor<2x3xi32>
}

// CHECK-LABEL: func @cast(
// CHECK: onnx.Cast
func.func @cast(%x: tensor<2x3xi64>) -> tensor<2x3xf32> {
  %y = onnx.Cast %x {to = 1 : i64} : (tensor<2x3xi64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @cast_like(
// CHECK: onnx.CastLike
func.func @cast_like(
    %x: tensor<2x3xi64>, %like: tensor<f32>)
    -> tensor<2x3xf32> {
  %y = onnx.CastLike %x, %like : (tensor<2x3xi64>, tensor<f32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @ceil(
// CHECK: onnx.Ceil
func.func @ceil(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @clip(
// CHECK: onnx.Clip
func.func @clip(
    %x: tensor<2x3xf32>, %low: tensor<f32>, %high: tensor<f32>)
    -> tensor<2x3xf32> {
  %y = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<2x3xf32>, tensor<f32>, tensor<f32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @concat(
// CHECK: onnx.Concat
func.func @concat(
    %past: tensor<1x2x?x64xf32>, %new: tensor<1x2x?x64xf32>)
    -> tensor<1x2x?x64xf32> {
  %y = onnx.Concat %past, %new {axis = -2 : i64}
      : (tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>) -> tensor<1x2x?x64xf32>
  return %y : tensor<1x2x?x64xf32>
}

// CHECK-LABEL: func @constant(
// CHECK: onnx.Constant
func.func @constant() -> tensor<1xi64> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  return %axes : tensor<1xi64>
}

// CHECK-LABEL: func @constant_of_shape(
// CHECK: onnx.ConstantOfShape
func.func @constant_of_shape(%shape: tensor<2xi64>) -> tensor<?x?xi64> {
  %y = onnx.ConstantOfShape %shape {value = dense<1> : tensor<1xi64>}
      : (tensor<2xi64>) -> tensor<?x?xi64>
  return %y : tensor<?x?xi64>
}

// CHECK-LABEL: func @cos(
// CHECK: onnx.Cos
func.func @cos(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Cos %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @cum_sum(
// CHECK: onnx.CumSum
func.func @cum_sum(%x: tensor<2x3xi64>, %axis: tensor<i64>) -> tensor<2x3xi64> {
  %y = onnx.CumSum %x, %axis : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
  return %y : tensor<2x3xi64>
}

// CHECK-LABEL: func @dequantize_linear(
// CHECK: onnx.DequantizeLinear
func.func @dequantize_linear(
    %codes: tensor<256x128xi2>, %scale: tensor<f32>)
    -> tensor<256x128xf32> {
  %w = onnx.DequantizeLinear %codes, %scale
      : (tensor<256x128xi2>, tensor<f32>) -> tensor<256x128xf32>
  return %w : tensor<256x128xf32>
}

// CHECK-LABEL: func @div(
// CHECK: onnx.Div
func.func @div(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: func @dynamic_quantize_linear(
// CHECK: onnx.DynamicQuantizeLinear
func.func @dynamic_quantize_linear(
    %x: tensor<2x8xf32>)
    -> (tensor<2x8xui8>, tensor<f32>, tensor<ui8>) {
  %q, %scale, %zero = onnx.DynamicQuantizeLinear %x
      : (tensor<2x8xf32>) -> (tensor<2x8xui8>, tensor<f32>, tensor<ui8>)
  return %q, %scale, %zero : tensor<2x8xui8>, tensor<f32>, tensor<ui8>
}

// CHECK-LABEL: func @equal(
// CHECK: onnx.Equal
func.func @equal(%a: tensor<2x3xi64>, %b: tensor<3xi64>) -> tensor<2x3xi1> {
  %c = onnx.Equal %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @erf(
// CHECK: onnx.Erf
func.func @erf(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @exp(
// CHECK: onnx.Exp
func.func @exp(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @expand(
// CHECK: onnx.Expand
func.func @expand(
    %x: tensor<3x1xf32>, %shape: tensor<2xi64>)
    -> tensor<3x4xf32> {
  %y = onnx.Expand %x, %shape : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: func @flatten(
// CHECK: onnx.Flatten
func.func @flatten(%x: tensor<2x3x4xf32>) -> tensor<6x4xf32> {
  %y = onnx.Flatten %x {axis = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// CHECK-LABEL: func @floor(
// CHECK: onnx.Floor
func.func @floor(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @gather(
// CHECK: onnx.Gather
func.func @gather(
    %table: tensor<2048x256xf32>, %ids: tensor<?x?xi64>)
    -> tensor<?x?x256xf32> {
  %y = onnx.Gather %table, %ids
      : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
  return %y : tensor<?x?x256xf32>
}

// CHECK-LABEL: func @gather_elements(
// CHECK: onnx.GatherElements
func.func @gather_elements(
    %x: tensor<2x8xf32>, %indices: tensor<2x3xi64>)
    -> tensor<2x3xf32> {
  %y = onnx.GatherElements %x, %indices {axis = 1 : i64}
      : (tensor<2x8xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @gather_nd(
// CHECK: onnx.GatherND
func.func @gather_nd(
    %mask: tensor<?x?xi1>, %indices: tensor<?x1x1x?x2xi64>)
    -> tensor<?x1x1x?xi1> {
  %y = onnx.GatherND %mask, %indices
      : (tensor<?x?xi1>, tensor<?x1x1x?x2xi64>) -> tensor<?x1x1x?xi1>
  return %y : tensor<?x1x1x?xi1>
}

// CHECK-LABEL: func @gelu(
// CHECK: onnx.Gelu
func.func @gelu(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @gemm(
// CHECK: onnx.Gemm
func.func @gemm(
    %a: tensor<?x16xf32>, %b: tensor<8x16xf32>, %c: tensor<8xf32>)
    -> tensor<?x8xf32> {
  %y = onnx.Gemm %a, %b, %c {transB = 1 : i64}
      : (tensor<?x16xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @greater(
// CHECK: onnx.Greater
func.func @greater(%a: tensor<2x3xi64>, %b: tensor<3xi64>) -> tensor<2x3xi1> {
  %c = onnx.Greater %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @greater_or_equal(
// CHECK: onnx.GreaterOrEqual
func.func @greater_or_equal(
    %a: tensor<2x3xi64>, %b: tensor<3xi64>)
    -> tensor<2x3xi1> {
  %c = onnx.GreaterOrEqual %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @identity(
// CHECK: onnx.Identity
func.func @identity(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Identity %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @is_na_n(
// CHECK: onnx.IsNaN
func.func @is_na_n(%x: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %y = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %y : tensor<2x3xi1>
}

// CHECK-LABEL: func @layer_normalization(
// CHECK: onnx.LayerNormalization
func.func @layer_normalization(
    %x: tensor<?x128xf32>, %scale: tensor<128xf32>, %bias: tensor<128xf32>)
    -> tensor<?x128xf32> {
  %y = onnx.LayerNormalization %x, %scale, %bias {axis = -1 : i64}
      : (tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// CHECK-LABEL: func @less(
// CHECK: onnx.Less
func.func @less(%a: tensor<2x3xi64>, %b: tensor<3xi64>) -> tensor<2x3xi1> {
  %c = onnx.Less %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @less_or_equal(
// CHECK: onnx.LessOrEqual
func.func @less_or_equal(
    %a: tensor<2x3xi64>, %b: tensor<3xi64>)
    -> tensor<2x3xi1> {
  %c = onnx.LessOrEqual %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @log(
// CHECK: onnx.Log
func.func @log(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @log_softmax(
// CHECK: onnx.LogSoftmax
func.func @log_softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.LogSoftmax %x {axis = -1 : i64}
      : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @mat_mul(
// CHECK: onnx.MatMul
func.func @mat_mul(
    %a: tensor<2x5x16xf32>, %b: tensor<16x48xf32>)
    -> tensor<2x5x48xf32> {
  %y = onnx.MatMul %a, %b
      : (tensor<2x5x16xf32>, tensor<16x48xf32>) -> tensor<2x5x48xf32>
  return %y : tensor<2x5x48xf32>
}

// CHECK-LABEL: func @mat_mul_integer(
// CHECK: onnx.MatMulInteger
func.func @mat_mul_integer(
    %a: tensor<2x16xui8>, %b: tensor<16x8xi8>)
    -> tensor<2x8xi32> {
  %y = onnx.MatMulInteger %a, %b {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<2x16xui8>, tensor<16x8xi8>) -> tensor<2x8xi32>
  return %y : tensor<2x8xi32>
}

// CHECK-LABEL: func @max(
// CHECK: onnx.Max
func.func @max(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %m = onnx.Max %a, %b
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: func @min(
// CHECK: onnx.Min
func.func @min(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %m = onnx.Min %a, %b
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %m : tensor<2x3xf32>
}

// CHECK-LABEL: func @mod(
// CHECK: onnx.Mod
func.func @mod(%a: tensor<2x3xi64>, %b: tensor<i64>) -> tensor<2x3xi64> {
  %c = onnx.Mod %a, %b : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
  return %c : tensor<2x3xi64>
}

// CHECK-LABEL: func @mul(
// CHECK: onnx.Mul
func.func @mul(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: func @neg(
// CHECK: onnx.Neg
func.func @neg(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @not(
// CHECK: onnx.Not
func.func @not(%x: tensor<2x3xi1>) -> tensor<2x3xi1> {
  %y = onnx.Not %x : (tensor<2x3xi1>) -> tensor<2x3xi1>
  return %y : tensor<2x3xi1>
}

// CHECK-LABEL: func @or(
// CHECK: onnx.Or
func.func @or(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> tensor<2x3xi1> {
  %c = onnx.Or %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}

// CHECK-LABEL: func @pow(
// CHECK: onnx.Pow
func.func @pow(%x: tensor<2x3xf32>, %y: tensor<f32>) -> tensor<2x3xf32> {
  %z = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// CHECK-LABEL: func @quantize_linear(
// CHECK: onnx.QuantizeLinear
func.func @quantize_linear(
    %x: tensor<2x8xf32>, %scale: tensor<f32>, %zero: tensor<i8>)
    -> tensor<2x8xi8> {
  %q = onnx.QuantizeLinear %x, %scale, %zero
      : (tensor<2x8xf32>, tensor<f32>, tensor<i8>) -> tensor<2x8xi8>
  return %q : tensor<2x8xi8>
}

// CHECK-LABEL: func @rmsnormalization(
// CHECK: onnx.RMSNormalization
func.func @rmsnormalization(
    %x: tensor<?x?x256xf32>, %scale: tensor<256xf32>)
    -> tensor<?x?x256xf32> {
  %y = onnx.RMSNormalization %x, %scale {epsilon = 1.0e-5 : f32}
      : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  return %y : tensor<?x?x256xf32>
}

// CHECK-LABEL: func @range(
// CHECK: onnx.Range
func.func @range(
    %start: tensor<i64>, %limit: tensor<i64>, %delta: tensor<i64>)
    -> tensor<?xi64> {
  %y = onnx.Range %start, %limit, %delta
      : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// CHECK-LABEL: func @reciprocal(
// CHECK: onnx.Reciprocal
func.func @reciprocal(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @reduce_l1(
// CHECK: onnx.ReduceL1
func.func @reduce_l1(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceL1 %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_l2(
// CHECK: onnx.ReduceL2
func.func @reduce_l2(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceL2 %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_max(
// CHECK: onnx.ReduceMax
func.func @reduce_max(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceMax %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_mean(
// CHECK: onnx.ReduceMean
func.func @reduce_mean(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceMean %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_min(
// CHECK: onnx.ReduceMin
func.func @reduce_min(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceMin %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_prod(
// CHECK: onnx.ReduceProd
func.func @reduce_prod(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceProd %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_sum(
// CHECK: onnx.ReduceSum
func.func @reduce_sum(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceSum %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @reduce_sum_square(
// CHECK: onnx.ReduceSumSquare
func.func @reduce_sum_square(
    %x: tensor<2x3xf32>, %axes: tensor<1xi64>)
    -> tensor<2x1xf32> {
  %y = onnx.ReduceSumSquare %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-LABEL: func @relu(
// CHECK: onnx.Relu
func.func @relu(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @reshape(
// CHECK: onnx.Reshape
func.func @reshape(
    %x: tensor<?x?x256xf32>, %shape: tensor<4xi64>)
    -> tensor<?x?x4x64xf32> {
  %y = onnx.Reshape %x, %shape {allowzero = 1 : i64}
      : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
  return %y : tensor<?x?x4x64xf32>
}

// CHECK-LABEL: func @rotary_embedding(
// CHECK: onnx.RotaryEmbedding
func.func @rotary_embedding(
    %x: tensor<?x4x?x64xf32>,
    %cos: tensor<?x?x32xf32>,
    %sin: tensor<?x?x32xf32>)
    -> tensor<?x4x?x64xf32> {
  %y = onnx.RotaryEmbedding %x, %cos, %sin
      : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>)
      -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// CHECK-LABEL: func @round(
// CHECK: onnx.Round
func.func @round(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @scatter_nd(
// CHECK: onnx.ScatterND
func.func @scatter_nd(
    %x: tensor<8xf32>, %indices: tensor<4x1xi64>, %updates: tensor<4xf32>)
    -> tensor<8xf32> {
  %y = onnx.ScatterND %x, %indices, %updates
      : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @shape(
// CHECK: onnx.Shape
func.func @shape(%x: tensor<?x?x256xf32>) -> tensor<2xi64> {
  %s = onnx.Shape %x {start = 0 : i64, end = 2 : i64}
      : (tensor<?x?x256xf32>) -> tensor<2xi64>
  return %s : tensor<2xi64>
}

// CHECK-LABEL: func @sigmoid(
// CHECK: onnx.Sigmoid
func.func @sigmoid(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @sign(
// CHECK: onnx.Sign
func.func @sign(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @sin(
// CHECK: onnx.Sin
func.func @sin(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Sin %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @size(
// CHECK: onnx.Size
func.func @size(%x: tensor<?x256xf32>) -> tensor<i64> {
  %n = onnx.Size %x : (tensor<?x256xf32>) -> tensor<i64>
  return %n : tensor<i64>
}

// CHECK-LABEL: func @slice(
// CHECK: onnx.Slice
func.func @slice(
    %x: tensor<1x512xi64>,
    %starts: tensor<1xi64>,
    %ends: tensor<1xi64>,
    %axes: tensor<1xi64>)
    -> tensor<1x?xi64> {
  %y = onnx.Slice %x, %starts, %ends, %axes
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
      : (tensor<1x512xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>)
      -> tensor<1x?xi64>
  return %y : tensor<1x?xi64>
}

// CHECK-LABEL: func @softmax(
// CHECK: onnx.Softmax
func.func @softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Softmax %x {axis = -1 : i64}
      : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @softplus(
// CHECK: onnx.Softplus
func.func @softplus(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @split(
// CHECK: onnx.Split
func.func @split(
    %x: tensor<2x48xf32>, %sizes: tensor<2xi64>)
    -> (tensor<2x32xf32>, tensor<2x16xf32>) {
  %a, %b = onnx.Split %x, %sizes {axis = -1 : i64}
      : (tensor<2x48xf32>, tensor<2xi64>) -> (tensor<2x32xf32>, tensor<2x16xf32>)
  return %a, %b : tensor<2x32xf32>, tensor<2x16xf32>
}

// CHECK-LABEL: func @sqrt(
// CHECK: onnx.Sqrt
func.func @sqrt(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @squeeze(
// CHECK: onnx.Squeeze
func.func @squeeze(%x: tensor<1x3xf32>, %axes: tensor<1xi64>) -> tensor<3xf32> {
  %y = onnx.Squeeze %x, %axes : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func @sub(
// CHECK: onnx.Sub
func.func @sub(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %c : tensor<2x3xf32>
}

// CHECK-LABEL: func @swish(
// CHECK: onnx.Swish
func.func @swish(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @tanh(
// CHECK: onnx.Tanh
func.func @tanh(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = onnx.Tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-LABEL: func @tensor_scatter(
// CHECK: onnx.TensorScatter
func.func @tensor_scatter(
    %cache: tensor<1x2x64x32xf32>,
    %new: tensor<1x2x3x32xf32>,
    %at: tensor<1xi64>)
    -> tensor<1x2x64x32xf32> {
  %y = onnx.TensorScatter %cache, %new, %at {axis = 2 : i64}
      : (tensor<1x2x64x32xf32>, tensor<1x2x3x32xf32>, tensor<1xi64>)
      -> tensor<1x2x64x32xf32>
  return %y : tensor<1x2x64x32xf32>
}

// CHECK-LABEL: func @tile(
// CHECK: onnx.Tile
func.func @tile(
    %x: tensor<2x3xf32>, %repeats: tensor<2xi64>)
    -> tensor<2x6xf32> {
  %y = onnx.Tile %x, %repeats : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x6xf32>
  return %y : tensor<2x6xf32>
}

// CHECK-LABEL: func @transpose(
// CHECK: onnx.Transpose
func.func @transpose(%x: tensor<2x3x4xf32>) -> tensor<2x4x3xf32> {
  %y = onnx.Transpose %x {perm = array<i64: 0, 2, 1>}
      : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

// CHECK-LABEL: func @trilu(
// CHECK: onnx.Trilu
func.func @trilu(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = onnx.Trilu %x {upper = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK-LABEL: func @unsqueeze(
// CHECK: onnx.Unsqueeze
func.func @unsqueeze(
    %x: tensor<3xf32>, %axes: tensor<1xi64>)
    -> tensor<1x3xf32> {
  %y = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<1xi64>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
}

// CHECK-LABEL: func @where(
// CHECK: onnx.Where
func.func @where(
    %condition: tensor<2x1xi1>, %x: tensor<f32>, %y: tensor<2x3xf32>)
    -> tensor<2x3xf32> {
  %z = onnx.Where %condition, %x, %y
      : (tensor<2x1xi1>, tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// CHECK-LABEL: func @xor(
// CHECK: onnx.Xor
func.func @xor(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> tensor<2x3xi1> {
  %c = onnx.Xor %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return %c : tensor<2x3xi1>
}
