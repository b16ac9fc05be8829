// RUN: bitnet-opt %s --resolve-ranked-shaped-type-result-dims | FileCheck %s

// CHECK-LABEL: func @product(
// CHECK-SAME:    %[[X:.*]]: tensor<?x64xi8>, %[[W:.*]]: tensor<?x64x!bitnet.trit>
// CHECK-DAG:     %[[ROWS:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG:     %[[COLUMNS:.*]] = tensor.dim %[[W]], %c0
// CHECK:         return %[[ROWS]], %[[COLUMNS]]
func.func @product(%x: tensor<?x64xi8>, %w: tensor<?x64x!bitnet.trit>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = bitnet.matmul %x, %w : tensor<?x64xi8>, tensor<?x64x!bitnet.trit> -> tensor<?x?xi32>
  %rows = tensor.dim %y, %c0 : tensor<?x?xi32>
  %columns = tensor.dim %y, %c1 : tensor<?x?xi32>
  return %rows, %columns : index, index
}
