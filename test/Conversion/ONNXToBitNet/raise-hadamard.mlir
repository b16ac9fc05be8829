// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// A8: blocks of a row by a Hadamard matrix over the root of its size.
// CHECK-LABEL: func @hadamard(
// CHECK:         bitnet.hadamard %{{.*}} block 4 : tensor<?x4xf32>
func.func @hadamard(%x: tensor<?x2x4xf32>) -> tensor<?x2x4xf32> {
  %h = onnx.Constant {value = dense<[[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5],
                                     [0.5, 0.5, -0.5, -0.5], [0.5, -0.5, -0.5, 0.5]]> : tensor<4x4xf32>}
      : () -> tensor<4x4xf32>
  %y = onnx.MatMul %x, %h : (tensor<?x2x4xf32>, tensor<4x4xf32>) -> tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// Not over the root of its size.
// CHECK-LABEL: func @keeps_other_scale(
// CHECK:         onnx.MatMul
func.func @keeps_other_scale(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %h = onnx.Constant {value = dense<[[1.0, 1.0], [1.0, -1.0]]> : tensor<2x2xf32>} : () -> tensor<2x2xf32>
  %y = onnx.MatMul %x, %h : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Its rows in another order.
// CHECK-LABEL: func @keeps_other_order(
// CHECK:         onnx.MatMul
func.func @keeps_other_order(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %h = onnx.Constant {value = dense<[[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, -0.5, -0.5],
                                     [0.5, -0.5, -0.5, 0.5], [0.5, -0.5, 0.5, -0.5]]> : tensor<4x4xf32>}
      : () -> tensor<4x4xf32>
  %y = onnx.MatMul %x, %h : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func @keeps_size_that_is_no_power_of_two(
// CHECK:         onnx.MatMul
func.func @keeps_size_that_is_no_power_of_two(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %h = onnx.Constant {value = dense<0.5> : tensor<3x3xf32>} : () -> tensor<3x3xf32>
  %y = onnx.MatMul %x, %h : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// A layer whose activations are turned.
// CHECK-LABEL: func @rotated_activations(
// CHECK:         %[[H:.*]] = bitnet.hadamard
// CHECK:         bitnet.linear %[[H]], {{.*}} {bitnet.form = "A8/W3"
func.func @rotated_activations(%z: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %h = onnx.Constant {value = dense<[[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5], [0.5, 0.5, -0.5, -0.5], [0.5, -0.5, -0.5, 0.5]]> : tensor<4x4xf32>} : () -> tensor<4x4xf32>
  %x = onnx.MatMul %z, %h : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
