// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @writes_slices(
// CHECK:         cf.assert %{{.*}}, "updates do not fit the indices"
// CHECK:         cf.assert %{{.*}}, "an index is out of range"
// CHECK:         scf.for
// CHECK:           tensor.insert_slice
func.func @writes_slices(%x: tensor<8x4xf32>, %i: tensor<?x1xi64>, %u: tensor<?x4xf32>) -> tensor<8x4xf32> {
  %y = onnx.ScatterND %x, %i, %u : (tensor<8x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// CHECK-LABEL: func @adds_slices(
// CHECK:         scf.for
// CHECK:           linalg.generic
// CHECK:             arith.addf
// CHECK:           tensor.insert_slice
func.func @adds_slices(%x: tensor<8x4xf32>, %i: tensor<2x1xi64>, %u: tensor<2x4xf32>) -> tensor<8x4xf32> {
  %y = onnx.ScatterND %x, %i, %u {reduction = "add"}
      : (tensor<8x4xf32>, tensor<2x1xi64>, tensor<2x4xf32>) -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// CHECK-LABEL: func @writes_into_a_cache(
// CHECK:         scf.for
// CHECK:           cf.assert %{{.*}}, "an index is out of range"
// CHECK:           scf.for
// CHECK:             tensor.insert_slice
func.func @writes_into_a_cache(%c: tensor<2x8x4xf32>, %u: tensor<2x3x4xf32>, %at: tensor<2xi64>) -> tensor<2x8x4xf32> {
  %y = onnx.TensorScatter %c, %u, %at
      : (tensor<2x8x4xf32>, tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}
