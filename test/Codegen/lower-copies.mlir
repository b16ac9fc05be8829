// RUN: bitnet-opt %s --bitnet-lower-copies | FileCheck %s

// CHECK-LABEL: func @copies(
// CHECK-SAME:    %[[FROM:.*]]: memref<4x8xf32>, %[[TO:.*]]: memref<4x8xf32, strided<[16, 1]>>)
// CHECK:         scf.for %[[I:.*]] = %c0 to %c4
// CHECK:           scf.for %[[J:.*]] = %c0 to %c8
// CHECK:             %[[X:.*]] = memref.load %[[FROM]][%[[I]], %[[J]]]
// CHECK:             memref.store %[[X]], %[[TO]][%[[I]], %[[J]]]
// CHECK-NOT:     memref.copy
func.func @copies(%from: memref<4x8xf32>, %to: memref<4x8xf32, strided<[16, 1]>>) {
  memref.copy %from, %to : memref<4x8xf32> to memref<4x8xf32, strided<[16, 1]>>
  return
}

// CHECK-LABEL: func @copies_any_size(
// CHECK:         %[[N:.*]] = memref.dim
// CHECK:         scf.for %{{.*}} = %c0 to %[[N]]
func.func @copies_any_size(%from: memref<?xf32, strided<[?]>>, %to: memref<?xf32>) {
  memref.copy %from, %to : memref<?xf32, strided<[?]>> to memref<?xf32>
  return
}

// CHECK-LABEL: func @keeps_contiguous_copies(
// CHECK:         memref.copy
func.func @keeps_contiguous_copies(%from: memref<?x8xf32>, %to: memref<?x8xf32>) {
  memref.copy %from, %to : memref<?x8xf32> to memref<?x8xf32>
  return
}
