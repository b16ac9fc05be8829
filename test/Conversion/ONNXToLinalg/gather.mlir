// RUN: bitnet-opt %s --convert-onnx-to-linalg --canonicalize --cse | FileCheck %s

// Rows are copied whole; the check lies outside of the copy.
// CHECK-LABEL: func @embeds(
// CHECK-SAME:    %[[TABLE:.*]]: tensor<2048x256xf32>, %[[IDS:.*]]: tensor<?x?xi64>
// CHECK:         %[[FLAT:.*]] = tensor.collapse_shape %[[IDS]]
// CHECK:         scf.for
// CHECK:           %[[ID:.*]] = tensor.extract %[[FLAT]]
// CHECK:           cf.assert %{{.*}}, "an index is out of range"
// CHECK:           %[[ROW:.*]] = tensor.extract_slice %[[TABLE]]
// CHECK:           tensor.insert_slice %[[ROW]]
// CHECK:         tensor.expand_shape
func.func @embeds(%table: tensor<2048x256xf32>, %ids: tensor<?x?xi64>) -> tensor<?x?x256xf32> {
  %y = onnx.Gather %table, %ids : (tensor<2048x256xf32>, tensor<?x?xi64>) -> tensor<?x?x256xf32>
  return %y : tensor<?x?x256xf32>
}

// CHECK-LABEL: func @takes_the_first_token(
// CHECK:         cf.assert %{{.*}}, "an index is out of range"
// CHECK:         tensor.extract_slice %{{.*}}[0, 0, 0] [%{{.*}}, 1, 8] [1, 1, 1] : tensor<?x?x8xf32> to tensor<?x8xf32>
func.func @takes_the_first_token(%x: tensor<?x?x8xf32>) -> tensor<?x8xf32> {
  %zero = onnx.Constant {value = dense<0> : tensor<i64>} : () -> tensor<i64>
  %y = onnx.Gather %x, %zero {axis = 1 : i64} : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// All indices are checked before the first is used.
// CHECK-LABEL: func @gathers_elements(
// CHECK:         linalg.generic {{.*}}iterator_types = ["reduction", "reduction"]
// CHECK:         cf.assert %{{.*}}, "an index is out of range"
// CHECK:         linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]
// CHECK-NOT:       cf.assert
// CHECK:           tensor.extract
func.func @gathers_elements(%x: tensor<?x8xf32>, %i: tensor<?x8xi64>) -> tensor<?x8xf32> {
  %y = onnx.GatherElements %x, %i : (tensor<?x8xf32>, tensor<?x8xi64>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func @gathers_tuples(
// CHECK:         cf.assert %{{.*}}, "an index is out of range"
// CHECK:         tensor.extract %{{.*}} : tensor<?x?x2xi64>
// CHECK:         tensor.extract %{{.*}} : tensor<?x?x2xi64>
// CHECK:         tensor.extract %{{.*}} : tensor<?x?xi1>
func.func @gathers_tuples(%mask: tensor<?x?xi1>, %i: tensor<?x?x2xi64>) -> tensor<?x?xi1> {
  %y = onnx.GatherND %mask, %i : (tensor<?x?xi1>, tensor<?x?x2xi64>) -> tensor<?x?xi1>
  return %y : tensor<?x?xi1>
}
