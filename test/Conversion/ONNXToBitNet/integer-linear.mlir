// Layers whose product is one of integers, scaled afterwards.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// A3: Div by the inverse scale of the weights and the scale of the codes.
// CHECK-LABEL: func @inverse_scale(
// CHECK:         arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         bitnet.form = "A3/W4"
func.func @inverse_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %i = onnx.Cast %clip {to = 3 : i64} : (tensor<?x4xf32>) -> tensor<?x4xi8>
  %q = onnx.Cast %i {to = 1 : i64} : (tensor<?x4xi8>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %ws = onnx.Constant {value = dense<4.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %d = onnx.Mul %ws, %s : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.Div %p, %d : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W11: MatMulInteger, then the scale over the scale of the codes.
// CHECK-LABEL: func @integers(
// CHECK:         arith.constant dense<5.000000e-01> : tensor<1xf32>
// CHECK:         bitnet.form = "A3/W11"
func.func @integers(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %i = onnx.Cast %clip {to = 3 : i64} : (tensor<?x4xf32>) -> tensor<?x4xi8>
  %w = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi8>} : () -> tensor<4x2xi8>
  %g = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = onnx.MatMulInteger %i, %w {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x4xi8>, tensor<4x2xi8>) -> tensor<?x2xi32>
  %f = onnx.Cast %p {to = 1 : i64} : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %t = onnx.Reciprocal %s : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %o = onnx.Mul %t, %g : (tensor<?x1xf32>, tensor<1xf32>) -> tensor<?x1xf32>
  %y = onnx.Mul %f, %o : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The sums are scaled back by something else.
// CHECK-LABEL: func @keeps_other_scale(
// CHECK-NOT:     bitnet.linear
func.func @keeps_other_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %i = onnx.Cast %clip {to = 3 : i64} : (tensor<?x4xf32>) -> tensor<?x4xi8>
  %q = onnx.Cast %i {to = 1 : i64} : (tensor<?x4xi8>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %ws = onnx.Constant {value = dense<4.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %d = onnx.Mul %ws, %r : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.Div %p, %d : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
