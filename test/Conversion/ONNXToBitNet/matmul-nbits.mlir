// Products of ONNX Runtime's codes: said in standard operators, then a layer.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// W9: codes 0..2 with zero point 1.
// CHECK-LABEL: func @codes(
// CHECK:         arith.constant dense<[5.000000e-01, 2.500000e-01]> : tensor<2xf32>
// CHECK:         bitnet.form = "A1/W9"
func.func @codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %b = onnx.Constant {value = dense<[[[25]], [[86]]]> : tensor<2x1x1xui8>} : () -> tensor<2x1x1xui8>
  %scales = onnx.Constant {value = dense<[[0.5], [0.25]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %zero = onnx.Constant {value = dense<[1, 1]> : tensor<2xui8>} : () -> tensor<2xui8>
  %y = onnx.com.microsoft.MatMulNBits %q, %b, %scales, %zero
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>,
       K = 4 : i64, N = 2 : i64, bits = 2 : i64, block_size = 4 : i64}
      : (tensor<?x4xf32>, tensor<2x1x1xui8>, tensor<2x1xf32>, tensor<2xui8>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Zero points as floats, the blocks of inputs spelled out, and a bias.
// CHECK-LABEL: func @float_zero_points_and_bias(
// CHECK:         bitnet.linear {{.*}} bias %{{.*}} {bitnet.form = "A1/W9"
func.func @float_zero_points_and_bias(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %b = onnx.Constant {value = dense<[[[25]], [[86]]]> : tensor<2x1x1xui8>} : () -> tensor<2x1x1xui8>
  %scales = onnx.Constant {value = dense<[[0.5], [0.25]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %zero = onnx.Constant {value = dense<1.0> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %places = onnx.Constant {value = dense<0> : tensor<4xi32>} : () -> tensor<4xi32>
  %bias = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %y = onnx.com.microsoft.MatMulNBits %q, %b, %scales, %zero, %places, %bias
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1>,
       K = 4 : i64, N = 2 : i64, bits = 2 : i64, block_size = 4 : i64}
      : (tensor<?x4xf32>, tensor<2x1x1xui8>, tensor<2x1xf32>, tensor<2x1xf32>, tensor<4xi32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W13: with a zero point of 1.5 codes are four levels. The product is one of
// floats.
// CHECK-LABEL: func @keeps_four_levels(
// CHECK-NOT:     bitnet.linear
// CHECK:         onnx.MatMul
func.func @keeps_four_levels(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %b = onnx.Constant {value = dense<[[[25]], [[86]]]> : tensor<2x1x1xui8>} : () -> tensor<2x1x1xui8>
  %scales = onnx.Constant {value = dense<[[0.5], [0.25]]> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %zero = onnx.Constant {value = dense<1.5> : tensor<2x1xf32>} : () -> tensor<2x1xf32>
  %y = onnx.com.microsoft.MatMulNBits %q, %b, %scales, %zero
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>,
       K = 4 : i64, N = 2 : i64, bits = 2 : i64, block_size = 4 : i64}
      : (tensor<?x4xf32>, tensor<2x1x1xui8>, tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
