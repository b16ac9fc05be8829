// RUN: bitnet-opt %s --bitnet-place-buffers --allow-unregistered-dialect | FileCheck %s

// CHECK-LABEL: func @hoists(
// CHECK-NEXT:    %[[B:.*]] = memref.alloca() : memref<16xf32>
// CHECK:         scf.for
// CHECK-NEXT:      "test.use"(%[[B]])
func.func @hoists(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloca() : memref<16xf32>
    "test.use"(%b) : (memref<16xf32>) -> ()
  }
  return
}

// Its size is known in the loop only.
// CHECK-LABEL: func @keeps_dynamic_sizes(
// CHECK:         scf.for
// CHECK-NEXT:      memref.alloca
func.func @keeps_dynamic_sizes(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %b = memref.alloca(%i) : memref<?xf32>
    "test.use"(%b) : (memref<?xf32>) -> ()
  }
  return
}

// CHECK-LABEL: func @aligns(
// CHECK:         memref.alloc() {alignment = 64 : i64} : memref<4xf32>
// CHECK:         memref.alloc() {alignment = 64 : i64} : memref<5xf32>
// CHECK:         memref.alloc() {alignment = 128 : i64} : memref<6xf32>
func.func @aligns() -> (memref<4xf32>, memref<5xf32>, memref<6xf32>) {
  %a = memref.alloc() : memref<4xf32>
  %b = memref.alloc() {alignment = 16 : i64} : memref<5xf32>
  %c = memref.alloc() {alignment = 128 : i64} : memref<6xf32>
  return %a, %b, %c : memref<4xf32>, memref<5xf32>, memref<6xf32>
}
