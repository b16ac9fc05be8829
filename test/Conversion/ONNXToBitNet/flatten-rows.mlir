// RUN: bitnet-opt %s --convert-onnx-to-bitnet | FileCheck %s

// CHECK-LABEL: func @embedding(
// CHECK-SAME:    %[[IDS:.*]]: tensor<?x3xi64>
// CHECK-DAG:     %[[BATCH:.*]] = tensor.dim %[[IDS]], %c0
// CHECK-DAG:     %[[FLAT:.*]] = tensor.collapse_shape %[[IDS]] {{\[\[}}0, 1]]
// CHECK:         %[[ROWS:.*]] = onnx.Gather %{{.*}}, %[[FLAT]] {{.*}} -> tensor<?x8xf32>
// CHECK:         tensor.expand_shape %[[ROWS]] {{\[\[}}0, 1], [2]] output_shape [%[[BATCH]], 3, 8]
func.func @embedding(%ids: tensor<?x3xi64>) -> tensor<?x3x8xf32> {
  %table = onnx.Constant {value = dense<0.5> : tensor<99x8xf32>} : () -> tensor<99x8xf32>
  %x = onnx.Gather %table, %ids : (tensor<99x8xf32>, tensor<?x3xi64>) -> tensor<?x3x8xf32>
  return %x : tensor<?x3x8xf32>
}

// Sums, products by vectors and functions of rows are rows; a name tells that
// two inputs have one batch.
// CHECK-LABEL: func @elementwise(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<?x3x8xf32> {{{.*}}}, %[[Z:[^:]*]]: tensor<?x3x8xf32> {{{.*}}}, %[[GAIN:.*]]: tensor<8xf32>
// CHECK:         %[[A:.*]] = bitnet.rms_norm
// CHECK:         %[[B:.*]] = bitnet.rms_norm
// CHECK:         %[[SUM:.*]] = onnx.Add %[[A]], %[[B]] : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK:         %[[SCALED:.*]] = onnx.Mul %[[SUM]], %[[GAIN]] : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
// CHECK:         %[[RELU:.*]] = onnx.Relu %[[SCALED]]
// CHECK:         tensor.expand_shape %[[RELU]]
func.func @elementwise(%x: tensor<?x3x8xf32> {onnx.dims = ["batch", "", ""]},
                       %z: tensor<?x3x8xf32> {onnx.dims = ["batch", "", ""]}, %gain: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %a = onnx.RMSNormalization %x, %gain : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %b = onnx.RMSNormalization %z, %gain : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %sum = onnx.Add %a, %b : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %scaled = onnx.Mul %sum, %gain : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %relu = onnx.Relu %scaled : (tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %relu : tensor<?x3x8xf32>
}

// CHECK-LABEL: func @float_layer(
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x8xf32>, %[[W:.*]]: tensor<8x4xf32>
// CHECK:         %[[ROWS:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]]
// CHECK:         %[[Y:.*]] = onnx.MatMul %[[ROWS]], %[[W]] : (tensor<6x8xf32>, tensor<8x4xf32>) -> tensor<6x4xf32>
// CHECK:         tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2]] output_shape [2, 3, 4]
func.func @float_layer(%x: tensor<2x3x8xf32>, %w: tensor<8x4xf32>) -> tensor<2x3x4xf32> {
  %y = onnx.MatMul %x, %w : (tensor<2x3x8xf32>, tensor<8x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// CHECK-LABEL: func @keeps_product_of_batches(
// CHECK:         onnx.MatMul {{.*}} : (tensor<2x3x8xf32>, tensor<2x8x4xf32>)
func.func @keeps_product_of_batches(%x: tensor<2x3x8xf32>, %w: tensor<2x8x4xf32>) -> tensor<2x3x4xf32> {
  %y = onnx.MatMul %x, %w : (tensor<2x3x8xf32>, tensor<2x8x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}

// CHECK-LABEL: func @keeps_lookup_of_columns(
// CHECK:         onnx.Gather {{.*}} {axis = 1
func.func @keeps_lookup_of_columns(%x: tensor<99x8xf32>, %ids: tensor<2x3xi64>) -> tensor<99x2x3xf32> {
  %y = onnx.Gather %x, %ids {axis = 1 : i64} : (tensor<99x8xf32>, tensor<2x3xi64>) -> tensor<99x2x3xf32>
  return %y : tensor<99x2x3xf32>
}

// Nobody says that x and z have one batch: one of them may be broadcast.
// CHECK-LABEL: func @keeps_sum_of_other_batch(
// CHECK:         onnx.Add {{.*}} -> tensor<?x3x8xf32>
func.func @keeps_sum_of_other_batch(%x: tensor<?x3x8xf32>, %z: tensor<?x3x8xf32>, %gain: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %a = onnx.RMSNormalization %x, %gain : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %b = onnx.RMSNormalization %z, %gain : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %sum = onnx.Add %a, %b : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %sum : tensor<?x3x8xf32>
}

// z is a matrix that all batches share.
// CHECK-LABEL: func @keeps_sum_with_shared_matrix(
// CHECK:         onnx.Add {{.*}} -> tensor<2x3x8xf32>
func.func @keeps_sum_with_shared_matrix(%x: tensor<2x3x8xf32>, %z: tensor<3x8xf32>, %gain: tensor<8xf32>) -> tensor<2x3x8xf32> {
  %a = onnx.RMSNormalization %x, %gain : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  %sum = onnx.Add %a, %z : (tensor<2x3x8xf32>, tensor<3x8xf32>) -> tensor<2x3x8xf32>
  return %sum : tensor<2x3x8xf32>
}
