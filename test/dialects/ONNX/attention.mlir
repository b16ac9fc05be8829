// RUN: bitnet-opt %s | bitnet-opt | FileCheck %s
// RUN: bitnet-opt %s --mlir-print-op-generic | bitnet-opt | FileCheck %s

// The operators of attention blocks, each as in its documentation.

// CHECK-LABEL: func @attention(
// CHECK:         onnx.Attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 1.250000e-01 : f32} : (tensor<1x4x3x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>, tensor<1x1x3x8xi1>) -> tensor<1x4x3x64xf32>
func.func @attention(%q: tensor<1x4x3x64xf32>, %k: tensor<1x2x8x64xf32>, %v: tensor<1x2x8x64xf32>,
                     %mask: tensor<1x1x3x8xi1>) {
  %attention = onnx.Attention %q, %k, %v, %mask
      {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, scale = 0.125 : f32}
      : (tensor<1x4x3x64xf32>, tensor<1x2x8x64xf32>, tensor<1x2x8x64xf32>,
         tensor<1x1x3x8xi1>) -> tensor<1x4x3x64xf32>
  return
}

// CHECK-LABEL: func @rotary_embedding(
// CHECK:         onnx.RotaryEmbedding %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x4x?x64xf32>
func.func @rotary_embedding(%x: tensor<?x4x?x64xf32>, %cos: tensor<?x?x32xf32>,
                            %sin: tensor<?x?x32xf32>) {
  %rotaryEmbedding = onnx.RotaryEmbedding %x, %cos, %sin
      : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>)
      -> tensor<?x4x?x64xf32>
  return
}
