// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// The head of a language model shares the table of the embedding, uncopied.
// CHECK-LABEL: func @reads_weights_transposed(
// CHECK-NOT:     linalg.transpose
// CHECK:         linalg.matmul indexing_maps
// CHECK-SAME:      tensor<?x4xf32>, tensor<8x4xf32>
func.func @reads_weights_transposed(%x: tensor<?x4xf32>) -> tensor<?x8xf32> {
  %w = onnx.Constant {value = dense<1.0> : tensor<8x4xf32>} : () -> tensor<8x4xf32>
  %t = onnx.Transpose %w {perm = array<i64: 1, 0>} : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %y = onnx.MatMul %x, %t : (tensor<?x4xf32>, tensor<4x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Halves stay what they are in memory.
// CHECK-LABEL: func @reads_transposed_halves(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>
// CHECK:         linalg.matmul {{.*}} ins(%[[X]], %{{.*}} : tensor<?x4xf32>, tensor<8x4xbf16>) outs(%{{.*}} : tensor<?x8xf32>)
func.func @reads_transposed_halves(%x: tensor<?x4xf32>) -> tensor<?x8xf32> {
  %w = onnx.Constant {value = dense<1.0> : tensor<8x4xbf16>} : () -> tensor<8x4xbf16>
  %f = onnx.Cast %w {to = 1 : i64} : (tensor<8x4xbf16>) -> tensor<8x4xf32>
  %t = onnx.Transpose %f {perm = array<i64: 1, 0>} : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %y = onnx.MatMul %x, %t : (tensor<?x4xf32>, tensor<4x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @multiplies_batches(
// CHECK:         linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<?x5x16xf32>, tensor<?x16x8xf32>)
func.func @multiplies_batches(
    %a: tensor<?x4x5x16xf32> {onnx.dims = ["batch", "", "", ""]},
    %b: tensor<?x4x16x8xf32> {onnx.dims = ["batch", "", "", ""]}) -> tensor<?x4x5x8xf32> {
  %y = onnx.MatMul %a, %b : (tensor<?x4x5x16xf32>, tensor<?x4x16x8xf32>) -> tensor<?x4x5x8xf32>
  return %y : tensor<?x4x5x8xf32>
}

// CHECK-LABEL: func @broadcasts_batches(
// CHECK:         linalg.generic
// CHECK:         linalg.batch_matmul
func.func @broadcasts_batches(%a: tensor<3x5x16xf32>, %b: tensor<2x1x16x8xf32>) -> tensor<2x3x5x8xf32> {
  %y = onnx.MatMul %a, %b : (tensor<3x5x16xf32>, tensor<2x1x16x8xf32>) -> tensor<2x3x5x8xf32>
  return %y : tensor<2x3x5x8xf32>
}

// CHECK-LABEL: func @compares_inner_sizes(
// CHECK:         cf.assert %{{.*}}, "cannot multiply: columns and rows differ"
func.func @compares_inner_sizes(%a: tensor<4x?xf32>, %b: tensor<?x8xf32>) -> tensor<4x8xf32> {
  %y = onnx.MatMul %a, %b : (tensor<4x?xf32>, tensor<?x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// CHECK-LABEL: func @sums_halves_in_f32(
// CHECK:         linalg.matmul ins(%{{.*}} : tensor<4x8xf16>, tensor<8x2xf16>) outs(%{{.*}} : tensor<4x2xf32>)
// CHECK:         arith.truncf
func.func @sums_halves_in_f32(%a: tensor<4x8xf16>, %b: tensor<8x2xf16>) -> tensor<4x2xf16> {
  %y = onnx.MatMul %a, %b : (tensor<4x8xf16>, tensor<8x2xf16>) -> tensor<4x2xf16>
  return %y : tensor<4x2xf16>
}

// CHECK-LABEL: func @gemm(
// CHECK:         linalg.matmul indexing_maps
// CHECK:         linalg.generic
// CHECK:           arith.mulf
// CHECK:           arith.addf
func.func @gemm(%a: tensor<?x16xf32>, %b: tensor<8x16xf32>, %c: tensor<8xf32>) -> tensor<?x8xf32> {
  %y = onnx.Gemm %a, %b, %c {transB = 1 : i64, alpha = 0.5 : f32}
      : (tensor<?x16xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @of_bytes(
// CHECK:         arith.extui
// CHECK:         arith.subi
// CHECK:         arith.extsi
// CHECK:         linalg.matmul ins(%{{.*}} : tensor<2x16xi32>, tensor<16x8xi32>)
func.func @of_bytes(%a: tensor<2x16xui8>, %b: tensor<16x8xi8>, %zero: tensor<ui8>) -> tensor<2x8xi32> {
  %y = onnx.MatMulInteger %a, %b, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 0>}
      : (tensor<2x16xui8>, tensor<16x8xi8>, tensor<ui8>) -> tensor<2x8xi32>
  return %y : tensor<2x8xi32>
}
