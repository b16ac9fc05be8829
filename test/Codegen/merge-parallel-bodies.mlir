// RUN: bitnet-opt %s --bitnet-merge-parallel-bodies | FileCheck %s

// CHECK-LABEL: func @runs_two_layers(
// CHECK-SAME:    %[[X:.*]]: memref<?xf32>, %[[A:.*]]: memref<4xf32>, %[[B:.*]]: memref<4xf32>,
// CHECK:         call @first(%{{.*}}, %{{.*}}, %{{.*}}, %[[X]], %[[A]]) {bitnet.parallel}
// CHECK-NEXT:    call @first(%{{.*}}, %{{.*}}, %{{.*}}, %[[X]], %[[B]]) {bitnet.parallel}
// CHECK:       func private @first(
// CHECK-NOT:   @second
func.func @runs_two_layers(%x: memref<?xf32>, %a: memref<4xf32>, %b: memref<4xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  call @first(%c0, %n, %n, %x, %a) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
  call @second(%c0, %n, %n, %x, %b) {bitnet.parallel} : (index, index, index, memref<?xf32>, memref<4xf32>) -> ()
  return
}
func.func private @first(%begin: index, %end: index, %work: index, %x: memref<?xf32>, %w: memref<4xf32>) {
  %one = arith.constant 1 : index
  scf.for %i = %begin to %end step %one {
    %v = memref.load %w[%one] : memref<4xf32>
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}
func.func private @second(%begin: index, %end: index, %work: index, %x: memref<?xf32>, %w: memref<4xf32>) {
  %one = arith.constant 1 : index
  scf.for %i = %begin to %end step %one {
    %v = memref.load %w[%one] : memref<4xf32>
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}

// CHECK-LABEL: func @keeps_other_code(
// CHECK:         call @adds(
// CHECK:         call @adds_another_constant(
// CHECK:         call @multiplies(
func.func @keeps_other_code(%x: memref<4xf32>, %n: index) {
  call @adds(%n, %n, %n, %x) {bitnet.parallel} : (index, index, index, memref<4xf32>) -> ()
  call @adds_another_constant(%n, %n, %n, %x) {bitnet.parallel} : (index, index, index, memref<4xf32>) -> ()
  call @multiplies(%n, %n, %n, %x) {bitnet.parallel} : (index, index, index, memref<4xf32>) -> ()
  return
}
func.func private @adds(%begin: index, %end: index, %work: index, %x: memref<4xf32>) {
  %c = arith.constant 1.0 : f32
  %v = memref.load %x[%begin] : memref<4xf32>
  %w = arith.addf %v, %c : f32
  memref.store %w, %x[%end] : memref<4xf32>
  return
}
func.func private @adds_another_constant(%begin: index, %end: index, %work: index, %x: memref<4xf32>) {
  %c = arith.constant 2.0 : f32
  %v = memref.load %x[%begin] : memref<4xf32>
  %w = arith.addf %v, %c : f32
  memref.store %w, %x[%end] : memref<4xf32>
  return
}
func.func private @multiplies(%begin: index, %end: index, %work: index, %x: memref<4xf32>) {
  %c = arith.constant 1.0 : f32
  %v = memref.load %x[%begin] : memref<4xf32>
  %w = arith.mulf %v, %c : f32
  memref.store %w, %x[%end] : memref<4xf32>
  return
}

// A message names the node that failed.
// CHECK-LABEL: func @keeps_checks(
// CHECK:         call @checks(
// CHECK:         call @checks_again(
func.func @keeps_checks(%ok: i1, %n: index) {
  call @checks(%n, %n, %n, %ok) {bitnet.parallel} : (index, index, index, i1) -> ()
  call @checks_again(%n, %n, %n, %ok) {bitnet.parallel} : (index, index, index, i1) -> ()
  return
}
func.func private @checks(%begin: index, %end: index, %work: index, %ok: i1) {
  cf.assert %ok, "sizes differ"
  return
}
func.func private @checks_again(%begin: index, %end: index, %work: index, %ok: i1) {
  cf.assert %ok, "sizes differ"
  return
}

// Only loop bodies: other functions may be known by their names.
// CHECK-LABEL: func @keeps_functions_that_are_no_loop_bodies(
// CHECK:         call @plain(
// CHECK:         call @same(
func.func @keeps_functions_that_are_no_loop_bodies() {
  call @plain() : () -> ()
  call @same() : () -> ()
  return
}
func.func private @plain() {
  return
}
func.func private @same() {
  return
}
