// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @product(
// CHECK-SAME:    %[[X:.*]]: tensor<?x2x16xf32>, %[[W:.*]]: tensor<16x8xf32>
// CHECK:         %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]]
// CHECK:         %[[ZERO:.*]] = linalg.fill
// CHECK:         %[[Y:.*]] = linalg.matmul ins(%[[ROWS]], %[[W]]
// CHECK-SAME:      outs(%[[ZERO]]
// CHECK:         %[[DIM:.*]] = tensor.dim %[[X]]
// CHECK:         tensor.expand_shape %[[Y]] {{\[}}[0, 1], [2]] output_shape [%[[DIM]], 2, 8]
func.func @product(%x: tensor<?x2x16xf32>, %w: tensor<16x8xf32>) -> tensor<?x2x8xf32> {
  %y = onnx.MatMul %x, %w : (tensor<?x2x16xf32>, tensor<16x8xf32>) -> tensor<?x2x8xf32>
  return %y : tensor<?x2x8xf32>
}

// An unsigned argument keeps its type in an attribute.
// CHECK-LABEL: func @unsigned(
// CHECK-SAME:    tensor<4xi8> {onnx.type = tensor<4xui8>}
// CHECK-SAME:    -> (tensor<4xi8> {onnx.type = tensor<4xui8>})
// CHECK:         arith.divui
func.func @unsigned(%x: tensor<4xui8>) -> tensor<4xui8> {
  %y = onnx.Div %x, %x : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// Weights that nobody needs are not unpacked.
// CHECK-LABEL: func @unused(
// CHECK-NEXT:    return
func.func @unused() {
  %w = onnx.Constant {value = dense<1> : tensor<4x4xi2>} : () -> tensor<4x4xi2>
  %s = onnx.Constant {value = dense<1.0> : tensor<f32>} : () -> tensor<f32>
  %f = onnx.DequantizeLinear %w, %s : (tensor<4x4xi2>, tensor<f32>) -> tensor<4x4xf32>
  return
}
