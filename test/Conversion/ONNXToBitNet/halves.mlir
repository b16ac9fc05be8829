// Layers of f16 and bf16: what a quantizer rounds to, and what stays beside it.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// PyTorch widens halves around Abs and ReduceMax, and guards by Max.
// One weight is an ulp off: a straight-through estimator in bf16.
// CHECK-LABEL: func @straight_through_in_bf16(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xbf16>
// CHECK:         %[[S:.*]] = arith.constant dense<2.500000e-01> : tensor<1xf32>
// CHECK:         bitnet.linear %[[X]], %{{.*}}, %[[S]] {bitnet.form = "A2/W2"
// CHECK-SAME:      limit = 1.270000e+02 : bf16, floor = 1.001360e-05 : bf16
// CHECK-SAME:      : tensor<?x4xbf16>, tensor<2x4x!bitnet.trit>, tensor<1xf32> -> tensor<?x2xbf16>
// CHECK-NOT:     onnx
func.func @straight_through_in_bf16(%x: tensor<?x4xbf16>) -> tensor<?x2xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<bf16>} : () -> tensor<bf16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<bf16>} : () -> tensor<bf16>
  %high = onnx.Constant {value = dense<127.0> : tensor<bf16>} : () -> tensor<bf16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.251953125, 0.25]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %wide = onnx.Cast %x {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %absw = onnx.Abs %wide : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %abs = onnx.Cast %absw {to = 16 : i64} : (tensor<?x4xf32>) -> tensor<?x4xbf16>
  %absx = onnx.Cast %abs {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %maxw = onnx.ReduceMax %absx, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %max = onnx.Cast %maxw {to = 16 : i64} : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xbf16>) -> tensor<?x1xbf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %round = onnx.Round %scaled : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xbf16>, tensor<bf16>, tensor<bf16>) -> tensor<?x4xbf16>
  %q = onnx.Div %clip, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %sub = onnx.Sub %q, %x : (tensor<?x4xbf16>, tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %a = onnx.Add %x, %sub : (tensor<?x4xbf16>, tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xbf16>, tensor<4x2xbf16>) -> tensor<?x2xbf16>
  return %y : tensor<?x2xbf16>
}

// The guard is a subnormal f16.
// CHECK-LABEL: func @round_trip_in_f16(
// CHECK:         bitnet.linear
// CHECK-SAME:      floor = 1.001360e-05 : f16
// CHECK-SAME:      -> tensor<?x2xf16>
func.func @round_trip_in_f16(%x: tensor<?x4xf16>) -> tensor<?x2xf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f16>} : () -> tensor<f16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f16>} : () -> tensor<f16>
  %high = onnx.Constant {value = dense<127.0> : tensor<f16>} : () -> tensor<f16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf16>}
      : () -> tensor<4x2xf16>
  %abs = onnx.Abs %x : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf16>, tensor<1xi64>) -> tensor<?x1xf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xf16>) -> tensor<?x1xf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %round = onnx.Round %scaled : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf16>, tensor<f16>, tensor<f16>) -> tensor<?x4xf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xf16>, tensor<4x2xf16>) -> tensor<?x2xf16>
  return %y : tensor<?x2xf16>
}

// The sums of groups are added in f32, which the model rounds.
// CHECK-LABEL: func @groups_of_inputs(
// CHECK-NOT:     bitnet.linear
// CHECK:         onnx.MatMul
func.func @groups_of_inputs(%x: tensor<?x4xf16>) -> tensor<?x2xf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f16>} : () -> tensor<f16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f16>} : () -> tensor<f16>
  %high = onnx.Constant {value = dense<127.0> : tensor<f16>} : () -> tensor<f16>
  %codes = onnx.Constant {value = dense<[[1, 0], [-1, 1], [0, -1], [1, 1]]> : tensor<4x2xi8>} : () -> tensor<4x2xi8>
  %scale = onnx.Constant {value = dense<[[0.25, 0.5], [0.5, 0.25]]> : tensor<2x2xf16>} : () -> tensor<2x2xf16>
  %w = onnx.DequantizeLinear %codes, %scale {axis = 0 : i64, block_size = 2 : i64}
      : (tensor<4x2xi8>, tensor<2x2xf16>) -> tensor<4x2xf16>
  %abs = onnx.Abs %x : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf16>, tensor<1xi64>) -> tensor<?x1xf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xf16>) -> tensor<?x1xf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %round = onnx.Round %scaled : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf16>, tensor<f16>, tensor<f16>) -> tensor<?x4xf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xf16>, tensor<4x2xf16>) -> tensor<?x2xf16>
  return %y : tensor<?x2xf16>
}

