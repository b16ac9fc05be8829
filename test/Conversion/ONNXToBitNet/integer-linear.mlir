// Layers whose product is one of integers, scaled afterwards.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// A3: Div by the inverse scale of the weights and the scale of the codes.
// CHECK-LABEL: func @inverse_scale(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<4.000000e+00> : tensor<1xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]] inverse {bitnet.form = "A3/W4"
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
  %d = onnx.Mul %ws, %max : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.Div %p, %d : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The weights have their scale in them.
// CHECK-LABEL: func @divides_by_the_scale_alone(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]] {bitnet.form = "A3/W3"
func.func @divides_by_the_scale_alone(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %y = onnx.Div %p, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Both scales, one after the other.
// CHECK-LABEL: func @one_after_the_other(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<4.000000e+00> : tensor<1xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]] {bitnet.form = "A3/W4"
// CHECK-NOT:     onnx.Mul
func.func @one_after_the_other(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %a = onnx.Div %p, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %y = onnx.Mul %a, %ws : (tensor<?x2xf32>, tensor<1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Equation 11 of b1, with a beta for each output.
// CHECK-LABEL: func @beta_gamma_over_limit(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<[4.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]] {bitnet.form = "A3/W4"
func.func @beta_gamma_over_limit(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %beta = onnx.Constant {value = dense<[4.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %a = onnx.Mul %p, %beta : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %b = onnx.Mul %a, %m : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %y = onnx.Div %b, %high : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W11 with codes from 0 to 2.
// CHECK-LABEL: func @zero_point_of_the_weights(
// CHECK:         bitnet.linear {{.*}} inverse {bitnet.form = "A3/W11"
func.func @zero_point_of_the_weights(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[2, 1], [0, 2], [1, 0], [2, 2]]> : tensor<4x2xui8>} : () -> tensor<4x2xui8>
  %zero = onnx.Constant {value = dense<1> : tensor<ui8>} : () -> tensor<ui8>
  %p = onnx.MatMulInteger %i, %w, %zero {operandSegmentSizes = array<i32: 1, 1, 0, 1>} : (tensor<?x4xi8>, tensor<4x2xui8>, tensor<ui8>) -> tensor<?x2xi32>
  %f = onnx.Cast %p {to = 1 : i64} : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %y = onnx.Div %f, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A zero point of the activations is no BitLinear.
// CHECK-LABEL: func @keeps_zero_point_of_the_codes(
// CHECK-NOT:     bitnet.linear
func.func @keeps_zero_point_of_the_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %zero = onnx.Constant {value = dense<1> : tensor<i8>} : () -> tensor<i8>
  %p = onnx.MatMulInteger %i, %w, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<?x4xi8>, tensor<4x2xi8>, tensor<i8>) -> tensor<?x2xi32>
  %f = onnx.Cast %p {to = 1 : i64} : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %y = onnx.Div %f, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A scale is positive.
// CHECK-LABEL: func @keeps_negative_scale(
// CHECK-NOT:     bitnet.linear
func.func @keeps_negative_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %ws = onnx.Constant {value = dense<-4.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %d = onnx.Mul %ws, %s : (tensor<1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.Div %p, %d : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// What is scaled back already is scaled once more: only the first is a layer's.
// CHECK-LABEL: func @keeps_scale_twice(
// CHECK:         bitnet.linear
// CHECK:         onnx.Div
func.func @keeps_scale_twice(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %a = onnx.Div %p, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %y = onnx.Div %a, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A factor below 0 is no part of what scales the sums back, but can follow it.
// CHECK-LABEL: func @negated_afterwards(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<-1.000000e+00> : tensor<1xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]] {
func.func @negated_afterwards(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %minus = onnx.Constant {value = dense<-1.0> : tensor<f32>} : () -> tensor<f32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %a = onnx.Div %p, %s : (tensor<?x2xf32>, tensor<?x1xf32>) -> tensor<?x2xf32>
  %y = onnx.Mul %a, %minus : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The scale gives the result another dimension.
// CHECK-LABEL: func @keeps_scale_of_more_dimensions(
// CHECK-NOT:     bitnet.linear
func.func @keeps_scale_of_more_dimensions(%x: tensor<?x4xf32>) -> tensor<1x?x2xf32> {
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
  %ws = onnx.Constant {value = dense<[[[4.0]]]> : tensor<1x1x1xf32>} : () -> tensor<1x1x1xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %d = onnx.Mul %ws, %s : (tensor<1x1x1xf32>, tensor<?x1xf32>) -> tensor<1x?x1xf32>
  %y = onnx.Div %p, %d : (tensor<?x2xf32>, tensor<1x?x1xf32>) -> tensor<1x?x2xf32>
  return %y : tensor<1x?x2xf32>
}
