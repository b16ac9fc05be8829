// RUN: bitnet-opt %s --bitnet-reduce-in-registers | FileCheck %s

#mk = affine_map<(m, k) -> (m, k)>
#m = affine_map<(m, k) -> (m)>
#k = affine_map<(k) -> (k)>
#none = affine_map<(k) -> ()>
#lmn = affine_map<(l, m, n) -> (l, m, n)>
#ln = affine_map<(l, m, n) -> (l, n)>

// CHECK-LABEL: func @sums(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xi8>, %[[SUMS:.*]]: memref<?xi32>
// CHECK:         scf.parallel (%[[M:.*]]) =
// CHECK:           %[[INIT:.*]] = memref.load %[[SUMS]][%[[M]]]
// CHECK:           %[[SUM:.*]] = scf.for %[[K:.*]] = %{{.*}} to %c64{{.*}} iter_args(%[[S:.*]] = %[[INIT]]) -> (i32)
// CHECK:             %[[A:.*]] = memref.load %[[X]][%[[M]], %[[K]]]
// CHECK:             %[[B:.*]] = arith.extsi %[[A]]
// CHECK:             %[[T:.*]] = arith.addi %[[S]], %[[B]]
// CHECK:             scf.yield %[[T]]
// CHECK:           memref.store %[[SUM]], %[[SUMS]][%[[M]]]
// CHECK-NOT:     linalg
func.func @sums(%x: memref<?x64xi8>, %sums: memref<?xi32>) {
  linalg.generic {indexing_maps = [affine_map<(m, k) -> (m, k)>, affine_map<(m, k) -> (m)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x64xi8>) outs(%sums : memref<?xi32>) {
  ^bb0(%a: i8, %s: i32):
    %b = arith.extsi %a : i8 to i32
    %t = arith.addi %s, %b : i32
    linalg.yield %t : i32
  }
  return
}

// Nothing is parallel: one thread of the host's, which becomes a kernel later.
// CHECK-LABEL: func @sums_all(
// CHECK-NOT:     scf.parallel
// CHECK:         scf.for
// CHECK-NOT:     scf.parallel
func.func @sums_all(%x: memref<8xf32>, %sum: memref<f32>) {
  linalg.generic {indexing_maps = [#k, #none], iterator_types = ["reduction"]}
      ins(%x : memref<8xf32>) outs(%sum : memref<f32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %s, %a : f32
    linalg.yield %t : f32
  }
  return
}

// The parallel dimensions are outside, wherever they were.
// CHECK-LABEL: func @sums_in_the_middle(
// CHECK:         scf.parallel (%[[L:.*]], %[[N:.*]]) =
// CHECK:           scf.for %[[M:[a-z0-9_]+]] =
// CHECK:             memref.load %{{.*}}[%[[L]], %[[M]], %[[N]]]
// CHECK:             arith.index_cast %[[M]]
func.func @sums_in_the_middle(%x: memref<2x4x16xi64>, %sums: memref<2x16xi64>) {
  linalg.generic {indexing_maps = [#lmn, #ln], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : memref<2x4x16xi64>) outs(%sums : memref<2x16xi64>) {
  ^bb0(%a: i64, %s: i64):
    %m = linalg.index 1 : index
    %i = arith.index_cast %m : index to i64
    %b = arith.muli %a, %i : i64
    %t = arith.addi %s, %b : i64
    linalg.yield %t : i64
  }
  return
}

// CHECK-LABEL: func @keeps_elementwise(
// CHECK:         linalg.generic
func.func @keeps_elementwise(%x: memref<8xf32>, %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [#k, #k], iterator_types = ["parallel"]}
      ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

// Two results would be two registers.
// CHECK-LABEL: func @keeps_two_results(
// CHECK:         linalg.generic
func.func @keeps_two_results(%x: memref<?x8xf32>, %y: memref<?xf32>, %z: memref<?xf32>) {
  linalg.generic {indexing_maps = [#mk, #m, #m], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x8xf32>) outs(%y, %z : memref<?xf32>, memref<?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.addf %a, %b : f32
    %t = arith.addf %a, %c : f32
    linalg.yield %s, %t : f32, f32
  }
  return
}
