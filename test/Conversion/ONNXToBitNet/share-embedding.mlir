// RUN: bitnet-opt %s --convert-onnx-to-bitnet | FileCheck %s

// The head holds the table once more, transposed.
// CHECK-LABEL: func @tied_head(
// CHECK:         %[[TABLE:.*]] = onnx.Constant {{.*}} tensor<3x2xf32>}
// CHECK-NOT:     onnx.Constant
// CHECK-DAG:     onnx.Gather %[[TABLE]], %{{.*}}
// CHECK-DAG:     %[[HEAD:.*]] = onnx.Transpose %[[TABLE]] {perm = array<i64: 1, 0>} : (tensor<3x2xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.MatMul %{{.*}}, %[[HEAD]]
func.func @tied_head(%ids: tensor<?xi64>) -> tensor<?x3xf32> {
  %table = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %head = onnx.Constant {value = dense<[[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %x = onnx.Gather %table, %ids : (tensor<3x2xf32>, tensor<?xi64>) -> tensor<?x2xf32>
  %y = onnx.MatMul %x, %head : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// One element is another.
// CHECK-LABEL: func @keeps_other_head(
// CHECK-NOT:     onnx.Transpose
func.func @keeps_other_head(%ids: tensor<?xi64>) -> tensor<?x3xf32> {
  %table = onnx.Constant {value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>} : () -> tensor<3x2xf32>
  %head = onnx.Constant {value = dense<[[1.0, 3.0, 5.0], [2.0, 4.0, 7.0]]> : tensor<2x3xf32>} : () -> tensor<2x3xf32>
  %x = onnx.Gather %table, %ids : (tensor<3x2xf32>, tensor<?xi64>) -> tensor<?x2xf32>
  %y = onnx.MatMul %x, %head : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
