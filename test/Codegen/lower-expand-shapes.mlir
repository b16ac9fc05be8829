// RUN: bitnet-opt %s --bitnet-lower-expand-shapes | FileCheck %s

// CHECK-DAG:   #[[STRIDE:.*]] = affine_map<()[s0] -> (s0 * 64)>
// CHECK-LABEL: func @splits_rows(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[B:.*]]: index, %[[S:.*]]: index
// CHECK:         %[[BASE:.*]], %{{.*}}, %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[X]]
// CHECK:         %[[STRIDE0:.*]] = affine.apply #[[STRIDE]]()[%[[S]]]
// CHECK:         memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[B]], %[[S]], 64], strides: [%[[STRIDE0]], 64, 1]
// CHECK-NOT:     memref.expand_shape
func.func @splits_rows(%x: memref<?x64xf32>, %b: index, %s: index) -> memref<?x?x64xf32> {
  %y = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, %s, 64]
      : memref<?x64xf32> into memref<?x?x64xf32>
  return %y : memref<?x?x64xf32>
}

// CHECK-LABEL: func @keeps_offset(
// CHECK:         memref.reinterpret_cast %{{.*}} to offset: [%{{.*}}], sizes: [2, 3, 4], strides: [12, 4, 1]
func.func @keeps_offset(%x: memref<6x4xf32, strided<[4, 1], offset: ?>>) -> memref<2x3x4xf32, strided<[12, 4, 1], offset: ?>> {
  %y = memref.expand_shape %x [[0, 1], [2]] output_shape [2, 3, 4]
      : memref<6x4xf32, strided<[4, 1], offset: ?>> into memref<2x3x4xf32, strided<[12, 4, 1], offset: ?>>
  return %y : memref<2x3x4xf32, strided<[12, 4, 1], offset: ?>>
}
