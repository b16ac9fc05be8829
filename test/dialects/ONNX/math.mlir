// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

// The operators that compute, each as in its documentation.

// CHECK-LABEL: func @floats(
// CHECK:         onnx.Abs %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Ceil %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Cos %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Erf %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Exp %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Floor %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Log %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Neg %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Reciprocal %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Relu %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Round %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Sigmoid %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Sign %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Sin %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Softplus %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Sqrt %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Tanh %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.IsNaN %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xi1>
func.func @floats(%x: tensor<2x3xf32>) {
  %abs = onnx.Abs %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %ceil = onnx.Ceil %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %cos = onnx.Cos %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %erf = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %exp = onnx.Exp %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %floor = onnx.Floor %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %log = onnx.Log %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %neg = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %reciprocal = onnx.Reciprocal %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %relu = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %round = onnx.Round %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %sigmoid = onnx.Sigmoid %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %sign = onnx.Sign %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %sin = onnx.Sin %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %softplus = onnx.Softplus %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %sqrt = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %tanh = onnx.Tanh %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %isNaN = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return
}

// CHECK-LABEL: func @arithmetic(
// CHECK:         onnx.Add %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Sub %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Mul %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Div %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Pow %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
// CHECK:         onnx.Max %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Min %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Clip %{{.*}}, %{{.*}}, %{{.*}} {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<2x3xf32>, tensor<f32>, tensor<f32>) -> tensor<2x3xf32>
func.func @arithmetic(%a: tensor<2x3xf32>, %b: tensor<3xf32>, %x: tensor<2x3xf32>, %y: tensor<f32>,
                      %low: tensor<f32>, %high: tensor<f32>) {
  %add = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %sub = onnx.Sub %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %mul = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %div = onnx.Div %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %pow = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %max = onnx.Max %a, %b
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %min = onnx.Min %a, %b
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %clip = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<2x3xf32>, tensor<f32>, tensor<f32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: func @integers(
// CHECK:         onnx.Mod %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
// CHECK:         onnx.CumSum %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
func.func @integers(%a: tensor<2x3xi64>, %b: tensor<i64>, %x: tensor<2x3xi64>, %axis: tensor<i64>) {
  %mod = onnx.Mod %a, %b : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
  %cumSum = onnx.CumSum %x, %axis : (tensor<2x3xi64>, tensor<i64>) -> tensor<2x3xi64>
  return
}

// CHECK-LABEL: func @bits(
// CHECK:         onnx.BitwiseNot %{{.*}} : (tensor<2x3xi32>) -> tensor<2x3xi32>
// CHECK:         onnx.BitwiseAnd %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
// CHECK:         onnx.BitwiseOr %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
// CHECK:         onnx.BitwiseXor %{{.*}}, %{{.*}} : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
func.func @bits(%x: tensor<2x3xi32>, %a: tensor<2x3xi32>, %b: tensor<3xi32>) {
  %bitwiseNot = onnx.BitwiseNot %x : (tensor<2x3xi32>) -> tensor<2x3xi32>
  %bitwiseAnd = onnx.BitwiseAnd %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %bitwiseOr = onnx.BitwiseOr %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  %bitwiseXor = onnx.BitwiseXor %a, %b : (tensor<2x3xi32>, tensor<3xi32>) -> tensor<2x3xi32>
  return
}

// CHECK-LABEL: func @shift(
// CHECK:         onnx.BitShift %{{.*}}, %{{.*}} {direction = "RIGHT"} : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
func.func @shift(%x: tensor<4xui8>, %y: tensor<ui8>) {
  %bitShift = onnx.BitShift %x, %y {direction = "RIGHT"}
      : (tensor<4xui8>, tensor<ui8>) -> tensor<4xui8>
  return
}

// CHECK-LABEL: func @truth(
// CHECK:         onnx.Not %{{.*}} : (tensor<2x3xi1>) -> tensor<2x3xi1>
// CHECK:         onnx.And %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
// CHECK:         onnx.Or %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
// CHECK:         onnx.Xor %{{.*}}, %{{.*}} : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
func.func @truth(%x: tensor<2x3xi1>, %a: tensor<2x3xi1>, %b: tensor<3xi1>) {
  %not = onnx.Not %x : (tensor<2x3xi1>) -> tensor<2x3xi1>
  %and = onnx.And %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %or = onnx.Or %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  %xor = onnx.Xor %a, %b : (tensor<2x3xi1>, tensor<3xi1>) -> tensor<2x3xi1>
  return
}

// CHECK-LABEL: func @comparisons(
// CHECK:         onnx.Equal %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
// CHECK:         onnx.Less %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
// CHECK:         onnx.LessOrEqual %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
// CHECK:         onnx.Greater %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
// CHECK:         onnx.GreaterOrEqual %{{.*}}, %{{.*}} : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
func.func @comparisons(%a: tensor<2x3xi64>, %b: tensor<3xi64>) {
  %equal = onnx.Equal %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  %less = onnx.Less %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  %lessOrEqual = onnx.LessOrEqual %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  %greater = onnx.Greater %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  %greaterOrEqual = onnx.GreaterOrEqual %a, %b
      : (tensor<2x3xi64>, tensor<3xi64>) -> tensor<2x3xi1>
  return
}

// CHECK-LABEL: func @where(
// CHECK:         onnx.Where %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x1xi1>, tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @where(%condition: tensor<2x1xi1>, %x: tensor<f32>, %y: tensor<2x3xf32>) {
  %where = onnx.Where %condition, %x, %y
      : (tensor<2x1xi1>, tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: func @reductions(
// CHECK:         onnx.ReduceMax %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceMin %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceSum %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceMean %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceProd %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceSumSquare %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceL1 %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ReduceL2 %{{.*}}, %{{.*}} : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
// CHECK:         onnx.ArgMax %{{.*}} {axis = -1 : i64, keepdims = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
// CHECK:         onnx.ArgMin %{{.*}} {axis = -1 : i64, keepdims = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xi64>
func.func @reductions(%x: tensor<2x3xf32>, %axes: tensor<1xi64>) {
  %reduceMax = onnx.ReduceMax %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceMin = onnx.ReduceMin %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceSum = onnx.ReduceSum %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceMean = onnx.ReduceMean %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceProd = onnx.ReduceProd %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceSumSquare = onnx.ReduceSumSquare %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceL1 = onnx.ReduceL1 %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %reduceL2 = onnx.ReduceL2 %x, %axes
      : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<2x1xf32>
  %argMax = onnx.ArgMax %x {axis = -1 : i64, keepdims = 0 : i64}
      : (tensor<2x3xf32>) -> tensor<2xi64>
  %argMin = onnx.ArgMin %x {axis = -1 : i64, keepdims = 0 : i64}
      : (tensor<2x3xf32>) -> tensor<2xi64>
  return
}

// CHECK-LABEL: func @matmul(
// CHECK:         onnx.MatMul %{{.*}}, %{{.*}} : (tensor<2x5x16xf32>, tensor<16x48xf32>) -> tensor<2x5x48xf32>
func.func @matmul(%a: tensor<2x5x16xf32>, %b: tensor<16x48xf32>) {
  %matMul = onnx.MatMul %a, %b
      : (tensor<2x5x16xf32>, tensor<16x48xf32>) -> tensor<2x5x48xf32>
  return
}

// CHECK-LABEL: func @gemm(
// CHECK:         onnx.Gemm %{{.*}}, %{{.*}}, %{{.*}} {transB = 1 : i64} : (tensor<?x16xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x8xf32>
func.func @gemm(%a: tensor<?x16xf32>, %b: tensor<8x16xf32>, %c: tensor<8xf32>) {
  %gemm = onnx.Gemm %a, %b, %c {transB = 1 : i64}
      : (tensor<?x16xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return
}
