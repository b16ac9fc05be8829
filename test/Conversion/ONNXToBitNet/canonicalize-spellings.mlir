// RUN: bitnet-opt %s --convert-onnx-to-bitnet | FileCheck %s

// CHECK-LABEL: func @max_is_a_lower_bound(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK:         %[[LOW:.*]] = onnx.Constant
// CHECK:         onnx.Clip %[[X]], %[[LOW]] {operandSegmentSizes = array<i32: 1, 1, 0>}
func.func @max_is_a_lower_bound(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %y = onnx.Max %low, %x : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @both_bounds(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK-DAG:     %[[LOW:.*]] = onnx.Constant {value = dense<5.000000e-01>
// CHECK-DAG:     %[[HIGH:.*]] = onnx.Constant {value = dense<1.500000e+00>
// CHECK:         %[[Y:.*]] = onnx.Clip %[[X]], %[[LOW]], %[[HIGH]]
// CHECK-NEXT:    return %[[Y]]
func.func @both_bounds(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<1.5> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Max %x, %low : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.Min %a, %high : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %b : tensor<?x8xf32>
}

// CHECK-LABEL: func @drops_what_does_nothing(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK-NEXT:    return %[[X]]
func.func @drops_what_does_nothing(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Mul %one, %x : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %b = onnx.Cast %a {to = 1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnx.Identity %b : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %c : tensor<?x8xf32>
}

// CHECK-LABEL: func @keeps_maximum_of_tensors(
// CHECK:         onnx.Max
func.func @keeps_maximum_of_tensors(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = onnx.Max %x, %z : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @keeps_minimum_of_three(
// CHECK:         onnx.Min
func.func @keeps_minimum_of_three(%x: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %high = onnx.Constant {value = dense<1.5> : tensor<f32>} : () -> tensor<f32>
  %y = onnx.Min %x, %z, %high : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @both_bounds_the_other_way(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK-DAG:     %[[LOW:.*]] = onnx.Constant {value = dense<5.000000e-01>
// CHECK-DAG:     %[[HIGH:.*]] = onnx.Constant {value = dense<1.500000e+00>
// CHECK:         %[[Y:.*]] = onnx.Clip %[[X]], %[[LOW]], %[[HIGH]]
// CHECK-NEXT:    return %[[Y]]
func.func @both_bounds_the_other_way(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<1.5> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Min %x, %high : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.Max %a, %low : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %b : tensor<?x8xf32>
}

// The order matters if the bounds cross: low wins here, and would lose in a
// Clip.
// CHECK-LABEL: func @keeps_bounds_that_cross(
// CHECK:         onnx.Clip
// CHECK:         onnx.Clip
func.func @keeps_bounds_that_cross(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<1.5> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<0.5> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Min %x, %high : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.Max %a, %low : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %b : tensor<?x8xf32>
}

// A bound of one element counts as a scalar.
// CHECK-LABEL: func @bound_of_one_element(
// CHECK:         %[[LOW:.*]] = onnx.Constant {value = dense<5.000000e-01> : tensor<f32>}
// CHECK:         onnx.Clip %{{.*}}, %[[LOW]]
func.func @bound_of_one_element(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<0.5> : tensor<1xf32>} : () -> tensor<1xf32>
  %y = onnx.Max %x, %low : (tensor<?x8xf32>, tensor<1xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @rounds_first(
// CHECK:         %[[R:.*]] = onnx.Round %{{.*}}
// CHECK:         %[[Y:.*]] = onnx.Clip %[[R]]
// CHECK-NEXT:    return %[[Y]]
func.func @rounds_first(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.Round %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %b : tensor<?x8xf32>
}

// 7.6 is rounded to 8, which lies beyond the bound.
// CHECK-LABEL: func @keeps_rounding_after_other_bounds(
// CHECK:         %[[C:.*]] = onnx.Clip
// CHECK:         onnx.Round %[[C]]
func.func @keeps_rounding_after_other_bounds(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %low = onnx.Constant {value = dense<-8.0> : tensor<f32>} : () -> tensor<f32>
  %high = onnx.Constant {value = dense<7.6> : tensor<f32>} : () -> tensor<f32>
  %a = onnx.Clip %x, %low, %high {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x8xf32>, tensor<f32>, tensor<f32>) -> tensor<?x8xf32>
  %b = onnx.Round %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %b : tensor<?x8xf32>
}

// CHECK-LABEL: func @row_of_units(
// CHECK:         %[[C:.*]] = onnx.Constant {value = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>}
// CHECK:         onnx.Add %{{.*}}, %[[C]]
func.func @row_of_units(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %c = onnx.Constant {value = dense<[[1.0, 2.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %y = onnx.Add %x, %c : (tensor<?x2xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// Here the units give the result its dimensions.
// CHECK-LABEL: func @keeps_units_that_count(
// CHECK:         onnx.Add %{{.*}} : (tensor<2xf32>, tensor<1x2xf32>)
func.func @keeps_units_that_count(%x: tensor<2xf32>) -> tensor<1x2xf32> {
  %c = onnx.Constant {value = dense<[[1.0, 2.0]]> : tensor<1x2xf32>} : () -> tensor<1x2xf32>
  %y = onnx.Add %x, %c : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// CHECK-LABEL: func @keeps_factor_that_broadcasts(
// CHECK:         onnx.Mul
func.func @keeps_factor_that_broadcasts(%x: tensor<8xf32>) -> tensor<1x8xf32> {
  %one = onnx.Constant {value = dense<1.0> : tensor<1x1xf32>} : () -> tensor<1x1xf32>
  %y = onnx.Mul %x, %one : (tensor<8xf32>, tensor<1x1xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// CHECK-LABEL: func @keeps_cast_to_another_type(
// CHECK:         onnx.Cast
func.func @keeps_cast_to_another_type(%x: tensor<8xi64>) -> tensor<8xf32> {
  %y = onnx.Cast %x {to = 1 : i64} : (tensor<8xi64>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @lone_concat(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK-NEXT:    return %[[X]]
func.func @lone_concat(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = onnx.Concat %x {axis = 0 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @idle_reshapes(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK-NEXT:    return %[[X]]
func.func @idle_reshapes(%x: tensor<?x8xf32> {onnx.dims = ["rows", ""]}, %shape: tensor<2xi64>) -> tensor<?x8xf32> {
  %y = onnx.Reshape %x, %shape {onnx.dims = [["rows", ""]]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %z = onnx.Expand %y, %shape {onnx.dims = [["rows", ""]]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}

// One row may become many.
// CHECK-LABEL: func @keeps_expand_to_other_size(
// CHECK:         onnx.Expand
func.func @keeps_expand_to_other_size(%x: tensor<?x8xf32> {onnx.dims = ["rows", ""]}, %shape: tensor<2xi64>) -> tensor<?x8xf32> {
  %y = onnx.Expand %x, %shape {onnx.dims = [["more", ""]]} : (tensor<?x8xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @transposed_matrices(
// CHECK-SAME:    %[[X:.*]]: tensor<2x4x3x8xf32>
// CHECK-NEXT:    %[[Y:.*]] = onnx.Transpose %[[X]] {{{.*}}perm = array<i64: 0, 1, 3, 2>}
// CHECK-NEXT:    return %[[Y]]
func.func @transposed_matrices(%x: tensor<2x4x3x8xf32>) -> tensor<2x4x8x3xf32> {
  %flat = onnx.Constant {value = dense<[-1, 3, 8]> : tensor<3xi64>} : () -> tensor<3xi64>
  %full = onnx.Constant {value = dense<[2, 4, 8, 3]> : tensor<4xi64>} : () -> tensor<4xi64>
  %a = onnx.Reshape %x, %flat : (tensor<2x4x3x8xf32>, tensor<3xi64>) -> tensor<8x3x8xf32>
  %b = onnx.Transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<8x3x8xf32>) -> tensor<8x8x3xf32>
  %y = onnx.Reshape %b, %full : (tensor<8x8x3xf32>, tensor<4xi64>) -> tensor<2x4x8x3xf32>
  return %y : tensor<2x4x8x3xf32>
}

// CHECK-LABEL: func @keeps_transpose_of_other_matrices(
// CHECK:         onnx.Reshape
func.func @keeps_transpose_of_other_matrices(%x: tensor<2x4x3x8xf32>) -> tensor<2x4x4x6xf32> {
  %flat = onnx.Constant {value = dense<[8, 6, 4]> : tensor<3xi64>} : () -> tensor<3xi64>
  %full = onnx.Constant {value = dense<[2, 4, 4, 6]> : tensor<4xi64>} : () -> tensor<4xi64>
  %a = onnx.Reshape %x, %flat : (tensor<2x4x3x8xf32>, tensor<3xi64>) -> tensor<8x6x4xf32>
  %b = onnx.Transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<8x6x4xf32>) -> tensor<8x4x6xf32>
  %y = onnx.Reshape %b, %full : (tensor<8x4x6xf32>, tensor<4xi64>) -> tensor<2x4x4x6xf32>
  return %y : tensor<2x4x4x6xf32>
}

// CHECK-LABEL: func @drops_widening_around_magnitudes(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xbf16>
// CHECK:         %[[ABS:.*]] = onnx.Abs %[[X]] : (tensor<?x8xbf16>) -> tensor<?x8xbf16>
// CHECK-NEXT:    %[[MAX:.*]] = onnx.ReduceMax %[[ABS]], %{{.*}} -> tensor<?x1xbf16>
// CHECK-NEXT:    return %[[MAX]]
func.func @drops_widening_around_magnitudes(%x: tensor<?x8xbf16>) -> tensor<?x1xbf16> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %a = onnx.Cast %x {to = 1 : i64} : (tensor<?x8xbf16>) -> tensor<?x8xf32>
  %b = onnx.Abs %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnx.Cast %b {to = 16 : i64} : (tensor<?x8xf32>) -> tensor<?x8xbf16>
  %d = onnx.Cast %c {to = 1 : i64} : (tensor<?x8xbf16>) -> tensor<?x8xf32>
  %e = onnx.ReduceMax %d, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %f = onnx.Cast %e {to = 16 : i64} : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  return %f : tensor<?x1xbf16>
}

// A root is rounded to f16; one of f32 is another, and so is f16 from bf16.
// CHECK-LABEL: func @keeps_other_widening(
// CHECK:         onnx.Sqrt {{.*}} -> tensor<?x8xf32>
// CHECK:         onnx.Abs {{.*}} -> tensor<?x8xf32>
func.func @keeps_other_widening(%x: tensor<?x8xf16>) -> (tensor<?x8xf16>, tensor<?x8xbf16>) {
  %a = onnx.Cast %x {to = 1 : i64} : (tensor<?x8xf16>) -> tensor<?x8xf32>
  %b = onnx.Sqrt %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnx.Cast %b {to = 10 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  %d = onnx.Abs %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = onnx.Cast %d {to = 16 : i64} : (tensor<?x8xf32>) -> tensor<?x8xbf16>
  return %c, %e : tensor<?x8xf16>, tensor<?x8xbf16>
}

// CHECK-LABEL: func @keeps_narrowing(
// CHECK:         onnx.Cast
// CHECK:         onnx.Abs {{.*}} -> tensor<?x8xf32>
func.func @keeps_narrowing(%x: tensor<?x8xf64>, %z: tensor<?x8xf32>) -> (tensor<?x8xf16>, tensor<?x8xf16>) {
  %a = onnx.Cast %x {to = 1 : i64} : (tensor<?x8xf64>) -> tensor<?x8xf32>
  %b = onnx.Abs %a : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = onnx.Cast %b {to = 10 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  %d = onnx.Abs %z : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = onnx.Cast %d {to = 10 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf16>
  return %c, %e : tensor<?x8xf16>, tensor<?x8xf16>
}
