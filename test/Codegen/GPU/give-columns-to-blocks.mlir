// RUN: bitnet-opt %s --bitnet-give-columns-to-blocks | FileCheck %s

// Sixteen threads are the lanes of one column's sum.
// CHECK-LABEL: func @multiplies(
// CHECK-SAME:    %[[X:.*]]: tensor<1x32xf32>, %[[W:.*]]: tensor<8x32xf32>
// CHECK:         scf.forall (%[[ROW:.*]], %[[BLOCK:.*]]) in (1, 2) shared_outs(%[[OUT:.*]] = %{{.*}}) -> (tensor<1x8xf32>)
// CHECK:           %[[FIRST:.*]] = arith.muli %[[BLOCK]], %c4
// CHECK:           %[[PARTS:.*]] = memref.alloca() : memref<64xf32>
// CHECK:           scf.parallel (%[[THREAD:.*]]) =
// CHECK:             %[[COLUMN:.*]] = arith.divui %[[THREAD]], %c16
// CHECK:             %[[LANE:.*]] = arith.remui %[[THREAD]], %c16
// CHECK:             %[[SUM:.*]] = scf.for %[[K:.*]] = %[[LANE]] to %c32{{.*}} step %c16{{.*}} iter_args(%[[S:.*]] = %{{.*}}) -> (f32)
// CHECK:               %[[A:.*]] = tensor.extract %[[X]][%[[ROW]], %[[K]]]
// CHECK:               %[[B:.*]] = tensor.extract %[[W]][%{{.*}}, %[[K]]]
// CHECK:               math.fma %[[A]], %[[B]], %[[S]]
// CHECK:             memref.store %[[SUM]], %[[PARTS]][%[[THREAD]]]
// CHECK:           scf.parallel
// CHECK-COUNT-15:    arith.addf
// CHECK:           tensor.parallel_insert_slice %{{.*}} into %[[OUT]][%[[ROW]], %[[FIRST]]] [1, 4] [1, 1]
// CHECK:         {mapping = [#gpu.block<linear_dim_1>, #gpu.block<linear_dim_0>]}
// CHECK-NOT:     linalg.matmul
func.func @multiplies(%x: tensor<1x32xf32>, %w: tensor<8x32xf32>) -> tensor<1x8xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x8xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<1x32xf32>, tensor<8x32xf32>) outs(%zeros : tensor<1x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}

// Where columns lie together each thread has one, and all of its terms.
// CHECK-LABEL: func @columns_together(
// CHECK:         scf.forall (%{{.*}}, %{{.*}}) in (%{{.*}}, 2)
// CHECK:           memref.alloca() : memref<64xf32>
// CHECK:           scf.for %{{.*}} = %{{.*}} to %c32{{.*}} step %c1{{.*}} iter_args
// CHECK-NOT:       arith.addf
func.func @columns_together(%x: tensor<?x32xf32>, %w: tensor<32x128xf32>, %e: tensor<?x128xf32>) -> tensor<?x128xf32> {
  %zero = arith.constant 0.0 : f32
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<?x128xf32>) -> tensor<?x128xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x32xf32>, tensor<32x128xf32>) outs(%zeros : tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// CHECK-LABEL: func @widens_halves(
// CHECK:         scf.forall (%{{.*}}, %{{.*}}) in (1, 7)
// CHECK:           arith.extf %{{.*}} : bf16 to f32
func.func @widens_halves(%x: tensor<1x32xf32>, %w: tensor<7x32xbf16>) -> tensor<1x7xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<1x7xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x7xf32>) -> tensor<1x7xf32>
  %y = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : tensor<1x32xf32>, tensor<7x32xbf16>) outs(%zeros : tensor<1x7xf32>) -> tensor<1x7xf32>
  return %y : tensor<1x7xf32>
}

// CHECK-LABEL: func @keeps_sums_that_begin_elsewhere(
// CHECK:         linalg.matmul
func.func @keeps_sums_that_begin_elsewhere(%x: tensor<1x32xf32>, %w: tensor<32x8xf32>, %init: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %y = linalg.matmul ins(%x, %w : tensor<1x32xf32>, tensor<32x8xf32>) outs(%init : tensor<1x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}
