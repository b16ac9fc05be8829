// Each way to write a BitLinear layer, and its bias.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// A2: the estimator Add(x, Sub(q, x)) passes gradients and means q.
// CHECK-LABEL: func @straight_through(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK:         bitnet.linear %[[X]], {{.*}} {bitnet.form = "A2/W10"
// CHECK-NOT:     onnx
func.func @straight_through(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %sub = onnx.Sub %q, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %ste = onnx.Add %x, %sub : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %ste, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// The same with the operands of the sum the other way round.
// CHECK-LABEL: func @straight_through_swapped(
// CHECK:         bitnet.form = "A2/W10"
func.func @straight_through_swapped(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %sub = onnx.Sub %q, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %ste = onnx.Add %sub, %x : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %ste, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Div(127, m) rounds once, so there is no reciprocal.
// CHECK-LABEL: func @true_division(
// CHECK:         bitnet.linear {{.*}} reciprocal = false>
func.func @true_division(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %s = onnx.Div %high, %m : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Div(1, m) and a product is a reciprocal, too.
// CHECK-LABEL: func @reciprocal_by_division(
// CHECK:         bitnet.linear {{.*}} reciprocal = true>
func.func @reciprocal_by_division(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Div %one, %m : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %high, %r : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Other limits: codes of 4 bits, symmetric, with another floor.
// CHECK-LABEL: func @four_bit_codes(
// CHECK:         bitnet.linear {{.*}} limit = 7.000000e+00 : f32, floor = 1.000000e-03 : f32, low = -7, high = 7,
func.func @four_bit_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.000000e-03> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-7.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Leading dimensions become rows, and come back.
// CHECK-LABEL: func @batches(
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x4xf32>
// CHECK:         %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]]
// CHECK:         %[[Y:.*]] = bitnet.linear %[[ROWS]],
// CHECK-DAG:     %[[BATCH:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG:     %[[LENGTH:.*]] = tensor.dim %[[X]], %c1
// CHECK:         tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2]] output_shape [%[[BATCH]], %[[LENGTH]], 2]
// CHECK-NOT:     onnx
func.func @batches(%x: tensor<?x?x4xf32>) -> tensor<?x?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// Nothing is left of the reshapes between two layers.
// CHECK-LABEL: func @layer_after_layer(
// CHECK:         %[[A:.*]] = bitnet.linear
// CHECK-NOT:     {{collapse|expand}}_shape
// CHECK:         bitnet.linear %[[A]],
func.func @layer_after_layer(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0, 1, 0], [-1, 1, 0, 0], [0, -1, 0, 1], [1, 1, 0, -1]]> : tensor<4x4xi2>}
      : () -> tensor<4x4xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x4xi2>, tensor<f32>) -> tensor<4x4xf32>
  %h = onnx.MatMul %q, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  %abs_2 = onnx.Abs %h : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %max_2 = onnx.ReduceMax %abs_2, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %m_2 = onnx.Clip %max_2, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r_2 = onnx.Reciprocal %m_2 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %s_2 = onnx.Mul %r_2, %high : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %scaled_2 = onnx.Mul %h, %s_2 : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %round_2 = onnx.Round %scaled_2 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %clip_2 = onnx.Clip %round_2, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x4xf32>
  %q_2 = onnx.Div %clip_2, %s_2 : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %y = onnx.MatMul %q_2, %w : (tensor<?x?x4xf32>, tensor<4x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// The sum of a layer and a row vector is the layer with a bias.
// CHECK-LABEL: func @bias(
// CHECK:         %[[BIAS:.*]] = onnx.Constant
// CHECK:         %[[Y:.*]] = bitnet.linear {{.*}} bias %[[BIAS]] : tensor<2xf32> {bitnet.form
// CHECK:         return %[[Y]]
func.func @bias(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %bias = onnx.Constant {value = dense<[0.5, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %b = onnx.Add %bias, %y : (tensor<2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %b : tensor<?x2xf32>
}

// The same through the reshape of the result.
// CHECK-LABEL: func @bias_of_batches(
// CHECK:         %[[Y:.*]] = bitnet.linear {{.*}} bias
// CHECK:         %[[WIDE:.*]] = tensor.expand_shape %[[Y]]
// CHECK:         return %[[WIDE]]
func.func @bias_of_batches(%x: tensor<?x?x4xf32>) -> tensor<?x?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %abs = onnx.Abs %x : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %m = onnx.Clip %max, %floor {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x?x4xf32>
  %q = onnx.Div %clip, %s : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x?x4xf32>, tensor<4x2xf32>) -> tensor<?x?x2xf32>
  %bias = onnx.Constant {value = dense<[0.5, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %b = onnx.Add %y, %bias : (tensor<?x?x2xf32>, tensor<2xf32>) -> tensor<?x?x2xf32>
  return %b : tensor<?x?x2xf32>
}

// The layer without bias has a user of its own.
// CHECK-LABEL: func @keeps_bias_of_shared_layer(
// CHECK:         %[[Y:.*]] = bitnet.linear
// CHECK-NOT:     bias
// CHECK:         onnx.Add %[[Y]]
func.func @keeps_bias_of_shared_layer(%x: tensor<?x4xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %c = onnx.Constant {value = dense<[0.5, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %b = onnx.Add %y, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %b, %y : tensor<?x2xf32>, tensor<?x2xf32>
}

// A layer has one bias.
// CHECK-LABEL: func @keeps_second_bias(
// CHECK:         %[[Y:.*]] = bitnet.linear {{.*}} bias
// CHECK:         onnx.Add %[[Y]]
func.func @keeps_second_bias(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %c = onnx.Constant {value = dense<[0.5, 1.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %b = onnx.Add %y, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %d = onnx.Add %b, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %d : tensor<?x2xf32>
}

// A sum of two layers' rows is no bias.
// CHECK-LABEL: func @keeps_residual(
// CHECK:         %[[Y:.*]] = bitnet.linear
// CHECK:         onnx.Add %[[Y]]
func.func @keeps_residual(%x: tensor<?x4xf32>, %z: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %b = onnx.Add %y, %z : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %b : tensor<?x2xf32>
}

// UINT2 codes around zero point 1.
// CHECK-LABEL: func @unsigned_codes(
// CHECK:         bitnet.constant dense_resource<unsigned> : tensor<2x4x!bitnet.trit>
func.func @unsigned_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[2, 1], [0, 2], [1, 0], [2, 2]]> : tensor<4x2xui2>}
      : () -> tensor<4x2xui2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<1> : tensor<ui2>} : () -> tensor<ui2>
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
  %w = onnx.DequantizeLinear %codes, %scale, %zero
      : (tensor<4x2xui2>, tensor<f32>, tensor<ui2>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w
      : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32> loc("unsigned/MatMul")
  return %y : tensor<?x2xf32>
}

// A resource holds four codes in a byte, the first one in the low bits. It is
// named after the layer.
// CHECK-LABEL: func @packed_codes(
// CHECK:         bitnet.constant dense_resource<model.layers.0.mlp.up_proj> : tensor<2x4x!bitnet.trit>
func.func @packed_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense_resource<codes> : tensor<4x2xi2>} : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w
      : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32> loc("model.layers.0.mlp.up_proj/MatMul")
  return %y : tensor<?x2xf32>
}

// Two unsigned codes in a byte, and the scales of outputs in a resource, too.
// CHECK-LABEL: func @packed_half_bytes(
// CHECK:         bitnet.constant dense_resource<half_bytes> : tensor<2x4x!bitnet.trit>
// CHECK:         arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
func.func @packed_half_bytes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense_resource<nibbles> : tensor<4x2xui4>} : () -> tensor<4x2xui4>
  %scale = onnx.Constant {value = dense_resource<scales> : tensor<2xf32>} : () -> tensor<2xf32>
  %zero = onnx.Constant {value = dense<1> : tensor<2xui4>} : () -> tensor<2xui4>
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
  %w = onnx.DequantizeLinear %codes, %scale, %zero
      : (tensor<4x2xui4>, tensor<2xf32>, tensor<2xui4>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32> loc("half_bytes")
  return %y : tensor<?x2xf32>
}

// Codes that are transposed in the graph lie as rows of outputs already.
// CHECK-LABEL: func @output_major_codes(
// CHECK:         bitnet.constant dense_resource<transposed> : tensor<2x4x!bitnet.trit>
func.func @output_major_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, -1, 0, 1], [0, 1, -1, 1]]> : tensor<2x4xi2>}
      : () -> tensor<2x4xi2>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %dq = onnx.DequantizeLinear %codes, %scale : (tensor<2x4xi2>, tensor<f32>) -> tensor<2x4xf32>
  %w = onnx.Transpose %dq {perm = array<i64: 1, 0>} : (tensor<2x4xf32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32> loc("transposed")
  return %y : tensor<?x2xf32>
}

// Codes of 8 bits may hold trits, too.
// CHECK-LABEL: func @byte_codes(
// CHECK:         bitnet.constant dense_resource<bytes> : tensor<2x4x!bitnet.trit>
func.func @byte_codes(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi8>}
      : () -> tensor<4x2xi8>
  %scale = onnx.Constant {value = dense<0.25> : tensor<f32>} : () -> tensor<f32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi8>, tensor<f32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32> loc("bytes")
  return %y : tensor<?x2xf32>
}

