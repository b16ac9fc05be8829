// RUN: bitnet-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func @identity(
// CHECK-SAME:    %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @identity(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = onnx.Identity %x : (tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func @cast_to_the_same_type(
// CHECK-SAME:    %[[X:.*]]: tensor<3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @cast_to_the_same_type(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = onnx.Cast %x {to = 1 : i64} : (tensor<3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func @keeps_cast(
// CHECK:         onnx.Cast
func.func @keeps_cast(%x: tensor<3xf32>) -> tensor<3xi64> {
  %y = onnx.Cast %x {to = 7 : i64} : (tensor<3xf32>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// Equal constants become one.
// CHECK-LABEL: func @constants(
// CHECK:         %[[C:.*]] = onnx.Constant
// CHECK-NOT:     onnx.Constant
// CHECK:         return %[[C]], %[[C]]
func.func @constants() -> (tensor<i64>, tensor<i64>) {
  %a = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  %b = onnx.Constant {value = dense<1> : tensor<i64>} : () -> tensor<i64>
  return %a, %b : tensor<i64>, tensor<i64>
}
