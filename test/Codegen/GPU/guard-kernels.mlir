// RUN: bitnet-opt %s --bitnet-guard-kernels | FileCheck %s
// RUN: bitnet-opt %s --bitnet-guard-kernels --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix=WHERE

// CHECK-LABEL: func @reads(
// CHECK-SAME:    %[[TABLE:.*]]: memref<4xf32>, %[[AT:.*]]: index, %[[OK:.*]]: i1, %[[OUT:.*]]: memref<?xf32>
// CHECK:         %[[WORD:.*]] = memref.alloc() : memref<i32>
// CHECK:         memref.store %c0_i32, %[[WORD]][]
// CHECK:         scf.forall (%[[I:.*]]) in
// CHECK:           %[[WRONG:.*]] = arith.xori %[[OK]], %true
// CHECK-NEXT:      scf.if %[[WRONG]] {
// CHECK-NEXT:        %[[NUMBER:.*]] = arith.constant 1 : i32
// CHECK-NEXT:        memref.store %[[NUMBER]], %[[WORD]][]
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.if %[[OK]] {
// CHECK-NEXT:        %[[X:.*]] = memref.load %[[TABLE]][%[[AT]]]
// CHECK-NEXT:        memref.store %[[X]], %[[OUT]][%[[I]]]
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[CODE:.*]] = memref.load %[[WORD]][]
// CHECK-NEXT:    memref.dealloc %[[WORD]]
// CHECK:         %[[FINE:.*]] = arith.cmpi ne, %[[CODE]], %c1_i32
// CHECK-NEXT:    cf.assert %[[FINE]], "an index is out of range"
// CHECK-NEXT:    return
func.func @reads(%table: memref<4xf32>, %at: index, %ok: i1, %out: memref<?xf32>, %n: index) {
  scf.forall (%i) in (%n) {
    cf.assert %ok, "an index is out of range"
    %x = memref.load %table[%at] : memref<4xf32>
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// The same message of the same node has one number, which the host tells as
// that node's.
// CHECK-LABEL: func @numbers_messages(
// CHECK-COUNT-1: memref.alloc()
// CHECK:         scf.forall
// CHECK:           scf.if
// CHECK-NEXT:        arith.constant 1 : i32
// CHECK:           scf.if
// CHECK:             scf.if
// CHECK-NEXT:          arith.constant 2 : i32
// CHECK:             scf.if
// CHECK:               scf.if
// CHECK-NEXT:            arith.constant 1 : i32
// CHECK:               scf.if
// CHECK:                 scf.if
// CHECK-NEXT:              arith.constant 3 : i32
// CHECK:         memref.load
// CHECK-COUNT-3: cf.assert
// CHECK-NOT:     cf.assert
// WHERE-LABEL: func @numbers_messages(
// WHERE:         cf.assert %{{.*}}, "first" loc("gather")
// WHERE:         cf.assert %{{.*}}, "second" loc("gather")
// WHERE:         cf.assert %{{.*}}, "first" loc("other")
func.func @numbers_messages(%a: i1, %b: i1, %c: i1, %d: i1, %x: f32, %out: memref<?xf32>, %n: index) {
  scf.forall (%i) in (%n) {
    cf.assert %a, "first" loc("gather")
    cf.assert %b, "second" loc("gather")
    cf.assert %c, "first" loc("gather")
    cf.assert %d, "first" loc("other")
    memref.store %x, %out[%i] : memref<?xf32>
  }
  return
}

// A loop in the kernel goes on with zeros.
// CHECK-LABEL: func @yields(
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             %[[SUM:.*]] = scf.if %{{.*}} -> (f32) {
// CHECK:               %[[ADDED:.*]] = arith.addf
// CHECK:               scf.yield %[[ADDED]]
// CHECK-NEXT:        } else {
// CHECK-NEXT:          %[[ZERO:.*]] = arith.constant 0.0
// CHECK-NEXT:          scf.yield %[[ZERO]]
// CHECK:             scf.yield %[[SUM]]
func.func @yields(%in: memref<?xf32>, %ok: memref<?xi1>, %out: memref<?xf32>, %zero: f32, %a: index, %n: index) {
  scf.forall (%i) in (%n) {
    %sum = scf.for %j = %a to %n step %a iter_args(%s = %zero) -> f32 {
      %fine = memref.load %ok[%j] : memref<?xi1>
      cf.assert %fine, "wrong"
      %x = memref.load %in[%j] : memref<?xf32>
      %t = arith.addf %s, %x : f32
      scf.yield %t : f32
    }
    memref.store %sum, %out[%i] : memref<?xf32>
  }
  return
}

// The host itself can end the run.
// CHECK-LABEL: func @leaves_host_code(
// CHECK-NOT:     memref.alloc
// CHECK:         cf.assert %{{.*}}, "wrong"
func.func @leaves_host_code(%ok: i1) {
  cf.assert %ok, "wrong"
  return
}