// A scale for each column of the weights.
// CHECK-LABEL: func @scale_for_each_output(
// CHECK:         %[[SCALE:.*]] = arith.constant dense<[2.500000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK:         bitnet.linear %{{.*}}, %{{.*}}, %[[SCALE]]
func.func @scale_for_each_output(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<9.99999974E-6> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi2>}
      : () -> tensor<4x2xi2>
  %scale = onnx.Constant {value = dense<[0.25, 0.5]> : tensor<2xf32>} : () -> tensor<2xf32>
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
  %w = onnx.DequantizeLinear %codes, %scale : (tensor<4x2xi2>, tensor<2xf32>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W4 by the inverse of its scale, one for each output.
// CHECK-LABEL: func @divided_by_the_inverse_scale(
// CHECK:         arith.constant dense<[2.500000e-01, 5.000000e-01]> : tensor<2xf32>
// CHECK-NOT:     onnx.Div
func.func @divided_by_the_inverse_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %ws = onnx.Constant {value = dense<[4.0, 2.0]> : tensor<2xf32>} : () -> tensor<2xf32>
  %p = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  %y = onnx.Div %p, %ws : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// W11 in a product of floats.
// CHECK-LABEL: func @codes_that_are_converted(
// CHECK:         bitnet.form = "A1/W11"
func.func @codes_that_are_converted(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
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
  %c = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi8>} : () -> tensor<4x2xi8>
  %w = onnx.Cast %c {to = 1 : i64} : (tensor<4x2xi8>) -> tensor<4x2xf32>
  %y = onnx.MatMul %q, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Rows of outputs, a byte for each trit; every spelling gives the same ones.
// CHECK:     dialect_resources
// CHECK-DAG: {{ }}unsigned: "0x01000000[[TRITS:01FF00010001FF01]]"
// CHECK-DAG: {{ }}model.layers.0.mlp.up_proj: "0x01000000[[TRITS]]"
// CHECK-DAG: {{ }}half_bytes: "0x01000000[[TRITS]]"
// CHECK-DAG: {{ }}transposed: "0x01000000[[TRITS]]"
// CHECK-DAG: {{ }}bytes: "0x01000000[[TRITS]]"
{-#
  dialect_resources: {
    builtin: {
      codes: "0x04000000715C",
      nibbles: "0x0400000012200122",
      scales: "0x040000000000803F00000040"
    }
  }
#-}
