// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @halves(
// CHECK-NOT:     cf.assert
// CHECK:         arith.mulf
// CHECK:         arith.mulf
// CHECK:         arith.subf
// CHECK:         arith.addf
func.func @halves(
    %x: tensor<?x4x?x64xf32> {onnx.dims = ["batch", "", "tokens", ""]},
    %c: tensor<?x?x32xf32> {onnx.dims = ["batch", "tokens", ""]}) -> tensor<?x4x?x64xf32> {
  %y = onnx.RotaryEmbedding %x, %c, %c
      : (tensor<?x4x?x64xf32>, tensor<?x?x32xf32>, tensor<?x?x32xf32>) -> tensor<?x4x?x64xf32>
  return %y : tensor<?x4x?x64xf32>
}

// CHECK-LABEL: func @neighbours_by_position(
// CHECK:         tensor.expand_shape
// CHECK:         cf.assert %{{.*}}, "an index is out of range"
// CHECK:         arith.remui
func.func @neighbours_by_position(%x: tensor<1x3x16xf32>, %c: tensor<50x2xf32>, %p: tensor<1x3xi64>) -> tensor<1x3x16xf32> {
  %y = onnx.RotaryEmbedding %x, %c, %c, %p {interleaved = 1 : i64, num_heads = 2 : i64, rotary_embedding_dim = 4 : i64}
      : (tensor<1x3x16xf32>, tensor<50x2xf32>, tensor<50x2xf32>, tensor<1x3xi64>) -> tensor<1x3x16xf32>
  return %y : tensor<1x3x16xf32>
}
