// RUN: bitnet-opt %s --bitnet-reach-device-memory --split-input-file --canonicalize | FileCheck %s

// CHECK-LABEL: func private @bitnet_download(index, index, index)
// CHECK-LABEL: func @reads(
// CHECK-SAME:    %[[X:.*]]: memref<f32>)
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG:     %[[COPY:.*]] = memref.alloca() : memref<f32>
// CHECK-DAG:     %[[TO:.*]] = memref.extract_aligned_pointer_as_index %[[COPY]]
// CHECK-DAG:     %[[SAME:.*]] = memref.cast %[[X]]
// CHECK-DAG:     %[[FROM:.*]] = memref.extract_aligned_pointer_as_index %[[SAME]]
// CHECK:         call @bitnet_download(%[[TO]], %[[FROM]], %[[C4]])
// CHECK-NEXT:    %[[V:.*]] = memref.load %[[COPY]][]
// CHECK-NEXT:    return %[[V]]
func.func @reads(%x: memref<f32>) -> f32 {
  %v = memref.load %x[] : memref<f32>
  return %v : f32
}

// -----

// The place in a loop is found by the host; a bool is a byte. One function for
// all loads, and the copies at the head, where a loop does not pile them up.
// CHECK-COUNT-1: func private @bitnet_download
// CHECK-LABEL: func @reads_in_loops(
// CHECK-SAME:    %[[X:.*]]: memref<?x3xi64>, %[[B:.*]]: memref<?xi1>
// CHECK-COUNT-2: memref.alloca()
// CHECK:         scf.for
// CHECK-DAG:       call @bitnet_download(%{{.*}}, %{{.*}}, %c8)
// CHECK-DAG:       call @bitnet_download(%{{.*}}, %{{.*}}, %c1)
func.func @reads_in_loops(%x: memref<?x3xi64>, %b: memref<?xi1>, %out: memref<i64>, %n: index, %a: index) -> i64 {
  %zero = arith.constant 0 : i64
  %s = scf.for %i = %a to %n step %a iter_args(%t = %zero) -> i64 {
    %v = memref.load %x[%i, %a] : memref<?x3xi64>
    %w = memref.load %b[%i] : memref<?xi1>
    %u = arith.select %w, %v, %t : i64
    scf.yield %u : i64
  }
  return %s : i64
}

// -----

// A kernel reads by itself; without other loads nothing is declared.
// CHECK-NOT:   bitnet_download
// CHECK-LABEL: func @leaves_kernels(
// CHECK:         gpu.launch
// CHECK:           memref.load
func.func @leaves_kernels(%x: memref<f32>, %y: memref<f32>, %one: index) {
  gpu.launch blocks(%bx, %by, %bz) in (%gx = %one, %gy = %one, %gz = %one)
             threads(%tx, %ty, %tz) in (%lx = %one, %ly = %one, %lz = %one) {
    %v = memref.load %x[] : memref<f32>
    memref.store %v, %y[] : memref<f32>
    gpu.terminator
  }
  return
}
