// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Four heads of queries share two of keys: all rows of a pair at once.
// CHECK-LABEL: func @shares_heads(
// CHECK:         linalg.batch_matmul {{.*}} tensor<2x6x8xf32>, tensor<2x8x5xf32>
// CHECK:         arith.select
// CHECK:         math.exp
// CHECK:         linalg.batch_matmul {{.*}} tensor<2x6x5xf32>, tensor<2x5x8xf32>
func.func @shares_heads(%q: tensor<1x4x3x8xf32>, %k: tensor<1x2x5x8xf32>, %mask: tensor<1x1x3x5xi1>) -> tensor<1x4x3x8xf32> {
  %y = onnx.Attention %q, %k, %k, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<1x4x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<1x1x3x5xi1>) -> tensor<1x4x3x8xf32>
  return %y : tensor<1x4x3x8xf32>
}

// CHECK-LABEL: func @named_mask(
// CHECK-NOT:     scf.if
// CHECK-NOT:     "the mask is longer than the keys"
// CHECK:         return
func.func @named_mask(
    %q: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "tokens", ""]},
    %k: tensor<1x4x?x8xf32> {onnx.dims = ["", "", "total", ""]},
    %mask: tensor<1x1x?x?xf32> {onnx.dims = ["", "", "tokens", "total"]}) -> tensor<1x4x?x8xf32> {
  %y = onnx.Attention %q, %k, %k, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x1x?x?xf32>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// CHECK-LABEL: func @pads_a_short_mask(
// CHECK:         cf.assert %{{.*}}, "the mask is longer than the keys"
// CHECK:         scf.if
func.func @pads_a_short_mask(%q: tensor<1x4x?x8xf32>, %mask: tensor<1x1x1x?xi1>) -> tensor<1x4x?x8xf32> {
  %y = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
      : (tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x4x?x8xf32>, tensor<1x1x1x?xi1>) -> tensor<1x4x?x8xf32>
  return %y : tensor<1x4x?x8xf32>
}

// A query sees keys up to its own position after the past.
// CHECK-LABEL: func @causal_with_past(
// CHECK:         tensor.insert_slice
// CHECK:         tensor.insert_slice
// CHECK:         linalg.index 2
// CHECK:         arith.cmpi sle
func.func @causal_with_past(%q: tensor<1x2x3x8xf32>, %past: tensor<1x2x?x8xf32>) -> (tensor<1x2x3x8xf32>, tensor<1x2x?x8xf32>) {
  %y, %present = onnx.Attention %q, %q, %q, %past, %past
      {is_causal = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>}
      : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x?x8xf32>, tensor<1x2x?x8xf32>)
      -> (tensor<1x2x3x8xf32>, tensor<1x2x?x8xf32>)
  return %y, %present : tensor<1x2x3x8xf32>, tensor<1x2x?x8xf32>
}

// CHECK-LABEL: func @of_rank_3_with_softcap(
// CHECK:         linalg.transpose
// CHECK:         math.tanh
// CHECK:         tensor.collapse_shape %{{.*}} {{\[}}[0], [1], [2, 3]]
func.func @of_rank_3_with_softcap(%q: tensor<?x3x16xf32>) -> tensor<?x3x16xf32> {
  %y = onnx.Attention %q, %q, %q
      {q_num_heads = 2 : i64, kv_num_heads = 2 : i64, softcap = 30.0 : f32,
       operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<?x3x16xf32>, tensor<?x3x16xf32>, tensor<?x3x16xf32>) -> tensor<?x3x16xf32>
  return %y : tensor<?x3x16xf32>
}
