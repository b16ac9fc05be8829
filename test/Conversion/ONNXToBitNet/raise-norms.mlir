// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// CHECK-LABEL: func @rms_norm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x8xf32>, %[[GAIN:.*]]: tensor<8xf32>
// CHECK:         %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]]
// CHECK:         %[[Y:.*]] = bitnet.rms_norm %[[ROWS]], %[[GAIN]] epsilon 9.99999974E-6
// CHECK:         tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2]]
// CHECK-NOT:     onnx
func.func @rms_norm(%x: tensor<?x?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %y = onnx.RMSNormalization %x, %gain {axis = -1 : i64, epsilon = 1.000000e-05 : f32, stash_type = 1 : i64}
      : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// Two norms in a row, as sub-norms are: no reshape is left between them.
// CHECK-LABEL: func @rms_norm_of_rms_norm(
// CHECK:         %[[A:.*]] = bitnet.rms_norm
// CHECK-NOT:     {{collapse|expand}}_shape
// CHECK:         bitnet.rms_norm %[[A]],
func.func @rms_norm_of_rms_norm(%x: tensor<?x?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %a = onnx.RMSNormalization %x, %gain : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %b = onnx.RMSNormalization %a, %gain {axis = 2 : i64} : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %b : tensor<?x?x8xf32>
}

// Opsets before 23: a reciprocal of a root, gain first.
// CHECK-LABEL: func @primitive_rms_norm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[GAIN:.*]]: tensor<8xf32>
// CHECK:         bitnet.rms_norm %[[X]], %[[GAIN]] epsilon 9.99999997E-7
// CHECK-NOT:     onnx
func.func @primitive_rms_norm(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %square = onnx.Pow %x, %two : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.Reciprocal %root : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Mul %x, %r : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y = onnx.Mul %gain, %n : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// TorchScript: x * x, 1 / root, idle casts.
// CHECK-LABEL: func @rms_norm_by_division_of_one(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[GAIN:.*]]: tensor<8xf32>
// CHECK:         bitnet.rms_norm %[[X]], %[[GAIN]]
// CHECK-NOT:     onnx
func.func @rms_norm_by_division_of_one(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %cast = onnx.Cast %x {to = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %square = onnx.Mul %cast, %cast : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %eps, %mean : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %r = onnx.Div %one, %root : (tensor<f32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Mul %r, %cast : (tensor<?x1xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = onnx.Mul %n, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @rms_norm_by_division(
// CHECK:         bitnet.rms_norm
// CHECK-NOT:     onnx.Div
func.func @rms_norm_by_division(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %square = onnx.Mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Div %x, %root : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y = onnx.Mul %n, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @layer_norm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>, %[[GAIN:.*]]: tensor<8xf32>, %[[BIAS:.*]]: tensor<8xf32>
// CHECK:         bitnet.layer_norm %[[X]], %[[GAIN]], %[[BIAS]] epsilon 9.99999996E-13
func.func @layer_norm(%x: tensor<?x8xf32>, %gain: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = onnx.LayerNormalization %x, %gain, %bias {axis = -1 : i64, epsilon = 9.99999996E-13 : f32}
      : (tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @layer_norm_without_bias(
// CHECK:         %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK:         bitnet.layer_norm %{{.*}}, %{{.*}}, %[[ZERO]]
func.func @layer_norm_without_bias(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = onnx.LayerNormalization %x, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// How BERT files of opset 11 spell it, with an idle cast.
// CHECK-LABEL: func @primitive_layer_norm(
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x8xf32>, %[[GAIN:.*]]: tensor<8xf32>, %[[BIAS:.*]]: tensor<8xf32>
// CHECK:         %[[ROWS:.*]] = tensor.collapse_shape %[[X]]
// CHECK:         bitnet.layer_norm %[[ROWS]], %[[GAIN]], %[[BIAS]] epsilon 9.99999996E-13
// CHECK-NOT:     onnx
func.func @primitive_layer_norm(%x: tensor<?x?x8xf32>, %gain: tensor<8xf32>, %bias: tensor<8xf32>) -> tensor<?x?x8xf32> {
  %two = onnx.Constant {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %eps = onnx.Constant {value = dense<9.99999996E-13> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %mean = onnx.ReduceMean %x, %axes : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %c = onnx.Sub %x, %mean : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %cast = onnx.Cast %c {to = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %square = onnx.Pow %cast, %two : (tensor<?x?x8xf32>, tensor<f32>) -> tensor<?x?x8xf32>
  %variance = onnx.ReduceMean %square, %axes : (tensor<?x?x8xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
  %sum = onnx.Add %variance, %eps : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %n = onnx.Div %c, %root : (tensor<?x?x8xf32>, tensor<?x?x1xf32>) -> tensor<?x?x8xf32>
  %scaled = onnx.Mul %n, %gain : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  %y = onnx.Add %scaled, %bias : (tensor<?x?x8xf32>, tensor<8xf32>) -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @keeps_norm_of_two_dimensions(
// CHECK:         onnx.RMSNormalization
func.func @keeps_norm_of_two_dimensions(%x: tensor<?x4x8xf32>, %gain: tensor<4x8xf32>) -> tensor<?x4x8xf32> {
  %y = onnx.RMSNormalization %x, %gain {axis = 1 : i64} : (tensor<?x4x8xf32>, tensor<4x8xf32>) -> tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}

// CHECK-LABEL: func @keeps_norm_of_halves(
// CHECK:         onnx.RMSNormalization
func.func @keeps_norm_of_halves(%x: tensor<?x8xf16>, %gain: tensor<8xf16>) -> tensor<?x8xf16> {
  %y = onnx.RMSNormalization %x, %gain : (tensor<?x8xf16>, tensor<8xf16>) -> tensor<?x8xf16>
  return %y : tensor<?x8xf16>
}

// CHECK-LABEL: func @keeps_mean_in_doubles(
// CHECK:         onnx.RMSNormalization
func.func @keeps_mean_in_doubles(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = onnx.RMSNormalization %x, %gain {stash_type = 11 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @keeps_scalar_gain(
// CHECK:         onnx.RMSNormalization
func.func @keeps_scalar_gain(%x: tensor<?x8xf32>, %gain: tensor<1xf32>) -> tensor<?x8xf32> {
  %y = onnx.RMSNormalization %x, %gain : (tensor<?x8xf32>, tensor<1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @keeps_norm_with_statistics(
// CHECK:         onnx.LayerNormalization
func.func @keeps_norm_with_statistics(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x1xf32> {
  %y, %mean = onnx.LayerNormalization %x, %gain
      : (tensor<?x8xf32>, tensor<8xf32>) -> (tensor<?x8xf32>, tensor<?x1xf32>)
  return %mean : tensor<?x1xf32>
}

// The mean runs along the batch.
// CHECK-LABEL: func @keeps_mean_of_columns(
// CHECK-NOT:     bitnet.rms_norm
// CHECK:         return
func.func @keeps_mean_of_columns(%x: tensor<4x8xf32>, %gain: tensor<8xf32>) -> tensor<4x8xf32> {
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %square = onnx.Mul %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  %sum = onnx.Add %mean, %eps : (tensor<1x8xf32>, tensor<f32>) -> tensor<1x8xf32>
  %root = onnx.Sqrt %sum : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %n = onnx.Div %x, %root : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %y = onnx.Mul %n, %gain : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// x is divided by the root mean square of z.
// CHECK-LABEL: func @keeps_deviation_of_other_rows(
// CHECK-NOT:     bitnet.rms_norm
// CHECK:         return
func.func @keeps_deviation_of_other_rows(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %square = onnx.Mul %z, %z : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Div %x, %root : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y = onnx.Mul %n, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A cube is not a square, and nothing is added below the root.
// CHECK-LABEL: func @keeps_other_powers(
// CHECK-NOT:     bitnet.rms_norm
// CHECK:         return
func.func @keeps_other_powers(%x: tensor<?x8xf32>, %gain: tensor<8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %three = onnx.Constant {value = dense<3.0> : tensor<f32>} : () -> tensor<f32>
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %cube = onnx.Pow %x, %three : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %cube, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Div %x, %root : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y = onnx.Mul %n, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %square = onnx.Mul %x, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %mean_2 = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %root_2 = onnx.Sqrt %mean_2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n_2 = onnx.Div %x, %root_2 : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %y_2 = onnx.Mul %n_2, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y, %y_2 : tensor<?x8xf32>, tensor<?x8xf32>
}

// Rows are shifted, but not by their mean: an RMS norm of x - z, with a bias.
// CHECK-LABEL: func @keeps_sum_after_other_shift(
// CHECK:         %[[N:.*]] = bitnet.rms_norm
// CHECK:         onnx.Add %[[N]]
func.func @keeps_sum_after_other_shift(%x: tensor<?x8xf32>, %z: tensor<?x1xf32>, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %eps = onnx.Constant {value = dense<9.99999997E-7> : tensor<f32>} : () -> tensor<f32>
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %c = onnx.Sub %x, %z : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %square = onnx.Mul %c, %c : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %mean = onnx.ReduceMean %square, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %sum = onnx.Add %mean, %eps : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %root = onnx.Sqrt %sum : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %n = onnx.Div %c, %root : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %scaled = onnx.Mul %n, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %y = onnx.Add %scaled, %gain : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
