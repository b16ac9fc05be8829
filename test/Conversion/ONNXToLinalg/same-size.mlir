// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Rows have no names, but come from dimensions that have.
// CHECK-LABEL: func @follows_rows(
// CHECK-NOT:     cf.assert
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x8xf32>)
func.func @follows_rows(
    %a: tensor<?x?x8xf32> {onnx.dims = ["batch", "tokens", ""]},
    %b: tensor<?x?x8xf32> {onnx.dims = ["batch", "tokens", ""]}, %gain: tensor<8xf32>) -> tensor<?x8xf32> {
  %x = tensor.collapse_shape %a [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %y = tensor.collapse_shape %b [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %n = bitnet.rms_norm %y, %gain epsilon 1.0e-5 : tensor<?x8xf32>, tensor<8xf32> -> tensor<?x8xf32>
  %r = onnx.Relu %n : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %z = onnx.Add %x, %r : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}

// CHECK-LABEL: func @follows_expansions_and_gathers(
// CHECK-NOT:     "cannot broadcast operands"
// CHECK:         return
func.func @follows_expansions_and_gathers(%ids: tensor<?x?xi64>, %table: tensor<16x8xf32>, %rows: tensor<?x8xf32>)
    -> tensor<?x?x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %tokens = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %x = onnx.Gather %table, %ids : (tensor<16x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
  %y = tensor.expand_shape %rows [[0, 1], [2]] output_shape [%batch, %tokens, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  %z = onnx.Add %x, %y : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %z : tensor<?x?x8xf32>
}

// CHECK-LABEL: func @products_must_agree(
// CHECK:         "cannot broadcast operands"
func.func @products_must_agree(
    %a: tensor<?x?xf32> {onnx.dims = ["batch", "tokens"]},
    %b: tensor<?x?xf32> {onnx.dims = ["batch", "past"]}) -> tensor<?xf32> {
  %x = tensor.collapse_shape %a [[0, 1]] : tensor<?x?xf32> into tensor<?xf32>
  %y = tensor.collapse_shape %b [[0, 1]] : tensor<?x?xf32> into tensor<?xf32>
  %z = onnx.Add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
