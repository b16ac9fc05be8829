// RUN: bitnet-opt %s --convert-onnx-to-bitnet --cse | FileCheck %s

// CHECK-LABEL: func @kv_append(
// CHECK-SAME:    %[[PAST:[^:]*]]: tensor<?x2x?x64xf32> {{{[^}]*}}}, %[[NEW:[^:]*]]: tensor<?x2x?x64xf32> {{{[^}]*}}})
// CHECK-NEXT:    bitnet.kv_append %[[PAST]], %[[NEW]] {onnx.dims = {{\[\[}}"batch", "", "past + sequence", ""]]}
func.func @kv_append(%past: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "past", ""]},
                     %new: tensor<?x2x?x64xf32> {onnx.dims = ["batch", "", "sequence", ""]}) -> tensor<?x2x?x64xf32> {
  %y = onnx.Concat %past, %new {axis = -2 : i64, onnx.dims = [["batch", "", "past + sequence", ""]]}
      : (tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32>) -> tensor<?x2x?x64xf32>
  return %y : tensor<?x2x?x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_heads(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_heads(%past: tensor<1x2x3x64xf32>, %new: tensor<1x2x3x64xf32>) -> tensor<1x4x3x64xf32> {
  %y = onnx.Concat %past, %new {axis = 1 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x4x3x64xf32>
  return %y : tensor<1x4x3x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_three(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_three(%past: tensor<1x2x3x64xf32>) -> tensor<1x2x9x64xf32> {
  %y = onnx.Concat %past, %past, %past {axis = 2 : i64}
      : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x9x64xf32>
  return %y : tensor<1x2x9x64xf32>
}

// CHECK-LABEL: func @keeps_concat_of_computed_values(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_computed_values(%x: tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32> {
  %relu = onnx.Relu %x : (tensor<1x2x3x64xf32>) -> tensor<1x2x3x64xf32>
  %y = onnx.Concat %relu, %x {axis = 2 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32>
  return %y : tensor<1x2x6x64xf32>
}

// CHECK-LABEL: func @keeps_concat_for_something_else(
// CHECK:         onnx.Concat
func.func @keeps_concat_for_something_else(%past: tensor<1x2x3x64xf32>, %new: tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32> {
  %y = onnx.Concat %past, %new {axis = 2 : i64} : (tensor<1x2x3x64xf32>, tensor<1x2x3x64xf32>) -> tensor<1x2x6x64xf32>
  %relu = onnx.Relu %y : (tensor<1x2x6x64xf32>) -> tensor<1x2x6x64xf32>
  return %relu : tensor<1x2x6x64xf32>
}

// Two batches may differ: Concat checks them at run time.
// CHECK-LABEL: func @keeps_concat_of_unknown_batches(
// CHECK:         onnx.Concat
func.func @keeps_concat_of_unknown_batches(%past: tensor<?x2x3x64xf32>, %new: tensor<?x2x3x64xf32>) -> tensor<?x2x6x64xf32> {
  %y = onnx.Concat %past, %new {axis = 2 : i64} : (tensor<?x2x3x64xf32>, tensor<?x2x3x64xf32>) -> tensor<?x2x6x64xf32>
  return %y : tensor<?x2x6x64xf32>
}
