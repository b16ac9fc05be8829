// RUN: bitnet-opt %s --bitnet-wrap-host-stores | FileCheck %s

// CHECK-LABEL: func @writes(
// CHECK-SAME:    %[[X:.*]]: f32, %[[OUT:.*]]: memref<f32>)
// CHECK-NEXT:    scf.forall (%{{.*}}) in (1) {
// CHECK-NEXT:      linalg.fill ins(%[[X]] : f32) outs(%[[OUT]] : memref<f32>)
// CHECK-NEXT:    } {mapping = [#gpu.block<linear_dim_0>]}
// CHECK-NEXT:    return
func.func @writes(%x: f32, %out: memref<f32>) {
  linalg.fill ins(%x : f32) outs(%out : memref<f32>)
  return
}

// CHECK-LABEL: func @stores(
// CHECK-NEXT:    scf.forall (%{{.*}}) in (1) {
// CHECK-NEXT:      memref.store
func.func @stores(%x: f32, %out: memref<?xf32>, %i: index) {
  memref.store %x, %out[%i] : memref<?xf32>
  return
}

// A copy is an elementwise op, which will be a loop of its own.
// CHECK-LABEL: func @copies(
// CHECK-SAME:    %[[FROM:.*]]: memref<?x4xf32>, %[[TO:.*]]: memref<?x4xf32>)
// CHECK-NEXT:    linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} ins(%[[FROM]] : {{.*}}) outs(%[[TO]] :
// CHECK-NOT:     memref.copy
func.func @copies(%from: memref<?x4xf32>, %to: memref<?x4xf32>) {
  memref.copy %from, %to : memref<?x4xf32> to memref<?x4xf32>
  return
}

// CHECK-LABEL: func @copies_one(
// CHECK-NEXT:    scf.forall (%{{.*}}) in (1) {
// CHECK-NEXT:      linalg.generic
func.func @copies_one(%from: memref<f32>, %to: memref<f32>) {
  memref.copy %from, %to : memref<f32> to memref<f32>
  return
}

// The loop goes to the device as a whole.
// CHECK-LABEL: func @loops(
// CHECK-NEXT:    scf.forall (%{{.*}}) in (1) {
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        memref.store
// CHECK-NOT:     scf.forall
func.func @loops(%x: f32, %out: memref<?xf32>, %a: index, %n: index) {
  scf.for %i = %a to %n step %a {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// A kernel cannot take memory: the loop stays with the host.
// CHECK-LABEL: func @allocates(
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      memref.alloc
// CHECK-NEXT:      scf.forall
// CHECK-NEXT:        memref.store
func.func @allocates(%x: f32, %a: index, %n: index) {
  scf.for %i = %a to %n step %a {
    %buffer = memref.alloc() : memref<f32>
    memref.store %x, %buffer[] : memref<f32>
    memref.dealloc %buffer : memref<f32>
  }
  return
}

// Nor does it start others.
// CHECK-LABEL: func @launches(
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      scf.forall (%{{.*}}) in (%{{.*}}) {
func.func @launches(%x: f32, %out: memref<?xf32>, %a: index, %n: index) {
  scf.for %i = %a to %n step %a {
    scf.forall (%j) in (%n) {
      memref.store %x, %out[%j] : memref<?xf32>
    } {mapping = [#gpu.block<linear_dim_0>]}
  }
  return
}

// What a loop gives would have to come back.
// CHECK-LABEL: func @sums(
// CHECK-NEXT:    scf.for {{.*}} iter_args
// CHECK-NOT:     scf.forall (%{{.*}}) in (1)
// CHECK:         return
func.func @sums(%in: memref<?xf32>, %zero: f32, %a: index, %n: index) -> f32 {
  %sum = scf.for %i = %a to %n step %a iter_args(%s = %zero) -> f32 {
    %x = memref.load %in[%i] : memref<?xf32>
    %t = arith.addf %s, %x : f32
    scf.yield %t : f32
  }
  return %sum : f32
}

// These are kernels already, or will be.
// CHECK-LABEL: func @leaves_parallel_work(
// CHECK-NEXT:    linalg.fill
// CHECK-NEXT:    scf.forall (%{{.*}}) in (%{{.*}}) {
// CHECK-NEXT:      memref.store
// CHECK-NEXT:    }
// CHECK-NEXT:    return
func.func @leaves_parallel_work(%x: f32, %out: memref<?xf32>, %n: index) {
  linalg.fill ins(%x : f32) outs(%out : memref<?xf32>)
  scf.forall (%i) in (%n) {
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}
