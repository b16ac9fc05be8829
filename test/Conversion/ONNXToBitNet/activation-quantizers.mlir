// Activation quantizers of other papers and other spellings of that of b1.58.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// A5, as b1 is trained: one scale for all rows.
// CHECK-LABEL: func @one_scale_for_the_tensor(
// CHECK:         bitnet.linear %{{.*}} {bitnet.form = "A5/W3", {{.*}}quantizer = #bitnet.quantizer<absmax, tensor,
func.func @one_scale_for_the_tensor(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs {keepdims = 0 : i64} : (tensor<?x4xf32>) -> tensor<f32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %r = onnx.Reciprocal %m : (tensor<f32>) -> tensor<f32>
  %s = onnx.Mul %r, %high : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The same with its axes spelled out.
// CHECK-LABEL: func @all_axes_of_the_tensor(
// CHECK:         #bitnet.quantizer<absmax, tensor,
func.func @all_axes_of_the_tensor(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<[0, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<1x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %r = onnx.Reciprocal %m : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %s = onnx.Mul %r, %high : (tensor<1x1xf32>, tensor<f32>) -> tensor<1x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<1x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A5: the largest element stands for 128, which is one step more than 8 bits have.
// CHECK-LABEL: func @limit_of_128(
// CHECK:         bitnet.form = "A5/W3", {{.*}}quantizer = #bitnet.quantizer<absmax, token, limit = 1.280000e+02 : f32, floor = 9.99999974E-6 : f32, low = -128, high = 127,
func.func @limit_of_128(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %limit = onnx.Constant {value = dense<128.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %limit : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A6, equation 6 of b1: x - min(x) by the magnitude of x.
// CHECK-LABEL: func @codes_above_the_minimum(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK:         bitnet.linear %[[X]], {{.*}} {bitnet.form = "A6/W3", {{.*}}quantizer = #bitnet.quantizer<shifted, token,
func.func @codes_above_the_minimum(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %limit = onnx.Constant {value = dense<128.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %limit : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %min = onnx.ReduceMin %x, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sub = onnx.Sub %x, %min : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %scaled = onnx.Mul %sub, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A6 by the magnitude of what is shifted: a quantizer of that.
// CHECK-LABEL: func @magnitude_above_the_minimum(
// CHECK:         %[[SUB:.*]] = onnx.Sub
// CHECK:         bitnet.linear %[[SUB]], {{.*}} {bitnet.form = "A6/W3", {{.*}}quantizer = #bitnet.quantizer<absmax, token, {{.*}} low = 0, high = 127,
func.func @magnitude_above_the_minimum(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %min = onnx.ReduceMin %x, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sub = onnx.Sub %x, %min : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %abs = onnx.Abs %sub : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %sub, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The minimum is one of the tensor, the magnitude one of each row.
// CHECK-LABEL: func @minimum_of_the_tensor(
// CHECK-NOT:     bitnet.linear
func.func @minimum_of_the_tensor(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %min = onnx.ReduceMin %x {keepdims = 0 : i64} : (tensor<?x4xf32>) -> tensor<f32>
  %sub = onnx.Sub %x, %min : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %scaled = onnx.Mul %sub, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// A7: four bits by the mean magnitude.
// CHECK-LABEL: func @four_bits_by_the_mean(
// CHECK:         bitnet.form = "A7/W3", {{.*}}quantizer = #bitnet.quantizer<absmean, token, limit = 2.64575124 : f32, floor = 9.99999974E-6 : f32, low = -8, high = 7,
func.func @four_bits_by_the_mean(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %limit = onnx.Constant {value = dense<2.64575124> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %mean = onnx.ReduceMean %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %mean, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %limit : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Scaled back by 1 / s.
// CHECK-LABEL: func @times_the_inverse_scale(
// CHECK:         bitnet.form = "A1/W3"
func.func @times_the_inverse_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %t = onnx.Reciprocal %s : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %q = onnx.Mul %t, %clip : (tensor<?x1xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Scaled back by m / 127, which is 1 / s.
// CHECK-LABEL: func @times_the_magnitude(
// CHECK:         bitnet.form = "A1/W3"
func.func @times_the_magnitude(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %t = onnx.Div %m, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %q = onnx.Mul %clip, %t : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// But not by m / 126.
// CHECK-LABEL: func @keeps_other_magnitude_back(
// CHECK-NOT:     bitnet.linear
func.func @keeps_other_magnitude_back(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %limit = onnx.Constant {value = dense<126.0> : tensor<f32>} : () -> tensor<f32>
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
  %t = onnx.Div %m, %limit : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %q = onnx.Mul %clip, %t : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
