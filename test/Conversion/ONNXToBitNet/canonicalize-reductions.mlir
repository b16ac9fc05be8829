// RUN: bitnet-opt %s --convert-onnx-to-bitnet | FileCheck %s

// CHECK-LABEL: func @maximum_of_both_extremes(
// CHECK-SAME:    %[[X:.*]]: tensor<?x8xf32>
// CHECK:         %[[ABS:.*]] = onnx.Abs %[[X]]
// CHECK:         onnx.ReduceMax %[[ABS]]
// CHECK-NOT:     onnx.Max
func.func @maximum_of_both_extremes(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %high = onnx.ReduceMax %x, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %low = onnx.ReduceMin %x, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %neg = onnx.Neg %low : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %y = onnx.Max %high, %neg : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// The extremes are those of different axes.
// CHECK-LABEL: func @keeps_extremes_of_other_axes(
// CHECK:         onnx.Max
func.func @keeps_extremes_of_other_axes(%x: tensor<8x8xf32>) -> tensor<8xf32> {
  %last = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %first = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %high = onnx.ReduceMax %x, %last {keepdims = 0 : i64} : (tensor<8x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  %low = onnx.ReduceMin %x, %first {keepdims = 0 : i64} : (tensor<8x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  %neg = onnx.Neg %low : (tensor<8xf32>) -> tensor<8xf32>
  %y = onnx.Max %high, %neg : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// CHECK-LABEL: func @largest_element(
// CHECK:         onnx.ReduceMax %{{.*}} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
// CHECK-NOT:     onnx.TopK
func.func @largest_element(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %k = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y, %at = onnx.TopK %x, %k : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func @keeps_position_of_largest(
// CHECK:         onnx.TopK
func.func @keeps_position_of_largest(%x: tensor<?x8xf32>) -> tensor<?x1xi64> {
  %k = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y, %at = onnx.TopK %x, %k : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
  return %at : tensor<?x1xi64>
}

// CHECK-LABEL: func @keeps_smallest_element(
// CHECK:         onnx.TopK
func.func @keeps_smallest_element(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %k = onnx.Constant {value = dense<1> : tensor<1xi64>} : () -> tensor<1xi64>
  %y, %at = onnx.TopK %x, %k {largest = 0 : i64}
      : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func @keeps_the_last_dimension(
// CHECK:         %[[Y:.*]] = onnx.ReduceMax %{{.*}} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @keeps_the_last_dimension(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %m = onnx.ReduceMax %x, %axes {keepdims = 0 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?xf32>
  %y = onnx.Unsqueeze %m, %axes : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// The rows of a matrix that is reduced along the first dimension.
// CHECK-LABEL: func @keeps_a_new_dimension(
// CHECK:         onnx.Unsqueeze
func.func @keeps_a_new_dimension(%x: tensor<4x8xf32>) -> tensor<8x1xf32> {
  %first = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %last = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %m = onnx.ReduceMax %x, %first {keepdims = 0 : i64} : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  %y = onnx.Unsqueeze %m, %last : (tensor<8xf32>, tensor<1xi64>) -> tensor<8x1xf32>
  return %y : tensor<8x1xf32>
}

// CHECK-LABEL: func @mean_of_magnitudes(
// CHECK:         %[[ABS:.*]] = onnx.Abs
// CHECK:         onnx.ReduceMean %[[ABS]]
// CHECK-NOT:     onnx.Div
func.func @mean_of_magnitudes(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %count = onnx.Constant {value = dense<8.0> : tensor<f32>} : () -> tensor<f32>
  %m = onnx.ReduceL1 %x, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %y = onnx.Div %m, %count : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func @keeps_sum_over_another_count(
// CHECK:         onnx.ReduceSum
// CHECK:         onnx.Div
func.func @keeps_sum_over_another_count(%x: tensor<?x8xf32>) -> tensor<?x1xf32> {
  %axes = onnx.Constant {value = dense<-1> : tensor<1xi64>} : () -> tensor<1xi64>
  %count = onnx.Constant {value = dense<7.0> : tensor<f32>} : () -> tensor<f32>
  %m = onnx.ReduceSum %x, %axes : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %y = onnx.Div %m, %count : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}
