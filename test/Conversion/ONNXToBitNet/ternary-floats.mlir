// Layers whose weights are floats that a quantizer has rounded.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse --verify-diagnostics | FileCheck %s

// W3: a scale for the tensor; a zero may be negative.
// CHECK-LABEL: func @folded(
// CHECK:         arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         bitnet.form = "A1/W3"
func.func @folded(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [-0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W2, folded: the scale is the magnitude that most weights have.
// CHECK-LABEL: func @some_ulps_apart(
// CHECK:         arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         bitnet.form = "A1/W2"
func.func @some_ulps_apart(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25000003, 0.25], [0.0, -0.24999999], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W8, folded: each output has its own scale.
// CHECK-LABEL: func @scale_per_output(
// CHECK:         arith.constant dense<[2.500000e-01, 3.000000e+00]> : tensor<2xf32>
// CHECK:         bitnet.form = "A1/W3"
func.func @scale_per_output(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 3.0], [0.0, -3.0], [0.25, 3.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// No weight says what the scale is: it is multiplied by 0 anyway.
// CHECK-LABEL: func @zeros(
// CHECK:         arith.constant dense<0.000000e+00> : tensor<1xf32>
// CHECK:         bitnet.linear
func.func @zeros(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<0.0> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Gemm with weights as the module has them, and a bias.
// CHECK-LABEL: func @gemm(
// CHECK:         bitnet.linear %{{.*}} bias %
func.func @gemm(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[0.25, 0.0, -0.25, 0.25], [-0.25, 0.25, 0.25, 0.0]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %b = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %y = onnx.Gemm %q, %w, %b {transB = 1 : i64} : (tensor<?x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W4: the scale comes after the bias, so that both are scaled.
// CHECK-LABEL: func @scaled_afterwards(
// CHECK:         arith.constant dense<[5.000000e-01, 1.000000e+00]> : tensor<2xf32>
// CHECK:         arith.constant dense<5.000000e-01> : tensor<1xf32>
// CHECK:         bitnet.linear
func.func @scaled_afterwards(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %w = onnx.Constant {value = dense<[[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %b = onnx.Constant {value = dense<[1.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %ws = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %sum = onnx.Add %y, %b : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %z = onnx.Mul %sum, %ws : (tensor<?x2xf32>, tensor<1xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}

// W13: four levels.
// CHECK-LABEL: func @keeps_four_levels(
// CHECK-NOT:     bitnet.linear
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
  %w = onnx.Constant {value = dense<[[0.15, 0.05], [-0.05, 0.15], [0.15, -0.05], [0.05, 0.15]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W12, folded: groups of 16 inputs have a scale each.
// CHECK-LABEL: func @scale_for_groups_of_inputs(
// CHECK:         arith.constant dense<{{\[\[}}2.500000e-01, 3.000000e+00], [5.000000e-01, 3.000000e+00]]> : tensor<2x2xf32>
// CHECK:         bitnet.linear {{.*}} {bitnet.form = "A1/W12"
func.func @scale_for_groups_of_inputs(%x: tensor<?x32xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x32xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
  %round = onnx.Round %scaled : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x32xf32>, tensor<f32>, tensor<f32>) -> tensor<?x32xf32>
  %q = onnx.Div %clip, %s : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
  %w = onnx.Constant {value = dense<[[0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0]]> : tensor<32x2xf32>} : () -> tensor<32x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// One weight of a group is another number.
// CHECK-LABEL: func @keeps_outlier_of_a_group(
// CHECK-NOT:     bitnet.linear
func.func @keeps_outlier_of_a_group(%x: tensor<?x32xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x32xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
  %round = onnx.Round %scaled : (tensor<?x32xf32>) -> tensor<?x32xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x32xf32>, tensor<f32>, tensor<f32>) -> tensor<?x32xf32>
  %q = onnx.Div %clip, %s : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
  %w = onnx.Constant {value = dense<[[0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [0.7, 3.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.25, 0.0], [0.25, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0], [-0.5, 0.0], [0.5, 3.0], [0.0, -3.0]]> : tensor<32x2xf32>} : () -> tensor<32x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