// A quantizer in f32 reads halves. Their product is rounded before it is
// scaled, so the scale stays a product of its own.
// CHECK-LABEL: func @quantizer_in_f32(
// CHECK-SAME:    %[[H:.*]]: tensor<?x4xbf16>
// CHECK:         %[[Y:.*]] = bitnet.linear %[[H]]
// CHECK-SAME:      limit = 1.270000e+02 : f32
// CHECK-SAME:      : tensor<?x4xbf16>, tensor<2x4x!bitnet.trit>, tensor<1xf32> -> tensor<?x2xbf16>
// CHECK-NEXT:    onnx.Mul %[[Y]]
func.func @quantizer_in_f32(%h: tensor<?x4xbf16>) -> tensor<?x2xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %x = onnx.Cast %h {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Max %max, %floor : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %d = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %a = onnx.Cast %d {to = 16 : i64} : (tensor<?x4xf32>) -> tensor<?x4xbf16>
  %g = onnx.Constant {value = dense<0.3> : tensor<1xbf16>} : () -> tensor<1xbf16>
  %w = onnx.Constant {value = dense<[[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xbf16>, tensor<4x2xbf16>) -> tensor<?x2xbf16>
  %z = onnx.Mul %y, %g : (tensor<?x2xbf16>, tensor<1xbf16>) -> tensor<?x2xbf16>
  return %z : tensor<?x2xbf16>
}

// A bias after the product: two roundings. One in a Gemm: one.
// CHECK-LABEL: func @bias_after_rounding(
// CHECK:         %[[Y:.*]] = bitnet.linear %{{.*}}, %{{.*}}, %{{[a-z0-9_]+}} {
// CHECK-NEXT:    onnx.Add %[[Y]]
func.func @bias_after_rounding(%x: tensor<?x4xf16>) -> tensor<?x2xf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f16>} : () -> tensor<f16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f16>} : () -> tensor<f16>
  %high = onnx.Constant {value = dense<127.0> : tensor<f16>} : () -> tensor<f16>
  %b = onnx.Constant {value = dense<[0.5, -0.5]> : tensor<2xf16>} : () -> tensor<2xf16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf16>}
      : () -> tensor<4x2xf16>
  %wide = onnx.Cast %x {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
  %absw = onnx.Abs %wide : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %abs = onnx.Cast %absw {to = 10 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf16>
  %absx = onnx.Cast %abs {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
  %maxw = onnx.ReduceMax %absx, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %max = onnx.Cast %maxw {to = 10 : i64} : (tensor<?x1xf32>) -> tensor<?x1xf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xf16>) -> tensor<?x1xf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %round = onnx.Round %scaled : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf16>, tensor<f16>, tensor<f16>) -> tensor<?x4xf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xf16>, tensor<4x2xf16>) -> tensor<?x2xf16>
  %z = onnx.Add %y, %b : (tensor<?x2xf16>, tensor<2xf16>) -> tensor<?x2xf16>
  return %z : tensor<?x2xf16>
}

// CHECK-LABEL: func @bias_before_rounding(
// CHECK:         %[[B:.*]] = arith.constant dense<[5.000000e-01, -5.000000e-01]> : tensor<2xf32>
// CHECK:         bitnet.linear {{.*}} bias %[[B]] : tensor<2xf32>
// CHECK-NOT:     onnx.Gemm
func.func @bias_before_rounding(%x: tensor<?x4xf16>) -> tensor<?x2xf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f16>} : () -> tensor<f16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f16>} : () -> tensor<f16>
  %high = onnx.Constant {value = dense<127.0> : tensor<f16>} : () -> tensor<f16>
  %b = onnx.Constant {value = dense<[0.5, -0.5]> : tensor<2xf16>} : () -> tensor<2xf16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xf16>}
      : () -> tensor<4x2xf16>
  %wide = onnx.Cast %x {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
  %absw = onnx.Abs %wide : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %abs = onnx.Cast %absw {to = 10 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf16>
  %absx = onnx.Cast %abs {to = 1 : i64} : (tensor<?x4xf16>) -> tensor<?x4xf32>
  %maxw = onnx.ReduceMax %absx, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %max = onnx.Cast %maxw {to = 10 : i64} : (tensor<?x1xf32>) -> tensor<?x1xf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xf16>) -> tensor<?x1xf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xf16>, tensor<f16>) -> tensor<?x1xf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %round = onnx.Round %scaled : (tensor<?x4xf16>) -> tensor<?x4xf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf16>, tensor<f16>, tensor<f16>) -> tensor<?x4xf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xf16>, tensor<?x1xf16>) -> tensor<?x4xf16>
  %y = onnx.Gemm %a, %w, %b : (tensor<?x4xf16>, tensor<4x2xf16>, tensor<2xf16>) -> tensor<?x2xf16>
  return %y : tensor<?x2xf16>
}

// The scale of an f32 would be one; here each output has its own.
// CHECK-LABEL: func @scales_one_ulp_apart(
// CHECK:         arith.constant dense<[2.500000e-01, 0.251953125]> : tensor<2xf32>
// CHECK:         bitnet.linear
func.func @scales_one_ulp_apart(%x: tensor<?x4xbf16>) -> tensor<?x2xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<bf16>} : () -> tensor<bf16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<bf16>} : () -> tensor<bf16>
  %high = onnx.Constant {value = dense<127.0> : tensor<bf16>} : () -> tensor<bf16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.251953125], [0.0, -0.251953125], [0.25, 0.251953125]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %wide = onnx.Cast %x {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %absw = onnx.Abs %wide : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %abs = onnx.Cast %absw {to = 16 : i64} : (tensor<?x4xf32>) -> tensor<?x4xbf16>
  %absx = onnx.Cast %abs {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %maxw = onnx.ReduceMax %absx, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %max = onnx.Cast %maxw {to = 16 : i64} : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xbf16>) -> tensor<?x1xbf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %round = onnx.Round %scaled : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xbf16>, tensor<bf16>, tensor<bf16>) -> tensor<?x4xbf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xbf16>, tensor<4x2xbf16>) -> tensor<?x2xbf16>
  return %y : tensor<?x2xbf16>
}

