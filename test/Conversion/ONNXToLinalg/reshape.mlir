// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @splits_heads(
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x256xf32>
// CHECK-NOT:     cf.assert
// CHECK:         tensor.expand_shape %[[X]] {{\[}}[0], [1], [2, 3]] output_shape [%{{.*}}, %{{.*}}, 4, 64]
func.func @splits_heads(%x: tensor<?x?x256xf32> {onnx.dims = ["batch", "tokens", ""]}, %n: tensor<4xi64>)
    -> tensor<?x?x4x64xf32> {
  %y = onnx.Reshape %x, %n {allowzero = 1 : i64, onnx.dims = [["batch", "tokens", "", ""]]}
      : (tensor<?x?x256xf32>, tensor<4xi64>) -> tensor<?x?x4x64xf32>
  return %y : tensor<?x?x4x64xf32>
}

// CHECK-LABEL: func @joins_heads(
// CHECK-NOT:     cf.assert
// CHECK:         tensor.collapse_shape %{{.*}} {{\[}}[0], [1], [2, 3]]
func.func @joins_heads(%x: tensor<?x?x4x64xf32> {onnx.dims = ["batch", "tokens", "", ""]}, %n: tensor<3xi64>)
    -> tensor<?x?x256xf32> {
  %y = onnx.Reshape %x, %n {onnx.dims = [["batch", "tokens", ""]]}
      : (tensor<?x?x4x64xf32>, tensor<3xi64>) -> tensor<?x?x256xf32>
  return %y : tensor<?x?x256xf32>
}

// What has no name is put into one group, and counted when the program runs.
// CHECK-LABEL: func @reads_sizes(
// CHECK:         cf.assert %{{.*}}, "a size is negative"
// CHECK:         cf.assert %{{.*}}, "cannot reshape to another number of elements"
// CHECK:         tensor.collapse_shape
// CHECK:         tensor.expand_shape
func.func @reads_sizes(%x: tensor<?x6xf32>, %n: tensor<3xi64>) -> tensor<?x?x2xf32> {
  %y = onnx.Reshape %x, %n {allowzero = 1 : i64} : (tensor<?x6xf32>, tensor<3xi64>) -> tensor<?x?x2xf32>
  return %y : tensor<?x?x2xf32>
}

// CHECK-LABEL: func @infers_the_free_size(
// CHECK:         %[[N:.*]] = arith.divui
// CHECK:         tensor.expand_shape %{{.*}} output_shape [4, %[[N]]]
func.func @infers_the_free_size(%x: tensor<?x6xf32>) -> tensor<4x?xf32> {
  %n = onnx.Constant {value = dense<[4, -1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %y = onnx.Reshape %x, %n : (tensor<?x6xf32>, tensor<2xi64>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// CHECK-LABEL: func @to_a_scalar(
// CHECK:         tensor.collapse_shape %{{.*}} [] : tensor<1x1xf32> into tensor<f32>
func.func @to_a_scalar(%x: tensor<1x1xf32>) -> tensor<f32> {
  %n = onnx.Constant {value = dense<> : tensor<0xi64>} : () -> tensor<0xi64>
  %y = onnx.Reshape %x, %n : (tensor<1x1xf32>, tensor<0xi64>) -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-LABEL: func @flatten(
// CHECK:         tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]]
func.func @flatten(%x: tensor<2x?x4xf32>) -> tensor<?x4xf32> {
  %y = onnx.Flatten %x {axis = 2 : i64} : (tensor<2x?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func @squeeze(
// CHECK:         cf.assert %{{.*}}, "cannot drop a dimension whose size is not 1"
// CHECK:         tensor.collapse_shape
func.func @squeeze(%x: tensor<?x20xf32>) -> tensor<20xf32> {
  %axes = onnx.Constant {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %y = onnx.Squeeze %x, %axes : (tensor<?x20xf32>, tensor<1xi64>) -> tensor<20xf32>
  return %y : tensor<20xf32>
}

// CHECK-LABEL: func @unsqueeze(
// CHECK:         tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2, 3]] output_shape [%{{.*}}, 1, 20, 1]
func.func @unsqueeze(%x: tensor<?x20xf32>) -> tensor<?x1x20x1xf32> {
  %axes = onnx.Constant {value = dense<[-1, 1]> : tensor<2xi64>} : () -> tensor<2xi64>
  %y = onnx.Unsqueeze %x, %axes : (tensor<?x20xf32>, tensor<2xi64>) -> tensor<?x1x20x1xf32>
  return %y : tensor<?x1x20x1xf32>
}
