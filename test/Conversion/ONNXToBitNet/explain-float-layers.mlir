// What is said of products that stay what they are: the nearest form and the
// first thing that failed.
// RUN: bitnet-opt %s --convert-onnx-to-bitnet=explain=true --verify-diagnostics | FileCheck %s
// RUN: bitnet-opt %s "--pass-pipeline=builtin.module(func.func(convert-onnx-to-bitnet{explain=true},convert-onnx-to-linalg))" 2>/dev/null | FileCheck %s --check-prefix=LINALG

// The function keeps it when the product is gone.
// CHECK-LABEL: func @floats(
// CHECK: onnx.MatMul
// CHECK-SAME: bitnet.float_layer = {bits = 32 : i64, bytes = 32 : i64, form = "-/-", k = 4 : i64, n = 2 : i64, name = "head/MatMul", reason = "the activations are not quantized", source_bytes = 32 : i64}
// LINALG: func.func @floats(
// LINALG-SAME: bitnet.float_layers = [{{{.*}}name = "head/MatMul"{{.*}}}]
func.func @floats(%x: tensor<3x?x4xf32>) -> tensor<3x?x2xf32> {
  %w = onnx.Constant {value = dense<[[0.1, -0.7], [0.3, 0.25], [0.5, -0.9], [0.0, 1.5]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  // expected-remark @unknown {{stays a float layer: the activations are not quantized}}
  %y = onnx.MatMul %x, %w : (tensor<3x?x4xf32>, tensor<4x2xf32>) -> tensor<3x?x2xf32> loc("head/MatMul")
  return %y : tensor<3x?x2xf32>
}

// CHECK-LABEL: func @four_levels(
// CHECK: form = "-/W13"
func.func @four_levels(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant {value = dense<[[0.05, -0.05], [0.15, 0.15], [-0.15, -0.05], [0.05, 0.15]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  // expected-remark @below {{stays a float layer: the activations are not quantized}}
  %y = onnx.MatMul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: func @ternary_weights(
// CHECK: form = "-/W4"
func.func @ternary_weights(%x: tensor<?x4xf32>, %bias: tensor<1x2xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant {value = dense<[[1.0, -1.0], [0.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  // expected-remark @below {{stays a float layer: scales or turns its operands}}
  %a = onnx.Gemm %x, %w {alpha = 2.0 : f32} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  // expected-remark @below {{stays a float layer: bias is not a row vector}}
  %b = onnx.Gemm %x, %w, %bias : (tensor<?x4xf32>, tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %y = onnx.Add %a, %b : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// One number for the tensor, known before the program runs.
// CHECK-LABEL: func @static_scale(
// CHECK: form = "A9/W4"
func.func @static_scale(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = onnx.Constant {value = dense<[[1.0, -1.0], [0.0, 1.0], [0.0, -1.0], [1.0, 1.0]]> : tensor<4x2xf32>} : () -> tensor<4x2xf32>
  %s = onnx.Constant {value = dense<0.02> : tensor<f32>} : () -> tensor<f32>
  %zero = onnx.Constant {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %q = onnx.QuantizeLinear %x, %s, %zero : (tensor<?x4xf32>, tensor<f32>, tensor<i8>) -> tensor<?x4xi8>
  %d = onnx.DequantizeLinear %q, %s, %zero : (tensor<?x4xi8>, tensor<f32>, tensor<i8>) -> tensor<?x4xf32>
  // expected-remark @below {{stays a float layer: the activations are not quantized}}
  %y = onnx.MatMul %d, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// CHECK-LABEL: func @dynamic_scale(
// CHECK: form = "A10/W11"
func.func @dynamic_scale(%x: tensor<?x4xf32>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %w = onnx.Constant {value = dense<[[1, -1], [0, 1], [0, -1], [1, 1]]> : tensor<4x2xi8>} : () -> tensor<4x2xi8>
  %q, %s, %zero = onnx.DynamicQuantizeLinear %x : (tensor<?x4xf32>) -> (tensor<?x4xui8>, tensor<f32>, tensor<ui8>)
  // expected-remark @below {{stays a float layer: the activations have a zero point}}
  %y = onnx.MatMulInteger %q, %w, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<?x4xui8>, tensor<4x2xi8>, tensor<ui8>) -> tensor<?x2xi32>
  // expected-remark @below {{stays a float layer: the sums are not scaled back}}
  %z = onnx.MatMulInteger %q, %w {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x4xui8>, tensor<4x2xi8>) -> tensor<?x2xi32>
  return %y, %z : tensor<?x2xi32>, tensor<?x2xi32>
}

// Weights that are given when the program runs are none of the model's.
// CHECK-LABEL: func @given_weights(
// CHECK-NOT: bitnet.float_layer
func.func @given_weights(%x: tensor<?x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  // expected-remark @below {{stays a float layer: the weights are not a constant matrix}}
  %y = onnx.MatMul %x, %w : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