// Weights of halves in a model of f32.
// CHECK-LABEL: func @weights_are_widened(
// CHECK:         bitnet.linear {{.*}} -> tensor<?x2xf32>
// CHECK-NOT:     onnx.MatMul
func.func @weights_are_widened(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<f32>} : () -> tensor<f32>
  %low = onnx.Constant {value = dense<-128.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<127.0> : tensor<f32>} : () -> tensor<f32>
  %h = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.25, 0.25]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %w = onnx.Cast %h {to = 1 : i64} : (tensor<4x2xbf16>) -> tensor<4x2xf32>
  %abs = onnx.Abs %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %m = onnx.Max %max, %floor : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %m : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %s = onnx.Mul %r, %high : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %round = onnx.Round %scaled : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
  %a = onnx.Div %clip, %s : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %y = onnx.MatMul %a, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Weights of one output must be as near as an estimator leaves them.
// CHECK-LABEL: func @keeps_weights_too_far_apart(
// CHECK-NOT:     bitnet.linear
// CHECK:         onnx.MatMul
func.func @keeps_weights_too_far_apart(%x: tensor<?x4xbf16>) -> tensor<?x2xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<bf16>} : () -> tensor<bf16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<bf16>} : () -> tensor<bf16>
  %high = onnx.Constant {value = dense<127.0> : tensor<bf16>} : () -> tensor<bf16>
  %w = onnx.Constant {value = dense<[[0.25, 0.0], [-0.25, 0.25], [0.0, -0.25], [0.26, 0.25]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %wide = onnx.Cast %x {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %absw = onnx.Abs %wide : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %abs = onnx.Cast %absw {to = 16 : i64} : (tensor<?x4xf32>) -> tensor<?x4xbf16>
  %absx = onnx.Cast %abs {to = 1 : i64} : (tensor<?x4xbf16>) -> tensor<?x4xf32>
  %maxw = onnx.ReduceMax %absx, %axes : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %max = onnx.Cast %maxw {to = 16 : i64} : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xbf16>) -> tensor<?x1xbf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %round = onnx.Round %scaled : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xbf16>, tensor<bf16>, tensor<bf16>) -> tensor<?x4xbf16>
  %a = onnx.Div %clip, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %y = onnx.MatMul %a, %w : (tensor<?x4xbf16>, tensor<4x2xbf16>) -> tensor<?x2xbf16>
  return %y : tensor<?x2xbf16>
}

// Sums of codes that have been rounded to bf16 are no integers any more.
// CHECK-LABEL: func @keeps_rounded_sums(
// CHECK-NOT:     bitnet.linear
// CHECK:         onnx.MatMul
func.func @keeps_rounded_sums(%x: tensor<?x4xbf16>) -> tensor<?x2xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %floor = onnx.Constant {value = dense<1.0e-5> : tensor<bf16>} : () -> tensor<bf16>
  %low = onnx.Constant {value = dense<-128.0> : tensor<bf16>} : () -> tensor<bf16>
  %high = onnx.Constant {value = dense<127.0> : tensor<bf16>} : () -> tensor<bf16>
  %g = onnx.Constant {value = dense<4.0> : tensor<bf16>} : () -> tensor<bf16>
  %w = onnx.Constant {value = dense<[[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xbf16>}
      : () -> tensor<4x2xbf16>
  %abs = onnx.Abs %x : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %max = onnx.ReduceMax %abs, %axes : (tensor<?x4xbf16>, tensor<1xi64>) -> tensor<?x1xbf16>
  %m = onnx.Max %max, %floor : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %r = onnx.Reciprocal %m : (tensor<?x1xbf16>) -> tensor<?x1xbf16>
  %s = onnx.Mul %r, %high : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %scaled = onnx.Mul %x, %s : (tensor<?x4xbf16>, tensor<?x1xbf16>) -> tensor<?x4xbf16>
  %round = onnx.Round %scaled : (tensor<?x4xbf16>) -> tensor<?x4xbf16>
  %clip = onnx.Clip %round, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>}
      : (tensor<?x4xbf16>, tensor<bf16>, tensor<bf16>) -> tensor<?x4xbf16>
  %y = onnx.MatMul %clip, %w : (tensor<?x4xbf16>, tensor<4x2xbf16>) -> tensor<?x2xbf16>
  %d = onnx.Mul %s, %g : (tensor<?x1xbf16>, tensor<bf16>) -> tensor<?x1xbf16>
  %z = onnx.Div %y, %d : (tensor<?x2xbf16>, tensor<?x1xbf16>) -> tensor<?x2xbf16>
  return %z : tensor<?x2xbf16>
}
