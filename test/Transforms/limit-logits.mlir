// RUN: bitnet-opt %s --bitnet-limit-logits --split-input-file | FileCheck %s

#x = affine_map<(m, n, k) -> (m, k)>
#w = affine_map<(m, n, k) -> (n, k)>
#y = affine_map<(m, n, k) -> (m, n)>

// The example of the documentation.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32>, %[[W:.*]]: tensor<8x4xf32>, %[[BATCH:.*]]: index, %[[SEQUENCE:.*]]: index,
// CHECK-SAME:    %[[WANTED:.*]]: index {bitnet.role = "logit-count"})
// CHECK:         %[[COUNT:.*]] = arith.minsi %[[WANTED]], %[[SEQUENCE]]
// CHECK:         %[[FIRST:.*]] = arith.subi %[[SEQUENCE]], %[[COUNT]]
// CHECK:         %[[POSITIONS:.*]] = tensor.expand_shape %[[X]] {{\[}}[0, 1], [2]] output_shape [%[[BATCH]], %[[SEQUENCE]], 4]
// CHECK:         %[[LAST:.*]] = tensor.extract_slice %[[POSITIONS]][0, %[[FIRST]], 0] [%[[BATCH]], %[[COUNT]], 4] [1, 1, 1]
// CHECK:         %[[FEW:.*]] = tensor.collapse_shape %[[LAST]] {{\[}}[0, 1], [2]]
// CHECK:         %[[ROWS:.*]] = tensor.dim %[[FEW]], %c0
// CHECK:         tensor.empty(%[[ROWS]]) : tensor<?x8xf32>
// CHECK:         %[[Y:.*]] = linalg.matmul {{.*}} {bitnet.last_positions} ins(%[[FEW]], %[[W]] :
// CHECK:         %[[LOGITS:.*]] = tensor.expand_shape %[[Y]] {{\[}}[0, 1], [2]] output_shape [%[[BATCH]], %[[COUNT]], 8]
// CHECK:         return %[[LOGITS]]
func.func @main(%x: tensor<?x4xf32>, %w: tensor<8x4xf32>, %batch: index, %sequence: index)
    -> (tensor<?x?x8xf32> {bitnet.role = "logits"}) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%rows) : tensor<?x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul indexing_maps = [#x, #w, #y] ins(%x, %w : tensor<?x4xf32>, tensor<8x4xf32>)
      outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
  %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, %sequence, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %logits : tensor<?x?x8xf32>
}

// -----

// A rounded head.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    bitnet.role = "logit-count"
// CHECK:         bitnet.scaled_matmul %{{.*}}, %{{.*}}, %{{.*}} bits 8 {bitnet.last_positions} : tensor<?x32xf32>
func.func @main(%x: tensor<?x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>, %batch: index, %sequence: index)
    -> (tensor<?x?x8xf32> {bitnet.role = "logits"}) {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 8
      : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32>
  %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, %sequence, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %logits : tensor<?x?x8xf32>
}

// -----

// Keeps logits of a fixed number of positions.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     logit-count
// CHECK:         tensor.expand_shape
func.func @main(%x: tensor<?x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>, %batch: index)
    -> (tensor<?x5x8xf32> {bitnet.role = "logits"}) {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 8
      : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32>
  %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, 5, 8]
      : tensor<?x8xf32> into tensor<?x5x8xf32>
  return %logits : tensor<?x5x8xf32>
}

// -----

// Keeps logits that are no product.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     logit-count
// CHECK:         return
func.func @main(%x: tensor<?x8xf32>, %batch: index, %sequence: index)
    -> (tensor<?x?x8xf32> {bitnet.role = "logits"}) {
  %logits = tensor.expand_shape %x [[0, 1], [2]] output_shape [%batch, %sequence, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %logits : tensor<?x?x8xf32>
}

// -----

// Keeps results of other roles.
// CHECK-LABEL: func.func @main(
// CHECK-NOT:     logit-count
// CHECK:         return
func.func @main(%x: tensor<?x32xf32>, %codes: tensor<2x2x4x16xi8>, %scales: tensor<2x1x4xf32>, %batch: index, %sequence: index)
    -> tensor<?x?x8xf32> {
  %y = bitnet.scaled_matmul %x, %codes, %scales bits 8
      : tensor<?x32xf32>, tensor<2x2x4x16xi8>, tensor<2x1x4xf32> -> tensor<?x8xf32>
  %logits = tensor.expand_shape %y [[0, 1], [2]] output_shape [%batch, %sequence, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %logits : tensor<?x?x8xf32>
}
