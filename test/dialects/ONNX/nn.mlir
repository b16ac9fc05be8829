// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

// Activations and normalizations, each as in its documentation.

// CHECK-LABEL: func @activations(
// CHECK:         onnx.Softmax %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.LogSoftmax %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Gelu %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.Swish %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK:         onnx.HardSwish %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @activations(%x: tensor<2x3xf32>) {
  %softmax = onnx.Softmax %x {axis = -1 : i64}
      : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %logSoftmax = onnx.LogSoftmax %x {axis = -1 : i64}
      : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %gelu = onnx.Gelu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %swish = onnx.Swish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %hardSwish = onnx.HardSwish %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// CHECK-LABEL: func @layer_norm(
// CHECK:         onnx.LayerNormalization %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32>) -> tensor<?x128xf32>
func.func @layer_norm(%x: tensor<?x128xf32>, %scale: tensor<128xf32>, %bias: tensor<128xf32>) {
  %layerNormalization = onnx.LayerNormalization %x, %scale, %bias {axis = -1 : i64}
      : (tensor<?x128xf32>, tensor<128xf32>, tensor<128xf32>) -> tensor<?x128xf32>
  return
}

// CHECK-LABEL: func @rms_norm(
// CHECK:         onnx.RMSNormalization %{{.*}}, %{{.*}} : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
func.func @rms_norm(%x: tensor<?x?x256xf32>, %scale: tensor<256xf32>) {
  %rmsNormalization = onnx.RMSNormalization %x, %scale {epsilon = 1.0e-5 : f32}
      : (tensor<?x?x256xf32>, tensor<256xf32>) -> tensor<?x?x256xf32>
  return
}
